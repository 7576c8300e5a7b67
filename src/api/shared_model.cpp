// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <utility>

#include <api/shared_model.hpp>

namespace da3::api {
namespace {

class OneAtATime final : public predict::DepthModel {
 public:
  explicit OneAtATime(std::unique_ptr<predict::DepthModel> model) : model_(std::move(model)) {}

  const ModelSpec& spec() const override { return model_->spec(); }
  DeviceId device() const override { return model_->device(); }
  Precision precision() const override { return model_->precision(); }
  Attention attention() const override { return model_->attention(); }
  int concurrency() const override { return 1; }

  predict::Result predict(const predict::Request& request) override {
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

engine::LoadOptions load_options(const ModelOptions& options) {
  engine::LoadOptions load;
  load.device = options.device.value_or(engine::available_devices().front());
  load.precision = options.precision;
  load.attention = options.attention;
  load.threads = options.threads;
  return load;
}

std::shared_ptr<predict::DepthModel> load_shared(const std::filesystem::path& file,
                                                 const engine::LoadOptions& options) {
  return std::make_shared<OneAtATime>(engine::load_model(file, options));
}

}  // namespace da3::api
