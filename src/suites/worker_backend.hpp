// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <bench/against/worker.hpp>
#include <suites/group_session.hpp>

namespace da3::suites {

/// Answers a worker's requests with the suites of this program.
class SuiteWorker final : public bench::WorkerBackend {
 public:
  /// Lifetime: `context` outlives it.
  explicit SuiteWorker(const Context& context) : context_(context) {}

  std::vector<bench::WorkerCase> open(const bench::PlannedGroup& group, int warmups) override;
  bench::WorkerRound round(int runs) override;
  void load(const bench::Fields& settings) override;
  void predict() override;

 private:
  const Context& context_;
  std::unique_ptr<GroupSession> session_;
  std::size_t rounds_ = 0;
  std::string loaded_;
  std::shared_ptr<predict::DepthModel> model_;
  Size size_;
};

}  // namespace da3::suites
