// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <bench/measure/sampler.hpp>
#include <bench/report/case_metrics.hpp>
#include <suites/context.hpp>

namespace da3::suites {

/// A group of cases made ready: those that can run as variants of a sampler, the others with their reason.
class GroupSession {
 public:
  /// Lifetime: `context` outlives the session. `interrupted` may be empty.
  GroupSession(const bench::PlannedGroup& group, const Context& context, const bench::SampleOptions& options,
               std::function<bool()> interrupted = {});

  bench::Sampler& sampler() { return *sampler_; }

  struct State {
    std::optional<std::string> failure;  ///< Why the case cannot run
    bool skipped = false;                ///< Not a failure: this machine lacks what it needs
    bench::Fields facts;
    std::size_t variant = 0;  ///< Index in the sampler, if it can run
  };
  /// In the order of the group's cases.
  const std::vector<State>& states() const { return states_; }

  /// The cases with what was measured so far.
  std::vector<bench::CaseResult> results() const;

 private:
  std::map<std::string, double> calibrate() const;

  bench::PlannedGroup group_;
  const Context& context_;
  GroupModels models_;
  std::vector<State> states_;
  std::vector<std::function<void(bench::CaseResult&)>> finish_;
  std::vector<std::pair<std::string, engine::MatmulWorkload>> calibrations_;
  std::unique_ptr<bench::Sampler> sampler_;
};

/// Measures a group from warm-up to results. Throws: Error kInterrupted after `interrupted` said so; nothing
/// of the group is kept then.
std::vector<bench::CaseResult> measure_group(const bench::PlannedGroup& group, const Context& context,
                                             const bench::SampleOptions& options,
                                             std::function<bool()> interrupted = {});

}  // namespace da3::suites
