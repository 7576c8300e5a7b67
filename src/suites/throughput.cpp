// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <bench/report/case_metrics.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/estimate.hpp>
#include <suites/flops.hpp>

namespace da3::suites {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Share of the machine's own matrix multiplication that a forward pass reaches.
void set_efficiency(bench::CaseResult& result, std::optional<double> flops) {
  const auto ms = result.number("forward_ms");
  if (!flops || !ms || *ms <= 0) return;
  result.set("flops", *flops);
  const std::string precision = result.settings.text("precision");
  const auto speed = result.calibration.find(precision + "_gflops");
  if (speed == result.calibration.end() || speed->second <= 0) {
    result.set("efficiency", bench::Missing{"no calibration in " + precision});
    return;
  }
  result.set("efficiency", *flops / (*ms * 1e-3) / (speed->second * 1e9));
}

}  // namespace

std::vector<bench::PlannedGroup> expand_throughput(const bench::PlanOptions& options,
                                                   const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const Size photo : photos_of(options)) {
      for (const int res : options.process_res) {
        bench::PlannedGroup group{bench::SuiteName::kThroughput, {}};
        for (const auto& precision : precisions_of(options, facts, base.device)) {
          for (const Attention mode : modes_of(options, facts, base.model, kBothModes)) {
            for (const int batch : options.batches) {
              bench::Fields settings = start(base, facts, precision, mode);
              settings.set("batch", std::int64_t{batch});
              set_shape(settings, facts.processed_size(base.model, photo, res));
              add(group, std::move(settings), base.threads);
            }
          }
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

double estimate_throughput(const bench::Fields& settings, double gflops) {
  return forward_seconds(settings, gflops) * static_cast<double>(settings.number("batch", 1));
}

PreparedCase prepare_throughput(const bench::Fields& settings, const Context& /*context*/,
                                GroupModels& models) {
  const auto model = models.get(settings);
  const Size size = processed_size_of(settings);
  const std::int64_t batch = settings.number("batch");
  const auto pictures = std::make_shared<DrawnBatch>(size, static_cast<int>(batch));
  const predict::Request request = pictures->request();

  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("tokens", num_tokens(size, model->spec().patch));
  prepared.workload.steps = {{"forward_ms", [model, pictures, request] {
                                const predict::Result result = model->predict(request);
                                const double peak =
                                    result.peak_bytes ? static_cast<double>(*result.peak_bytes) : kUnknown;
                                return bench::Parts{{"peak_tensor_bytes", peak}};
                              }}};
  prepared.workload.synchronize = [model] { model->synchronize(); };
  prepared.finish = [model, size, batch](bench::CaseResult& result) {
    bench::add_image_rate(result);
    const auto flops = forward_flops(model->spec(), size);
    set_efficiency(result, flops ? std::optional(*flops * static_cast<double>(batch)) : std::nullopt);
    const bench::Metric* peak = result.find("peak_tensor_bytes");
    if (model->device().kind == DeviceKind::kCpu) {
      result.set("peak_device_bytes", bench::Missing{"a CPU has no separate memory"});
    } else if (peak != nullptr) {
      const bench::MetricValue value = peak->value;
      result.set("peak_device_bytes", value);
    }
  };
  return prepared;
}

}  // namespace da3::suites
