// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <core/file_descriptor.hpp>

namespace da3::video {

/// `manifest.jsonl` of a video: its header, a record a frame, and checkpoints from which a later run goes on.
/// Locked while it lives.
class VideoJournal {
 public:
  /// Opens or makes the journal in `folder`. What an earlier run left is kept up to its last checkpoint if
  /// `key`, all that decides results, is the same; `overwrite` begins anew. Throws: Error kOutputLocked,
  /// kOutputExists for a folder with files that no video of da3 wrote, kUsage for another key, kOutputFailed.
  VideoJournal(const std::filesystem::path& folder, const nlohmann::json& key, bool overwrite);

  /// The header of the earlier run; null if there is none to go on from.
  const nlohmann::json& header() const { return header_; }
  /// Its last checkpoint; null if there is none.
  const nlohmann::json& checkpoint() const { return checkpoint_; }
  /// Its last line if that says that all is done; null otherwise.
  const nlohmann::json& end() const { return end_; }

  /// Appends one line by one write. Throws: Error kOutputFailed.
  void append(const nlohmann::json& line);

 private:
  std::filesystem::path file_;
  core::FileDescriptor descriptor_;
  nlohmann::json header_;
  nlohmann::json checkpoint_;
  nlohmann::json end_;
};

}  // namespace da3::video
