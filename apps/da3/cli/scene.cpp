// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>

#include <formats/format_table.hpp>
#include <options/validate.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>

namespace da3::cli {
namespace {

constexpr int kMostBlocks = 4096;
constexpr int kMostViews = 1'000'000;

std::vector<std::string> list_of(const std::string& text, const std::vector<std::string_view>& known) {
  std::vector<std::string> list;
  for (const std::string& each : split_list(text)) {
    if (std::find(known.begin(), known.end(), each) == known.end()) core::refuse_choice(each, known);
    if (std::find(list.begin(), list.end(), each) == list.end()) list.push_back(each);
  }
  if (list.size() > 1 && std::find(list.begin(), list.end(), "none") != list.end())
    options::refuse("none stands alone; remove it, or the other formats");
  return list;
}

void add_photos(CLI::App& app, Scene& options) {
  add_inputs(app, options,
             "photos of one place: image files, folders, or - for a list of paths on standard input");
  app.add_flag("--per-folder", options.per_folder, "every folder of photos is a separate scene")
      ->group("Inputs");
  app.add_flag("--skip-bad", options.skip_bad,
               "leave out photos that cannot be read instead of failing their scene")
      ->group("Inputs");
}

void add_network(CLI::App& app, Scene& options) {
  add_model_name(app, options,
                 "installed model or .pt file with cameras (DA3_MODEL, else the first installed)");
  add_trust_code(app, options.trust_code)->group("Model");
  add_engine_options(app, options);
  add_processing(app, options);
  add_parsed(
      app, "--mixed",
      [&](const std::string& text) {
        options.mixed = choose<run::MixedSizes>(
            text, {{"crop", run::MixedSizes::kCrop}, {"error", run::MixedSizes::kError}});
      },
      "photos of different shape: crop all to the smallest, or error (crop)")
      ->type_name("crop|error")
      ->group("Processing");
  add_resources(app, options, "a forward pass on a CPU");
}

run::ReferenceChoice parse_reference(const std::string& text) {
  using Rule = run::ReferenceChoice::Rule;
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) return {Rule::kNumber, static_cast<int>(whole_number(text, 0, kMostViews))};
  return {choose<Rule>(text, {{"first", Rule::kFirst},
                              {"middle", Rule::kMiddle},
                              {"saddle_balanced", Rule::kSaddleBalanced},
                              {"saddle_sim_range", Rule::kSaddleSimRange}}),
          0};
}

void add_windows(CLI::App& app, Scene& options) {
  add_parsed(
      app, "--window",
      [&](const std::string& text) {
        using Rule = run::WindowChoice::Rule;
        options.window.rule = text == "auto" ? Rule::kAuto : text == "off" ? Rule::kOff : Rule::kNumber;
        if (options.window.rule != Rule::kNumber) return;
        options.window.size = static_cast<int>(whole_number(text, run::kLeastWindow, kMostViews));
      },
      "views that are seen together: a number, off for all, or auto: 32 on a CPU, all elsewhere, and fewer "
      "where memory runs out (auto)")
      ->type_name("N|auto|off")
      ->group("Processing");
  add_parsed(
      app, "--overlap",
      [&](const std::string& text) {
        options.window.overlap = static_cast<int>(whole_number(text, run::kLeastOverlap, kMostViews));
      },
      "views that two windows share (half)")
      ->type_name("N")
      ->group("Processing");
}

void add_cameras(CLI::App& app, Scene& options) {
  add_parsed(
      app, "--reference", [&](const std::string& text) { options.reference = parse_reference(text); },
      "reference view of three and more, without --cameras: first, middle, saddle_balanced, "
      "saddle_sim_range, or its number from 0 (saddle_balanced)")
      ->type_name("WHICH")
      ->group("Cameras");
  add_parsed(
      app, "--pose",
      [&](const std::string& text) {
        options.pose = choose<run::PoseChoice>(
            text, {{"decoder", run::PoseChoice::kDecoder}, {"rays", run::PoseChoice::kRays}});
      },
      "where cameras come from: decoder, or rays, which are slower (decoder)")
      ->type_name("WHICH")
      ->group("Cameras");
  app.add_option_function<std::string>(
         "--cameras", [&](const std::string& text) { options.cameras = text; },
         "known cameras, which the network is shown: cameras.json, transforms.json, the folder of a COLMAP "
         "model, or .npz")
      ->type_name("FILE|DIR")
      ->group("Cameras");
  add_parsed(
      app, "--camera-normalisation",
      [&](const std::string& text) {
        options.camera_normalisation = choose<scene::Normalisation>(
            text, {{"ours", scene::Normalisation::kOurs}, {"original", scene::Normalisation::kOriginal}});
      },
      "unit in which the network is shown known cameras: ours, or original, whose floor of 0.1 and factor of "
      "10 for two cameras are the original's (ours)")
      ->type_name("ours|original")
      ->group("Cameras");
  app.add_flag("--keep-scale", options.keep_scale,
               "keep the network's scale and move known cameras into its world")
      ->group("Cameras");
  app.add_flag("--ignore-distortion", options.ignore_distortion,
               "take known cameras as if they had no lens distortion")
      ->group("Cameras");
}

void add_points(CLI::App& app, Scene& options) {
  add_parsed(
      app, "--keep", [&](const std::string& text) { options.keep_percent = real_number(text, 0.1, 100); },
      with_default("the surest pixels that become points, in percent of all",
                   core::exact_text(options.keep_percent)))
      ->type_name("PERCENT")
      ->group("Points");
  add_parsed(
      app, "--min-confidence",
      [&](const std::string& text) { options.min_confidence = real_number(text, 0, 1e9); },
      "pixels of at least this confidence become points, instead of --keep")
      ->type_name("V")
      ->group("Points");
  add_parsed(
      app, "--max-points",
      [&](const std::string& text) {
        options.max_points = static_cast<std::size_t>(whole_number(text, 0, 4'000'000'000LL));
      },
      with_default("an even choice of so many; 0: all", std::to_string(options.max_points)))
      ->type_name("N")
      ->group("Points");
  add_parsed(
      app, "--edges", [&](const std::string& text) { options.edges_percent = real_number(text, 0.01, 1000); },
      "no points where depth differs by more from a neighbour's")
      ->type_name("PERCENT")
      ->group("Points");
  app.add_flag("--sky-points", options.sky_points, "sky becomes points, too")->group("Points");
  app.add_flag("--point-confidence", options.point_confidence, "PLY with the confidence of each point")
      ->group("Points");
}

void add_results(CLI::App& app, Scene& options) {
  add_output_folder(app, options.output_dir, "folder for the results");
  add_parsed(
      app, "-f,--format",
      [&](const std::string& text) {
        std::vector<std::string_view> known(std::begin(run::kSceneFormats), std::end(run::kSceneFormats));
        known.push_back(formats::kNoFormat);
        options.formats = list_of(text, known);
        std::erase(options.formats, "none");
      },
      with_default("list of glb, ply, colmap, transforms, cameras, npz, html, gaussians, none",
                   options.formats))
      ->type_name("LIST")
      ->group("Results");
  // Points and the gallery are the scene's.
  add_formats(app, "--depth-format", "of each view: list of ", options.depth_formats, {"ply", "html"});
  add_size(app, options.size, "resolution of each view's depth");
  add_colours(app, options, "vis and side");
  add_extra_maps(app, options, " of each view");
  app.add_flag("--no-cameras", options.no_cameras, "GLB without the cameras' outlines")->group("Results");
  app.add_flag("--colmap-text", options.colmap_text, "COLMAP files as text")->group("Results");
  app.add_flag("--tracks", options.tracks, "COLMAP points with the other views that see them")
      ->group("Results");
  add_parsed(
      app, "--sh",
      [&](const std::string& text) { options.harmonics_degree = static_cast<int>(whole_number(text, 0, 2)); },
      with_default("degree of the colours of Gaussians: 0 to 2", std::to_string(options.harmonics_degree)))
      ->type_name("N")
      ->group("Results");
  add_parsed(
      app, "--gaussian-keep",
      [&](const std::string& text) { options.gaussian_keep_percent = real_number(text, 0.1, 100); },
      "the nearest pixels of each view that become Gaussians (90)")
      ->type_name("PERCENT")
      ->group("Results");
  add_parsed(
      app, "--features",
      [&](const std::string& text) {
        options.features.clear();
        for (const std::string& each : split_list(text))
          options.features.push_back(static_cast<int>(whole_number(each, 0, kMostBlocks)));
      },
      "also the output of these blocks of the network for each view (npy): 0,11")
      ->type_name("LIST")
      ->group("Results");
  app.add_flag("--feature-pictures", options.feature_pictures,
               "each of --features also as a picture of its three widest directions over all views")
      ->group("Results");
  add_overwrite(app, options.overwrite);
}

}  // namespace

void add_scene(CLI::App& app, Scene& options) {
  add_photos(app, options);
  add_network(app, options);
  add_windows(app, options);
  add_cameras(app, options);
  add_points(app, options);
  add_results(app, options);
  add_messages(app, options,
               {.json = "the records of views and scene on standard output",
                .progress = "steps on standard error: auto (unless -q), always or never",
                .dry_run = "photos, sizes, memory and time of each scene without inference"},
               &options.dry_run);
  app.footer(
      "\nExamples:\n"
      "  da3 scene photos -m da3-base -o room          look at room/index.html\n"
      "  da3 scene photos -m da3-base -f colmap,ply    for 3D Gaussian splatting and COLMAP\n"
      "  da3 scene photos -m da3-base --cameras sparse/0 -f npz\n");
}

void finish(Scene& options) {
  options::check(static_cast<const options::Inputs&>(options));
  validate(options);
  if (!options.cameras.empty()) return;
  const bool normalises = options.camera_normalisation != scene::Normalisation::kOurs;
  const char* const about_cameras = options.keep_scale          ? "--keep-scale"
                                    : options.ignore_distortion ? "--ignore-distortion"
                                    : normalises                ? "--camera-normalisation"
                                                                : nullptr;
  if (about_cameras != nullptr)
    options::refuse(std::string(about_cameras) + " is about known cameras; add --cameras");
}

}  // namespace da3::cli
