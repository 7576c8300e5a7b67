// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <options/options.hpp>
#include <video/options/video_options.hpp>

#include <da3/device.hpp>
#include <da3/model_spec.hpp>

#include <bench/plan/plan_options.hpp>
#include <bench/presentation/report_format.hpp>
#include <run/scene/scene_options.hpp>

// What each sub-command was asked for: docs/cli.md as structs. No value here depends on the machine.
namespace da3::cli {

using options::ResultSize;

/// How much is told on standard error.
struct Verbosity {
  bool quiet = false;  ///< Errors only
  int verbose = 0;     ///< 1: what is decided and why, 2: everything
};

enum class ShowProgress { kAuto, kAlways, kNever };
enum class PreprocessOn { kAuto, kCpu, kDevice };
enum class VisFormat { kPng, kJpeg };

/// What is told on the way, on standard error and, with `json`, on standard output.
struct Messages {
  bool json = false;
  ShowProgress progress = ShowProgress::kAuto;
  Verbosity verbosity;
};

/// Which network runs, and on what.
struct ModelChoice {
  std::string model;     ///< Name or file; empty: DA3_MODEL, the first installed, the starter
  std::string describe;  ///< Record for a model file without one
  bool allow_synthetic = false;
  bool trust_code = false;         ///< Run the code that a foreign model file brings
  std::optional<DeviceId> device;  ///< None: the best present
  std::optional<Attention> attention;
  std::optional<Precision> precision;
};

/// `da3 infer`
struct Infer : options::Infer, ModelChoice, Messages {
  PreprocessOn preprocess = PreprocessOn::kAuto;
  VisFormat vis_format = VisFormat::kPng;  ///< Once parsed, `formats` has it
  bool dry_run = false;
};

/// `da3 scene`
struct Scene : run::SceneOptions, ModelChoice, Messages {
  bool dry_run = false;
};

/// `da3 render`
struct Render : options::Render, Messages {
  VisFormat vis_format = VisFormat::kPng;  ///< Once parsed, `formats` has it
};

/// `da3 video`
struct Video : video::VideoOptions, ModelChoice, Messages {
  PreprocessOn preprocess = PreprocessOn::kAuto;
  VisFormat vis_format = VisFormat::kPng;  ///< Once parsed, `formats` has it
  bool dry_run = false;
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
  bool depth_only = false;
  bool json = false;  ///< Name and file, or the error with its code, on standard output
  Verbosity verbosity;
};

/// `da3 model export SRC -o FILE.pt`
struct ModelExport {
  std::string source;  ///< Folder as published, or a catalogue name with `seed`
  std::string output;
  std::string name;  ///< Instead of the folder's own
  std::optional<std::uint64_t> seed;
  std::optional<DepthKind> depth_kind;
  bool depth_only = false;
  bool json = false;
  Verbosity verbosity;
};

/// `da3 model verify FILE`
struct ModelVerify : ModelChoice {
  int threads = 0;
  bool json = false;
  Verbosity verbosity;
};

/// `da3 model calibrate FILE PHOTO... -o FILE.pt`
struct ModelCalibrate {
  std::string model;                ///< File, or the name of an installed one
  std::vector<std::string> photos;  ///< Files, folders and globs
  std::string output;
  int most_photos = 16;
  std::uint64_t max_pixels = std::uint64_t{1} << 28;
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
  bench::PlanOptions plan;           ///< What to measure; its devices are found from those below
  std::vector<std::string> devices;  ///< "auto", "cpu", "cuda:0", or "all": every device present
  bool trust_code = false;
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
