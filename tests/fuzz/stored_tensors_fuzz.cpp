// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>

#include <core/stored_zip.hpp>
#include <testing/zip_writer.hpp>
#include <weights/stored_tensors.hpp>

// The pickle of an archive with a few records.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const std::string bytes = testing::zip_bytes({{"m/data.pkl", std::string(fuzz::text_of(data, size))},
                                                {"m/data/0", std::string(4096, '\0')},
                                                {"m/data/1", std::string(64, '\0')},
                                                {"m/data/2", ""}});
  const std::string& file =
      fuzz::file_with({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  fuzz::refused_or_read([&] {
    const core::StoredZip zip = core::StoredZip::open(file);
    for (const weights::StoredTensor& tensor : weights::stored_tensors(zip)) {
      std::uint64_t elements = 1;
      for (const std::int64_t side : tensor.shape) elements *= static_cast<std::uint64_t>(side);
      DA3_MUST(tensor.record == nullptr
                   ? elements == 0
                   : elements * weights::element_size(tensor.type) <= tensor.record->size);
    }
  });
  return 0;
}
