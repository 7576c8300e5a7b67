// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include <bench/compare/match_cases.hpp>
#include <bench/report/warnings.hpp>

namespace da3::bench {
namespace {

Fields match_key(const CaseResult& result, bool same_machine) {
  Fields key = result.settings;
  if (same_machine) return key;
  key.erase("threads");
  const std::string device = key.text("device");
  key.set("device", device.substr(0, device.find(':')));
  return key;
}

// What the two reports were to measure: what is missing in one of them was left out by no choice.
bool have_one_plan(const Report& base, const Report& now) {
  if (base.plan.options.text("suites").empty()) return false;
  const auto in_both = [&](const char* option) {
    return base.plan.options.text(option) == now.plan.options.text(option);
  };
  return std::ranges::all_of(
      std::array{"suites", "models", "precisions", "attention", "batches", "process_res", "tokens"}, in_both);
}

// What ran under one name was not the same: a file that was replaced, the precision that a program takes
// itself.
std::string difference(const CaseResult& base, const CaseResult& now) {
  std::string text;
  for (const char* fact : {"model_sha256", "precision_used", "attention_used"}) {
    const std::string before = base.facts.text(fact);
    const std::string after = now.facts.text(fact);
    if (before.empty() || after.empty() || before == after) continue;
    const auto shown = [](const std::string& value) { return value.substr(0, 12); };
    text += (text.empty() ? "" : ", ") + std::string(fact) + " is " + shown(before) + " in the base and " +
            shown(after) + " in the new one";
  }
  return text;
}

// Each difference once, with how many pairs of cases have it.
void tell_differences(const Matches& matches, Comparison& comparison) {
  std::map<std::string, std::vector<const CaseResult*>> found;
  for (const Pair& pair : matches.done) {
    const std::string text = difference(*pair.base, *pair.now);
    if (!text.empty()) found[text].push_back(pair.now);
  }
  for (const auto& [text, cases] : found) {
    const std::string more = cases.size() == 1 ? "" : " and " + std::to_string(cases.size() - 1) + " more";
    comparison.differing.push_back(case_name(*cases.front()) + more + ": " + text);
  }
}

}  // namespace

Matches match_cases(const Report& base, const Report& now, Comparison& comparison) {
  Matches matches;
  std::vector<const CaseResult*> used;
  std::vector<const CaseResult*> missing;
  const auto done = [](const CaseResult& result) { return result.status == CaseStatus::kDone; };
  for (const CaseResult& old_case : base.cases) {
    if (!done(old_case)) continue;
    const Fields key = match_key(old_case, comparison.same_machine);
    const auto found = [&](CaseStatus status) -> const CaseResult* {
      const auto place = std::find_if(now.cases.begin(), now.cases.end(), [&](const CaseResult& each) {
        return each.status == status && each.suite == old_case.suite &&
               match_key(each, comparison.same_machine).same_as(key) &&
               std::find(used.begin(), used.end(), &each) == used.end();
      });
      return place == now.cases.end() ? nullptr : &*place;
    };
    if (const CaseResult* const same = found(CaseStatus::kDone)) {
      matches.done.push_back({&old_case, same});
      used.push_back(same);
    } else if (const CaseResult* const failed = found(CaseStatus::kFailed)) {
      matches.lost.push_back({&old_case, "failed in the new report (" + failed->reason + ")"});
      used.push_back(failed);
      comparison.failed_in_new.push_back(case_name(*failed) + " (" + failed->reason + ")");
    } else if (const CaseResult* const skipped = found(CaseStatus::kSkipped)) {
      matches.lost.push_back({&old_case, "skipped in the new report (" + skipped->reason + ")"});
      used.push_back(skipped);
      comparison.failed_in_new.push_back(case_name(*skipped) + " (skipped: " + skipped->reason + ")");
    } else {
      missing.push_back(&old_case);
      comparison.only_in_base.push_back(case_name(old_case));
    }
  }
  for (const CaseResult& each : now.cases) {
    if (done(each) && std::find(used.begin(), used.end(), &each) == used.end()) {
      comparison.only_in_new.push_back(case_name(each));
    }
  }
  // Where both have cases of their own, the same ones may be described otherwise by another version.
  if (have_one_plan(base, now) && comparison.only_in_new.empty()) {
    for (const CaseResult* each : missing) {
      matches.lost.push_back({each, "missing in the new report, as of a run that was cut off"});
    }
  }
  tell_differences(matches, comparison);
  return matches;
}

std::string nearest_miss(const Report& base, const Report& now, bool same_machine) {
  std::string nearest;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  const auto value_in = [](const Fields& fields, const std::string& name) {
    const FieldValue* value = fields.find(name);
    return value == nullptr ? std::string("not there") : to_text(*value);
  };
  for (const CaseResult& ours : base.cases) {
    for (const CaseResult& theirs : now.cases) {
      if (ours.suite != theirs.suite || ours.status != CaseStatus::kDone ||
          theirs.status != CaseStatus::kDone)
        continue;
      const Fields a = match_key(ours, same_machine);
      const Fields b = match_key(theirs, same_machine);
      std::string text;
      std::size_t count = 0;
      const auto add = [&](const std::string& name) {
        if (value_in(a, name) == value_in(b, name)) return;
        ++count;
        text += (text.empty() ? ": " : ", ") + name + " is " + value_in(a, name) + " in the base and " +
                value_in(b, name) + " in the new one";
      };
      for (const auto& [name, value] : a) add(name);
      for (const auto& [name, value] : b) {
        if (a.find(name) == nullptr) add(name);
      }
      if (count >= fewest) continue;
      fewest = count;
      nearest = text;
    }
  }
  return nearest;
}

}  // namespace da3::bench
