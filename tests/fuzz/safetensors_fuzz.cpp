// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <fuzz/fuzz.hpp>

#include <weights/safetensors.hpp>

// The first byte says whether the rest is a whole file, or a header behind which the right length is put.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  if (size < 2) return -1;
  std::vector<std::uint8_t> file;
  if (data[0] % 2 == 1) {
    file.assign(data + 1, data + size);
  } else {
    for (int i = 0; i < 8; ++i) file.push_back(static_cast<std::uint8_t>((size - 2) >> (8 * i)));
    file.insert(file.end(), data + 2, data + size);
    file.resize(file.size() + data[1]);
  }
  fuzz::refused_or_read([&] {
    const auto tensors = weights::Safetensors::open(fuzz::file_with(file));
    for (const auto& tensor : tensors.tensors()) {
      DA3_MUST(static_cast<std::size_t>(tensor.num_elements()) * weights::element_size(tensor.dtype) ==
               tensor.data.size());
      DA3_MUST(tensors.find(tensor.name) != nullptr);
    }
  });
  return 0;
}
