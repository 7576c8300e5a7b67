// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <journal/links.hpp>
#include <unistd.h>
#include <video/encoded_streams.hpp>
#include <video/outputs.hpp>
#include <video/video_journal.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/json_reading.hpp>
#include <core/read_file.hpp>

namespace da3::video {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw Error(ErrorCode::kOutputFailed, file.string() + ": cannot be written (" + std::strerror(errno) + ")");
}

/// Members of two keys that are not the same, as text.
std::string differences(const json& before, const json& now) {
  std::string text;
  for (const auto& [name, value] : now.items()) {
    const json old = before.value(name, json(nullptr));
    if (old != value)
      text += (text.empty() ? "" : "; ") + name + " was " + old.dump() + ", is " + value.dump();
  }
  return text;
}

/// The folders in which a video keeps results.
constexpr std::array<const char*, 2> kWithin = {OutputPlan::kFramesFolder, EncodedStreams::kSegmentFolder};

/// True if there is more than what a video may have left before its first frame: folders with nothing in
/// them.
bool holds_files(const std::filesystem::path& folder) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const bool may_be_ours = std::ranges::find(kWithin, entry.path().filename()) != kWithin.end();
    std::error_code unknown;
    const bool is_folder = std::filesystem::is_directory(entry.symlink_status(unknown));
    if (!may_be_ours || !is_folder || !std::filesystem::is_empty(entry.path(), unknown)) return true;
  }
  return failed.value() != 0;
}

/// What lies behind a link is not ours to replace or remove.
void refuse_links(const std::filesystem::path& folder) {
  for (const char* name : kWithin) {
    std::error_code failed;
    if (!std::filesystem::is_symlink(folder / name, failed)) continue;
    throw Error(ErrorCode::kOutputExists, (folder / name).string() +
                                              ": da3 keeps results under this name, but this is a link; "
                                              "move it away, or give another folder with --output");
  }
}

}  // namespace

VideoJournal::VideoJournal(const std::filesystem::path& folder, const json& key, bool overwrite,
                           const AreThere& are_there)
    : file_(folder / kName) {
  std::error_code failed;
  const bool there = std::filesystem::exists(file_, failed);
  const bool is_new = !std::filesystem::exists(folder, failed);
  for (const char* name : kWithin) {
    if (!std::filesystem::exists(std::filesystem::symlink_status(folder / name, failed)))
      made_folders_.push_back(folder / name);
  }
  for (std::filesystem::path each = std::filesystem::absolute(folder, failed).lexically_normal();
       each.has_relative_path() && !std::filesystem::exists(each, failed); each = each.parent_path()) {
    if (each.has_filename()) made_folders_.push_back(each);
  }
  if (!there && !is_new && holds_files(folder)) {
    throw Error(
        ErrorCode::kOutputExists,
        folder.string() + ": the folder holds files that no video of da3 wrote; give another with --output");
  }
  core::ensure_folder(folder);
  refuse_links(folder);
  descriptor_ = journal::open_manifest(file_);
  if (core::try_lock(descriptor_) == core::Lock::kHeldByAnother) {
    throw Error(ErrorCode::kOutputLocked,
                folder.string() + ": another run writes there; wait for it, or give another folder");
  }
  core::remove_dead_temporaries(folder);
  read(folder, are_there);
  if (!overwrite && has_results_) {
    const auto before = earlier_.back().find("key");
    const std::string text =
        differences(before != earlier_.back().end() && before->is_object() ? *before : json::object(), key);
    if (!text.empty()) {
      throw Error(ErrorCode::kUsage,
                  folder.string() + ": the results here were made otherwise: " + text +
                      ". Give --overwrite to make them again, or another folder with --output");
    }
  }
  if (overwrite) {
    forget();
    ended_ = false;
  }
}

VideoJournal::~VideoJournal() {
  std::error_code ignored;
  const bool is_empty = !appends_ && std::filesystem::is_empty(file_, ignored);
  const bool says_nothing = !has_frames_ && (appends_ || !earlier_.empty());
  if (!is_empty && !says_nothing) return;
  // Files of a frame whose record was never written: without the manifest they would be foreign ones.
  for (const char* name : kWithin) {
    const std::filesystem::path within = file_.parent_path() / name;
    if (std::filesystem::exists(within, ignored) && !std::filesystem::is_empty(within, ignored)) return;
  }
  std::filesystem::remove(file_, ignored);
  // Unless something else came into them.
  for (const std::filesystem::path& folder : made_folders_) std::filesystem::remove(folder, ignored);
  if (!earlier_.empty()) std::filesystem::remove(file_.parent_path(), ignored);
}

void VideoJournal::read(const std::filesystem::path& folder, const AreThere& are_there) {
  std::ifstream stream(file_, std::ios::binary);
  std::uint64_t read = 0;
  bool frames_there = true;
  bool segments_there = true;
  for (std::string line; std::getline(stream, line) && !stream.eof();) {
    read += line.size() + 1;
    json value = core::read_json(line);
    const auto found = value.find("type");  // Of what is no object: its end
    const std::string type =
        found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
    if (earlier_.empty() && type != "video") {
      throw Error(
          ErrorCode::kOutputExists,
          folder.string() + ": its manifest is not that of a video; give another folder with --output");
    }
    has_frames_ = has_frames_ || type == "frame";
    if (type == "video" || type == "end") ended_ = type == "end";
    if (type == "video") {
      forget();
      frames_there = segments_there = true;
      earlier_.push_back(value);
      header_ = std::move(value);
    } else if (type == "frame") {
      has_results_ = has_results_ || value.value("status", json(nullptr)) == "done";
      frames_there = frames_there && are_there(value);
    } else if (type == "checkpoint") {
      segments_there = segments_there && are_there(value);
      if (!frames_there || !segments_there) continue;
      has_results_ = true;
      checkpoint_ = std::move(value);
      kept_ = read;
    } else if ((type == "end" || type == "joined") && frames_there && are_there(value)) {
      has_results_ = true;
      end_ = std::move(value);
      kept_ = read;
    }
  }
  core::require_read_to_end(stream, file_.string(), ErrorCode::kOutputFailed);
  if (checkpoint_.is_null() && end_.is_null()) forget();
}

void VideoJournal::forget() {
  header_ = checkpoint_ = end_ = json(nullptr);
  kept_ = 0;
}

void VideoJournal::append(const json& line) {
  if (!appends_ && (ftruncate(descriptor_.get(), static_cast<off_t>(kept_)) != 0 ||
                    lseek(descriptor_.get(), 0, SEEK_END) < 0)) {
    fail(file_);
  }
  appends_ = true;
  has_frames_ = has_frames_ || line.value("type", json(nullptr)) == "frame";
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t got = write(descriptor_.get(), text.data() + written, text.size() - written);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(file_);
    written += static_cast<std::size_t>(got);
  }
}

}  // namespace da3::video
