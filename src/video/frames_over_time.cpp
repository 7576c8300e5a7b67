// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <concepts>
#include <stdexcept>
#include <utility>

#include <video/frames_over_time.hpp>

#include <core/json_reading.hpp>

namespace da3::video {
namespace {

using nlohmann::json;

/// Pairs of place and count of those that are not 0.
template <typename Count>
json json_of_counts(const std::vector<Count>& counts) {
  json pairs = json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) pairs.push_back({i, counts[i]});
  }
  return pairs;
}

/// None stay empty.
template <typename Count>
void fill_counts(const json& pairs, std::size_t size, std::vector<Count>& counts) {
  if (!pairs.empty()) counts.assign(size, 0);
  for (const json& pair : pairs) {
    Count& count = counts.at(core::whole_number<std::size_t>(pair.at(0)).value());
    if constexpr (std::integral<Count>) {
      count = core::whole_number<Count>(pair.at(1)).value();
    } else {
      count = pair.at(1).get<Count>();
    }
  }
}

json json_of_running(const RunningRange::State& state) {
  return {
      {"counts", json_of_counts(state.counts)}, {"range", json_of(state.range)}, {"seconds", state.seconds}};
}

RunningRange::State running_of_json(const json& value) {
  RunningRange::State state;
  fill_counts(value.at("counts"), NearnessHistogram::kBins, state.counts);
  state.range = range_of_json(value.at("range"));
  state.seconds = value.at("seconds").get<double>();
  return state;
}

}  // namespace

json json_of(const std::optional<DepthRange>& range) {
  return range ? json::array({range->first, range->second}) : json(nullptr);
}

std::optional<DepthRange> range_of_json(const json& value) {
  if (!value.is_array() || value.size() != 2) return std::nullopt;
  return DepthRange{value[0].get<double>(), value[1].get<double>()};
}

Size size_of_json(const json& value) {
  constexpr int kMostSide = 1 << 16;
  const int height = core::whole_number<int>(value.at(0)).value();
  const int width = core::whole_number<int>(value.at(1)).value();
  if (std::min(height, width) < 0 || std::max(height, width) > kMostSide)
    throw std::out_of_range("a size that no picture has");
  return {height, width};
}

FramesOverTime::FramesOverTime(const VideoPlan& plan)
    : plan_(plan), steadying_(plan.options.cuts), range_(plan.options.vis_range) {
  if (!plan.options.cuts_file.empty()) cuts_ = read_times(plan.options.cuts_file, "--cuts");
}

void FramesOverTime::whole_video(const Probed& probed) {
  if (plan_.range_mode == RangeMode::kVideo) range_ = probed.range;
  grey_ref_ = probed.grey_ref.value_or(0);
}

bool FramesOverTime::is_given_cut(double seconds) const {
  constexpr double kSlack_s = 1e-6;
  const double before = steadying_.state().seconds;
  return std::any_of(cuts_.begin(), cuts_.end(),
                     [&](double cut) { return cut > before + kSlack_s && cut <= seconds + kSlack_s; });
}

bool FramesOverTime::begins_scene(Work& work) {
  const CutFinder::Verdict verdict = cut_finder_.next(work.look);
  work.change = verdict.change;
  return is_given_cut(work.seconds) || (plan_.options.cuts == Cuts::kAuto && verdict.cut);
}

Batch FramesOverTime::next(Batch batch) {
  for (WorkPtr& work : batch) {
    if (!work->frame.error) {
      work->steadied = steadying_.next(plan_.small_depth(*work), work->seconds, begins_scene(*work));
    }
    waiting_.push_back(std::move(work));
  }
  if (plan_.has_running_range() && !primed_ && waiting_.size() < RunningRange::kHeldBack) return {};
  return ranged();
}

Batch FramesOverTime::ranged() {
  Batch batch = std::exchange(waiting_, {});
  if (!primed_ && plan_.has_running_range() && !batch.empty()) {
    for (const WorkPtr& work : batch) {
      if (!work->frame.error) running_.prime(plan_.small_depth(*work), plan_.picture_factor(*work));
    }
    primed_ = true;
  }
  for (const WorkPtr& work : batch) choose_range(*work);
  return batch;
}

void FramesOverTime::choose_range(Work& work) {
  if (work.frame.error) return;
  if (plan_.range_mode != RangeMode::kImage) work.range = range_;
  if (plan_.has_running_range()) {
    work.range =
        running_.next(plan_.small_depth(work), plan_.picture_factor(work), work.seconds, work.steadied.cut);
  }
  if (grey_ref_ == 0 && plan_.outputs.has_grey16()) {
    grey_ref_ = median_depth(plan_.small_depth(work)).value_or(1);
  }
  work.grey_ref = grey_ref_;
}

json FramesOverTime::state() const {
  const DepthMap& steadied = steadying_.state().previous;
  json previous = json::array();
  for (const float value : steadied.values) {
    previous.push_back(std::isfinite(value) ? static_cast<double>(value) : 0.0);
  }
  const CutFinder::State& cuts = cut_finder_.state();
  json state = {{"look", {{"counts", json_of_counts(cuts.previous)}, {"usual", cuts.usual}}},
                {"steady",
                 {{"previous", std::move(previous)},
                  {"size", {steadied.size.height, steadied.size.width}},
                  {"seconds", steadying_.state().seconds}}},
                {"grey_ref", grey_ref_}};
  if (primed_) state["running"] = json_of_running(running_.state());
  return state;
}

void FramesOverTime::restore(const json& state) {
  const json& steady = state.at("steady");
  DepthMap previous{size_of_json(steady.at("size")), steady.at("previous").get<std::vector<float>>()};
  if (previous.values.size() != previous.size.area())
    throw std::invalid_argument("a map of another size than its own");
  steadying_.restore({std::move(previous), steady.at("seconds").get<double>()});
  CutFinder::State cuts;
  cuts.usual = state.at("look").at("usual").get<double>();
  fill_counts(state.at("look").at("counts"), look_of({}).size(), cuts.previous);
  cut_finder_.restore(std::move(cuts));
  grey_ref_ = state.at("grey_ref").get<double>();
  if (!state.contains("running")) return;
  running_.restore(running_of_json(state.at("running")));
  primed_ = true;
}

}  // namespace da3::video
