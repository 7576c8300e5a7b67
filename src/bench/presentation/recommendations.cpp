// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <bench/plan/plan.hpp>
#include <bench/presentation/recommendations.hpp>
#include <bench/presentation/text_table.hpp>
#include <core/text.hpp>

namespace da3::bench {
namespace {

constexpr double kWorthwhile = 1.03;    // of throughput
constexpr double kSame = 0.02;          // of a time: shown or not, nobody would choose by it
constexpr double kNothing = 0.005;      // of the forward passes' time
constexpr double kMuchOverhead = 0.15;  // of the forward passes' time

using Cases = std::vector<const CaseResult*>;

Cases done_cases(const Report& report, SuiteName suite) {
  Cases cases;
  for (const CaseResult& each : report.cases) {
    if (each.suite == suite && each.status == CaseStatus::kDone) cases.push_back(&each);
  }
  return cases;
}

// Cases that differ in nothing but `varying`.
std::vector<Cases> groups_but_for(const Cases& cases, const std::vector<std::string>& varying) {
  std::vector<Cases> groups;
  for (const CaseResult* each : cases) {
    const std::string key = to_text(each->settings, varying);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Cases& group) {
      return to_text(group.front()->settings, varying) == key;
    });
    if (same == groups.end()) {
      groups.push_back({each});
    } else {
      same->push_back(each);
    }
  }
  return groups;
}

std::string subject(const CaseResult& result) {
  std::string text;
  const auto size = [&](const char* what, const char* width, const char* height) {
    if (result.settings.number(width) <= 0) return;
    text += std::string(", ") + what +
            core::size_text({static_cast<int>(result.settings.number(height)),
                             static_cast<int>(result.settings.number(width))});
  };
  for (const char* name : {"model", "device", "precision"}) {
    const std::string value = result.settings.text(name);
    if (!value.empty()) text += (text.empty() ? "" : ", ") + value;
  }
  if (facts_of(result.suite).of_photos) {
    size("photo ", "photo_width", "photo_height");
  } else {
    size("", "width", "height");
  }
  const std::string tokens = result.settings.text("tokens");
  if (!tokens.empty()) text += ", " + tokens + " tokens";
  return text;
}

// A ratio or percentage to read: three digits.
std::string rounded(double value) {
  const double digits = value > 0 ? std::pow(10.0, 2 - std::floor(std::log10(value))) : 1;
  return format_number(std::round(value * digits) / digits);
}

// "1.24 times (1.20 to 1.27)"
std::string times(const Ratio& ratio) {
  std::string text = rounded(ratio.value) + " times";
  if (ratio.ci95) text += " (" + rounded(ratio.ci95->low) + " to " + rounded(ratio.ci95->high) + ")";
  return text;
}

Rounds per_image(const CaseResult& result) {
  const Distribution* forward = result.distribution("forward_ms");
  if (forward == nullptr) return {};
  Rounds rounds = forward->rounds;
  for (std::vector<double>& round : rounds) {
    for (double& ms : round)
      ms /= static_cast<double>(std::max<std::int64_t>(1, result.settings.number("batch", 1)));
  }
  return rounds;
}

// What a batch gains over single images, if that is shown.
std::string against_single(const CaseResult& batch, const CaseResult& single) {
  const auto ratio = ratio_of(per_image(batch), per_image(single), Pairing::kByRound);
  if (!ratio) return "";
  if (!ratio->shows_difference()) return "; no difference shown to single images, " + times(*ratio);
  return ", " + times(*ratio) + " that of single images" +
         (ratio->value < kWorthwhile ? ": batching hardly pays here" : "");
}

// The stage besides the forward passes that takes most of the threads' time, and what makes it shorter.
std::string largest_stage(const CaseResult& result) {
  struct Stage {
    const char* metric;
    const char* name;
    const char* advice;
  };
  constexpr Stage kStages[] = {{"scan_share", "looking for files", ""},
                               {"decode_share", "decoding", "more --decode-threads may help"},
                               {"preprocess_share", "preparing photos", "more --decode-threads may help"},
                               {"resize_share", "resizing depth", ""},
                               {"write_share", "writing", "fewer or cheaper --format entries help"}};
  const Stage* largest = nullptr;
  double most = 0;
  for (const Stage& stage : kStages) {
    const double share = result.number(stage.metric).value_or(0);
    if (share <= most) continue;
    largest = &stage;
    most = share;
  }
  if (largest == nullptr) return "";
  return std::string("; of it ") + largest->name + " takes most (" + rounded(100 * most) +
         " % of all stages' time)" + (*largest->advice != 0 ? std::string(": ") + largest->advice : "");
}

void recommend_precision(const Report& report, std::vector<std::string>& advice) {
  for (const CaseResult* each : done_cases(report, SuiteName::kAccuracy)) {
    const auto error = each->number("abs_rel");
    if (!error || each->settings.find(kDatasetSetting) != nullptr ||
        each->settings.text("precision") == "fp32") {
      continue;
    }
    advice.push_back(each->settings.text("model") + ", " + each->settings.text("device") + ": --precision " +
                     each->settings.text("precision") + " moves depth by " + format_number(100 * *error) +
                     " % on average (largest " + format_number(100 * each->number("max_rel").value_or(0)) +
                     " %)" +
                     (each->settings.text("weights") == "synthetic" ? ", with synthetic weights." : "."));
  }
}

// What a mode is worth by measured depth; with synthetic weights it is worth nothing.
void recommend_by_dataset(const Report& report, std::vector<std::string>& advice) {
  for (const CaseResult* each : done_cases(report, SuiteName::kAccuracy)) {
    const std::string data = each->settings.text(kDatasetSetting);
    const auto error = each->number("abs_rel");
    if (!error || data.empty() || each->settings.text("weights") == "synthetic") continue;
    advice.push_back(subject(*each) + ", " + each->settings.text("attention") + ": on " + data + " (" +
                     each->facts.text("pictures") + " photos, alignment: " + each->facts.text("alignment") +
                     ") depth is off by " + format_number(100 * *error) + " % on average, " +
                     format_number(each->number("rmse_m").value_or(0)) + " m RMSE, delta1 " +
                     format_number(each->number("delta1").value_or(0)) + ".");
  }
}

// One sentence per group of two variants.
void compare_variants(const Report& report, const SuiteFacts& suite, std::vector<std::string>& advice) {
  if (suite.variants.setting.empty()) return;
  const std::string setting(suite.variants.setting);
  const std::string_view metric = suite.variants.metric;
  const std::string what(suite.variants.what);
  for (const Cases& group : groups_but_for(done_cases(report, suite.suite), {setting})) {
    for (std::size_t i = 1; i < group.size(); ++i) {
      const Distribution* base = group.front()->distribution(metric);
      const Distribution* other = group[i]->distribution(metric);
      if (base == nullptr || other == nullptr) continue;
      const auto ratio = ratio_of(other->rounds, base->rounds, Pairing::kByRound);
      if (!ratio) continue;
      const std::string first = group.front()->settings.text(setting);
      const std::string second = group[i]->settings.text(setting);
      std::string text = subject(*group.front()) + ": ";
      if (!ratio->shows_difference()) {
        text += "no difference shown between " + first + " and " + second + " " + what + "; " + second +
                " is " + times(*ratio) + " as fast";
      } else if (std::abs(ratio->value - 1) < kSame) {
        text += first + " and " + second + " hardly differ " + what + "; " + second + " is " + times(*ratio) +
                " as fast";
      } else if (ratio->value > 1) {
        text += second + " is " + times(*ratio) + " as fast as " + first + " " + what;
      } else {
        const auto inverse = ratio_of(base->rounds, other->rounds, Pairing::kByRound);
        text += first + " is " + times(*inverse) + " as fast as " + second + " " + what;
      }
      advice.push_back(text + ".");
    }
  }
}

}  // namespace

void advise_throughput(const Report& report, std::vector<std::string>& advice) {
  for (const Cases& group :
       groups_but_for(done_cases(report, SuiteName::kThroughput), {"batch", "attention"})) {
    const auto rate = [](const CaseResult* each) { return each->number("images_per_s").value_or(0); };
    const CaseResult* best =
        *std::max_element(group.begin(), group.end(),
                          [&](const CaseResult* a, const CaseResult* b) { return rate(a) < rate(b); });
    if (rate(best) <= 0) continue;
    std::string text = subject(*best) + ": best throughput " + format_number(rate(best)) +
                       " images/s with --batch " + best->settings.text("batch") + " --attention " +
                       best->settings.text("attention");
    const auto single = std::find_if(group.begin(), group.end(), [&](const CaseResult* each) {
      return each->settings.number("batch") == 1 &&
             each->settings.text("attention") == best->settings.text("attention");
    });
    if (single != group.end() && *single != best) text += against_single(*best, **single);
    advice.push_back(text + ".");
  }
}

void advise_load(const Report& report, std::vector<std::string>& advice) {
  for (const Cases& group : groups_but_for(done_cases(report, SuiteName::kLoad), {"cache"})) {
    std::map<std::string, const CaseResult*> by_cache;
    for (const CaseResult* each : group) by_cache[each->settings.text("cache")] = each;
    const auto total = [](const CaseResult* each) { return each->number("total_ms"); };
    if (by_cache.count("warm") == 0 || !total(by_cache["warm"])) continue;
    std::string text = subject(*group.front()) + ": a new process gives its first depth map after " +
                       format_number(*total(by_cache["warm"])) + " ms";
    if (by_cache.count("cold") != 0 && total(by_cache["cold"]) &&
        by_cache["cold"]->facts.text("page_cache_dropped") != "no") {
      text += ", " + format_number(*total(by_cache["cold"])) + " ms with a cold disk cache";
    }
    if (by_cache.count("hit") != 0 && by_cache["hit"]->number("first_ms")) {
      text += "; in a process that holds the model already it takes " +
              format_number(*by_cache["hit"]->number("first_ms")) + " ms, so give many images to one run";
    }
    advice.push_back(text + ".");
  }
}

void advise_batching(const Report& report, std::vector<std::string>& advice) {
  for (const Cases& group : groups_but_for(done_cases(report, SuiteName::kBatching), {"batch"})) {
    const CaseResult* automatic = nullptr;
    const CaseResult* fixed = nullptr;
    for (const CaseResult* each : group) {
      if (each->settings.text("batch") == "auto") {
        automatic = each;
      } else if (fixed == nullptr || each->number("total_ms") < fixed->number("total_ms")) {
        fixed = each;
      }
    }
    if (automatic == nullptr || fixed == nullptr || !automatic->distribution("total_ms") ||
        !fixed->distribution("total_ms")) {
      continue;
    }
    const auto ratio = ratio_of(automatic->distribution("total_ms")->rounds,
                                fixed->distribution("total_ms")->rounds, Pairing::kByRound);
    if (!ratio) continue;
    std::string text = subject(*automatic) + ", " + automatic->settings.text("images_shape", "images") + ": ";
    if (!ratio->shows_difference()) {
      text += "--batch auto keeps up with the best fixed size (" + fixed->settings.text("batch") + ")";
    } else {
      text += ratio->value > 1
                  ? "--batch auto beats the best fixed size (" + fixed->settings.text("batch") + ")"
                  : "--batch auto is slower than the best fixed size (" + fixed->settings.text("batch") + ")";
    }
    advice.push_back(text + "; its speed is " + times(*ratio) + " that.");
  }
}

void advise_folder(const Report& report, std::vector<std::string>& advice) {
  for (const CaseResult* each : done_cases(report, SuiteName::kFolder)) {
    const auto overhead = each->number("overhead_share");
    if (!overhead) continue;
    std::string text = subject(*each) + ": ";
    if (*overhead > kNothing) {
      text +=
          "reading, resizing and writing add " + rounded(100 * *overhead) + " % to the forward passes alone";
      if (*overhead > kMuchOverhead) text += largest_stage(*each);
    } else {
      text += "reading, resizing and writing are hidden behind the forward passes";
    }
    advice.push_back(text + ".");
  }
}

void advise_accuracy(const Report& report, std::vector<std::string>& advice) {
  recommend_precision(report, advice);
  recommend_by_dataset(report, advice);
}

std::vector<std::string> recommend(const Report& report) {
  std::vector<std::string> advice;
  for (const SuiteAdvice& suite : kSuiteAdvice) {
    if (suite.advise != nullptr) suite.advise(report, advice);
    compare_variants(report, facts_of(suite.suite), advice);
  }
  return advice;
}

}  // namespace da3::bench
