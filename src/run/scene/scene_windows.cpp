// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <numeric>
#include <span>
#include <utility>

#include <scene/gaussians.hpp>
#include <scene/similarity.hpp>

#include <da3/error.hpp>

#include <run/scene/scene_forward.hpp>
#include <run/scene/scene_windows.hpp>

namespace da3::run {
namespace {

/// Views that a CPU sees together: above it the attention over all views takes most of the time, which then
/// grows with the square of their number.
constexpr std::size_t kViewsOnCpu = 32;

std::size_t size_of(const WindowChoice& choice, std::size_t views, DeviceKind device) {
  if (choice.rule == WindowChoice::Rule::kNumber) return static_cast<std::size_t>(choice.size);
  const bool bounded = choice.rule == WindowChoice::Rule::kAuto && device == DeviceKind::kCpu;
  return bounded ? std::min(views, kViewsOnCpu) : views;
}

void check_reference(const ReferenceChoice& reference, std::size_t views, std::size_t windows) {
  if (reference.rule != ReferenceChoice::Rule::kNumber) return;
  const std::string asked = "--reference " + std::to_string(reference.number);
  if (static_cast<std::size_t>(reference.number) >= views) {
    throw Error(ErrorCode::kUsage,
                asked + ": expected a view below " + std::to_string(views) + ", which is their number");
  }
  if (windows > 1) {
    throw Error(ErrorCode::kUsage, asked + " names one view, but these " + std::to_string(views) +
                                       " are seen in windows, each with a reference; give a rule such as "
                                       "middle, or --window off");
  }
}

std::vector<scene::Window> windows_of_size(const SceneOptions& options, std::size_t size, std::size_t views) {
  const std::optional<int>& overlap = options.window.overlap;
  const std::size_t shared =
      overlap ? static_cast<std::size_t>(*overlap) : std::max<std::size_t>(kLeastOverlap, (size + 1) / 2);
  if (overlap && shared >= size && size < views) {
    throw Error(ErrorCode::kUsage, "--overlap " + std::to_string(shared) +
                                       " leaves nothing new for windows of " + std::to_string(size) +
                                       " views; give a smaller one, or --window");
  }
  std::vector<scene::Window> windows = {{0, views}};
  if (size < views) windows = scene::plan_windows(views, size, shared);
  check_reference(options.reference, views, windows.size());
  return windows;
}

/// Sees the windows of one plan, one after the other. Holds the maps of two of them at a time.
class Windows {
 public:
  Windows(predict::DepthModel& model, std::vector<scene::View>& views, const SceneOptions& options,
          const SightHooks& hooks, std::vector<scene::Window> plan)
      : model_(model), views_(views), options_(options), hooks_(hooks), plan_(std::move(plan)) {}

  std::optional<SeenScene> see() {
    for (std::size_t k = 0; k < plan_.size(); ++k) {
      if (hooks_.stop.stop_requested()) return std::nullopt;
      std::vector<scene::View> part = see_window(k);
      join(k, part);
      take_home(k, part);
      before_ = std::move(part);
    }
    return std::move(scene_);
  }

 private:
  /// The views of window `k` in its own world.
  std::vector<scene::View> see_window(std::size_t k) {
    const scene::Window window = plan_[k];
    const auto first = views_.begin() + static_cast<std::ptrdiff_t>(window.begin);
    std::vector<scene::View> part(first, first + static_cast<std::ptrdiff_t>(window.size()));
    auto kept = hooks_.store ? hooks_.store->read(window, part) : std::nullopt;
    if (!kept) {
      if (hooks_.on_step) {
        hooks_.on_step("forward pass " + std::to_string(k + 1) + " of " + std::to_string(plan_.size()) +
                       ", over views " + std::to_string(window.begin + 1) + " to " +
                       std::to_string(window.end));
      }
      const auto start = std::chrono::steady_clock::now();
      Seen result = see_views(model_, part, options_);
      scene_.peak_bytes = std::max(scene_.peak_bytes, result.peak_bytes);
      kept = facts_of(k, std::move(result));
      kept->forward_ms =
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
      if (hooks_.store) hooks_.store->write(window, part, *kept);
    }
    scene_.windows.push_back({.begin = window.begin,
                              .end = window.end,
                              .reference = kept->reference,
                              .forward_ms = kept->forward_ms});
    scene_.without_rays.insert(kept->without_rays.begin(), kept->without_rays.end());
    facts_ = std::move(*kept);
    return part;
  }

  bool is_home(std::size_t view, std::size_t k) const { return scene::home_of(view, plan_) == k; }

  /// What the scene takes from window `k` besides its views.
  WindowStore::Facts facts_of(std::size_t k, Seen result) const {
    const scene::Window window = plan_[k];
    WindowStore::Facts facts;
    if (result.reference) facts.reference = window.begin + *result.reference;
    for (const std::size_t view : result.without_rays) facts.without_rays.push_back(window.begin + view);
    for (scene::Gaussian& each : result.gaussians) {
      each.view += static_cast<std::uint32_t>(window.begin);
      if (is_home(each.view, k)) facts.gaussians.push_back(each);
    }
    facts.layers.resize(result.layers.size());
    for (std::size_t i = 0; i < window.size(); ++i) {
      if (!is_home(window.begin + i, k)) continue;
      if (!result.dropped_gaussians.empty()) facts.dropped_gaussians += result.dropped_gaussians[i];
      for (std::size_t l = 0; l < result.layers.size(); ++l) {
        const std::size_t numbers = result.layers[l].size() / window.size();
        const auto of_view = std::span(result.layers[l]).subspan(i * numbers, numbers);
        facts.layers[l].insert(facts.layers[l].end(), of_view.begin(), of_view.end());
      }
    }
    return facts;
  }

  void join(std::size_t k, const std::vector<scene::View>& part) {
    if (k == 0) return;
    const std::size_t shared = plan_[k - 1].end - plan_[k].begin;
    const scene::Seam seam = scene::seam_of(std::span(before_).last(shared), std::span(part).first(shared));
    scene_.windows[k].residual = seam.residual;
    scene_.windows[k].scene_from_window =
        scene::composed(scene_.windows[k - 1].scene_from_window, seam.first_from_second);
  }

  /// Gives the scene the views that it takes from window `k`, and what belongs to them.
  void take_home(std::size_t k, const std::vector<scene::View>& part) {
    const scene::Similarity& scene_from_window = scene_.windows[k].scene_from_window;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::size_t view = plan_[k].begin + i;
      if (!is_home(view, k)) continue;
      views_[view] = part[i];
      scene::move_view(scene_from_window, views_[view]);
    }
    if (k > 0) scene::move_gaussians(scene_from_window, facts_.gaussians);
    scene_.gaussians.insert(scene_.gaussians.end(), facts_.gaussians.begin(), facts_.gaussians.end());
    scene_.dropped_gaussians += facts_.dropped_gaussians;
    scene_.layers.resize(facts_.layers.size());
    for (std::size_t l = 0; l < facts_.layers.size(); ++l) {
      const std::vector<float>& layer = facts_.layers[l];
      scene_.layers[l].insert(scene_.layers[l].end(), layer.begin(), layer.end());
    }
    facts_ = {};
  }

  predict::DepthModel& model_;
  std::vector<scene::View>& views_;
  const SceneOptions& options_;
  const SightHooks& hooks_;
  std::vector<scene::Window> plan_;
  std::vector<scene::View> before_;  ///< The window before, in its own world
  WindowStore::Facts facts_;         ///< Of the last window
  SeenScene scene_;
};

std::optional<SeenScene> see_plan(predict::DepthModel& model, std::vector<scene::View>& views,
                                  const SceneOptions& options, const SightHooks& hooks,
                                  std::vector<scene::Window> plan) {
  if (plan.size() > 1) return Windows(model, views, options, hooks, std::move(plan)).see();
  if (hooks.stop.stop_requested()) return std::nullopt;
  if (hooks.on_step) hooks.on_step("one forward pass over " + std::to_string(views.size()) + " views");
  Seen seen = see_views(model, views, options);
  SeenScene scene{seen.reference, seen.peak_bytes, {}};
  scene.without_rays.insert(seen.without_rays.begin(), seen.without_rays.end());
  scene.layers = std::move(seen.layers);
  scene.gaussians = std::move(seen.gaussians);
  scene.dropped_gaussians =
      std::accumulate(seen.dropped_gaussians.begin(), seen.dropped_gaussians.end(), std::size_t{0});
  return scene;
}

}  // namespace

std::vector<scene::Window> windows_of(const SceneOptions& options, std::size_t views, DeviceKind device) {
  return windows_of_size(options, size_of(options.window, views, device), views);
}

std::optional<SeenScene> see_scene(predict::DepthModel& model, std::vector<scene::View>& views,
                                   const SceneOptions& options, const SightHooks& hooks) {
  std::size_t size = size_of(options.window, views.size(), model.device().kind);
  for (;;) {
    try {
      std::optional<SeenScene> seen =
          see_plan(model, views, options, hooks, windows_of_size(options, size, views.size()));
      if (seen && options.pose == PoseChoice::kRays) seen->pose_source = scene::PoseSource::kRays;
      return seen;
    } catch (const Error& error) {
      const std::size_t smaller = std::max<std::size_t>(kLeastWindow, (std::min(size, views.size()) + 1) / 2);
      const bool again = error.code() == ErrorCode::kOutOfMemory &&
                         options.window.rule == WindowChoice::Rule::kAuto && smaller < views.size() &&
                         smaller < size;
      if (!again) throw;
      size = smaller;
      if (hooks.on_step)
        hooks.on_step("memory ran out: going on with " + std::to_string(size) + " views together");
    }
  }
}

}  // namespace da3::run
