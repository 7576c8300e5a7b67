// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <formats/output_set.hpp>
#include <video/earlier_files.hpp>
#include <video/encoded_streams.hpp>
#include <video/records.hpp>

#include <da3/error.hpp>

#include <core/folder_entry.hpp>
#include <core/sha256.hpp>

namespace da3::video {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

bool has_bytes(const fs::path& file) {
  std::error_code failed;
  const std::uintmax_t bytes = fs::file_size(file, failed);
  return !failed && bytes > 0;
}

bool frame_is_there(const fs::path& folder, const json& line) {
  const auto outputs = line.find("outputs");
  if (outputs == line.end() || !outputs->is_object()) return true;  // A frame that failed has none
  return std::ranges::all_of(*outputs, [&](const json& file) {
    return file.is_string() && has_bytes(folder / file.get<std::string>());
  });
}

/// A segment of this name, with its bytes and their hash; null for what cannot be read and for what is no
/// file of its own: the journal may be anybody's, and a device or a pipe has no end.
json identity_of(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(fs::symlink_status(file, failed))) return nullptr;
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> block(std::size_t{1} << 20);
  core::Sha256 hash;
  std::int64_t bytes = 0;
  while (stream.read(block.data(), static_cast<std::streamsize>(block.size())) || stream.gcount() > 0) {
    const auto got = static_cast<std::size_t>(stream.gcount());
    hash.update(std::string_view(block.data(), got));
    bytes += stream.gcount();
  }
  if (!stream.eof()) return nullptr;
  return {{"file", file.filename().string()}, {"bytes", bytes}, {"sha256", hash.finish()}};
}

/// Whether the one file of a run is the one that `line` tells of, which had another name then.
bool is_joined_file(const OutputPlan& outputs, const json& line) {
  const json file = line.value("file", json(nullptr));
  const json found = outputs.streams.empty() ? json(nullptr) : identity_of(outputs.streams.front().target);
  if (!file.is_object() || !found.is_object()) return false;
  return std::ranges::all_of(std::array{"bytes", "sha256"}, [&](const char* each) {
    return file.value(each, json(nullptr)) == found.at(each);
  });
}

bool segments_are_there(const OutputPlan& outputs, const json& line) {
  const auto segments = line.find("segments");
  if (segments == line.end() || !segments->is_array()) return outputs.streams.empty();
  return std::ranges::all_of(*segments, [&](const json& segment) {
    const auto name = segment.is_object() ? segment.find("file") : segment.end();
    if (name == segment.end() || !name->is_string()) return false;
    const fs::path plain(name->get<std::string>());
    return plain.filename() == plain &&
           identity_of(outputs.folder / EncodedStreams::kSegmentFolder / plain) == segment;
  });
}

/// "000012.vis.png": six digits or more, and the suffix of a format.
bool is_frame_name(std::string_view name) {
  constexpr std::size_t kDigits = 6;
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  return digits >= kDigits && std::ranges::any_of(formats::kAllFormats, [&](formats::Format format) {
           return name.substr(digits) == formats::suffix(format);
         });
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> files;
  if (fs::is_symlink(folder, failed)) return files;  // What lies behind a link is not ours to remove
  const fs::directory_iterator last;
  for (fs::directory_iterator each(folder, failed); !failed && each != last; each.increment(failed))
    files.push_back(each->path());
  return files;
}

/// Names of the videos that a run with this header writes into its folder.
std::set<std::string> videos_of(const json& header) {
  std::set<std::string> names;
  const std::optional<std::string> path = path_of(header);
  const auto encoders = header.find("encoder");
  if (!path || encoders == header.end() || !encoders->is_object()) return names;
  for (const auto& [format, encoder] : encoders->items()) {
    const std::string name = video_name(*path, format);
    if (!name.empty()) names.insert(name);
  }
  return names;
}

/// What the runs with `headers` wrote into `folder`: their videos, segments, and all that is called as da3
/// calls files of frames.
std::vector<fs::path> earlier_files(const fs::path& folder, const std::vector<json>& headers) {
  std::vector<fs::path> files;
  if (headers.empty()) return files;
  for (const json& header : headers) {
    for (const std::string& name : videos_of(header)) files.push_back(folder / name);
  }
  for (fs::path& file : files_in(folder / EncodedStreams::kSegmentFolder)) files.push_back(std::move(file));
  for (fs::path& file : files_in(folder / OutputPlan::kFramesFolder)) {
    if (is_frame_name(file.filename().string())) files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

json segments_json(const std::vector<fs::path>& files) {
  json segments = json::array();
  for (const fs::path& file : files) segments.push_back(identity_of(file));
  return segments;
}

bool are_there(const OutputPlan& outputs, const json& line) {
  const json type = line.value("type", json(nullptr));
  if (type == "frame") return frame_is_there(outputs.folder, line);
  if (type == "joined") return is_joined_file(outputs, line);
  if (type == "checkpoint") return segments_are_there(outputs, line);
  return std::ranges::all_of(outputs.streams, has_bytes, &StreamPlan::target);
}

void require_own_videos(const OutputPlan& outputs, const std::vector<json>& headers) {
  if (outputs.temporary) return;
  std::set<std::string> own;
  for (const json& header : headers) own.merge(videos_of(header));
  for (const StreamPlan& stream : outputs.streams) {
    std::error_code failed;
    if (own.contains(stream.target.filename().string()) ||
        !fs::exists(fs::symlink_status(stream.target, failed)))
      continue;
    throw Error(ErrorCode::kOutputExists,
                stream.target.string() +
                    ": a file that da3 did not write has this result's name; move it away, or give another "
                    "folder with --output");
  }
}

void require_input_stays(const fs::path& folder, const std::string& input, const std::vector<json>& headers) {
  const auto entry = core::entry_behind(input);
  if (!entry) return;  // A pipe
  for (const fs::path& file : earlier_files(folder, headers)) {
    if (core::entry_of(file) != entry) continue;
    throw Error(ErrorCode::kOutputExists,
                file.string() +
                    ": this is the input, and a result of the run that would be replaced here; give another "
                    "folder with --output");
  }
}

void require_videos_stay(const OutputPlan& outputs, const std::vector<json>& headers) {
  std::set<std::string> removed;
  for (const json& header : headers) removed.merge(videos_of(header));
  for (const StreamPlan& stream : outputs.streams) removed.erase(stream.target.filename().string());
  for (const std::string& name : removed) {
    if (!has_bytes(outputs.folder / name)) continue;
    throw Error(ErrorCode::kUsage, (outputs.folder / name).string() +
                                       ": the result of another video, which would be removed. Give "
                                       "--overwrite for that, or another folder with --output");
  }
}

void remove_earlier(const fs::path& folder, const std::vector<json>& headers) {
  std::error_code failed;
  for (const fs::path& file : earlier_files(folder, headers)) fs::remove(file, failed);
  // Unless something else is in them.
  for (const char* each : {EncodedStreams::kSegmentFolder, OutputPlan::kFramesFolder}) {
    if (!headers.empty()) fs::remove(folder / each, failed);
  }
}

}  // namespace da3::video
