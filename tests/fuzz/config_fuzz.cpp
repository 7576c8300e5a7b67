// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fuzz/fuzz.hpp>

#include <weights/model_config.hpp>
#include <weights/tensor_list.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  fuzz::refused_or_read([&] {
    const weights::NetworkConfig config = weights::parse_config(fuzz::text_of(data, size), "x");
    for (const auto& tensor : weights::tensor_list(config)) DA3_MUST(tensor.num_elements() > 0);
    DA3_MUST(weights::parse_config(weights::config_text(config), "again").same_network(config));
  });
  return 0;
}
