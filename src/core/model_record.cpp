// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <core/model_record.hpp>
#include <core/sha256.hpp>
#include <core/text.hpp>

namespace da3::core {

std::string known_by(const ModelSpec& model) {
  if (!model.identity.empty()) return model.identity;
  return model.sha256.empty() ? model.name : model.sha256;
}

std::string settings_digest(const ModelSpec& model) {
  std::string text;
  for (const auto& values : {model.mean, model.std}) {
    for (const float value : values) text += exact_text(value) + ' ';
  }
  for (const float value : model.input_range) text += exact_text(value) + ' ';
  text += std::to_string(model.patch) + ' ' + std::to_string(model.process_res) + ' ';
  if (model.fixed_size) {
    for (const int side : *model.fixed_size) text += std::to_string(side) + ' ';
  }
  text += std::string(to_string(model.resize_method)) + ' ' + std::string(to_string(model.depth_kind)) + ' ' +
          model.depth_unit.value_or("-") + (model.larger_is_farther ? " farther" : " nearer");
  for (const std::string& output : model.outputs) text += ' ' + output;
  constexpr std::size_t kShown = 12;
  Sha256 hash;
  hash.update(text);
  return hash.finish().substr(0, kShown);
}

std::optional<std::string> record_digest(const ModelSpec& model) {
  if (!model.described) return std::nullopt;
  return settings_digest(model);
}

}  // namespace da3::core
