// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>
#include <video/video_journal.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/json_reading.hpp>

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

}  // namespace

VideoJournal::VideoJournal(const std::filesystem::path& folder, const json& key, bool overwrite)
    : file_(folder / "manifest.jsonl") {
  std::error_code failed;
  const bool there = std::filesystem::exists(file_, failed);
  if (!there && std::filesystem::exists(folder, failed) && !std::filesystem::is_empty(folder, failed)) {
    throw Error(
        ErrorCode::kOutputExists,
        folder.string() + ": the folder holds files that no video of da3 wrote; give another with --output");
  }
  core::ensure_folder(folder);
  descriptor_ = core::FileDescriptor(open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!descriptor_) fail(file_);
  if (core::try_lock(descriptor_) == core::Lock::kHeldByAnother) {
    throw Error(ErrorCode::kOutputLocked,
                folder.string() + ": another run writes there; wait for it, or give another folder");
  }
  core::remove_dead_temporaries(folder);
  std::ifstream stream(file_, std::ios::binary);
  std::uint64_t read = 0;
  std::uint64_t kept = 0;
  for (std::string line; std::getline(stream, line) && !stream.eof();) {
    read += line.size() + 1;
    json value = core::read_json(line);
    const auto found = value.find("type");  // Of what is no object: its end
    const std::string type =
        found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
    if (header_.is_null() && type != "video") {
      throw Error(
          ErrorCode::kOutputExists,
          folder.string() + ": its manifest is not that of a video; give another folder with --output");
    }
    if (type == "video") header_ = std::move(value);
    if (type == "checkpoint") checkpoint_ = std::move(value);
    if (type == "end") end_ = std::move(value);
    if (type == "video" || type == "checkpoint" || type == "end") kept = read;
  }
  if (!header_.is_null() && !overwrite) {
    const auto before = header_.find("key");
    const std::string text =
        differences(before != header_.end() && before->is_object() ? *before : json::object(), key);
    if (!text.empty()) {
      throw Error(ErrorCode::kUsage,
                  folder.string() + ": the results here were made otherwise: " + text +
                      ". Give --overwrite to make them again, or another folder with --output");
    }
  }
  if (overwrite) {
    header_ = checkpoint_ = end_ = json(nullptr);
    kept = 0;
  }
  if (ftruncate(descriptor_.get(), static_cast<off_t>(kept)) != 0 ||
      lseek(descriptor_.get(), 0, SEEK_END) < 0)
    fail(file_);
}

void VideoJournal::append(const json& line) {
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
