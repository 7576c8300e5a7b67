// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace da3::testing {

/// An array of a NumPy file, row-major. Holds `floats` for float32 ("<f4") and `bytes` for uint8 ("|u1").
struct Array {
  std::string type;
  std::vector<std::int64_t> shape;
  std::vector<float> floats;
  std::vector<std::uint8_t> bytes;
};

/// The arrays of an `.npz` file that are float32 or uint8 in C order, stored or deflated; others are left
/// out. Throws: std::runtime_error for a file that cannot be read.
std::map<std::string, Array> read_npz(const std::filesystem::path& path);

}  // namespace da3::testing
