// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <core/mapped_file.hpp>

namespace da3::weights {

/// Element types of the safetensors format.
enum class Dtype {
  kBool,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kI16,
  kU16,
  kF16,
  kBf16,
  kI32,
  kU32,
  kF32,
  kI64,
  kU64,
  kF64
};

/// The type's name in the format, such as "F32".
std::string_view to_string(Dtype dtype);

/// Bytes of one element.
std::size_t element_size(Dtype dtype);

/// One tensor of a file. Row-major, little-endian.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<std::int64_t> shape;  ///< Empty: a scalar
  std::span<const std::byte>
      data;  ///< Lies in the mapping; may be unaligned where the file's header has an odd length

  /// Number of elements.
  std::int64_t num_elements() const;
};

/// A safetensors file, mapped into memory and checked: every tensor lies in the file, none overlaps another
/// and nothing lies between them. Pages are private and writable, so a library that wants mutable pointers
/// may cast the const away.
class Safetensors {
 public:
  /// The file at `path`. Reads the header only.
  /// Throws: Error kModelNotFound, or kModelDamaged for a file whose header does not describe it exactly.
  static Safetensors open(const std::filesystem::path& path);

  /// In the order of their data. Lifetime of `data`: as long as a copy of handle().
  const std::vector<TensorView>& tensors() const { return tensors_; }

  /// The tensor of that name, or null. Lifetime: as long as this object.
  const TensorView* find(std::string_view name) const;

  /// The `__metadata__` of the header.
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }

  const std::filesystem::path& path() const { return path_; }

  /// Keeps the mapping alive; hold it for as long as a tensor's data is used.
  const std::shared_ptr<void>& handle() const { return file_.handle(); }

 private:
  Safetensors(std::filesystem::path path, core::MappedFile file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  core::MappedFile file_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string, std::less<>> metadata_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// Writes a safetensors file: header padded to a multiple of 8, tensors in the order given. The file appears
/// whole or not at all (temporary name in the same folder, then rename). Throws: Error kOutputFailed;
/// kInternal if a tensor's data does not fit its shape and type.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string, std::less<>>& metadata = {});

}  // namespace da3::weights
