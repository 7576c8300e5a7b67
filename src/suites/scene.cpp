// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <limits>
#include <memory>
#include <string>

#include <formats/scene/scene_files.hpp>

#include <da3/error.hpp>

#include <core/atomic_file.hpp>
#include <run/scene/make_scene.hpp>
#include <run/scene/scene_forward.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/flops.hpp>
#endif

namespace da3::suites {

std::vector<bench::PlannedGroup> expand_scene(const bench::PlanOptions& options,
                                              const bench::PlanFacts& facts) {
  const std::vector<int> views = options.quick ? std::vector<int>{1, 2, 4} : std::vector<int>{1, 2, 4, 8, 16};
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const int res : options.process_res) {
      bench::PlannedGroup group{bench::SuiteName::kScene, {}};
      for (const auto& precision : precisions_of(options, facts, base.device)) {
        for (const Attention mode : modes_of(options, facts, base.model, {Attention::kSdpa})) {
          for (const int count : views) {
            bench::Fields settings = start(base, facts, precision, mode);
            set_shape(settings, facts.processed_size(base.model, photos_of(options).front(), res));
            settings.set("views", std::int64_t{count});
            add(group, std::move(settings), base.threads);
          }
        }
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

double estimate_scene(const bench::Fields& settings, double gflops) {
  return forward_seconds(settings, gflops, static_cast<int>(settings.number("views")));
}

#ifdef DA3_WITH_PICTURES
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Views of drawn pictures, as the program has them before the network sees them.
scene::Scene drawn_scene(Size size, int views) {
  scene::Scene scene;
  for (int i = 0; i < views; ++i) {
    scene::View& view = scene.views.emplace_back();
    view.name = std::to_string(i);
    view.file = view.name + ".png";
    view.place = {.photo_size = size, .resized = size};
    view.input = drawn_picture(size, static_cast<std::uint32_t>(i));
  }
  return scene;
}

/// Share of the median of one step in the whole.
void set_share(bench::CaseResult& result, const char* name, const char* part) {
  const auto ms = result.number(part);
  const auto total = result.number("total_ms");
  if (ms && total && *total > 0) result.set(name, *ms / *total);
}

}  // namespace

PreparedCase prepare_scene(const bench::Fields& settings, const Context& context, GroupModels& models) {
  const auto model = models.get(settings, /*cameras=*/true);
  if (!model->spec().has_output("pose")) {
    throw Error(ErrorCode::kUsage, "model " + model->spec().name + " has no cameras, which a scene needs");
  }
  const Size size = processed_size_of(settings);
  const int views = static_cast<int>(settings.number("views"));
  const auto scene = std::make_shared<scene::Scene>(drawn_scene(size, views));
  const std::filesystem::path folder = context.scratch / "scene";

  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("tokens", views * num_tokens(size, model->spec().patch));
  prepared.facts.set("formats", std::string("glb,cameras"));
  prepared.workload.steps = {
      {"forward_ms",
       [model, scene] {
         scene->warnings.clear();
         const run::Seen seen = run::see_views(*model, scene->views, {});
         bench::Parts parts{
             {"peak_tensor_bytes", seen.peak_bytes ? static_cast<double>(*seen.peak_bytes) : kUnknown}};
         if (seen.times.backbone_ms) parts.emplace_back("backbone_ms", *seen.times.backbone_ms);
         if (seen.times.head_ms) parts.emplace_back("head_ms", *seen.times.head_ms);
         return parts;
       }},
      {"points_ms",
       [scene] {
         run::add_points(*scene, {});
         return bench::Parts{};
       }},
      {"write_ms", [scene, folder] {
         core::ensure_folder(folder);
         const auto put = [&](const char* name, const formats::Bytes& bytes) {
           core::write_file(folder / name, bytes, core::Existing::kReplace);
         };
         put("scene.glb", formats::encode_glb(*scene));
         put("cameras.json", formats::encode_cameras_json(*scene));
         return bench::Parts{};
       }}};
  prepared.workload.total_metric = "total_ms";
  prepared.workload.synchronize = [model] { model->synchronize(); };
  prepared.finish = [views](bench::CaseResult& result) {
    if (const auto total = result.number("total_ms")) result.set("view_ms", *total / views);
    set_share(result, "backbone_share", "backbone_ms");
    set_share(result, "head_share", "head_ms");
    set_share(result, "points_share", "points_ms");
    set_share(result, "write_share", "write_ms");
  };
  return prepared;
}
#else
PreparedCase prepare_scene(const bench::Fields&, const Context&, GroupModels&) {
  refuse_without_pictures();
}
#endif

}  // namespace da3::suites
