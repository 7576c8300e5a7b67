// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <da3/error.hpp>

#include <suites/group_session.hpp>

namespace da3::suites {
namespace {

constexpr int kCalibrationRuns = 3;

bool means_skipped(ErrorCode code) {
  return code == ErrorCode::kDeviceUnavailable || code == ErrorCode::kPrecisionUnsupported;
}

// Products in fp32 and in every precision of the group, on the group's device and threads.
std::vector<std::pair<std::string, engine::MatmulWorkload>> calibrations_for(const bench::PlannedGroup& group,
                                                                             const Context& context) {
  std::vector<std::pair<std::string, engine::MatmulWorkload>> workloads;
  if (!bench::facts_of(group.suite).calibrated || !context.matmul) return workloads;
  std::set<std::string> names;
  const bench::Fields& first = group.cases.front().settings;
  names.insert("fp32");
  for (const bench::PlannedCase& each : group.cases) names.insert(each.settings.text("precision", "fp32"));
  for (const std::string& name : names) {
    try {
      workloads.emplace_back(name + "_gflops", context.matmul(device_of(first), parse_precision(name),
                                                              static_cast<int>(first.number("threads"))));
    } catch (const Error&) {
      // No calibration in this precision: the cases say so where it is missed.
    }
  }
  return workloads;
}

void note_peak(bench::CaseResult& result, const bench::Samples& samples) {
  if (bench::facts_of(result.suite).own_processes) return;
  if (samples.peak_rss_bytes) {
    result.set("peak_rss_bytes", static_cast<std::int64_t>(*samples.peak_rss_bytes));
  } else {
    result.set("peak_rss_bytes", bench::Missing{"this system knows the peak of a whole process only"});
  }
}

}  // namespace

GroupSession::GroupSession(const bench::PlannedGroup& group, const Context& context,
                           const bench::SampleOptions& options, std::function<bool()> interrupted)
    : group_(group), context_(context), models_(context) {
  std::vector<bench::Variant> variants;
  for (const bench::PlannedCase& each : group_.cases) {
    State state;
    std::function<void(bench::CaseResult&)> finish;
    try {
      PreparedCase prepared = prepare_case(each, context_, models_);
      state.facts = std::move(prepared.facts);
      state.variant = variants.size();
      finish = std::move(prepared.finish);
      variants.push_back({bench::to_text(each.settings), std::move(prepared.workload)});
    } catch (const Error& error) {
      state.failure = error.what();
      state.skipped = means_skipped(error.code());
    }
    states_.push_back(std::move(state));
    finish_.push_back(std::move(finish));
  }
  if (!variants.empty()) calibrations_ = calibrations_for(group_, context_);
  bench::SampleOptions used = options;
  used.slowdown = context_.slowdown;
  bench::SamplerHooks hooks;
  hooks.calibrate = [this] { return calibrate(); };
  hooks.interrupted = std::move(interrupted);
  if (!bench::facts_of(group_.suite).own_processes) hooks.memory = context_.peak_memory;
  sampler_ = std::make_unique<bench::Sampler>(std::move(variants), used, *context_.clock, std::move(hooks));
}

std::map<std::string, double> GroupSession::calibrate() const {
  std::map<std::string, double> speeds;
  for (const auto& [name, workload] : calibrations_) {
    double best = 0;
    for (int i = 0; i < kCalibrationRuns; ++i) {
      const bench::Nanoseconds start = context_.clock->now();
      workload.run();
      workload.synchronize();
      const double seconds = 1e-3 * bench::milliseconds(context_.clock->now() - start);
      if (seconds > 0) best = std::max(best, workload.flops / seconds * 1e-9);
    }
    if (best > 0) speeds[name] = best;
  }
  return speeds;
}

std::vector<bench::CaseResult> GroupSession::results() const {
  std::vector<bench::CaseResult> results;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const State& state = states_[i];
    bench::CaseResult result;
    if (state.failure) {
      result.suite = group_.suite;
      result.settings = group_.cases[i].settings;
      result.status = state.skipped ? bench::CaseStatus::kSkipped : bench::CaseStatus::kFailed;
      result.reason = *state.failure;
    } else {
      result = bench::to_case_result(group_.cases[i], sampler_->samples()[state.variant],
                                     sampler_->calibrations());
      result.facts = state.facts;
      if (finish_[i] && result.status == bench::CaseStatus::kDone) finish_[i](result);
      note_peak(result, sampler_->samples()[state.variant]);
    }
    bench::complete_metrics(result);
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<bench::CaseResult> measure_group(const bench::PlannedGroup& group, const Context& context,
                                             const bench::SampleOptions& options,
                                             std::function<bool()> interrupted) {
  GroupSession session(group, context, options, std::move(interrupted));
  session.sampler().run();
  if (session.sampler().was_interrupted())
    throw Error(ErrorCode::kInterrupted, "the benchmark was interrupted");
  return session.results();
}

}  // namespace da3::suites
