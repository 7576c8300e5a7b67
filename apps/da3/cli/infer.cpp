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

constexpr int kMostThreads = 4096;

void add_inputs(CLI::App& app, Infer& options) {
  app.add_option("INPUT", options.inputs, "image files, folders, or - for a list of paths on standard input")
      ->type_name("")
      ->take_all()
      ->required();
  app.add_flag("-r,--recursive", options.recursive, "folders with their sub-folders")->group("Inputs");
  app.add_option("--root", options.root,
                 "name each result after its input's path below DIR (lists: the working folder)")
      ->type_name("DIR")
      ->group("Inputs");
  app.add_flag("--null", options.null_separated, "the list on standard input ends its paths with NUL")
      ->group("Inputs");
  app.add_option("--exclude", options.exclude,
                 "files and folders to leave out, by name or path below an input; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false)
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
      app, "--shard", [&](const std::string& text) { options.shard = parse_shard(text); },
      "only the inputs whose results' name hashes to I of N, I from 1")
      ->type_name("I/N")
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

void add_model_choice(CLI::App& app, Infer& options) {
  app.add_option(
         "-m,--model", options.model,
         "installed model or .pt file (DA3_MODEL, else the first installed, else the bundled starter)")
      ->type_name("NAME|FILE")
      ->group("Model");
  app.add_option("--describe", options.describe, "record for a model file that has none")
      ->type_name("FILE.json")
      ->group("Model");
  app.add_flag("--allow-synthetic", options.allow_synthetic, "run a model whose weights are synthetic")
      ->group("Model");
  add_trust_code(app, options.trust_code)->group("Model");
  add_parsed(
      app, "--focal", [&](const std::string& text) { options.focal_px = real_number(text, 1e-3, 1e9); },
      "focal length in pixels of the original photo (metric models)")
      ->type_name("PX")
      ->group("Model");
  add_parsed(
      app, "--hfov", [&](const std::string& text) { options.hfov_deg = real_number(text, 0.01, 179.9); },
      "horizontal field of view (metric models)")
      ->type_name("DEG")
      ->group("Model");
  app.add_option("--intrinsics", options.intrinsics,
                 "cameras of the photos: COLMAP's cameras.txt, OpenCV YAML or JSON (metric models, ply)")
      ->type_name("FILE")
      ->group("Model");
}

void add_network_input(CLI::App& app, Infer& options) {
  add_parsed(
      app, "--process-res",
      [&](const std::string& text) { options.process_res = static_cast<int>(whole_number(text, 14, 16384)); },
      "processing size (from the model: 504)")
      ->type_name("N")
      ->group("Processing");
  add_parsed(
      app, "--resize-method",
      [&](const std::string& text) {
        options.resize_method =
            choose<ResizeMethod>(text, {{"upper_bound_resize", ResizeMethod::kUpperBoundResize},
                                        {"upper_bound_crop", ResizeMethod::kUpperBoundCrop},
                                        {"lower_bound_resize", ResizeMethod::kLowerBoundResize},
                                        {"lower_bound_crop", ResizeMethod::kLowerBoundCrop}});
      },
      "upper_bound_resize, upper_bound_crop, lower_bound_resize or lower_bound_crop (from the model)")
      ->type_name("NAME")
      ->group("Processing");
  add_parsed(
      app, "--preprocess",
      [&](const std::string& text) {
        options.preprocess = choose<PreprocessOn>(
            text,
            {{"auto", PreprocessOn::kAuto}, {"cpu", PreprocessOn::kCpu}, {"device", PreprocessOn::kDevice}});
      },
      "where decoding and normalisation run: auto, cpu or device")
      ->type_name("WHERE")
      ->group("Processing");
  add_parsed(
      app, "--batch",
      [&](const std::string& text) {
        options.batch.reset();
        if (small(text) != "auto") options.batch = static_cast<int>(whole_number(text, 1, 65536));
      },
      "images per forward; auto measures memory and throughput (auto)")
      ->type_name("auto|N")
      ->group("Processing");
  add_parsed(
      app, "--memory-fraction",
      [&](const std::string& text) { options.memory_fraction = real_number(text, 0.01, 1.0); },
      "of the memory free now that --batch auto may fill (0.85)")
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

void add_results(CLI::App& app, Infer& options) {
  app.add_option(
         "-o,--output", options.output,
         "folder for the results; the inputs' tree is mirrored below it. With one input a file such as a.exr")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Results");
  add_parsed(
      app, "-f,--format", [&](const std::string& text) { options.formats = parse_format_names(text); },
      "list of png16, exr, exr16, npz, npy, pfm, tiff, grey16, ply, vis, side, html, none (png16,vis)")
      ->type_name("LIST")
      ->group("Results");
  add_parsed(
      app, "--size",
      [&](const std::string& text) {
        options.size =
            choose<ResultSize>(text, {{"input", ResultSize::kInput}, {"model", ResultSize::kModel}});
      },
      "resolution of the result: input or model (input)")
      ->type_name("WHICH")
      ->group("Results");
  add_looks(app, {options.colormap, options.vis_format, options.preview, options.exr_compression,
                  options.exr_channels});
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.vis_range.reset();
        options.range_of_set = small(text) == "set";
        if (small(text) != "image" && !options.range_of_set) options.vis_range = parse_range(text);
      },
      "depth shown nearest and farthest: image (each picture's own), set (one for all results) or LO,HI "
      "(image)")
      ->type_name("image|set|LO,HI")
      ->group("Results");
  app.add_flag("--confidence", options.confidence, "also the network's confidence (npz, exr)")
      ->group("Results");
  app.add_flag("--sky", options.sky, "also the network's sky output (npz, exr)")->group("Results");
  app.add_flag("-y,--overwrite", options.overwrite, "do everything again")->group("Results");
}

void add_messages(CLI::App& app, Infer& options) {
  app.add_flag("--json", options.json, "the image records on standard output as they finish")
      ->group("Messages");
  add_progress(app, options.progress);
  app.add_flag("--dry-run", options.dry_run, "plan, sizes, batches and memory without inference")
      ->group("Messages");
  add_verbosity(app, options.verbosity);
}

}  // namespace

void add_network(CLI::App& app, Infer& options) {
  add_model_choice(app, options);
  add_engine_options(app, {options.device, options.attention, options.precision});
  add_network_input(app, options);
}

void add_infer(CLI::App& app, Infer& options) {
  add_inputs(app, options);
  add_network(app, options);
  add_results(app, options);
  add_messages(app, options);
  app.footer(
      "\nExamples:\n"
      "  da3 infer photos -o depth                 a folder; call it again to go on\n"
      "  da3 infer a.jpg -m da3-base -f exr        one photo, float depth\n"
      "  find . -name '*.jpg' -print0 | da3 infer - --null --json\n");
}

void check(const Infer& options) {
  const auto has = [&](std::string_view format) {
    return std::find(options.formats.begin(), options.formats.end(), format) != options.formats.end();
  };
  if (has("none") && options.formats.size() > 1) {
    throw Error(ErrorCode::kUsage, "--format: none stands alone; remove it, or the other formats");
  }
  if ((options.confidence || options.sky) && !has("npz") && !has("exr") && !has("exr16")) {
    throw Error(ErrorCode::kUsage, std::string(options.confidence ? "--confidence" : "--sky") +
                                       " needs a format that holds further arrays; add --format npz or exr");
  }
  const bool crops = options.resize_method == ResizeMethod::kUpperBoundCrop ||
                     options.resize_method == ResizeMethod::kLowerBoundCrop;
  if (crops && options.size == ResultSize::kInput) {
    throw Error(ErrorCode::kUsage, "--resize-method: a crop does not cover the photo; add --size model");
  }
  if (options.focal_px && options.hfov_deg) {
    throw Error(ErrorCode::kUsage, "--focal and --hfov say the same thing; give one of them");
  }
  if (options.null_separated &&
      std::find(options.inputs.begin(), options.inputs.end(), "-") == options.inputs.end()) {
    throw Error(ErrorCode::kUsage, "--null is for a list on standard input; add the input -");
  }
  if (options.output.empty())
    throw Error(ErrorCode::kUsage, "--output: expected a folder, found an empty name");
}

}  // namespace da3::cli
