// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <core/file_descriptor.hpp>
#include <core/folder_entry.hpp>

namespace da3::journal {

/// What da3 has written of the scene that this manifest is of, or was about to: paths below its folder. None
/// for any other file.
std::vector<std::string> results_of_scene(const std::filesystem::path& manifest);

/// The manifest of a folder that holds one scene: the run, its views, the scene's own record last, so that a
/// scene is whole or not there. Locked while it lives. Threads: one.
class SceneJournal {
 public:
  /// What an earlier run left.
  enum class State {
    kNone,        ///< No file of a scene
    kFinished,    ///< The same work, done, all files in place
    kUnfinished,  ///< The same work, cut off, failed, or with files missing
    kOther,       ///< Files of other photos, another model or other options
  };

  /// Makes the folder where missing. Throws: Error kOutputLocked, kOutputExists (a manifest that is not one
  /// of a scene), kOutputFailed.
  explicit SceneJournal(std::filesystem::path folder);

  /// What a scene is made from is no result, even where an earlier run wrote it: it is neither replaced nor
  /// removed, and not counted among the results any more. Before all other calls.
  void keep_inputs(const std::vector<std::filesystem::path>& inputs);

  /// `digest`: SHA-256 of all that decides the results.
  State state(const std::string& digest) const;

  /// How many views the last scene has, unreadable photos left out; none if it does not say.
  std::optional<std::size_t> views() const { return views_; }

  /// Those of the views and of the scene that the last run wrote, JSON text of one line each.
  const std::vector<std::string>& records() const { return records_; }

  /// Throws: Error kOutputExists naming a planned file that is there and not da3's, or an input.
  void require_own(const std::vector<std::string>& files) const;
  /// True if a run of da3 wrote that file, or was about to. Never for what lies behind a link.
  bool owns(const std::string& file) const;

  /// Starts the manifest anew: `run` is a JSON object as text. Throws: Error kOutputFailed.
  void begin(const std::string& run, const std::string& digest);
  /// What is written from now on, paths below the folder. Not before: what else comes to these names is not
  /// da3's. Throws: as require_own, Error kOutputFailed.
  void claim(const std::vector<std::string>& files);
  /// Appends a record, JSON text of one line. Throws: Error kOutputFailed.
  void append(const std::string& record);
  /// The last record: the scene is done, and files of earlier runs that are not among these go.
  void finish(const std::string& record, const std::vector<std::string>& files);

 private:
  bool is_input(const std::string& file) const;

  std::filesystem::path folder_;
  std::filesystem::path file_;
  core::FileDescriptor descriptor_;
  std::string digest_;                ///< Of the last run
  bool done_ = false;                 ///< It ended with a scene
  std::vector<std::string> outputs_;  ///< Of that scene
  std::optional<std::size_t> views_;  ///< Of that scene
  std::vector<std::string> records_;
  std::set<std::string> owned_;
  std::set<core::FolderEntry> inputs_;
};

}  // namespace da3::journal
