// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <codec/decode.hpp>

#include <da3/model_spec.hpp>

namespace da3::run {

/// Resolution of the results.
enum class ResultSize {
  kInput,  ///< Of the photo
  kModel,  ///< Of the network's input
};

/// How paths are set apart in a list on standard input.
enum class ListFormat { kLines, kNul };

/// This process takes the inputs whose results' name hashes to `index` of `count`. 1 <= index <= count.
struct Shard {
  int index = 1;
  int count = 1;
};

/// What to do with which inputs; names and defaults as in docs/cli.md. Validated once, by `run` and `plan`.
struct Options {
  // Inputs.
  std::vector<std::filesystem::path>
      inputs;              ///< Files, folders, globs that match no file as such; "-" reads `list`
  bool recursive = false;  ///< Folders with their sub-folders
  /// Folder below which every input's path becomes the name of its results; none: as InputSource says.
  std::optional<std::filesystem::path> root;
  std::vector<std::string>
      exclude;  ///< Patterns of fnmatch: files and folders below an input whose name or path below it matches
  /// Where "-" is read from. Lifetime: the process, for an interrupted run leaves a thread behind that hangs
  /// in it.
  std::istream* list = nullptr;
  ListFormat list_format = ListFormat::kLines;
  std::optional<Shard> shard;
  std::optional<std::size_t> limit;  ///< At most so many inputs, those already finished included
  std::uint64_t max_pixels = std::uint64_t{1} << 28;
  codec::JpegPixels jpeg_pixels;  ///< Decodes JPEG files where it is set and can

  // Network input.
  std::optional<int> process_res;             ///< None: the model's
  std::optional<ResizeMethod> resize_method;  ///< None: the model's
  std::optional<double> focal_px;    ///< Focal length in pixels of the original photo (metric models)
  std::optional<double> hfov_deg;    ///< Horizontal field of view (metric models)
  std::filesystem::path intrinsics;  ///< File of known cameras (cameras::KnownCameras); empty: none

  // Results.
  std::filesystem::path output_dir = "depth";
  std::vector<std::string> formats = {"png16", "vis"};
  ResultSize size = ResultSize::kInput;
  std::string colormap = "spectral";
  std::optional<std::pair<double, double>> vis_range;  ///< None: percentiles of each picture
  bool range_of_set =
      false;  ///< One range for all results of the folder instead; the pictures are drawn twice
  std::optional<int> preview;   ///< vis and side: pixels of the longer side
  std::string exr_compression;  ///< Empty: none for exr, zip for exr16
  std::string exr_channels = "Z";
  bool confidence = false;
  bool sky = false;
  bool overwrite = false;

  // Resources; none of these changes a result.
  std::optional<int> batch;       ///< Images per forward; none: measured
  double memory_fraction = 0.85;  ///< Of the memory free now that a measured batch may fill
  int threads = 0;         ///< Of a forward on a CPU, as the model was loaded with; 0: from the machine
  int decode_threads = 0;  ///< Threads that decode, render and write; 0: from the machine
  std::size_t window_images = 0;  ///< Bound of inputs under way at a time; 0: from the batches that pay
  std::uint64_t window_bytes =
      0;  ///< Bound of pictures and results held at a time; 0: from the memory free now
  /// File that keeps measured batches between runs; empty: none is kept.
  std::filesystem::path learned_batches;
};

}  // namespace da3::run
