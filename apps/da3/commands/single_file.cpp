// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <commands/single_file.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>

namespace da3::commands {
namespace {

/// Longer endings first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kEndings{{{".half.exr", "exr16"},
                                                                                  {".grey.png", "grey16"},
                                                                                  {".vis.png", "vis"},
                                                                                  {".vis.jpg", "vis-jpg"},
                                                                                  {".side.png", "side"},
                                                                                  {".side.jpg", "side-jpg"},
                                                                                  {".exr", "exr"},
                                                                                  {".npz", "npz"},
                                                                                  {".npy", "npy"},
                                                                                  {".pfm", "pfm"},
                                                                                  {".tiff", "tiff"},
                                                                                  {".tif", "tiff"},
                                                                                  {".ply", "ply"},
                                                                                  {".jpg", "vis-jpg"},
                                                                                  {".png", "png16"}}};

/// The format that the name of a file asks for; empty for a folder's name.
std::string format_of(const cli::Infer& options) {
  for (const auto& [ending, format] : kEndings) {
    if (!options.output.ends_with(ending)) continue;
    const auto asked = cli::named_formats(options.formats, options.vis_format);
    return asked.size() == 1 && asked.front() != "none" ? asked.front() : std::string(format);
  }
  return {};
}

}  // namespace

SingleFile::SingleFile(const cli::Infer& options) : target_(options.output) {
  std::error_code failed;
  if (options.inputs.size() != 1 || options.inputs.front() == "-" || options.shard) return;
  if (std::filesystem::is_directory(options.inputs.front(), failed) ||
      std::filesystem::is_directory(target_, failed))
    return;
  format_ = format_of(options);
  if (format_.empty()) return;
  if (std::filesystem::exists(std::filesystem::symlink_status(target_, failed)) && !options.overwrite) {
    throw Error(ErrorCode::kOutputExists,
                options.output + ": the file is there already; give --overwrite to replace it");
  }
  const std::filesystem::path parent = target_.has_parent_path() ? target_.parent_path() : ".";
  core::ensure_folder(parent);
  std::string name = (parent / ".da3-single-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorCode::kOutputFailed, parent.string() + ": nothing can be written there (" +
                                              std::generic_category().message(errno) + ")");
  }
  folder_ = name;
}

SingleFile::~SingleFile() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void SingleFile::apply(run::Options& work) const {
  if (folder_.empty()) return;
  work.output_dir = folder_;
  work.formats = {format_};
}

void SingleFile::publish() const {
  if (folder_.empty()) return;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
    const std::string name = entry.path().filename().string();
    if (name == "manifest.jsonl" || name.starts_with(".")) continue;
    std::filesystem::rename(entry.path(), target_, failed);
    if (failed) {
      throw Error(ErrorCode::kOutputFailed,
                  target_.string() + ": the result could not get this name (" + failed.message() + ")");
    }
  }
}

}  // namespace da3::commands
