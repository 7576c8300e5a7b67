// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <commands/open_model.hpp>

#include <engine/engine.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <hub/model_store.hpp>

namespace da3::commands {

NamedModel name_model(const cli::ModelChoice& choice, spdlog::logger& log) {
  NamedModel named;
  named.chosen = choose_model(choice.model);
  named.described = read_description(named.chosen.file, choice.describe);
  if (!choice.allow_synthetic) refuse_synthetic(named.described.spec);
  const std::string notice = check_code(named.chosen, named.described, choice.trust_code);
  if (!notice.empty()) log.warn("{}", notice);
  named.device = choose_device(choice.device);
  return named;
}

std::shared_ptr<predict::DepthModel> open_model(const NamedModel& named, const cli::ModelChoice& choice,
                                                int threads, cli::PreprocessOn preprocess,
                                                spdlog::logger& log, const engine::Parts& parts) {
  engine::LoadOptions load;
  load.parts = parts;
  load.device = named.device;
  load.precision = choice.precision;
  load.attention = choice.attention;
  load.threads = threads;
  // auto: bytes are a quarter of the upload, and the device normalises them in passing.
  load.normalise =
      preprocess == cli::PreprocessOn::kCpu ? engine::NormaliseOn::kHost : engine::NormaliseOn::kDevice;
  load.describe = named.described.describe;
  allow_code(load, named.described, choice.trust_code);
  load.identity_folder = hub::Folders::from_environment().cache;
  std::shared_ptr<predict::DepthModel> model = engine::load_model(named.chosen.file, load);
  log.info("{} from {} on {}, {}, attention {}", model->spec().name, named.chosen.file.string(),
           to_string(model->device()), to_string(model->precision()), to_string(model->attention()));
  return model;
}

void limit_tensor_memory(const DeviceId& device, double fraction, predict::MemoryProbe& memory) {
  if (device.kind != DeviceKind::kCpu) return;
  const auto allowed = static_cast<std::uint64_t>(fraction * static_cast<double>(memory.host().free_bytes));
  engine::set_cpu_memory_budget(engine::cpu_memory().in_use_bytes + allowed);
}

}  // namespace da3::commands
