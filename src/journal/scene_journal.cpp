// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <fstream>

#include <journal/links.hpp>
#include <journal/scene_journal.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/json_reading.hpp>
#include <core/read_file.hpp>
#include <core/text_encoding.hpp>
#include <core/write_failure.hpp>

namespace da3::journal {
namespace {

using Json = nlohmann::json;

/// A path of a manifest that may be used: relative and below the folder.
bool is_below(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  for (const auto& part : std::filesystem::path(path)) {
    if (part == "..") return false;
  }
  return true;
}

constexpr const char* kClaim = "writing";  ///< The type of a record of what is about to be written
constexpr const char* kFiles = "files";
constexpr const char* kExactFiles = "files_base64";  ///< All of them, where a name is not UTF-8

template <typename Names>
void put_files(Json& record, const Names& files) {
  record[kFiles] = files;
  if (std::ranges::all_of(files, [](const std::string& file) { return core::is_utf8(file); })) return;
  record[kExactFiles] = Json::array();
  for (const std::string& file : files) record[kExactFiles].push_back(core::base64_encode(file));
}

std::vector<std::string> files_of(const Json& record) {
  std::vector<std::string> files;
  const bool is_exact = record.contains(kExactFiles);
  const auto found = record.find(is_exact ? kExactFiles : kFiles);
  if (found == record.end() || !found->is_array()) return files;
  for (const Json& each : *found) {
    if (!each.is_string()) continue;
    const std::string text = each.get<std::string>();
    const std::optional<std::string> file = is_exact ? core::base64_decode(text) : text;
    if (file && is_below(*file)) files.push_back(*file);
  }
  return files;
}

bool is_text(const Json& record, const char* key, std::string_view value) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() && found->get_ref<const std::string&>() == value;
}

bool is_run_of_scene(const Json& record) {
  return record.is_object() && is_text(record, "type", "run") && is_text(record, "command", "scene");
}

/// One line; bytes that are not UTF-8 become U+FFFD.
std::string line_of(const Json& record) {
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write_all(const core::FileDescriptor& file, const std::filesystem::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw core::write_failure(path, written < 0 ? errno : ENOSPC, text.size());
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::vector<std::string> results_of_scene(const std::filesystem::path& manifest) {
  // Keys are in order. A manifest of another program may be one long line, which is not read for this.
  constexpr std::string_view kBegins = R"({"attention":)";
  std::error_code failed;
  if (!std::filesystem::is_regular_file(manifest, failed)) return {};
  std::ifstream stream(manifest, std::ios::binary);
  std::string line(kBegins.size(), '\0');
  if (!stream.read(line.data(), static_cast<std::streamsize>(line.size())) || line != kBegins) return {};
  stream.seekg(0);
  std::vector<std::string> results;
  for (bool first = true; std::getline(stream, line); first = false) {
    const Json record = core::read_json(line);
    if (first && !is_run_of_scene(record)) return {};
    if (!record.is_object()) continue;
    const std::vector<std::string> files = files_of(record);
    results.insert(results.end(), files.begin(), files.end());
  }
  return results;
}

SceneJournal::SceneJournal(std::filesystem::path folder)
    : folder_(std::move(folder)), file_(folder_ / "manifest.jsonl") {
  core::ensure_folder(folder_);
  descriptor_ = open_manifest(file_);
  if (core::try_lock(descriptor_) == core::Lock::kHeldByAnother) {
    throw Error(ErrorCode::kOutputLocked,
                folder_.string() +
                    ": another run of da3 writes here; wait until it ends, stop it, or give "
                    "another folder with --output");
  }
  core::remove_dead_temporaries(folder_);
  std::ifstream stream(file_, std::ios::binary);
  std::string line;
  for (bool first = true; std::getline(stream, line); first = false) {
    const Json record = core::read_json(line);
    const bool is_run = record.is_object() && is_text(record, "type", "run");
    if (first && !is_run_of_scene(record)) {
      throw Error(
          ErrorCode::kOutputExists,
          file_.string() + ": this is not the manifest of a scene; give another folder with --output");
    }
    if (!record.is_object()) continue;  // Cut off with its run
    if (is_run) records_.clear();
    if (is_text(record, "type", "view") || is_text(record, "type", "scene")) records_.push_back(line);
    if (is_run) {
      const auto digest = record.find("digest");
      digest_ = digest != record.end() && digest->is_string() ? digest->get<std::string>() : "";
      done_ = false;
      for (std::string& file : files_of(record)) owned_.insert(std::move(file));
    } else if (is_text(record, "type", kClaim)) {
      for (std::string& file : files_of(record)) owned_.insert(std::move(file));
    } else if (is_text(record, "type", "scene")) {
      done_ = is_text(record, "status", "done");
      const auto views = record.find("views");
      views_ = views == record.end() ? std::nullopt : core::whole_number<std::size_t>(*views);
      outputs_ = files_of(record);
    }
  }
  core::require_read_to_end(stream, file_.string(), ErrorCode::kOutputFailed);
}

void SceneJournal::keep_inputs(const std::vector<std::filesystem::path>& inputs) {
  for (const std::filesystem::path& input : inputs) {
    if (auto entry = core::entry_behind(input)) inputs_.insert(std::move(*entry));
  }
  std::erase_if(owned_, [this](const std::string& file) { return is_input(file); });
}

bool SceneJournal::is_input(const std::string& file) const {
  const auto entry = core::entry_of(folder_ / file);
  return entry && inputs_.contains(*entry);
}

bool SceneJournal::owns(const std::string& file) const {
  return owned_.contains(file) && !leads_through_link(folder_, file);
}

SceneJournal::State SceneJournal::state(const std::string& digest) const {
  if (digest_.empty()) return State::kNone;
  if (digest_ != digest) {
    // A run that ended before it wrote anything left nothing that could be lost.
    const bool wrote =
        done_ || std::any_of(owned_.begin(), owned_.end(), [this](const std::string& file) {
          std::error_code failed;
          return std::filesystem::exists(std::filesystem::symlink_status(folder_ / file, failed));
        });
    return wrote ? State::kOther : State::kNone;
  }
  const auto in_place = [this](const std::string& file) {
    std::error_code failed;
    return std::filesystem::file_size(folder_ / file, failed) > 0 && !failed;
  };
  return done_ && std::all_of(outputs_.begin(), outputs_.end(), in_place) ? State::kFinished
                                                                          : State::kUnfinished;
}

void SceneJournal::require_own(const std::vector<std::string>& files) const {
  for (const std::string& file : files) {
    if (is_input(file)) {
      throw Error(ErrorCode::kOutputExists, (folder_ / file).string() +
                                                ": this is an input of this scene, which is never replaced; "
                                                "give another folder with --output");
    }
    std::error_code failed;
    const auto status = std::filesystem::symlink_status(folder_ / file, failed);
    if (!std::filesystem::exists(status) || owns(file)) continue;
    throw Error(ErrorCode::kOutputExists, (folder_ / file).string() +
                                              ": this file was not written by da3; move it away, or give "
                                              "another folder with --output");
  }
}

void SceneJournal::begin(const std::string& run, const std::string& digest) {
  Json record = Json::parse(run);
  record["digest"] = digest;
  record["pid"] = getpid();
  put_files(record, owned_);
  const std::string line = line_of(record) + '\n';
  if (ftruncate(descriptor_.get(), 0) != 0) throw core::write_failure(file_, errno);
  write_all(descriptor_, file_, line);
  digest_ = digest;
  done_ = false;
}

void SceneJournal::claim(const std::vector<std::string>& files) {
  require_own(files);
  owned_.insert(files.begin(), files.end());
  Json record = {{"type", kClaim}};
  put_files(record, files);
  append(line_of(record));
}

void SceneJournal::append(const std::string& record) {
  write_all(descriptor_, file_, record + '\n');
}

void SceneJournal::finish(const std::string& record, const std::vector<std::string>& files) {
  Json last = Json::parse(record);
  put_files(last, files);
  append(line_of(last));
  for (const std::string& file : owned_) {
    if (std::find(files.begin(), files.end(), file) == files.end() && owns(file))
      unlink((folder_ / file).c_str());
  }
  done_ = true;
}

}  // namespace da3::journal
