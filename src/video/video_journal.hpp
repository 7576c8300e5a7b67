// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <core/file_descriptor.hpp>

namespace da3::video {

/// `manifest.jsonl` of a video: its header, a record a frame, and checkpoints from which a later run goes on.
/// Locked while it lives.
class VideoJournal {
 public:
  static constexpr const char* kName = "manifest.jsonl";

  /// Whether the files that a line of an earlier run tells of are there: frames' files of type `frame`, the
  /// segments before a `checkpoint`, the videos of an `end`, the one video of `joined`, written just before
  /// it got its name.
  using AreThere = std::function<bool(const nlohmann::json& line)>;

  /// Opens or makes the journal in `folder`, whose lines stay until the first one is appended. What an
  /// earlier run left counts up to its last checkpoint before a file that is gone, if `key`, all that decides
  /// results, is the same; where no frame was done any key may begin. `overwrite` begins anew. Throws: Error
  /// kOutputLocked, kOutputExists for a folder with files that no video of da3 wrote, kUsage for another key,
  /// kOutputFailed.
  VideoJournal(const std::filesystem::path& folder, const nlohmann::json& key, bool overwrite,
               const AreThere& are_there);
  /// What no frame, and no file of one, was ever written to goes away.
  ~VideoJournal();
  VideoJournal(const VideoJournal&) = delete;
  VideoJournal& operator=(const VideoJournal&) = delete;

  /// The headers of all earlier runs, whatever counts of them.
  const std::vector<nlohmann::json>& earlier() const { return earlier_; }
  /// The header of the run to go on from; null if there is none.
  const nlohmann::json& header() const { return header_; }
  /// Its checkpoint; null if there is none.
  const nlohmann::json& checkpoint() const { return checkpoint_; }
  /// Its last line if all is done and there; null otherwise.
  const nlohmann::json& end() const { return end_; }
  /// True if the last run did all, whether or not its files are still there.
  bool ended() const { return ended_; }

  /// Appends one line by one write, in place of what does not count. Throws: Error kOutputFailed.
  void append(const nlohmann::json& line);

 private:
  void read(const std::filesystem::path& folder, const AreThere& are_there);
  void forget();

  std::filesystem::path file_;
  core::FileDescriptor descriptor_;
  std::vector<std::filesystem::path> made_folders_;  ///< The innermost first
  bool has_frames_ = false;                          ///< A line of one was read or appended
  bool has_results_ = false;                         ///< One of them was done
  bool ended_ = false;                               ///< The last run has its last line
  bool appends_ = false;                             ///< A line was appended
  std::uint64_t kept_ = 0;                           ///< Bytes of the lines that count
  std::vector<nlohmann::json> earlier_;
  nlohmann::json header_;
  nlohmann::json checkpoint_;
  nlohmann::json end_;
};

}  // namespace da3::video
