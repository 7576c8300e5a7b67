// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>

namespace da3::cli {
namespace {

constexpr std::array<std::string_view, 9> kSceneFormats = {
    "glb", "ply", "colmap", "transforms", "cameras", "npz", "html", "gaussians", "none"};
constexpr std::array<std::string_view, 8> kDepthFormats = {"png16", "exr", "npz",  "npy",
                                                           "pfm",   "vis", "side", "none"};
constexpr std::array<std::string_view, 4> kReferences = {"first", "middle", "saddle_balanced",
                                                         "saddle_sim_range"};
constexpr int kMostThreads = 4096;
constexpr int kMostBlocks = 4096;
constexpr int kMostViews = 1'000'000;
// As run/scene/scene_options.hpp has them, which the launcher does not link.
constexpr int kLeastOverlap = 3;
constexpr int kLeastWindow = kLeastOverlap + 1;

template <std::size_t count>
std::vector<std::string> list_of(const std::string& text, const std::array<std::string_view, count>& known) {
  std::vector<std::string> list;
  for (const std::string& each : split_list(text)) {
    if (std::find(known.begin(), known.end(), each) == known.end())
      throw_unknown_choice(each, {known.begin(), known.end()});
    if (std::find(list.begin(), list.end(), each) == list.end()) list.push_back(each);
  }
  if (list.size() > 1 && std::find(list.begin(), list.end(), "none") != list.end())
    throw Error(ErrorCode::kUsage, "none stands alone; remove it, or the other formats");
  if (list.front() == "none") list.clear();
  return list;
}

void add_inputs(CLI::App& app, Scene& options) {
  app.add_option("INPUT", options.inputs,
                 "photos of one place: image files, folders, or - for a list of paths on standard input")
      ->type_name("")
      ->required();
  app.add_flag("-r,--recursive", options.recursive, "folders with their sub-folders")->group("Inputs");
  app.add_flag("--per-folder", options.per_folder, "every folder of photos is a scene of its own")
      ->group("Inputs");
  app.add_flag("--null", options.null_separated, "the list on standard input ends its paths with NUL")
      ->group("Inputs");
  app.add_flag("--skip-bad", options.skip_bad,
               "leave out photos that cannot be read instead of failing their scene")
      ->group("Inputs");
  add_parsed(
      app, "--limit",
      [&](const std::string& text) {
        options.limit =
            static_cast<std::size_t>(whole_number(text, 1, std::numeric_limits<std::int64_t>::max()));
      },
      "at most N inputs")
      ->type_name("N")
      ->group("Inputs");
  add_parsed(
      app, "--max-pixels",
      [&](const std::string& text) {
        options.max_pixels = static_cast<std::uint64_t>(whole_number(text, 1, std::int64_t{1} << 40));
      },
      "larger pictures are refused from their header (268435456)")
      ->type_name("N")
      ->group("Inputs");
}

void add_network(CLI::App& app, Scene& options) {
  app.add_option("-m,--model", options.model,
                 "installed model or .pt file with cameras (DA3_MODEL, else the first installed)")
      ->type_name("NAME|FILE")
      ->group("Model");
  app.add_flag("--allow-synthetic", options.allow_synthetic, "run a model whose weights are synthetic")
      ->group("Model");
  add_trust_code(app, options.trust_code)->group("Model");
  add_engine_options(app, {options.device, options.attention, options.precision});
  add_parsed(
      app, "--process-res",
      [&](const std::string& text) { options.process_res = static_cast<int>(whole_number(text, 14, 16384)); },
      "processing size (from the model: 504)")
      ->type_name("N")
      ->group("Processing");
  add_parsed(
      app, "--resize-method",
      [&](const std::string& text) { options.resize_method = parse_resize_method(text); },
      "upper_bound_resize, upper_bound_crop, lower_bound_resize or lower_bound_crop (from the model)")
      ->type_name("NAME")
      ->group("Processing");
  add_parsed(
      app, "--mixed",
      [&](const std::string& text) {
        options.mixed_is_error = choose<bool>(text, {{"crop", false}, {"error", true}});
      },
      "photos of different shape: crop all to the smallest, or error (crop)")
      ->type_name("crop|error")
      ->group("Processing");
  add_parsed(
      app, "--memory-fraction",
      [&](const std::string& text) { options.memory_fraction = real_number(text, 0.01, 1.0); },
      "of the memory free now that a forward on a CPU may fill (0.85)")
      ->type_name("F")
      ->group("Processing");
  const auto threads = [](int& value) {
    return
        [&value](const std::string& text) { value = static_cast<int>(whole_number(text, 1, kMostThreads)); };
  };
  add_parsed(app, "--threads", threads(options.threads), "threads of one forward on a CPU (from the machine)")
      ->type_name("N")
      ->group("Processing");
  add_parsed(app, "--decode-threads", threads(options.decode_threads),
             "threads that read and write (from the machine)")
      ->type_name("N")
      ->group("Processing");
}

void add_windows(CLI::App& app, Scene& options) {
  add_parsed(
      app, "--window",
      [&](const std::string& text) {
        if (text != "auto" && text != "off") whole_number(text, kLeastWindow, kMostViews);
        options.window = text;
      },
      "views that are seen together: a number, off for all, or auto: 32 on a CPU, all elsewhere, and fewer "
      "where memory runs out (auto)")
      ->type_name("N|auto|off")
      ->group("Processing");
  add_parsed(
      app, "--overlap",
      [&](const std::string& text) {
        options.overlap = static_cast<int>(whole_number(text, kLeastOverlap, kMostViews));
      },
      "views that two windows share (half)")
      ->type_name("N")
      ->group("Processing");
}

void add_cameras(CLI::App& app, Scene& options) {
  add_parsed(
      app, "--reference",
      [&](const std::string& text) {
        const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        if (is_number) {
          whole_number(text, 0, kMostViews);
        } else if (std::find(kReferences.begin(), kReferences.end(), text) == kReferences.end()) {
          throw_unknown_choice(text, {kReferences.begin(), kReferences.end()});
        }
        options.reference = text;
      },
      "reference view of three and more, without --cameras: first, middle, saddle_balanced, "
      "saddle_sim_range, or its number "
      "from 0 "
      "(saddle_balanced)")
      ->type_name("WHICH")
      ->group("Cameras");
  add_parsed(
      app, "--pose",
      [&](const std::string& text) {
        options.pose_from_rays = choose<bool>(text, {{"decoder", false}, {"rays", true}});
      },
      "where cameras come from: decoder, or rays, which are slower (decoder)")
      ->type_name("WHICH")
      ->group("Cameras");
  app.add_option("--cameras", options.cameras,
                 "known cameras, which the network is shown: cameras.json, transforms.json, the folder of a "
                 "COLMAP model, or .npz")
      ->type_name("FILE|DIR")
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
      "the surest pixels that become points, in percent of all (60)")
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
      "an even choice of so many; 0: all (1000000)")
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
  app.add_option("-o,--output", options.output, "folder for the results")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Results");
  add_parsed(
      app, "-f,--format", [&](const std::string& text) { options.formats = list_of(text, kSceneFormats); },
      "list of glb, ply, colmap, transforms, cameras, npz, html, gaussians, none (glb,cameras,html)")
      ->type_name("LIST")
      ->group("Results");
  add_parsed(
      app, "--depth-format",
      [&](const std::string& text) { options.depth_formats = list_of(text, kDepthFormats); },
      "of each view: list of png16, exr, npz, npy, pfm, vis, side, none (png16,vis)")
      ->type_name("LIST")
      ->group("Results");
  add_parsed(
      app, "--size",
      [&](const std::string& text) {
        options.size =
            choose<ResultSize>(text, {{"input", ResultSize::kInput}, {"model", ResultSize::kModel}});
      },
      "resolution of each view's depth: input or model (input)")
      ->type_name("WHICH")
      ->group("Results");
  app.add_option("--colormap", options.colormap, "colours of vis and side")
      ->type_name("NAME")
      ->capture_default_str()
      ->group("Results");
  app.add_flag("--confidence", options.confidence, "also the network's confidence of each view (npz, exr)")
      ->group("Results");
  app.add_flag("--sky", options.sky, "also the network's sky output of each view (npz, exr)")
      ->group("Results");
  app.add_flag("--no-cameras", options.no_cameras, "GLB without the cameras' outlines")->group("Results");
  app.add_flag("--colmap-text", options.colmap_text, "COLMAP files as text")->group("Results");
  app.add_flag("--tracks", options.tracks, "COLMAP points with the other views that see them")
      ->group("Results");
  add_parsed(
      app, "--sh",
      [&](const std::string& text) { options.harmonics_degree = static_cast<int>(whole_number(text, 0, 2)); },
      "degree of the colours of Gaussians: 0 to 2 (0)")
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
  app.add_flag("--overwrite", options.overwrite, "do everything again")->group("Results");
}

void add_messages(CLI::App& app, Scene& options) {
  app.add_flag("--json", options.json, "the records of views and scene on standard output")
      ->group("Messages");
  add_parsed(
      app, "--progress",
      [&](const std::string& text) {
        options.progress = choose<ShowProgress>(text, {{"auto", ShowProgress::kAuto},
                                                       {"always", ShowProgress::kAlways},
                                                       {"never", ShowProgress::kNever}});
      },
      "steps on standard error: auto (unless -q), always or never")
      ->type_name("WHEN")
      ->group("Messages");
  app.add_flag("--dry-run", options.dry_run, "photos, sizes, memory and time of each scene without inference")
      ->group("Messages");
  add_verbosity(app, options.verbosity);
}

}  // namespace

void add_scene(CLI::App& app, Scene& options) {
  add_inputs(app, options);
  add_network(app, options);
  add_windows(app, options);
  add_cameras(app, options);
  add_points(app, options);
  add_results(app, options);
  add_messages(app, options);
  app.footer(
      "\nExamples:\n"
      "  da3 scene photos -m da3-base -o room          look at room/index.html\n"
      "  da3 scene photos -m da3-base -f colmap,ply    for 3D Gaussian splatting and COLMAP\n"
      "  da3 scene photos -m da3-base --cameras sparse/0 -f npz\n");
}

void check(const Scene& options) {
  const auto depth_has = [&](std::string_view format) {
    return std::find(options.depth_formats.begin(), options.depth_formats.end(), format) !=
           options.depth_formats.end();
  };
  if ((options.confidence || options.sky) && !depth_has("npz") && !depth_has("exr")) {
    throw Error(ErrorCode::kUsage,
                std::string(options.confidence ? "--confidence" : "--sky") +
                    " needs a format that holds further arrays; add --depth-format npz or exr");
  }
  if (options.cameras.empty() && (options.keep_scale || options.ignore_distortion)) {
    throw Error(ErrorCode::kUsage, std::string(options.keep_scale ? "--keep-scale" : "--ignore-distortion") +
                                       " is about known cameras; add --cameras");
  }
  if (options.null_separated &&
      std::find(options.inputs.begin(), options.inputs.end(), "-") == options.inputs.end()) {
    throw Error(ErrorCode::kUsage, "--null is for a list on standard input; add the input -");
  }
  if (options.output.empty())
    throw Error(ErrorCode::kUsage, "--output: expected a folder, found an empty name");
}

}  // namespace da3::cli
