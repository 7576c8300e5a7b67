// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <engine/engine.hpp>

// What `da3 model info` says about a model.
namespace da3::commands {

/// What follows from a model's record.
struct ModelFacts {
  Size size;                                  ///< The network's input for a photo of 4:3, or its only size
  std::vector<engine::ModelPart> parts;       ///< Empty for networks that this build does not know, as are:
  std::optional<double> flops;                ///< Of one forward of `size`
  std::optional<std::uint64_t> memory_bytes;  ///< Estimate: weights and one forward of `size`, float32
};
ModelFacts model_facts(const ModelSpec& spec);

/// "name         value\n"; empty if `value` is.
std::string field(const std::string& name, const std::string& value);

std::string spec_text(const ModelSpec& spec);
std::string facts_text(const ModelFacts& facts);
nlohmann::json facts_json(const ModelFacts& facts);

/// As `--json` shows it: indented, with a newline.
std::string json_text(const nlohmann::json& object);

}  // namespace da3::commands
