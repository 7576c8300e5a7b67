// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <da3/error.hpp>

#include <suites/context.hpp>

namespace da3::suites {

std::shared_ptr<predict::DepthModel> GroupModels::get(const bench::Fields& settings, bool cameras) {
  bench::Fields key;
  for (const char* name : {"model", "device", "precision", "attention", "threads"}) {
    key.set(name, settings.text(name));
  }
  key.set("cameras", cameras);
  const std::string text = bench::to_text(key);
  for (const auto& [each, model] : loaded_) {
    if (each == text) return model;
  }
  const Attention attention = attention_of(settings);
  const LoadRequest request{
      .device = device_of(settings),
      .precision = precision_of(settings),
      .attention = attention == Attention::kFixed ? std::nullopt : std::optional(attention),
      .threads = static_cast<int>(settings.number("threads")),
      .cameras = cameras};
  auto model = context_.load(context_.model_file(settings.text("model")), request);
  loaded_.emplace_back(text, model);
  return model;
}

PreparedCase prepare_case(const bench::PlannedCase& planned, const Context& context, GroupModels& models) {
  return bench::row_of(planned.suite).prepare(planned.settings, context, models);
}

void refuse_without_pictures() {
  throw Error(ErrorCode::kUsage, "this build of da3 has no picture formats (preset engine)");
}

DeviceId device_of(const bench::Fields& settings) {
  return parse_device(settings.text("device"));
}

std::optional<Precision> precision_of(const bench::Fields& settings) {
  const std::string text = settings.text("precision");
  return text == bench::kDefaultPrecision ? std::nullopt : std::optional(parse_precision(text));
}

Attention attention_of(const bench::Fields& settings) {
  return parse_attention(settings.text("attention"));
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
