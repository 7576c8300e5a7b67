// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <cli/options.hpp>
#include <core/work_folder.hpp>
#include <run/options.hpp>

namespace da3::commands {

/// `-o a.exr` with one input: the one result under that name, without a manifest. It is made in a folder of
/// its own next to the target, which goes with this object.
class SingleFile {
 public:
  /// Throws: Error kOutputExists if the file is there and --overwrite is not, kOutputFailed, kUsage.
  explicit SingleFile(const cli::Infer& options);
  ~SingleFile() = default;
  SingleFile(const SingleFile&) = delete;
  SingleFile& operator=(const SingleFile&) = delete;

  /// Directs a run into the folder. Nothing if the output is no single file.
  void apply(run::Options& work) const;

  /// Empty if the output is a folder.
  const std::string& format() const { return format_; }

  /// Gives the result of a run that made it its name. Throws: Error kOutputExists for a file that came since
  /// the start where --overwrite is not given, kOutputFailed.
  void publish() const;

 private:
  std::filesystem::path target_;
  bool overwrite_;
  std::optional<core::WorkFolder> folder_;  ///< None: the output is a folder
  std::string format_;
};

}  // namespace da3::commands
