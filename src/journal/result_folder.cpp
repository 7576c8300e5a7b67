// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <string>

#include <journal/links.hpp>
#include <journal/result_folder.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::journal {
namespace {

std::string result_path(std::string_view stem, formats::Format format) {
  return std::string(stem) + std::string(suffix(format));
}

std::string command_of(const RunRecord& run) {
  const auto found = run.options.find("command");
  return found == run.options.end() ? "infer" : found->second;
}

/// Throws: Error kUsage if the results there are another command's: each is another input's, which nothing
/// replaces.
void require_same_command(const std::filesystem::path& folder, const ManifestIndex& index,
                          const RunRecord& run) {
  if (!index.last_run() || !index.has_results()) return;
  const std::string before = command_of(*index.last_run());
  if (before == command_of(run)) return;
  throw Error(ErrorCode::kUsage, folder.string() + ": the results here are those of da3 " + before +
                                     ", which da3 " + command_of(run) +
                                     " does not replace; give another folder with --output");
}

/// Throws: Error kUsage if results are there that another model or other options made.
void require_same_run(const std::filesystem::path& folder, const ManifestIndex& index, const RunRecord& run) {
  if (!index.last_run() || !index.has_results()) return;
  std::string text;
  for (const std::string& line : differences(*index.last_run(), run))
    text += (text.empty() ? "" : "; ") + line;
  if (text.empty()) return;
  throw Error(ErrorCode::kUsage,
              folder.string() + ": the results here were made otherwise: " + text +
                  ". Give --overwrite to make them again, or another folder with --output");
}

/// True if `name`, which is in `folder`, is also found in capital letters.
bool disk_folds_case(const std::filesystem::path& folder, const std::string& name) {
  std::string capitals = name;
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::error_code failed;
  return std::filesystem::equivalent(folder / name, folder / capitals, failed) && !failed;
}

void require_absent(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  throw Error(ErrorCode::kOutputExists,
              path.string() +
                  ": a file that is no result of this input has this result's name; move it away, or give "
                  "another folder with --output");
}

}  // namespace

ResultFolder::ResultFolder(std::filesystem::path folder, const RunRecord& run,
                           const ResultFolderOptions& options)
    : folder_(std::move(folder)),
      digest_(results_digest(run)),
      options_(options),
      manifest_(folder_, options.shard) {
  require_same_command(folder_, manifest_.index(), run);
  if (!options_.overwrite) require_same_run(folder_, manifest_.index(), run);
  folds_case_ = options_.folds_case.value_or(disk_folds_case(folder_, manifest_name(options_.shard)));
  core::remove_dead_temporaries(folder_);
  manifest_.begin_run(run);
}

std::optional<std::string_view> ResultFolder::known_stem(std::string_view path,
                                                         const std::optional<InputIdentity>& identity) const {
  const auto known = manifest_.index().find(path);
  if (!known || known->stem.empty()) return std::nullopt;
  // A later record may have given the name to another input.
  if (manifest_.index().is_of_another(known->stem, path, identity)) return std::nullopt;
  return known->stem;
}

std::optional<KnownImage> finished_input(const std::filesystem::path& folder, const ManifestIndex& index,
                                         std::string_view results_digest, std::string_view path,
                                         std::string_view stem, const InputIdentity& identity) {
  std::optional<KnownImage> known = index.find_input(path, stem, identity);
  if (!known || known->status != ImageStatus::kDone || known->identity != identity ||
      known->results_digest != results_digest) {
    return std::nullopt;
  }
  for (const formats::Format format : known->formats) {
    if (!index.owns(known->stem, format)) return std::nullopt;  // Another input's may lie there
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(folder / result_path(known->stem, format), error);
    if (error || bytes == 0) return std::nullopt;  // Removed, or emptied by a loss of power
  }
  if (!known->formats.empty() && index.is_of_another(known->stem, path, identity)) return std::nullopt;
  return known;
}

std::optional<ImageRecord> ResultFolder::finished(std::string_view path, std::string_view stem,
                                                  const InputIdentity& identity) const {
  if (options_.overwrite) return std::nullopt;
  const auto known = finished_input(folder_, manifest_.index(), digest_, path, stem, identity);
  if (!known) return std::nullopt;
  ImageRecord record;
  record.path = path;
  record.status = ImageStatus::kSkipped;
  record.identity = identity;
  for (const formats::Format format : known->formats)
    record.outputs.emplace_back(format, result_path(known->stem, format));
  return record;
}

void ResultFolder::require_own(std::string_view path, std::string_view stem,
                               const std::optional<InputIdentity>& identity) const {
  const ManifestIndex& index = manifest_.index();
  if (!index.is_of_another(stem, path, identity)) return;
  const bool any_left =
      std::any_of(formats::kAllFormats.begin(), formats::kAllFormats.end(), [&](formats::Format format) {
        std::error_code failed;
        return index.owns(stem, format) &&
               std::filesystem::exists(folder_ / result_path(stem, format), failed);
      });
  if (!any_left) return;
  throw Error(ErrorCode::kOutputCollision, std::string(path) + ": the results named " + std::string(stem) +
                                               " in " + folder_.string() + " are those of another input, " +
                                               std::string(*index.owner_of(stem)) +
                                               "; rename one, or give another folder with --output");
}

/// The name of one input's results, held while they are written: an input may stand in a list twice.
class ResultFolder::Claim {
 public:
  Claim(ResultFolder& folder, std::string_view path, std::string_view stem)
      : folder_(folder), stem_hash_(folder.hash_of(stem)) {
    std::error_code failed;  // Without a working folder paths are absolute
    const std::string plain = std::filesystem::absolute(path, failed).lexically_normal().string();
    const std::size_t path_hash = std::hash<std::string>()(plain);
    std::unique_lock lock(folder_.mutex_);
    const auto [place, is_new] = folder_.claimed_.emplace(stem_hash_, Claimed{path_hash});
    if (!is_new && place->second.path_hash != path_hash) {
      throw Error(ErrorCode::kOutputCollision,
                  std::string(path) + ": another input of this run has the result name " + std::string(stem) +
                      "; rename one, or use two output folders");
    }
    folder_.claim_ended_.wait(lock, [this] { return !folder_.claimed_.at(stem_hash_).is_being_written; });
    before_ = folder_.claimed_.at(stem_hash_);
    folder_.claimed_.at(stem_hash_).is_being_written = true;
  }
  ~Claim() {
    const std::lock_guard lock(folder_.mutex_);
    folder_.claimed_.at(stem_hash_).is_being_written = false;
    folder_.claim_ended_.notify_all();
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  const Claimed& before() const { return before_; }
  void written() {
    const std::lock_guard lock(folder_.mutex_);
    folder_.claimed_.at(stem_hash_).is_written = true;
  }

 private:
  ResultFolder& folder_;
  std::size_t stem_hash_;
  Claimed before_;
};

std::size_t ResultFolder::hash_of(std::string_view stem) const {
  return std::hash<std::string>()(folds_case_ ? core::lower_case(stem) : std::string(stem));
}

bool ResultFolder::may_replace(std::string_view stem, formats::Format format, const Claimed& claimed) const {
  return (claimed.is_written || manifest_.owns(stem, format)) &&
         !leads_through_link(folder_, result_path(stem, format));
}

void ResultFolder::remove_other_formats(std::string_view stem,
                                        const std::vector<formats::Format>& written) const {
  for (const formats::Format format : formats::kAllFormats) {
    const std::string name = result_path(stem, format);
    if (formats::contains(written, format) || !manifest_.owns(stem, format) ||
        leads_through_link(folder_, name)) {
      continue;
    }
    std::error_code failed;
    std::filesystem::remove(folder_ / name, failed);  // What cannot be removed stays in its older record
  }
}

std::vector<std::pair<formats::Format, std::string>> ResultFolder::write(
    std::string_view path, std::string_view stem, const std::optional<InputIdentity>& identity,
    const formats::EncodedSet& set) {
  std::vector<formats::Format> formats;
  for (const formats::EncodedFile& file : set.files) formats.push_back(file.format);
  return write(path, stem, identity, formats, [&](formats::Format format) {
    return std::find_if(set.files.begin(), set.files.end(),
                        [&](const formats::EncodedFile& file) { return file.format == format; })
        ->bytes;
  });
}

std::vector<std::pair<formats::Format, std::string>> ResultFolder::write(
    std::string_view path, std::string_view stem, const std::optional<InputIdentity>& identity,
    const std::vector<formats::Format>& formats, const Contents& contents) {
  std::vector<std::pair<formats::Format, std::string>> outputs;
  if (formats.empty()) return outputs;
  require_own(path, stem, identity);
  Claim claim(*this, path, stem);
  std::vector<std::string> names;
  std::vector<core::Existing> existing;
  for (const formats::Format format : formats) {
    names.push_back(result_path(stem, format));
    existing.push_back(may_replace(stem, format, claim.before()) ? core::Existing::kReplace
                                                                 : core::Existing::kRefuse);
    if (existing.back() == core::Existing::kRefuse) require_absent(folder_ / names.back());
  }
  core::ensure_folder((folder_ / std::string(stem)).parent_path(), core::NamedBy::kInput);
  manifest_.claim(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    core::write_file(folder_ / names[i], contents(formats[i]), existing[i], options_.durability);
    outputs.emplace_back(formats[i], names[i]);
  }
  claim.written();
  remove_other_formats(stem, formats);
  return outputs;
}

void ResultFolder::replace(std::string_view stem, const formats::EncodedFile& file) {
  Claimed claimed;
  {
    const std::lock_guard lock(mutex_);
    const auto found = claimed_.find(hash_of(stem));
    if (found != claimed_.end()) claimed = found->second;
  }
  const std::string name = result_path(stem, file.format);
  if (!may_replace(stem, file.format, claimed)) require_absent(folder_ / name);
  core::write_file(folder_ / name, file.bytes, core::Existing::kReplace, options_.durability);
}

}  // namespace da3::journal
