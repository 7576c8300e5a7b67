// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>

#include <core/stored_zip.hpp>
#include <weights/identity.hpp>
#include <weights/record.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  const std::string& file = fuzz::file_with({data, size});
  fuzz::refused_or_read([&] {
    const core::StoredZip zip = core::StoredZip::open(file);
    for (const core::ZipEntry& entry : zip.entries()) {
      std::uint64_t sum = 0;
      fuzz::refused_or_read([&] {
        for (const std::byte byte : zip.data(entry)) sum += std::to_integer<std::uint64_t>(byte);
        zip.checked_data(entry);
      });
      core::StoredZip::inner_name(entry);
    }
    zip.find("extra/da3.json");
    weights::weights_sha256(zip);
  });
  fuzz::refused_or_read([&] { weights::read_record(file); });
  return 0;
}
