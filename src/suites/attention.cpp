// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <suites/context.hpp>
#include <suites/flops.hpp>
#include <weights/model_config.hpp>

namespace da3::suites {
namespace {

// Heads of the model's backbone; of the catalogue's configuration where the model is one of it, so that no
// file is needed.
engine::AttentionShape shape_of(const bench::Fields& settings, const Context& context) {
  const std::string name = settings.text("model");
  const weights::NetworkConfig config =
      weights::catalogue_name(name).empty()
          ? weights::parse_config(context.model_file(name).spec.network_config_json, name)
          : weights::catalogue_config(name);
  const weights::BackboneConfig& backbone = config.main.backbone;
  return {settings.number("tokens"), backbone.num_heads, backbone.head_dim()};
}

double bytes_or_nan(const std::optional<std::uint64_t>& bytes) {
  return bytes ? static_cast<double>(*bytes) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

PreparedCase prepare_attention(const bench::Fields& settings, const Context& context) {
  const engine::AttentionShape shape = shape_of(settings, context);
  const std::shared_ptr<engine::AttentionWorkload> work = context.attention(
      parse_device(settings.text("device")), parse_precision(settings.text("precision")),
      parse_attention(settings.text("attention")), shape, static_cast<int>(settings.number("threads")));
  PreparedCase prepared;
  prepared.facts = {{"heads", std::int64_t{shape.heads}},
                    {"head_dim", std::int64_t{shape.head_dim}},
                    {"backend", work->backend()}};
  prepared.workload.steps = {{"core_ms",
                              [work] {
                                work->run_core();
                                return bench::Parts{{"core_peak_bytes", bytes_or_nan(work->peak_bytes())}};
                              }},
                             {"layer_ms", [work] {
                                work->run_layer();
                                return bench::Parts{{"peak_bytes", bytes_or_nan(work->peak_bytes())}};
                              }}};
  prepared.workload.synchronize = [work] { work->synchronize(); };
  prepared.finish = [shape](bench::CaseResult& result) {
    const auto rate = [&](const char* metric, const char* name, double flops) {
      const auto ms = result.number(metric);
      if (ms && *ms > 0) result.set(name, flops / (*ms * 1e6));
    };
    rate("core_ms", "core_gflops", attention_core_flops(shape.tokens, shape.heads, shape.head_dim));
    rate("layer_ms", "layer_gflops", attention_layer_flops(shape.tokens, shape.heads, shape.head_dim));
  };
  return prepared;
}

}  // namespace da3::suites
