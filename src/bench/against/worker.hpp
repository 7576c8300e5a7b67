// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <bench/against/child_process.hpp>
#include <bench/plan/plan.hpp>
#include <bench/report/report.hpp>

// A second process that measures on request: `--against` alternates between two of them, and the suite `load`
// watches one start. One JSON object a line in each direction.
namespace da3::bench {

/// What a worker knows about a case that it prepared.
struct WorkerCase {
  Fields facts;
  std::optional<std::string> failure;  ///< Why it cannot be measured
};

/// One case's values of one round, by metric. Empty: it failed.
using RoundValues = std::map<std::string, std::vector<double>>;

struct WorkerRound {
  std::vector<RoundValues> cases;
  std::vector<std::optional<std::string>> failures;
  std::map<std::string, double> calibration;
};

/// What answers a worker's requests.
class WorkerBackend {
 public:
  virtual ~WorkerBackend() = default;
  /// Prepares and warms up a group of cases; the group before is let go.
  virtual std::vector<WorkerCase> open(const PlannedGroup& group, int warmups) = 0;
  virtual WorkerRound round(int runs) = 0;
  /// Loads the model of a load case, or takes it from the cache if it is loaded.
  virtual void load(const Fields& settings) = 0;
  /// One forward of the model loaded last.
  virtual void predict() = 0;
};

/// Answers requests until the input ends. Errors of requests are answers. `environment` is what the greeting
/// tells, so it is quick to get; `whole_environment` is asked on request.
void serve_worker(std::istream& in, std::ostream& out, const ToolInfo& tool, const Environment& environment,
                  const std::function<Environment()>& whole_environment, WorkerBackend& backend);

/// A worker process, seen from the outside.
class Worker {
 public:
  /// Starts `program bench worker` and waits until it answers. Variables in `without` are hidden from it.
  /// Throws: Error kUsage if that is no da3 that can do this.
  explicit Worker(const std::string& program, const std::vector<std::string>& without = {});

  const ToolInfo& tool() const { return tool_; }
  /// The machine as the greeting told it: without what only the engine knows.
  const Environment& environment() const { return environment_; }
  /// With versions of libraries and devices too. As the greeting told where the program is older than this
  /// request.
  Environment whole_environment();

  std::vector<WorkerCase> open(const PlannedGroup& group, int warmups);
  WorkerRound round(int runs);
  void load(const Fields& settings);
  void predict();

 private:
  std::string name_;
  ChildProcess process_;
  ToolInfo tool_;
  Environment environment_;
};

}  // namespace da3::bench
