// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <da3/device.hpp>
#include <da3/model_spec.hpp>

#include <bench/against/worker.hpp>
#include <bench/measure/clock.hpp>
#include <bench/measure/peak_memory.hpp>
#include <engine/bench_workloads.hpp>
#include <engine/device/gpu_jpeg.hpp>

namespace da3::video {
struct VideoLibrary;
}  // namespace da3::video

namespace da3::suites {

/// A model on disk.
struct ModelFile {
  std::filesystem::path file;
  ModelSpec spec;
};

struct LoadRequest {
  DeviceId device;
  std::optional<Precision> precision;  ///< None: the device's own
  std::optional<Attention> attention;  ///< None: the model offers no choice
  int threads = 0;
  bool cameras = false;  ///< The network's own, besides depth
};

/// What the suites work with; the program gives the engine's, tests give fakes. All outlive the suites.
struct Context {
  /// The file of a model, made with synthetic weights if it is in the catalogue and not installed.
  std::function<ModelFile(const std::string& model)> model_file;
  std::function<std::shared_ptr<predict::DepthModel>(const ModelFile&, const LoadRequest&)> load;
  std::function<engine::MatmulWorkload(const DeviceId&, Precision, int threads)> matmul;
  std::function<std::unique_ptr<engine::AttentionWorkload>(const DeviceId&, Precision, Attention,
                                                           const engine::AttentionShape&, int threads)>
      attention;
  /// Of `preprocess`. None: the strategy cpu alone, without upload.
  std::function<engine::InputWorkload(const DeviceId&, engine::NormaliseOn)> input;
  std::function<engine::GpuJpegResult(const DeviceId&)> gpu_jpeg;
  /// A fresh process of this program, for the suite `load`.
  std::function<std::unique_ptr<bench::Worker>()> start_worker;
  /// Runs this program with these arguments to its end, for the suite `folder`. None: not measured. Throws:
  /// Error if it fails.
  std::function<void(const std::vector<std::string>& arguments)> run_program;
  predict::MemoryProbe* memory = nullptr;
  bench::Clock* clock = nullptr;
  bench::PeakMemory* peak_memory = nullptr;            ///< Null: peaks are not measured
  const video::VideoLibrary* video_library = nullptr;  ///< Of the suite `video`; null: it cannot run
  std::filesystem::path scratch;  ///< Folder for photos and results; the caller removes it
  double slowdown = 1;            ///< Test aid, see SampleOptions
};

/// A case that is ready to be measured.
struct PreparedCase {
  bench::Workload workload;
  bench::Fields facts;
  /// Adds what follows from the samples, such as images per second; may be empty.
  std::function<void(bench::CaseResult&)> finish;
};

/// Loaded models of one group, so that variants which differ only in batch share theirs.
class GroupModels {
 public:
  explicit GroupModels(const Context& context) : context_(context) {}
  /// The model of a case's settings: model, device, precision, attention, threads. `cameras`: with its own
  /// cameras, besides depth.
  std::shared_ptr<predict::DepthModel> get(const bench::Fields& settings, bool cameras = false);

 private:
  const Context& context_;
  std::vector<std::pair<std::string, std::shared_ptr<predict::DepthModel>>> loaded_;
};

/// By the case's suite. Throws: Error with the reason why it cannot run.
PreparedCase prepare_case(const bench::PlannedCase& planned, const Context& context, GroupModels& models);

/// What a suite of photos does in a build without picture formats. Throws: Error kUsage.
[[noreturn]] void refuse_without_pictures();

// A case's settings as what they mean; two processes hand each other the settings as text.

DeviceId device_of(const bench::Fields& settings);
/// None: the device's own.
std::optional<Precision> precision_of(const bench::Fields& settings);
/// kFixed: the model offers no choice.
Attention attention_of(const bench::Fields& settings);

/// (H, W) of a case.
Size processed_size_of(const bench::Fields& settings);

/// The size whose sides are these shares of `res`, each to the nearest multiple of `patch`, at least one.
Size patched_size(int res, int patch, double height_share, double width_share);

/// What is true of a model that runs: parameters, identity, precision and attention in use.
bench::Fields model_facts(const predict::DepthModel& model);

}  // namespace da3::suites
