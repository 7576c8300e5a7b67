// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <suites/cases.hpp>

namespace da3::suites {

using bench::Fields;
using bench::PlanFacts;
using bench::PlannedGroup;
using bench::PlanOptions;

std::vector<Size> photos_of(const PlanOptions& options) {
  return options.image_sizes.empty() ? std::vector<Size>{{720, 1280}} : options.image_sizes;
}

std::vector<std::optional<Precision>> precisions_of(const PlanOptions& options, const PlanFacts& facts,
                                                    const DeviceId& device) {
  if (options.precisions.empty()) return {facts.default_precision(device)};
  std::vector<std::optional<Precision>> precisions;
  for (const std::optional<Precision>& wanted : options.precisions) {
    // Side by side each program takes its own default.
    const bool here = !wanted && !options.side_by_side;
    const std::optional<Precision> precision = here ? facts.default_precision(device) : wanted;
    if (std::find(precisions.begin(), precisions.end(), precision) == precisions.end())
      precisions.push_back(precision);
  }
  return precisions;
}

std::vector<Attention> modes_of(const PlanOptions& options, const PlanFacts& facts, const std::string& model,
                                const std::vector<Attention>& standard) {
  if (facts.offers_attention && !facts.offers_attention(model)) return {Attention::kFixed};
  return options.attention.empty() ? standard : options.attention;
}

std::vector<Base> bases(const PlanOptions& options, const PlanFacts& facts) {
  std::vector<Base> all;
  for (const std::string& model : options.models) {
    for (const DeviceId& device : options.devices) {
      for (const int threads : options.threads) {
        all.push_back({model, device, threads > 0 ? threads : facts.default_threads(device)});
      }
    }
  }
  return all;
}

Fields start(const Base& base, const PlanFacts& facts, const std::optional<Precision>& precision,
             Attention attention) {
  return {{"model", base.model},
          {"weights", facts.weights(base.model)},
          {"device", to_string(base.device)},
          {"precision", bench::to_text(precision)},
          {"attention", std::string(to_string(attention))}};
}

void set_shape(Fields& settings, Size processed) {
  settings.set("views", std::int64_t{1});
  settings.set("height", std::int64_t{processed.height});
  settings.set("width", std::int64_t{processed.width});
}

void set_photo(Fields& settings, Size photo) {
  settings.set("photo_height", std::int64_t{photo.height});
  settings.set("photo_width", std::int64_t{photo.width});
}

void add(PlannedGroup& group, Fields settings, int threads) {
  settings.set("threads", std::int64_t{threads});
  group.cases.push_back({group.suite, std::move(settings), 0});
}

/// A case of the whole program for each size of its photos or frames.
std::vector<PlannedGroup> whole_program(bench::SuiteName suite, const std::vector<Size>& sizes,
                                        const PlanOptions& options, const PlanFacts& facts) {
  std::vector<PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    PlannedGroup group{suite, {}};
    for (const auto& precision : precisions_of(options, facts, base.device)) {
      for (const Size size : sizes) {
        Fields settings =
            start(base, facts, precision, modes_of(options, facts, base.model, {Attention::kSdpa}).front());
        settings.set("images", std::int64_t{options.images});
        set_shape(settings, facts.processed_size(base.model, size, options.process_res.front()));
        set_photo(settings, size);
        settings.set("process_res", std::int64_t{options.process_res.front()});
        add(group, std::move(settings), base.threads);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace da3::suites
