// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include <da3/error.hpp>

#include <weights/model_file.hpp>

namespace da3::weights {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMakeOne =
    "; docs/model-format.md says how to save a network as TorchScript (Foreign networks)";

std::string first_bytes(const fs::path& path) {
  std::array<char, 256> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(file.gcount())};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string folder_text(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path / "config.json", ignored)) {
    return "is a published model's folder; make a model file of it with: da3 model export " + path.string() +
           " -o MODEL.pt";
  }
  return "is a folder; expected a TorchScript file (.pt)";
}

/// A file that is no archive, by its first bytes.
std::optional<std::string> other_file(const fs::path& path) {
  const std::string bytes = first_bytes(path);
  const std::string_view text(bytes);
  const std::string small = lower(bytes);
  if (text.starts_with("version https://git-lfs")) {
    return "is a Git LFS pointer, a text that stands for the file; get the file itself with 'git lfs pull', "
           "or "
           "download it anew";
  }
  if (text.size() > 9 && text[8] == '{' && text.substr(3, 5) == std::string_view("\0\0\0\0\0", 5)) {
    return "is a safetensors file, weights without their network; put it next to its config.json as "
           "model.safetensors and run: da3 model export FOLDER -o MODEL.pt";
  }
  if (text.starts_with("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9")) {
    return "is a checkpoint of an old PyTorch, weights without their network" + std::string(kMakeOne);
  }
  if (text.size() > 1 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5) {
    return "is a Python pickle, which da3 never runs" + std::string(kMakeOne);
  }
  if (lower(path.extension().string()) == ".onnx") {
    return "is an ONNX network, which da3 does not run" + std::string(kMakeOne);
  }
  if (text.starts_with("\x89HDF"))
    return "is a Keras or HDF5 file, which da3 does not run" + std::string(kMakeOne);
  if (text.starts_with("GGUF")) return "is a GGUF file, which da3 does not run" + std::string(kMakeOne);
  const std::size_t start = std::min(small.find_first_not_of(" \t\r\n"), small.size());
  if (small.compare(start, 9, "<!doctype") == 0 || small.compare(start, 5, "<html") == 0) {
    return "is a web page, so the download went wrong; take the address of the file itself";
  }
  return std::nullopt;
}

[[noreturn]] void no_model(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kModelContract, path.string() + " " + what);
}

}  // namespace

std::optional<std::string> other_archive(const core::StoredZip& archive) {
  const auto holds = [&](std::string_view name) { return archive.find(name) != nullptr; };
  if (holds("models/model.json") || holds("serialized_exported_program.json") || holds("archive_format") ||
      holds("data/weights/model_weights_config.json")) {
    return "is a program of torch.export (.pt2), which da3 does not run" + std::string(kMakeOne);
  }
  const bool has_code = std::ranges::any_of(archive.entries(), [](const core::ZipEntry& entry) {
    return core::StoredZip::inner_name(entry).starts_with("code/");
  });
  if (holds("data.pkl") && !has_code) {
    return "is a checkpoint of torch.save, weights without their network; for weights of Depth Anything 3 "
           "run 'da3 "
           "model export' on the folder of config.json and model.safetensors, else" +
           std::string(kMakeOne.substr(1));
  }
  if (!holds("data.pkl")) return "is a zip archive without a TorchScript model in it" + std::string(kMakeOne);
  return std::nullopt;
}

core::StoredZip open_model_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) no_model(path, folder_text(path));
  try {
    return core::StoredZip::open(path);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kModelDamaged) throw;
    if (const auto kind = other_file(path)) no_model(path, *kind);
    throw;
  }
}

}  // namespace da3::weights
