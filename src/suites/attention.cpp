// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <suites/cases.hpp>
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

std::vector<bench::PlannedGroup> expand_attention(const bench::PlanOptions& options,
                                                  const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    if (facts.offers_attention && !facts.offers_attention(base.model)) continue;
    for (const auto& precision : precisions_of(options, facts, base.device)) {
      for (const int tokens : options.tokens) {
        bench::PlannedGroup group{bench::SuiteName::kAttention, {}};
        for (const Attention mode : modes_of(options, facts, base.model, kBothModes)) {
          bench::Fields settings{{"model", base.model},
                                 {"device", to_string(base.device)},
                                 {"precision", bench::to_text(precision)},
                                 {"attention", std::string(to_string(mode))}};
          settings.set("tokens", std::int64_t{tokens});
          add(group, std::move(settings), base.threads);
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

double estimate_attention(const bench::Fields& settings, double gflops) {
  // Share of the matrix products' speed, and what writing attention out costs, as docs/benchmarks.md has
  // them.
  constexpr double kEfficiency = 0.5;
  constexpr double kManualFactor = 2;
  const std::string name = settings.text("model");
  if (gflops <= 0 || weights::catalogue_name(name).empty()) return std::numeric_limits<double>::quiet_NaN();
  const weights::NetworkConfig config = weights::catalogue_config(name);
  const weights::BackboneConfig& backbone = config.main.backbone;
  const std::int64_t tokens = settings.number("tokens");
  const double flops = attention_core_flops(tokens, backbone.num_heads, backbone.head_dim()) +
                       attention_layer_flops(tokens, backbone.num_heads, backbone.head_dim());
  return flops / (kEfficiency * gflops * 1e9) * (settings.text("attention") == "manual" ? kManualFactor : 1);
}

PreparedCase prepare_attention(const bench::Fields& settings, const Context& context,
                               GroupModels& /*models*/) {
  const engine::AttentionShape shape = shape_of(settings, context);
  const std::shared_ptr<engine::AttentionWorkload> work =
      context.attention(device_of(settings), *precision_of(settings), attention_of(settings), shape,
                        static_cast<int>(settings.number("threads")));
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
