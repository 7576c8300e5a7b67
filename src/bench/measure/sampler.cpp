// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>

#include <bench/measure/sampler.hpp>

namespace da3::bench {
namespace {

void call(const std::function<void()>& function) {
  if (function) function();
}

// Every metric gets a list for the round, so that rounds of several metrics stay aligned.
void append(Samples& samples, std::size_t round, const std::map<std::string, double>& run) {
  for (const auto& [metric, value] : run) {
    Rounds& rounds = samples.rounds[metric];
    rounds.resize(std::max(rounds.size(), round + 1));
    rounds[round].push_back(value);
  }
}

}  // namespace

std::vector<int> runs_per_round(int runs, int rounds) {
  rounds = std::max(1, rounds);
  std::vector<int> spread(static_cast<std::size_t>(rounds), std::max(1, runs / rounds));
  for (int i = 0; i < runs - rounds * (runs / rounds) && runs > rounds; ++i)
    ++spread[static_cast<std::size_t>(i)];
  return spread;
}

Sampler::Sampler(std::vector<Variant> variants, const SampleOptions& options, Clock& clock,
                 SamplerHooks hooks)
    : variants_(std::move(variants)),
      options_(options),
      clock_(clock),
      hooks_(std::move(hooks)),
      samples_(variants_.size()),
      timed_(variants_.size()) {}

bool Sampler::stop_asked() {
  interrupted_ = interrupted_ || (hooks_.interrupted && hooks_.interrupted());
  return interrupted_;
}

Sampler::Run Sampler::run_once(const Workload& workload) {
  Run run;
  try {
    call(workload.prepare);
    run = time_steps(workload);
  } catch (...) {
    call(workload.release);
    throw;
  }
  call(workload.release);
  return run;
}

Sampler::Run Sampler::time_steps(const Workload& workload) {
  Run run;
  call(workload.synchronize);
  const Nanoseconds run_start = clock_.now();
  Nanoseconds end = run_start;
  for (const Step& step : workload.steps) {
    const Nanoseconds start = clock_.now();
    const Parts parts = step.run();
    call(workload.synchronize);
    end = clock_.now();
    if (options_.slowdown > 1) {
      const auto stretched = std::chrono::duration_cast<Nanoseconds>((end - start) * options_.slowdown);
      while (end - start < stretched) end = clock_.now();
    }
    if (!step.metric.empty()) run.values[step.metric] = milliseconds(end - start);
    for (const auto& [metric, value] : parts) run.values[metric] = value;
  }
  if (!workload.total_metric.empty()) run.values[workload.total_metric] = milliseconds(end - run_start);
  run.timed = end - run_start;
  return run;
}

bool Sampler::restart_peak() {
  return hooks_.memory != nullptr && hooks_.memory->restart();
}

void Sampler::warm_up() {
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    const bool peak_known = options_.warmups > 0 && restart_peak();
    for (int i = 0; i < options_.warmups && !samples_[v].failure && !stop_asked(); ++i) {
      try {
        Run run = run_once(variants_[v].workload);
        if (i == 0) samples_[v].first = std::move(run.values);
      } catch (const std::exception& error) {
        samples_[v].failure = error.what();
      }
    }
    if (peak_known) samples_[v].peak_rss_bytes = hooks_.memory->bytes();
  }
}

void Sampler::run_round(int runs) {
  if (hooks_.calibrate && !stop_asked()) {
    for (const auto& [name, value] : hooks_.calibrate()) calibrations_[name].push_back(value);
  }
  const auto round = static_cast<std::size_t>(rounds_done_);
  for (int i = 0; i < runs; ++i) {
    for (std::size_t k = 0; k < variants_.size() && !stop_asked(); ++k) {
      const std::size_t v = rounds_done_ % 2 == 0 ? k : variants_.size() - 1 - k;
      if (samples_[v].failure) continue;
      try {
        const bool peak_known = options_.warmups == 0 && rounds_done_ == 0 && i == 0 && restart_peak();
        const Run run = run_once(variants_[v].workload);
        if (peak_known) samples_[v].peak_rss_bytes = hooks_.memory->bytes();
        append(samples_[v], round, run.values);
        timed_[v] += run.timed;
      } catch (const std::exception& error) {
        samples_[v].failure = error.what();
      }
    }
  }
  ++rounds_done_;
}

bool Sampler::enough_time() const {
  for (std::size_t v = 0; v < variants_.size(); ++v) {
    if (!samples_[v].failure && timed_[v] < options_.min_time) return false;
  }
  return true;
}

void Sampler::run() {
  warm_up();
  const std::vector<int> spread = runs_per_round(options_.runs, std::min(options_.rounds, options_.runs));
  for (const int runs : spread) {
    if (!interrupted_) run_round(runs);
  }
  while (!interrupted_ && !enough_time() && rounds_done_ < options_.max_rounds) run_round(spread.back());
}

}  // namespace da3::bench
