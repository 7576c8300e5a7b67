// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <api/shared_model.hpp>
#include <core/mapped_file.hpp>
#include <engine/trusted_code.hpp>
#include <hub/model_store.hpp>

namespace da3::api {
namespace {

// The process whose threads run forward passes; 0 before the first load.
std::atomic<pid_t> loading_process = 0;

class OneAtATime final : public predict::DepthModel {
 public:
  explicit OneAtATime(std::unique_ptr<predict::DepthModel> model) : model_(std::move(model)) {}

  const ModelSpec& spec() const override { return model_->spec(); }
  DeviceId device() const override { return model_->device(); }
  Precision precision() const override { return model_->precision(); }
  Attention attention() const override { return model_->attention(); }
  bool takes_cameras() const override { return model_->takes_cameras(); }
  bool takes_reference() const override { return model_->takes_reference(); }
  int concurrency() const override { return 1; }

  predict::Result predict(const predict::Request& request) override {
    refuse_after_fork();
    const std::scoped_lock lock(one_forward_);
    return model_->predict(request);
  }
  void synchronize() override {
    const std::scoped_lock lock(one_forward_);
    model_->synchronize();
  }

 private:
  std::unique_ptr<predict::DepthModel> model_;
  std::mutex one_forward_;
};

}  // namespace

void refuse_after_fork() {
  const pid_t here = ::getpid();
  pid_t loaded_in = 0;
  if (loading_process.compare_exchange_strong(loaded_in, here) || loaded_in == here) return;
  throw Error(
      ErrorCode::kUsage,
      "process " + std::to_string(here) + " was forked from process " + std::to_string(loaded_in) +
          " after that one had loaded a model, so it cannot run models; load models only in the children, or "
          "start them afresh (Python's multiprocessing: the start method 'spawn')");
}

engine::LoadOptions load_options(const ModelOptions& options) {
  engine::LoadOptions load;
  load.device = options.device.value_or(engine::available_devices().front());
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = options.threads;
  return load;
}

void require_trust(const std::filesystem::path& file, const ModelSpec& spec) {
  engine::require_trust(file, spec,
                        engine::runs_its_own_code(spec) &&
                            engine::is_starter(core::MappedFile::open(file).bytes(), starter_file()));
}

std::shared_ptr<predict::DepthModel> load_shared(const std::filesystem::path& file,
                                                 const engine::LoadOptions& options, bool trust_code) {
  refuse_after_fork();
  const ModelSpec spec = engine::read_spec(file);
  engine::LoadOptions load = options;
  load.starter = starter_file();
  load.refuse_code = !trust_code;
  // Nobody can say yet whether scenes with known cameras will be asked for.
  load.parts.camera_encoder = engine::parts_in(spec).camera_encoder;
  return std::make_shared<OneAtATime>(engine::load_model(file, load));
}

std::filesystem::path starter_file() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&load_shared), &info) == 0) return {};
  std::error_code problem;
  std::filesystem::path folder = std::filesystem::canonical(info.dli_fname, problem).parent_path();
  for (int up = 0; up < 2; ++up) {
    folder = folder.parent_path();
    const auto file = hub::starter_below(folder);
    if (std::filesystem::exists(file, problem)) return file;
  }
  return hub::starter_below(folder);
}

}  // namespace da3::api
