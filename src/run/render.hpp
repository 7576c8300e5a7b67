// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <run/run.hpp>

namespace da3::run {

/// What to make of results that are there. Validated by `render`.
struct RenderOptions {
  std::filesystem::path input;   ///< Folder of `run`, with its manifests
  std::filesystem::path output;  ///< Another folder
  std::vector<std::string> formats = {"vis"};
  std::string colormap = "spectral";
  std::optional<std::pair<double, double>>
      range;  ///< None: percentiles of each picture, or of all with `range_of_set`
  bool range_of_set = false;
  std::optional<int> preview;
  std::optional<int> longest;  ///< Maps with at most so many pixels on the longer side
  std::string exr_compression;
  std::string exr_channels = "Z";
  std::optional<Shard> shard;
  std::optional<std::size_t> limit;
  bool overwrite = false;
  int threads = 0;  ///< 0: the usable cores
};

/// Files of other formats, colours and ranges from the results of an earlier run, without a network. Goes on
/// where it stopped, records and errors as `run`; the manifest of `input` is read, never changed. Threads:
/// `threads` render, the calling one calls back. Throws: as `run`; Error kNoInput for a folder without
/// results that can be read back.
Summary render(const RenderOptions& options, const Callbacks& callbacks = {}, std::stop_token stop = {});

}  // namespace da3::run
