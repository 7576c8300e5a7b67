// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <codec/decode.hpp>
#include <codec/opened_picture.hpp>

namespace da3::codec {

Decoded decode(std::span<const std::uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  return OpenedPicture(bytes, name, options).decode();
}

Decoded decode_file(const std::filesystem::path& path, const DecodeOptions& options) {
  return OpenedPicture(path, options).decode();
}

Size read_size(const std::filesystem::path& path, const DecodeOptions& options) {
  return OpenedPicture(path, options).size();
}

}  // namespace da3::codec
