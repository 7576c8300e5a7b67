// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <exception>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <core/build_info.hpp>
#include <core/host/host_memory.hpp>
#include <core/stored_zip.hpp>
#include <engine/engine.hpp>
#include <engine/export/save_model.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/model_archive.hpp>
#include <engine/network/network.hpp>
#include <engine/network/smoothing.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <engine/normalise.hpp>
#include <engine/torch_errors.hpp>
#include <weights/identity.hpp>
#include <weights/model_config.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>

namespace da3::engine {
namespace {

constexpr int kFirstFoldedLayout = 2;

ModelSpec own_spec(const std::filesystem::path& model) {
  ModelSpec spec = weights::read_record(model);
  if (runs_its_own_code(spec)) {
    throw Error(ErrorCode::kModelContract,
                model.string() + ": only networks that da3 builds itself can be calibrated");
  }
  if (spec.network_layout < kFirstFoldedLayout) {
    throw Error(ErrorCode::kModelContract, model.string() + ": its tensors are of layout " +
                                               std::to_string(spec.network_layout) +
                                               "; make it again with 'da3 model pull' or 'da3 model export'");
  }
  return spec;
}

/// Where the weights come from, for `da3 model info`, which else could not tell the file from the model it
/// was.
std::string calibrated_source(std::string source) {
  constexpr std::string_view kMark = "calibrated for int8";
  if (source.ends_with(kMark)) return source;
  return (source.empty() ? "" : source + ", ") + std::string(kMark);
}

}  // namespace

struct Calibration::State {
  State(const std::filesystem::path& file, int threads)
      : path(file),
        num_threads(threads > 0 ? threads : core::usable_cores()),
        spec(own_spec(file)),
        archive(weights::open_model_file(file)),
        config(weights::parse_config(spec.network_config_json, file.string())) {
    check_whole(archive);
    weights::check_identity(file, spec.sha256, {});
    tensors = read_tensors(archive);
    observing =
        build_network(config, spec.network_layout, tensors, Attention::kSdpa, {.observe_inputs = true});
  }

  std::filesystem::path path;
  int num_threads;
  ModelSpec spec;
  core::StoredZip archive;
  weights::NetworkConfig config;
  TensorMap tensors;
  torch::jit::Module observing;
};

Calibration::Calibration(const std::filesystem::path& model, int threads) {
  set_up_libtorch();
  const EngineScope scope;
  try {
    state_ = std::make_unique<State>(model, threads);
  } catch (const std::exception& error) {
    throw naming_file(translate(error, ErrorCode::kModelDamaged, "Loading " + model.string()), model);
  }
}

Calibration::~Calibration() = default;

const ModelSpec& Calibration::spec() const {
  return state_->spec;
}

void Calibration::see(const Image& picture) {
  const EngineScope scope;
  const ThreadScope threads(state_->num_threads);
  try {
    predict::Request request;
    request.size = picture.size;
    request.pictures = {picture.rgb};
    const at::Tensor image = at::empty({1, 1, 3, picture.size.height, picture.size.width});
    Normaliser(state_->spec, c10::Device(at::kCPU)).on_host(request, image);
    state_->observing.forward({image});
  } catch (const std::exception& error) {
    throw translate(error, ErrorCode::kInternal, "Calibrating " + state_->path.string());
  }
}

CalibrationReport Calibration::write(const std::filesystem::path& file) const {
  const EngineScope scope;
  CalibrationReport report;
  report.spec = state_->spec;
  report.spec.da3_version = std::string(core::build_info().version);
  report.spec.source = calibrated_source(report.spec.source);
  const auto observed = observed_inputs(state_->observing);
  if (observed.empty())
    throw Error(ErrorCode::kUsage, state_->path.string() + ": no picture was seen, so nothing can be chosen");
  core::AtomicFile output(core::end_of_links(file));
  TensorMap tensors = state_->tensors;
  std::erase_if(tensors, [](const auto& entry) { return entry.first.ends_with(kSmoothingSuffix); });
  double squares_before = 0;
  double squares_after = 0;
  for (const auto& [layer, inputs] : observed) {
    const LayerSmoothing chosen = choose_smoothing(tensors.at(layer + ".weight"), inputs);
    squares_before += chosen.error_before * chosen.error_before;
    squares_after += chosen.error_after * chosen.error_after;
    if (!chosen.exponents.any().item<bool>()) continue;
    tensors.emplace(layer + std::string(kSmoothingSuffix), chosen.exponents);
    ++report.layers;
  }
  report.error_before = std::sqrt(squares_before / static_cast<double>(observed.size()));
  report.error_after = std::sqrt(squares_after / static_cast<double>(observed.size()));
  Parts parts = stored_parts(state_->config, report.spec.network_layout);
  parts.smoothing = true;
  torch::jit::Module module = build_network(state_->config, report.spec.network_layout, std::move(tensors),
                                            Attention::kSdpa, {}, parts);
  offer_scenes(module, state_->config, parts);
  save_model(module, report.spec, output);
  report.file_bytes = std::filesystem::file_size(file);
  return report;
}

}  // namespace da3::engine
