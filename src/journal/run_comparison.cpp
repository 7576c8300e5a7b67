// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <journal/records.hpp>

#include <core/sha256.hpp>

namespace da3::journal {
namespace {

std::string value_or_unset(const std::map<std::string, std::string>& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? "not set" : found->second;
}

std::string model_text(const RunRecord& run) {
  constexpr std::size_t kShown = 12;
  return run.model_name + " (sha256 " + run.model_sha256.substr(0, kShown) + ")";
}

std::string depth_text(const RunRecord& run) {
  return std::string(to_string(run.model_kind)) + (run.model_unit ? " in " + *run.model_unit : "");
}

}  // namespace

std::string results_digest(const RunRecord& run) {
  core::Sha256 hash;
  const auto add = [&](std::string_view text) {
    hash.update(std::to_string(text.size()) + ":");  // So that no two lists of texts look alike
    hash.update(text);
  };
  add(run.model_sha256);
  add(to_string(run.model_kind));
  add(run.model_unit.value_or(""));
  add(run.precision);
  for (const auto& [name, value] : run.options) {
    add(name);
    add(value);
  }
  return hash.finish();
}

std::vector<std::string> differences(const RunRecord& before, const RunRecord& now) {
  std::vector<std::string> lines;
  if (before.model_sha256 != now.model_sha256) {
    lines.push_back("the model was " + model_text(before) + ", is " + model_text(now));
  }
  if (before.model_kind != now.model_kind || before.model_unit != now.model_unit) {
    lines.push_back("the model's depth was " + depth_text(before) + ", is " + depth_text(now));
  }
  if (before.precision != now.precision) {
    lines.push_back("--precision was " + before.precision + ", is " + now.precision);
  }
  std::set<std::string> names;
  for (const auto& [name, value] : before.options) names.insert(name);
  for (const auto& [name, value] : now.options) names.insert(name);
  if (before.range_of_set && now.range_of_set) names.erase("range");
  for (const std::string& name : names) {
    const std::string old_value = value_or_unset(before.options, name);
    const std::string new_value = value_or_unset(now.options, name);
    if (old_value != new_value) lines.push_back("--" + name + " was " + old_value + ", is " + new_value);
  }
  return lines;
}

}  // namespace da3::journal
