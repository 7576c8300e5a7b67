// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <fstream>
#include <system_error>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <weights/safetensors.hpp>

namespace da3::weights {
namespace {

std::string header_text(std::span<const TensorView> tensors,
                        const std::map<std::string, std::string, std::less<>>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    if (tensor.data.size() != static_cast<std::size_t>(tensor.num_elements()) * element_size(tensor.dtype) ||
        header.contains(tensor.name)) {
      throw Error(ErrorCode::kInternal,
                  "tensor '" + tensor.name + "': its data does not fit its shape, or its name is taken");
    }
    header[tensor.name] = {{"dtype", to_string(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.data.size()}}};
    offset += tensor.data.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string, std::less<>>& metadata) {
  const std::string header = header_text(tensors, metadata);
  std::array<char, 8> prefix{};
  for (std::size_t i = 0; i < prefix.size(); ++i)
    prefix[i] = static_cast<char>(header.size() >> (8 * i) & 0xffU);

  std::filesystem::path temporary = path;
  temporary += std::string(".").append(std::to_string(::getpid())).append(".part");
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(prefix.data(), prefix.size());
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  for (const TensorView& tensor : tensors) {
    file.write(reinterpret_cast<const char*>(tensor.data.data()),
               static_cast<std::streamsize>(tensor.data.size()));
  }
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) {
    std::filesystem::remove(temporary, error);
    throw Error(
        ErrorCode::kOutputFailed,
        path.string() + ": cannot be written; check that its folder exists, is writable and has room");
  }
}

}  // namespace da3::weights
