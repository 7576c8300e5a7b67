// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <commands/model_facts.hpp>
#include <commands/text.hpp>

#include <suites/flops.hpp>
#include <suites/forward_memory.hpp>

namespace da3::commands {
namespace {

std::string depth_text(const ModelSpec& spec) {
  std::string text(to_string(spec.depth_kind));
  if (spec.depth_unit) text += ", in " + *spec.depth_unit;
  return text + (spec.larger_is_farther ? ", larger is farther" : ", larger is nearer");
}

std::string input_text(const ModelSpec& spec) {
  if (spec.fixed_size) {
    return size_text({(*spec.fixed_size)[0], (*spec.fixed_size)[1]}) + " only";
  }
  return "longest side " + std::to_string(spec.process_res) + " (" +
         std::string(to_string(spec.resize_method)) + "), multiples of " + std::to_string(spec.patch);
}

/// A photo of 4:3 with the longer side at the model's size.
Size usual_size(const ModelSpec& spec) {
  if (spec.fixed_size) return {(*spec.fixed_size)[0], (*spec.fixed_size)[1]};
  const int width = spec.process_res / spec.patch * spec.patch;
  return {width * 3 / 4 / spec.patch * spec.patch, width};
}

}  // namespace

std::string field(const std::string& name, const std::string& value) {
  return value.empty() ? "" : name + std::string(name.size() < 13 ? 13 - name.size() : 1, ' ') + value + "\n";
}

std::string spec_text(const ModelSpec& spec) {
  std::vector<std::string> attention;
  for (const Attention mode : spec.attention) attention.emplace_back(to_string(mode));
  std::string weights(to_string(spec.origin));
  if (spec.seed) weights += ", seed " + std::to_string(*spec.seed);
  if (!spec.source.empty()) weights += ", from " + spec.source;
  return field("name", spec.name) +
         field("network", spec.network_id.empty() ? "its own code" : spec.network_id) +
         field("parameters", grouped(static_cast<std::uint64_t>(spec.parameters))) +
         field("depth", depth_text(spec)) + field("outputs", joined(spec.outputs, ", ")) +
         field("input", input_text(spec)) +
         field("attention", attention.empty() ? "fixed" : joined(attention, ", ")) +
         field("weights", weights) + field("sha256", spec.sha256) + field("licence", spec.licence_spdx) +
         field("attribution", spec.licence_attribution) + field("written by", "da3 " + spec.da3_version);
}

ModelFacts model_facts(const ModelSpec& spec) {
  ModelFacts facts;
  facts.size = usual_size(spec);
  facts.parts = engine::model_parts(spec);
  facts.flops = suites::forward_flops(spec, facts.size);
  if (const auto forward = suites::estimate_forward_bytes(spec, facts.size)) {
    constexpr std::uint64_t kFloatBytes = 4;
    std::int64_t loaded = spec.parameters;
    for (const engine::ModelPart& part : facts.parts) loaded -= part.on_demand ? part.parameters : 0;
    facts.memory_bytes = *forward + kFloatBytes * static_cast<std::uint64_t>(loaded);
  }
  return facts;
}

std::string facts_text(const ModelFacts& facts) {
  std::string text;
  for (const engine::ModelPart& part : facts.parts) {
    text += field(text.empty() ? "parts" : " ",
                  grouped(static_cast<std::uint64_t>(part.parameters)) + " " + part.name);
  }
  const std::string at = " at " + size_text(facts.size);
  if (facts.flops) text += field("operations", rate_text(*facts.flops / 1e9) + " GFLOP" + at);
  if (facts.memory_bytes) text += field("memory", "about " + bytes_text(*facts.memory_bytes) + at + ", fp32");
  return text;
}

nlohmann::json facts_json(const ModelFacts& facts) {
  nlohmann::json parts = nlohmann::json::array();
  for (const engine::ModelPart& part : facts.parts) {
    parts.push_back({{"name", part.name}, {"parameters", part.parameters}});
  }
  return {
      {"size", {{"height", facts.size.height}, {"width", facts.size.width}}},
      {"parts", parts},
      {"flops", facts.flops ? nlohmann::json(*facts.flops) : nlohmann::json(nullptr)},
      {"memory_bytes", facts.memory_bytes ? nlohmann::json(*facts.memory_bytes) : nlohmann::json(nullptr)}};
}

std::string json_text(const nlohmann::json& object) {
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace da3::commands
