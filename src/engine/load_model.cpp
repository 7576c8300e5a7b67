// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <da3/error.hpp>

#include <core/host/host_memory.hpp>
#include <core/host/process_limits.hpp>
#include <core/host/processor.hpp>
#include <core/model_record.hpp>
#include <core/stored_zip.hpp>
#include <core/text.hpp>
#include <engine/attention_mode.hpp>
#include <engine/contract.hpp>
#include <engine/device/devices.hpp>
#include <engine/device/module_placement.hpp>
#include <engine/engine.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/model_archive.hpp>
#include <engine/network/network.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <engine/operators/cpu_operators.hpp>
#include <engine/precision.hpp>
#include <engine/torch_depth_model.hpp>
#include <engine/torch_errors.hpp>
#include <engine/trusted_code.hpp>
#include <weights/identity.hpp>
#include <weights/model_config.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>

namespace da3::engine {
namespace {

/// Two photos at 504x280: with more the activations leave the cache (docs/performance.md, "Batches").
constexpr std::int64_t kMostTokensOnCpu = 1800;

/// One view fills a CPU; a GPU is filled by a few.
constexpr std::int64_t kHeadViewsOnCpu = 1;
constexpr std::int64_t kHeadViewsElsewhere = 8;

/// The record of the file, else the given description.
ModelSpec find_spec(const core::StoredZip& archive, const LoadOptions& options) {
  if (!options.describe) return weights::read_record(archive);
  weights::require_no_record(archive);
  return *options.describe;
}

/// A network of da3 is its weights; what a file with code of its own gives lies in the code as well.
std::string identity_of(const core::StoredZip& archive, const ModelSpec& spec) {
  if (!runs_its_own_code(spec)) return spec.sha256;
  // What the user's description says, is compared by itself.
  return weights::identity_with_code(archive, spec.sha256,
                                     spec.described ? std::string() : core::settings_digest(spec));
}

/// Fills in the identity of a file whose record has none and checks that of one with, where a folder for it
/// is given.
void identify(ModelSpec& spec, const core::StoredZip& archive, const LoadOptions& options) {
  if (options.identity_folder) {
    spec.sha256 = weights::check_identity(archive.path(), spec.sha256, *options.identity_folder).sha256;
  } else if (spec.sha256.empty()) {
    spec.sha256 = weights::checked_weights_sha256(archive);
  }
}

Precision precision_for(const LoadOptions& options, bool own_network) {
  const std::optional<GpuInfo> gpu = gpu_info(options.device);
  return choose_precision(options.precision, {.device = options.device,
                                              .cpu = core::processor(),
                                              .compute_capability = gpu ? gpu->compute_capability : 0,
                                              .own_network = own_network});
}

/// The network from this build's own text on the CPU, its weights from the file; no code of the file is run.
UncompiledNetwork rebuild(const core::StoredZip& archive, const ModelSpec& spec, const LoadOptions& options,
                          const Modes& modes) {
  const weights::NetworkConfig config =
      weights::parse_config(spec.network_config_json, archive.path().string());
  TensorMap tensors = read_tensors(archive);
  if (!options.map_weights) {
    for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  }
  Lowering lowering;
  if (options.device.kind == DeviceKind::kCpu) {
    CpuOperatorFacts facts = cpu_operator_facts();
    if (!options.own_kernels) facts.kernels.clear();
    lowering = cpu_lowering(facts, modes.precision);
  }
  Parts parts = options.parts;
  parts.smoothing = lowering.block_products == BlockProducts::kInt8;
  return {config, spec.network_layout, std::move(tensors), modes.attention, lowering, parts};
}

/// Throws Error kOutOfMemory where an accelerator has less free than the weights take.
void check_room(std::uint64_t bytes, const std::string& name, const DeviceId& device, Precision precision) {
  if (device.kind == DeviceKind::kCpu) return;
  const core::MemoryState memory = device_memory(device);
  if (bytes <= memory.free_bytes) return;
  throw Error(ErrorCode::kOutOfMemory,
              "Device " + to_string(device) + " is too small for model " + name + ": its weights take " +
                  core::bytes_text(bytes) + " in " + std::string(to_string(precision)) + ", " +
                  core::bytes_text(memory.free_bytes) + " of " + core::bytes_text(memory.total_bytes) +
                  " are free; close other programs that use it, or take a smaller model or --device cpu");
}

/// The file's own module, mapped where that works: LibTorch's reader copies every tensor and understands
/// every file.
torch::jit::Module load_foreign(const core::StoredZip& archive, const LoadOptions& options) {
  check_compressed(archive);
  if (options.map_weights && options.device.kind == DeviceKind::kCpu) {
    try {
      return load_mapped(archive);
    } catch (const std::exception& error) {
      if (is_out_of_memory(error)) throw;
    }
  }
  return torch::jit::load(archive.path().string(), c10::Device(at::kCPU));
}

bool is_own(const ModelSpec& spec) {
  return !spec.network_id.empty() && knows_network(spec.network_id, spec.network_layout);
}

/// A file as far as it can be read without LibTorch's compiler.
struct OpenedFile {
  core::StoredZip archive;
  ModelSpec spec;
  Modes modes;
  std::optional<UncompiledNetwork> network;  ///< None where the file's own code is run
  weights::FileStamp stamp;
};

OpenedFile open_file(const std::filesystem::path& file, const LoadOptions& options) {
  const EngineScope scope;
  const std::optional<weights::FileStamp> stamp = weights::stamp_of(file);
  OpenedFile opened{weights::open_model_file(file), {}, {}, {}, stamp.value_or(weights::FileStamp{})};
  check_whole(opened.archive);
  ModelSpec& spec = opened.spec;
  spec = find_spec(opened.archive, options);
  const bool bundled = runs_its_own_code(spec) && is_starter(opened.archive.bytes(), options.starter);
  if (options.refuse_code) require_trust(file, spec, bundled);
  identify(spec, opened.archive, options);
  spec.identity = bundled ? spec.sha256 : identity_of(opened.archive, spec);
  opened.modes = modes_of(opened.spec, options);
  if (is_own(opened.spec)) {
    opened.network.emplace(rebuild(opened.archive, opened.spec, options, opened.modes));
  }
  return opened;
}

/// The first in a process reads the file during the start of LibTorch's compiler, which takes longer.
OpenedFile open_with_compiler(const std::filesystem::path& file, const LoadOptions& options) {
  static std::once_flag once;
  std::future<OpenedFile> opened;
  std::call_once(once, [&] {
    // Where no thread can be had, get() does it.
    opened = std::async(std::launch::async | std::launch::deferred, open_file, std::cref(file),
                        std::cref(options));
    start_compiler();
  });
  return opened.valid() ? opened.get() : open_file(file, options);
}

ReadyNetwork ready_own(OpenedFile& opened, const LoadOptions& options) {
  const ModelSpec& spec = opened.spec;
  ReadyNetwork ready;
  ready.precision = opened.modes.precision;
  ready.attention = opened.modes.attention;
  torch::jit::Module module = std::move(*opened.network).compile();
  const Placement placement{to_torch(options.device), backbone_type(ready.precision, options.device)};
  check_room(placed_bytes(module, placement), spec.name, options.device, ready.precision);
  ready.module = place(module, placement);
  if (device_layer(options.device.kind).tables_on_host()) ready.host_module = std::move(module);
  // The rules for sky and metres look at values, on which the host then waits.
  ready.recordable = spec.network_id == "da3-anyview";
  const bool on_cpu = options.device.kind == DeviceKind::kCpu;
  if (on_cpu) ready.most_tokens = kMostTokensOnCpu;
  // A nested network compares all views of a scene in its head.
  if (spec.network_id == "da3-anyview") ready.head_views = on_cpu ? kHeadViewsOnCpu : kHeadViewsElsewhere;
  ready.offered = own_contract(spec, opened.archive.path().string());
  ready.parts = needed_parts(spec.network_id, options.parts);
  return ready;
}

/// What makes a network useless here, whatever the picture; none if the error may be this size's.
std::optional<std::string> never_runs(const std::exception& error) {
  const std::string text = error.what();
  const auto says = [&](std::initializer_list<std::string_view> signs) {
    return std::ranges::any_of(signs,
                               [&](std::string_view sign) { return text.find(sign) != std::string::npos; });
  };
  if (says({"c10::Half", "c10::BFloat16", "Half", "BFloat16", "expected scalar type", "same dtype",
            "same data type", "Double", "(double)"})) {
    return "it computes in another type than float32, which every picture comes in; save it again after "
           "model.float()";
  }
  if (says({"CUDA", "cuda", "same device", "MPS", "mps", "HIP", "XPU"})) {
    return "it is bound to a device that is not this one; trace it on the CPU after model.cpu(), or script "
           "it";
  }
  return std::nullopt;
}

/// Throws Error kModelContract if a foreign network cannot run at all. A forward of a few patches tells; only
/// where it fails one of the usual size does.
void try_foreign(torch::jit::Module& module, const ModelSpec& spec, const LoadOptions& options,
                 const std::string& subject) {
  const c10::InferenceMode inference;
  const torch::jit::GraphOptimizerEnabledGuard unoptimised(false);
  const std::int64_t usual = std::max(spec.patch, spec.process_res / spec.patch * spec.patch);
  const std::int64_t few =
      std::min<std::int64_t>(usual, 4 * std::max(spec.patch, 14) / spec.patch * spec.patch);
  std::vector<std::array<std::int64_t, 2>> sizes{{few, few}, {usual, usual}};
  if (spec.fixed_size) sizes = {{(*spec.fixed_size)[0], (*spec.fixed_size)[1]}};
  std::optional<std::string> reason;
  for (const auto& [height, width] : sizes) {
    try {
      module.forward({at::zeros({1, 1, 3, height, width}, at::TensorOptions(to_torch(options.device)))});
      return;
    } catch (const std::exception& error) {
      if (is_out_of_memory(error)) return;
      reason = never_runs(error);
    }
  }
  if (reason) throw Error(ErrorCode::kModelContract, subject + ": this network cannot run here: " + *reason);
}

ReadyNetwork ready_foreign(const OpenedFile& opened, const LoadOptions& options) {
  ReadyNetwork ready;
  ready.precision = opened.modes.precision;
  ready.module = load_foreign(opened.archive, options);
  ready.module.eval();
  const std::string subject = opened.archive.path().string();
  ready.attention =
      set_attention(ready.module, options.attention, default_attention(options.device), subject);
  // After loading on the CPU: shape arithmetic of traced files stays there, on the device every number of it
  // would be a kernel and a wait.
  if (options.device.kind != DeviceKind::kCpu) {
    const c10::Device device = to_torch(options.device);
    check_room(placed_bytes(ready.module, {device, at::kFloat}), opened.spec.name, options.device,
               ready.precision);
    ready.module.to(device);
  }
  ready.offered = check_contract(ready.module, opened.spec, subject);
  try_foreign(ready.module, opened.spec, options, subject);
  // The methods are compiled already.
  ready.parts = {.camera_encoder = ready.offered.scene,
                 .rays = ready.offered.rays,
                 .gaussians = ready.offered.gaussians};
  return ready;
}

ReadyNetwork make_ready(OpenedFile& opened, const LoadOptions& options) {
  ReadyNetwork ready = opened.network ? ready_own(opened, options) : ready_foreign(opened, options);
  ready.device = options.device;
  ready.normalise = options.normalise;
  ready.threads = options.threads > 0 ? options.threads : core::usable_cores();
  ready.file = opened.archive.path();
  ready.stamp = opened.stamp;
  return ready;
}

}  // namespace

std::unique_ptr<predict::DepthModel> load_model(const std::filesystem::path& file,
                                                const LoadOptions& options) {
  set_up_libtorch();
  const EngineScope scope;
  open_device(options.device);
  // This thread may compute while it loads.
  if (options.device.kind == DeviceKind::kCpu) core::require_team(at::get_num_threads());
  std::optional<Error> failure;
  try {
    OpenedFile opened = open_with_compiler(file, options);
    ReadyNetwork ready = make_ready(opened, options);
    auto model = std::make_unique<TorchDepthModel>(std::move(ready), std::move(opened.spec));
    // What conversions of weights left behind has sizes that no forward asks for.
    empty_cpu_cache();
    model->require_unchanged_file();
    return model;
  } catch (const std::exception& error) {
    failure = naming_file(translate(error, ErrorCode::kModelDamaged, "Loading " + file.string()), file);
  }
  if (failure->code() == ErrorCode::kOutOfMemory) empty_cache(options.device);
  throw Error(*failure);
}

Precision default_precision(const DeviceId& device) {
  LoadOptions options;
  options.device = device;
  return precision_for(options, true);
}

Modes modes_of(const ModelSpec& spec, const LoadOptions& options) {
  const Precision precision = precision_for(options, is_own(spec));
  const bool any = !options.attention || (is_own(spec) && options.attention == Attention::kFixed);
  return {precision, any ? default_attention(options.device) : *options.attention};
}

bool runs_its_own_code(const ModelSpec& spec) {
  return !is_own(spec);
}

ModelSpec read_spec(const std::filesystem::path& file) {
  return weights::read_record(file);
}

std::string identity_of(const std::filesystem::path& file, const ModelSpec& spec) {
  return runs_its_own_code(spec) ? identity_of(weights::open_model_file(file), spec) : spec.sha256;
}

std::vector<DeviceId> available_devices() {
  std::vector<DeviceId> devices;
  for (const DeviceKind kind : {DeviceKind::kCuda, DeviceKind::kMps, DeviceKind::kCpu}) {
    for (int index = 0; index < num_devices(kind); ++index) devices.push_back({kind, index});
  }
  return devices;
}

}  // namespace da3::engine
