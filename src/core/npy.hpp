// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace da3 {

/// An array of an npy file (numpy.lib.format) in C order: what its header says, and the bytes after it.
struct NpyView {
  std::string type;                ///< NumPy's descr: "<f4", "|u1", "<U12"
  std::size_t value_bytes = 0;     ///< Of one value of that type
  std::vector<std::size_t> shape;  ///< Empty for a scalar
  std::size_t num_values = 0;      ///< Product of the shape; their bytes fit into a size_t
  std::span<const std::uint8_t> data;

  /// True if no byte of a value is missing.
  bool is_whole() const { return data.size() >= num_values * value_bytes; }
};

/// What is wrong with an npy file, to follow its name.
class UnreadableNpy : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `file` may end after its header. It outlives what is returned. Throws: UnreadableNpy, also for Fortran
/// order, types of several fields, and shapes that no memory holds.
NpyView parse_npy(std::span<const std::uint8_t> file);

}  // namespace da3
