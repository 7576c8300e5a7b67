// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <da3/model_spec.hpp>

// What may be asked for, a struct for each concern; names and defaults as in docs/cli.md. Commands and runs
// are made of them by inheritance: the command line fills the same fields that the run reads, and help shows
// the defaults of these structs. options/validate.hpp holds the rules.
namespace da3::options {

/// Resolution of the results.
enum class ResultSize {
  kInput,  ///< Of the photo
  kModel,  ///< Of the network's input
};

/// How paths are set apart in a list on standard input.
enum class ListFormat { kLines, kNul };

/// A part of the inputs: those whose results' name hashes to `index` of `count`. 1 <= index <= count.
struct Shard {
  int index = 1;
  int count = 1;
};

/// Which photos.
struct Inputs {
  std::vector<std::filesystem::path>
      inputs;              ///< Files, folders, globs that match no file as such; "-" reads `list`
  bool recursive = false;  ///< Folders with their sub-folders
  /// Where "-" is read from. Shared with the thread that an interrupted run leaves behind where it hangs in
  /// it.
  std::shared_ptr<std::istream> list;
  ListFormat list_format = ListFormat::kLines;
  std::optional<std::size_t> limit;  ///< At most so many, those already finished included
  std::uint64_t max_pixels = std::uint64_t{1} << 28;
};

/// The network's input.
struct Processing {
  std::optional<int> process_res;             ///< None: the model's
  std::optional<ResizeMethod> resize_method;  ///< None: the model's
};

/// The camera, for metric models.
struct Focal {
  std::optional<double> focal_px;  ///< In pixels of the original photo
  std::optional<double> hfov_deg;  ///< Horizontal field of view instead
};

/// What is written for each photo, and where.
struct Results {
  std::filesystem::path output_dir;
  ResultSize size = ResultSize::kInput;
  bool confidence = false;
  bool sky = false;
  bool overwrite = false;
};

struct Colours {
  std::string colormap = "spectral";
};

/// How files look, where a format leaves a choice.
struct Looks : Colours {
  std::optional<std::pair<double, double>> vis_range;  ///< None: percentiles of each picture
  std::optional<int> preview;                          ///< vis and side: pixels of the longer side
  std::string exr_compression;                         ///< Empty: none for exr, zip for exr16
  std::string exr_channels = "Z";
};

/// Of the machine; none of these changes a result.
struct Resources {
  double memory_fraction = 0.85;  ///< Of the memory free now that forward passes may fill
  int threads = 0;         ///< Of a forward pass on a CPU, as the model was loaded with; 0: from the machine
  int decode_threads = 0;  ///< Threads that decode, render and write; 0: from the machine
};

/// `da3 infer`
struct Infer : Inputs, Processing, Focal, Results, Looks, Resources {
  Infer() : Results{.output_dir = "depth"} {}

  /// Folder below which every input's path becomes the name of its results; none: as InputSource says.
  std::optional<std::filesystem::path> root;
  std::vector<std::string>
      exclude;  ///< Patterns of fnmatch: files and folders below an input whose name or path below it matches
  std::optional<Shard> shard;
  std::filesystem::path intrinsics;  ///< File of known cameras (cameras::KnownCameras); empty: none
  /// One range for all results of the folder instead; the pictures are drawn twice.
  bool range_of_set = false;
  std::vector<std::string> formats = {"png16", "vis"};
  std::optional<int> batch;  ///< Images per forward pass; none: measured
};

/// `da3 render`
struct Render : Looks {
  std::filesystem::path input;   ///< Folder of an earlier run, with its manifests
  std::filesystem::path output;  ///< Another folder
  std::vector<std::string> formats = {"vis"};
  bool range_of_set = false;   ///< One range, of all results, where `vis_range` is none
  std::optional<int> longest;  ///< Maps with at most so many pixels on the longer side
  std::optional<Shard> shard;
  std::optional<std::size_t> limit;
  bool overwrite = false;
  int threads = 0;  ///< 0: the usable cores
};

}  // namespace da3::options
