// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/error.hpp>

#include <suites/drawn_picture.hpp>
#include <suites/worker_backend.hpp>

namespace da3::suites {

std::vector<bench::WorkerCase> SuiteWorker::open(const bench::PlannedGroup& group, int warmups) {
  session_.reset();
  bench::SampleOptions options;
  options.warmups = warmups;
  session_ = std::make_unique<GroupSession>(group, context_, options);
  session_->sampler().warm_up();
  rounds_ = 0;
  std::vector<bench::WorkerCase> cases;
  for (const GroupSession::State& state : session_->states()) cases.push_back({state.facts, state.failure});
  return cases;
}

bench::WorkerRound SuiteWorker::round(int runs) {
  if (session_ == nullptr)
    throw Error(ErrorCode::kUsage, "a worker was asked for a round before a group was opened");
  bench::Sampler& sampler = session_->sampler();
  sampler.run_round(runs);
  bench::WorkerRound answer;
  for (const GroupSession::State& state : session_->states()) {
    bench::RoundValues values;
    std::optional<std::string> failure = state.failure;
    if (!failure) {
      const bench::Samples& samples = sampler.samples()[state.variant];
      failure = samples.failure;
      for (const auto& [metric, rounds] : samples.rounds) {
        if (rounds.size() > rounds_) values[metric] = rounds[rounds_];
      }
      if (samples.peak_rss_bytes) values["peak_rss_bytes"] = {static_cast<double>(*samples.peak_rss_bytes)};
    }
    answer.cases.push_back(std::move(values));
    answer.failures.push_back(std::move(failure));
  }
  for (const auto& [name, list] : sampler.calibrations()) answer.calibration[name] = list.back();
  ++rounds_;
  return answer;
}

void SuiteWorker::load(const bench::Fields& settings) {
  // The program keeps loaded models by their identity and how they run; this is that cache with one place.
  const std::string key = bench::to_text(settings, {"cache"});
  size_ = processed_size_of(settings);
  if (model_ != nullptr && key == loaded_) return;
  GroupModels models(context_);
  model_ = models.get(settings);
  loaded_ = key;
}

void SuiteWorker::predict() {
  if (model_ == nullptr)
    throw Error(ErrorCode::kUsage, "a worker was asked to predict before a model was loaded");
  const DrawnBatch picture(size_, 1);
  model_->predict(picture.request());
  model_->synchronize();
}

}  // namespace da3::suites
