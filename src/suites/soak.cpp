// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <unistd.h>

#include <bench/environment/system_files.hpp>
#include <bench/report/case_metrics.hpp>
#include <core/host/cgroup.hpp>
#include <core/read_file.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/estimate.hpp>
#include <suites/slope.hpp>

namespace da3::suites {
namespace {

// Resident bytes of this process now. Null off Linux.
std::optional<double> resident_bytes() {
  const std::vector<std::string> pages = bench::split_words(core::read_text("/proc/self/statm"));
  if (pages.size() < 2) return std::nullopt;
  return std::stod(pages[1]) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Sizes around the resolution asked for, in an order that repeats late, so that every cache has to let go.
Size soak_size(std::int64_t index, int res, const ModelSpec& spec) {
  if (spec.fixed_size) return {spec.fixed_size->at(0), spec.fixed_size->at(1)};
  const int patch = spec.patch;
  const int steps = std::max(2, res / patch);
  const int height = steps / 2 + static_cast<int>(index * 7 % (steps / 2 + 1));
  const int width = steps / 2 + static_cast<int>(index * 11 % (steps / 2 + 1));
  return {height * patch, width * patch};
}

}  // namespace

std::vector<bench::PlannedGroup> expand_soak(const bench::PlanOptions& options,
                                             const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    bench::PlannedGroup group{bench::SuiteName::kSoak, {}};
    bench::Fields settings = start(base, facts, precisions_of(options, facts, base.device).front(),
                                   modes_of(options, facts, base.model, {Attention::kSdpa}).front());
    settings.set("images", std::int64_t{options.soak_images});
    settings.set("process_res", std::int64_t{options.process_res.front()});
    add(group, std::move(settings), base.threads);
    groups.push_back(std::move(group));
  }
  return groups;
}

double estimate_soak(const bench::Fields& settings, double gflops) {
  return static_cast<double>(settings.number("images")) * forward_seconds(settings, gflops);
}

PreparedCase prepare_soak(const bench::Fields& settings, const Context& context, GroupModels& models) {
  const auto model = models.get(settings);
  const std::int64_t images = settings.number("images");
  const int res = static_cast<int>(settings.number("process_res"));
  bench::Clock* clock = context.clock;

  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.workload.steps = {{"total_ms", [=] {
                                Slope memory;
                                Slope time;
                                for (std::int64_t i = 0; i < images; ++i) {
                                  const DrawnBatch picture(soak_size(i, res, model->spec()), 1);
                                  const predict::Request request = picture.request();
                                  const bench::Nanoseconds start = clock->now();
                                  model->predict(request);
                                  const double ms = bench::milliseconds(clock->now() - start);
                                  // The first tenth fills caches and pools.
                                  if (i < images / 10) continue;
                                  const double x = static_cast<double>(i) / 1000;
                                  time.add(x, ms * 1e6 / static_cast<double>(request.size.area()));
                                  if (const auto bytes = resident_bytes()) memory.add(x, *bytes);
                                }
                                bench::Parts parts{{"latency_slope_per_1000", time.value() / time.mean()}};
                                if (memory.count() > 0)
                                  parts.emplace_back("memory_slope_bytes_per_1000", memory.value());
                                return parts;
                              }}};
  prepared.finish = bench::add_image_rate;
  return prepared;
}

}  // namespace da3::suites
