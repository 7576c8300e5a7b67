// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <commands/single_file.hpp>
#include <formats/format_table.hpp>
#include <formats/output_set.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/media_names.hpp>
#include <core/text.hpp>

namespace da3::commands {
namespace {

/// The format whose files end so: the longest suffix that fits, and usual other names.
std::string_view format_by_ending(const std::filesystem::path& file) {
  const std::string name = core::lower_case(file.native());
  const formats::FormatFacts* best = nullptr;
  for (const formats::FormatFacts& facts : formats::kFormatFacts) {
    if (facts.format == formats::Format::kHtml || !name.ends_with(facts.suffix)) continue;
    if (best == nullptr || best->suffix.size() < facts.suffix.size()) best = &facts;
  }
  if (best != nullptr) return best->name;
  if (name.ends_with(".tif")) return "tiff";
  return name.ends_with(".jpg") || name.ends_with(".jpeg") ? "vis-jpg" : "";
}

/// Those that make a single file, as a list.
std::string endings() {
  std::vector<std::string_view> names;
  for (const formats::FormatFacts& facts : formats::kFormatFacts) {
    if (facts.format != formats::Format::kHtml) names.push_back(facts.suffix);
  }
  return core::listed(names, " or ");
}

/// What follows the last dot, one text for each kind of file.
std::string kind_of_file(const std::filesystem::path& file) {
  const std::string extension = core::lower_case(file.extension().native());
  if (extension == ".tif") return ".tiff";
  return extension == ".jpeg" ? ".jpg" : extension;
}

/// `asked`, or its JPEG, where its files are of the kind that `file` says. Throws: Error kUsage.
std::string asked_format(const std::string& asked, const std::filesystem::path& file) {
  const std::string kind = kind_of_file(file);
  for (const std::string& name : {asked, asked + "-jpg"}) {
    const auto* const facts = std::ranges::find(formats::kFormatFacts, name, &formats::FormatFacts::name);
    if (facts != formats::kFormatFacts.end() && facts->format != formats::Format::kHtml &&
        kind_of_file("a" + std::string(facts->suffix)) == kind)
      return name;
  }
  throw Error(ErrorCode::kUsage, "--output " + file.string() + ": its ending is not that of " + asked +
                                     "; give one of the format's, or a folder (" + file.string() + "/)");
}

/// The format that the name of a file asks for; empty for a folder's name.
std::string format_of(const cli::Infer& options) {
  const std::string_view by_ending = format_by_ending(options.output_dir);
  if (by_ending.empty()) {
    // A folder of this name would surprise who meant a file.
    if (core::is_media_name(options.output_dir.native())) {
      throw Error(ErrorCode::kUsage,
                  "--output " + options.output_dir.string() + ": one result is written as " + endings() +
                      "; for a folder of this name add /: " + options.output_dir.string() + "/");
    }
    return {};
  }
  const bool one_asked = options.formats.size() == 1 && options.formats.front() != formats::kNoFormat;
  return one_asked ? asked_format(options.formats.front(), options.output_dir) : std::string(by_ending);
}

}  // namespace

SingleFile::SingleFile(const cli::Infer& options)
    : target_(options.output_dir), overwrite_(options.overwrite) {
  std::error_code failed;
  if (options.inputs.size() != 1 || options.inputs.front() == "-" || options.shard) return;
  const std::filesystem::path& input = options.inputs.front();
  // A pattern may stand for several.
  if (!std::filesystem::exists(input, failed) || std::filesystem::is_directory(input, failed) ||
      std::filesystem::is_directory(target_, failed))
    return;
  format_ = format_of(options);
  if (format_.empty()) return;
  core::require_another_file(target_, input);
  if (std::filesystem::exists(std::filesystem::symlink_status(target_, failed)) && !options.overwrite) {
    throw Error(ErrorCode::kOutputExists,
                target_.string() + ": the file is there already; give --overwrite to replace it");
  }
  const std::filesystem::path parent = target_.has_parent_path() ? target_.parent_path() : ".";
  core::ensure_folder(parent);
  folder_.emplace(parent);
}

void SingleFile::apply(run::Options& work) const {
  if (!folder_) return;
  work.output_dir = folder_->path();
  work.formats = {format_};
  work.root.reset();  // A place below a root says nothing of one file
}

void SingleFile::publish() const {
  if (!folder_) return;
  // By its ending: a name of a photo may begin as those of da3's own files do.
  const std::string_view suffix = formats::suffix(formats::parse_format(format_));
  for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
    if (!entry.is_regular_file() || !entry.path().native().ends_with(suffix)) continue;
    return core::rename_named_file(entry.path(), target_,
                                   overwrite_ ? core::Existing::kReplace : core::Existing::kRefuse);
  }
  throw Error(ErrorCode::kInternal, target_.string() + ": the result was not written");
}

}  // namespace da3::commands
