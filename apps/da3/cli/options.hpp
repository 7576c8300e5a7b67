// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <da3/device.hpp>
#include <da3/model_spec.hpp>

#include <bench/presentation/report_format.hpp>

// What each sub-command was asked for: docs/cli.md as structs. No value here depends on the machine.
namespace da3::cli {

/// How much is told on standard error.
struct Verbosity {
  bool quiet = false;  ///< Errors only
  int verbose = 0;     ///< 1: what is decided and why, 2: everything
};

enum class ShowProgress { kAuto, kAlways, kNever };
enum class PreprocessOn { kAuto, kCpu, kDevice };
enum class ResultSize { kInput, kModel };
enum class VisFormat { kPng, kJpeg };

/// The formats of `list` with --vis-format applied: vis and side as vis-jpg and side-jpg.
inline std::vector<std::string> named_formats(std::vector<std::string> list, VisFormat vis_format) {
  if (vis_format == VisFormat::kPng) return list;
  for (std::string& name : list) {
    if (name == "vis" || name == "side") name += "-jpg";
  }
  return list;
}

/// A part of the inputs: 1 <= index <= count.
struct ShardOf {
  int index = 1;
  int count = 1;
};

/// `da3 infer`
struct Infer {
  std::vector<std::string> inputs;
  bool null_separated = false;  ///< The list on standard input ends its paths with NUL, not newline
  std::string output = "depth";
  bool recursive = false;
  std::string root;  ///< Empty: none
  std::vector<std::string> exclude;

  std::string model;     ///< Name or file; empty: DA3_MODEL, the first installed, the starter
  std::string describe;  ///< Record for a model file without one
  bool allow_synthetic = false;
  bool trust_code = false;         ///< Run the code that a foreign model file brings
  std::optional<DeviceId> device;  ///< None: the best present
  std::optional<Attention> attention;
  std::optional<Precision> precision;

  std::optional<int> batch;  ///< None: measured
  double memory_fraction = 0.85;
  std::optional<int> process_res;
  std::optional<ResizeMethod> resize_method;
  PreprocessOn preprocess = PreprocessOn::kAuto;

  std::vector<std::string> formats = {"png16", "vis"};
  ResultSize size = ResultSize::kInput;
  std::string colormap = "spectral";
  std::optional<std::pair<double, double>> vis_range;
  bool range_of_set = false;  ///< One range for all results
  VisFormat vis_format = VisFormat::kPng;
  std::optional<int> preview;
  std::string exr_compression;  ///< Empty: each format's own
  std::string exr_channels = "Z";
  bool confidence = false;
  bool sky = false;

  bool overwrite = false;
  std::optional<ShardOf> shard;
  std::optional<std::size_t> limit;
  int threads = 0;         ///< 0: from the machine
  int decode_threads = 0;  ///< 0: from the machine
  std::optional<double> focal_px;
  std::optional<double> hfov_deg;
  std::string intrinsics;
  std::uint64_t max_pixels = std::uint64_t{1} << 28;

  bool json = false;
  ShowProgress progress = ShowProgress::kAuto;
  bool dry_run = false;
  Verbosity verbosity;
};

/// `da3 scene`
struct Scene {
  std::vector<std::string> inputs;
  bool null_separated = false;
  std::string output = "scene";
  bool recursive = false;
  bool per_folder = false;
  bool skip_bad = false;
  std::optional<std::size_t> limit;
  std::uint64_t max_pixels = std::uint64_t{1} << 28;

  std::string model;
  bool allow_synthetic = false;
  bool trust_code = false;
  std::optional<DeviceId> device;
  std::optional<Attention> attention;
  std::optional<Precision> precision;
  double memory_fraction = 0.85;
  int threads = 0;
  int decode_threads = 0;
  std::optional<int> process_res;
  std::optional<ResizeMethod> resize_method;

  std::string window = "auto";                ///< auto, off, or a number of views
  std::optional<int> overlap;                 ///< Of windows, in views
  std::string reference = "saddle_balanced";  ///< A rule's name or a view's number
  bool mixed_is_error = false;                ///< --mixed error
  std::string cameras;                        ///< File or folder of given cameras; empty: none
  bool keep_scale = false;
  bool ignore_distortion = false;

  std::vector<std::string> formats = {"glb", "cameras", "html"};
  std::vector<std::string> depth_formats = {"png16", "vis"};
  ResultSize size = ResultSize::kInput;
  std::string colormap = "spectral";
  bool confidence = false;
  bool sky = false;
  double keep_percent = 60;
  std::optional<double> min_confidence;
  std::size_t max_points = 1'000'000;
  std::optional<double> edges_percent;
  bool sky_points = false;
  bool no_cameras = false;
  bool point_confidence = false;
  bool colmap_text = false;
  bool tracks = false;
  bool overwrite = false;

  bool json = false;
  ShowProgress progress = ShowProgress::kAuto;
  bool dry_run = false;
  Verbosity verbosity;
};

/// `da3 render`
struct Render {
  std::string input;
  std::string output;  ///< Empty: the input's name with .render behind it
  std::vector<std::string> formats = {"vis"};
  std::string colormap = "spectral";
  std::optional<std::pair<double, double>> range;
  bool range_of_set = false;
  VisFormat vis_format = VisFormat::kPng;
  std::optional<int> preview;
  std::optional<int> longest;
  std::string exr_compression;
  std::string exr_channels = "Z";
  std::optional<ShardOf> shard;
  std::optional<std::size_t> limit;
  bool overwrite = false;
  int threads = 0;
  bool json = false;
  ShowProgress progress = ShowProgress::kAuto;
  Verbosity verbosity;
};

/// `da3 video`
struct Video {
  std::string input;
  std::string raw;  ///< WxH[@FPS]; empty: not raw
  std::string output;
  std::vector<std::string> formats;
  std::optional<double> fps;
  std::optional<std::int64_t> every;
  std::string start;
  std::string duration;
  std::optional<std::int64_t> limit;
  std::string vis_range;  ///< video, running, image; empty: by the input
  std::optional<std::pair<double, double>> range;
  std::string steady = "auto";
  std::string cuts = "auto";  ///< auto, none, or a file of times
  std::string hdr = "tonemap";
  std::string deinterlace = "auto";
  std::optional<int> stream;
  std::string timestamps;
  std::string encoder;
  int crf = 18;
  std::string constant_fps;  ///< Empty: times as in the input
  bool no_sound = false;
  Infer work;  ///< Model, device and processing, as `da3 infer`
};

/// `da3 model list`
struct ModelList {
  bool json = false;
};

/// `da3 model info FILE`
struct ModelInfo {
  std::string model;
  bool json = false;
};

/// `da3 model pull NAME`
struct ModelPull {
  std::string model;  ///< Catalogue name or OWNER/REPO
  bool accept_license = false;
  bool offline = false;
  Verbosity verbosity;
};

/// `da3 model export SRC -o FILE.pt`
struct ModelExport {
  std::string source;  ///< Folder as published, or a catalogue name with `seed`
  std::string output;
  std::string name;  ///< Instead of the folder's own
  std::optional<std::uint64_t> seed;
  bool json = false;
  Verbosity verbosity;
};

/// `da3 model verify FILE`
struct ModelVerify {
  std::string model;
  std::string describe;
  bool trust_code = false;
  std::optional<DeviceId> device;
  std::optional<Attention> attention;
  std::optional<Precision> precision;
  int threads = 0;
  bool json = false;
  Verbosity verbosity;
};

/// `da3 doctor`
struct Doctor {
  bool json = false;
  std::string output = "depth";  ///< Folder whose right to write is tried
};

/// `da3 bench [run]`. Empty lists: the suite's own.
struct BenchRun {
  std::vector<std::string> suites;
  std::vector<std::string> skipped_suites;
  std::vector<std::string> models;
  bool trust_code = false;
  std::vector<std::string> devices;     ///< "all": every device present
  std::vector<std::string> precisions;  ///< Names, or "default": the device's own
  std::vector<Attention> attentions;
  std::vector<int> batches;
  std::vector<std::pair<int, int>> image_sizes;  ///< Width, height of the photo
  std::vector<int> process_res;
  std::vector<int> threads;
  std::vector<int> tokens;            ///< Of `attention`
  std::vector<std::string> photos;    ///< Of `accuracy`, instead of drawn pictures
  std::vector<std::string> datasets;  ///< Folders with ground truth for `accuracy`
  std::optional<int> images;          ///< Of `batching` and `folder`
  std::optional<int> soak_images;
  std::optional<int> runs;
  std::optional<int> rounds;
  std::optional<int> warmup;
  std::optional<double> min_time_s;
  bool quick = false;
  bool dry_run = false;
  std::string against;  ///< Another da3 program, interleaved with this one
  std::vector<std::string> fail_on;
  std::optional<bench::ReportFormat> format;
  std::string output;
  Verbosity verbosity;
};

/// `da3 bench compare BASE.json NEW.json`
struct BenchCompare {
  std::string base;
  std::string candidate;
  std::vector<std::string> fail_on;
  std::optional<bench::ReportFormat> format;  ///< None: from the output's extension, else a table
  std::string output;
};

/// `da3 bench report FILE.json...`
struct BenchReport {
  std::vector<std::string> files;
  std::optional<bench::ReportFormat> format;  ///< None: from the output's extension, else Markdown
  std::string output;
  std::string charts;  ///< Folder for SVG charts; empty: none
};

/// `da3 bench worker`, hidden: measures what another da3 asks for, a line at a time.
struct BenchWorker {};

}  // namespace da3::cli
