// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <da3/error.hpp>

#include <suites/context.hpp>

namespace da3::suites {

std::shared_ptr<predict::DepthModel> GroupModels::get(const bench::Fields& settings) {
  bench::Fields key;
  for (const char* name : {"model", "device", "precision", "attention", "threads"}) {
    key.set(name, settings.text(name));
  }
  const std::string text = bench::to_text(key);
  for (const auto& [each, model] : loaded_) {
    if (each == text) return model;
  }
  LoadRequest request{.device = parse_device(settings.text("device")),
                      .precision = std::nullopt,
                      .attention = std::nullopt,
                      .threads = static_cast<int>(settings.number("threads"))};
  const std::string precision = settings.text("precision");
  if (precision != bench::kDefaultPrecision) request.precision = parse_precision(precision);
  const std::string attention = settings.text("attention");
  if (attention != bench::kFixedAttention) request.attention = parse_attention(attention);
  auto model = context_.load(context_.model_file(settings.text("model")), request);
  loaded_.emplace_back(text, model);
  return model;
}

PreparedCase prepare_case(const bench::PlannedCase& planned, const Context& context, GroupModels& models) {
  const bench::Fields& settings = planned.settings;
  switch (planned.suite) {
    case bench::SuiteName::kThroughput:
      return prepare_throughput(settings, context, models);
    case bench::SuiteName::kLatency:
      return prepare_latency(settings, context, models);
    case bench::SuiteName::kLoad:
      return prepare_load(settings, context);
    case bench::SuiteName::kAttention:
      return prepare_attention(settings, context);
    case bench::SuiteName::kBatching:
      return prepare_batching(settings, context, models);
    case bench::SuiteName::kAccuracy:
      return prepare_accuracy(settings, models);
    case bench::SuiteName::kSoak:
      return prepare_soak(settings, context, models);
#ifdef DA3_WITH_PICTURES
    case bench::SuiteName::kPreprocess:
      return prepare_preprocess(settings, context);
    case bench::SuiteName::kFolder:
      return prepare_folder(settings, context, models);
    case bench::SuiteName::kVideo:
      return prepare_video(settings, context, models);
    case bench::SuiteName::kScene:
      return prepare_scene(settings, context, models);
#else
    case bench::SuiteName::kVideo:
    case bench::SuiteName::kPreprocess:
    case bench::SuiteName::kFolder:
    case bench::SuiteName::kScene:
      throw Error(ErrorCode::kUsage, "this build of da3 has no picture formats (preset engine)");
#endif
  }
  throw Error(ErrorCode::kInternal, "a suite without cases");
}

Size processed_size_of(const bench::Fields& settings) {
  return {static_cast<int>(settings.number("height")), static_cast<int>(settings.number("width"))};
}

Size patched_size(int res, int patch, double height_share, double width_share) {
  const auto side = [&](double share) {
    return std::max(patch, static_cast<int>(std::lround(res * share / patch)) * patch);
  };
  return {side(height_share), side(width_share)};
}

bench::Fields model_facts(const predict::DepthModel& model) {
  const ModelSpec& spec = model.spec();
  return {{"model_sha256", spec.sha256},
          {"parameters", std::int64_t{spec.parameters}},
          {"weights_origin", std::string(to_string(spec.origin))},
          {"device_used", to_string(model.device())},
          {"precision_used", std::string(to_string(model.precision()))},
          {"attention_used", std::string(to_string(model.attention()))}};
}

}  // namespace da3::suites
