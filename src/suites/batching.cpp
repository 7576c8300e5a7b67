// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include <predict/batch_planner.hpp>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <core/host/host_memory.hpp>
#include <core/model_record.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/estimate.hpp>

namespace da3::suites {
namespace {

// Processed sizes of photos of 16:9, 3:2 and 3:4, scaled to the resolution asked for.
std::vector<Size> sizes_of(const bench::Fields& settings, const ModelSpec& spec) {
  if (spec.fixed_size) return {{spec.fixed_size->at(0), spec.fixed_size->at(1)}};
  const auto res = static_cast<int>(settings.number("process_res"));
  const Size wide = patched_size(res, spec.patch, 9.0 / 16, 1);
  if (settings.text("images_shape") == "uniform") return {wide};
  return {wide, patched_size(res, spec.patch, 2.0 / 3, 1), patched_size(res, spec.patch, 1, 3.0 / 4)};
}

// Forward passes for the pictures of a pass, and what they cost.
class Pass {
 public:
  Pass(std::shared_ptr<predict::DepthModel> model, const bench::Fields& settings,
       predict::MemoryProbe& memory)
      : model_(std::move(model)), memory_(memory), images_(static_cast<int>(settings.number("images"))) {
    sizes_ = sizes_of(settings, model_->spec());
    options_.key.identity = core::known_by(model_->spec());
    options_.key.device = model_->device();
    options_.key.precision = model_->precision();
    options_.key.attention = model_->attention();
    if (settings.text("batch") != "auto") options_.fixed = static_cast<int>(settings.number("batch"));
    for (const Size size : sizes_) pictures_.push_back(drawn_picture(size, 1));
  }

  // One pass over all images, shape by shape as the pipeline gathers them.
  bench::Parts run() {
    predict::BatchPlanner planner(options_, memory_, learned_);
    forwards_ = 0;
    batches_.clear();
    peak_ = predicted_ = 0;
    for (std::size_t s = 0; s < sizes_.size(); ++s) {
      // Images are dealt out to the shapes in turn.
      int left = (images_ + static_cast<int>(sizes_.size() - 1 - s)) / static_cast<int>(sizes_.size());
      while (left > 0) left -= forward(planner, s, left);
    }
    learned_ = planner.learned();
    return {{"forwards", static_cast<double>(forwards_)},
            {"peak_bytes", static_cast<double>(peak_)},
            {"predicted_bytes", static_cast<double>(predicted_)}};
  }

  void synchronize() { model_->synchronize(); }

  // Such as "4x5": five forward passes of four images; of the latest pass.
  std::string batches_text() const {
    std::string text;
    for (const auto& [batch, count] : batches_) {
      text.append(text.empty() ? "" : " ").append(std::to_string(batch)).append("x");
      text.append(std::to_string(count));
    }
    return text;
  }

 private:
  int forward(predict::BatchPlanner& planner, std::size_t shape, int left) {
    const Size size = sizes_[shape];
    const int batch = std::min(left, planner.next_batch(size));
    predict::Request request;
    request.scenes = batch;
    request.size = size;
    request.pictures.assign(static_cast<std::size_t>(batch), pictures_[shape].rgb);
    const auto predicted = planner.predicted_bytes(size, batch);
    try {
      const predict::Result result = model_->predict(request);
      planner.succeeded(size, batch, result.times.total_ms, result.peak_bytes);
      if (result.peak_bytes && *result.peak_bytes > peak_) {
        peak_ = *result.peak_bytes;
        predicted_ = predicted.value_or(0);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory || options_.fixed || batch == 1) throw;
      planner.ran_out_of_memory(size, batch);
      return 0;
    }
    ++forwards_;
    ++batches_[batch];
    return batch;
  }

  std::shared_ptr<predict::DepthModel> model_;
  predict::MemoryProbe& memory_;
  predict::BatchPlannerOptions options_;
  predict::LearnedBatches learned_;  ///< Kept from pass to pass, as the program keeps it from run to run
  int images_;
  std::vector<Size> sizes_;
  std::vector<Image> pictures_;
  std::map<int, int> batches_;
  int forwards_ = 0;
  std::uint64_t peak_ = 0;
  std::uint64_t predicted_ = 0;
};

}  // namespace

std::vector<bench::PlannedGroup> expand_batching(const bench::PlanOptions& options,
                                                 const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const char* shape : {"uniform", "mixed"}) {
      bench::PlannedGroup group{bench::SuiteName::kBatching, {}};
      const auto add_case = [&](bench::FieldValue batch) {
        bench::Fields settings = start(base, facts, precisions_of(options, facts, base.device).front(),
                                       modes_of(options, facts, base.model, {Attention::kSdpa}).front());
        settings.set("images_shape", std::string(shape));
        settings.set("images", std::int64_t{options.images});
        settings.set("batch", std::move(batch));
        settings.set("process_res", std::int64_t{options.process_res.front()});
        add(group, std::move(settings), base.threads);
      };
      for (const int batch : options.batches) add_case(std::int64_t{batch});
      add_case(std::string("auto"));
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

double estimate_batching(const bench::Fields& settings, double gflops) {
  return static_cast<double>(settings.number("images")) * forward_seconds(settings, gflops);
}

PreparedCase prepare_batching(const bench::Fields& settings, const Context& context, GroupModels& models) {
  const auto model = models.get(settings);
  const auto pass = std::make_shared<Pass>(model, settings, *context.memory);
  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.workload.steps = {{"total_ms", [pass] { return pass->run(); }}};
  prepared.workload.synchronize = [pass] { pass->synchronize(); };
  prepared.finish = [pass](bench::CaseResult& result) {
    result.facts.set("batches", pass->batches_text());
    bench::add_image_rate(result);
    if (result.number("predicted_bytes") == 0.0) {
      result.set("predicted_bytes", bench::Missing{"nothing was known of this batch before it ran"});
    }
    if (result.number("peak_bytes") == 0.0)
      result.set("peak_bytes", bench::Missing{"not counted on this device"});
  };
  return prepared;
}

}  // namespace da3::suites
