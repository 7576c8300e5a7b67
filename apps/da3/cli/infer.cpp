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

constexpr std::array<std::string_view, 15> kFormats = {"png16",   "exr",  "exr16",    "npz", "npy",
                                                       "pfm",     "tiff", "grey16",   "ply", "vis",
                                                       "vis-jpg", "side", "side-jpg", "html", "none"};
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
      app, "--shard",
      [&](const std::string& text) {
        const std::size_t slash = text.find('/');
        if (slash == std::string::npos) {
          throw Error(ErrorCode::kUsage, "expected I/N such as 1/4, found '" + text + "'");
        }
        ShardOf shard;
        shard.count = static_cast<int>(whole_number(text.substr(slash + 1), 1, 1'000'000));
        try {
          shard.index = static_cast<int>(whole_number(text.substr(0, slash), 1, shard.count));
        } catch (const Error& error) {
          throw Error(ErrorCode::kUsage, std::string(error.what()) + "; I of I/N counts from 1");
        }
        options.shard = shard;
      },
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

std::pair<double, double> parse_range(const std::string& text) {
  const std::vector<std::string> bounds = split_list(text);
  if (bounds.size() != 2) {
    throw Error(ErrorCode::kUsage, "expected image or LO,HI such as 0.5,20, found '" + text + "'");
  }
  const std::pair<double, double> range{real_number(bounds[0], -1e30, 1e30),
                                        real_number(bounds[1], -1e30, 1e30)};
  if (range.first >= range.second) {
    throw Error(ErrorCode::kUsage, "expected LO below HI, found '" + text + "'");
  }
  return range;
}

void add_results(CLI::App& app, Infer& options) {
  app.add_option(
         "-o,--output", options.output,
         "folder for the results; the inputs' tree is mirrored below it. With one input a file such as a.exr")
      ->type_name("DIR")
      ->capture_default_str()
      ->group("Results");
  add_parsed(
      app, "-f,--format",
      [&](const std::string& text) {
        options.formats = split_list(small(text));
        for (const std::string& format : options.formats) {
          if (std::find(kFormats.begin(), kFormats.end(), format) == kFormats.end()) {
            throw_unknown_choice(format, {kFormats.begin(), kFormats.end()});
          }
        }
      },
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
  add_parsed(
      app, "--colormap",
      [&](const std::string& text) { options.colormap = small(text) == "gray" ? "grey" : small(text); },
      "colours of vis, side and html (spectral)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.vis_range.reset();
        if (small(text) != "image") options.vis_range = parse_range(text);
      },
      "depth shown nearest and farthest; image: of each picture's own (image)")
      ->type_name("image|LO,HI")
      ->group("Results");
  add_parsed(
      app, "--vis-format",
      [&](const std::string& text) {
        options.vis_format = choose<VisFormat>(text, {{"png", VisFormat::kPng}, {"jpg", VisFormat::kJpeg}});
      },
      "files of vis and side: png or jpg (png)")
      ->type_name("TYPE")
      ->group("Results");
  add_parsed(
      app, "--preview",
      [&](const std::string& text) { options.preview = static_cast<int>(whole_number(text, 16, 65536)); },
      "vis and side with at most N pixels on the longer side")
      ->type_name("N")
      ->group("Results");
  add_parsed(
      app, "--exr-compression",
      [&](const std::string& text) {
        options.exr_compression = choose<std::string>(
            text, {{"none", "none"}, {"rle", "rle"}, {"zips", "zips"}, {"zip", "zip"}, {"piz", "piz"}});
      },
      "none, rle, zips, zip or piz (exr: none, exr16: zip)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--exr-channels",
      [&](const std::string& text) {
        options.exr_channels = choose<std::string>(text, {{"Z", "Z"}, {"Y", "Y"}, {"RGB", "RGB"}});
      },
      "Z, or beside it the same as Y or RGB, for programs that read no Z (Z)")
      ->type_name("NAMES")
      ->group("Results");
  app.add_flag("--confidence", options.confidence, "also the network's confidence (npz, exr)")
      ->group("Results");
  app.add_flag("--sky", options.sky, "also the network's sky output (npz, exr)")->group("Results");
  app.add_flag("-y,--overwrite", options.overwrite, "do everything again")->group("Results");
}

void add_messages(CLI::App& app, Infer& options) {
  app.add_flag("--json", options.json, "the image records on standard output as they finish")
      ->group("Messages");
  add_parsed(
      app, "--progress",
      [&](const std::string& text) {
        options.progress = choose<ShowProgress>(text, {{"auto", ShowProgress::kAuto},
                                                       {"always", ShowProgress::kAlways},
                                                       {"never", ShowProgress::kNever}});
      },
      "auto (a bar on a terminal), always or never")
      ->type_name("WHEN")
      ->group("Messages");
  app.add_flag("--dry-run", options.dry_run, "plan, sizes, batches and memory without inference")
      ->group("Messages");
  add_verbosity(app, options.verbosity);
}

}  // namespace

void add_infer(CLI::App& app, Infer& options) {
  add_inputs(app, options);
  add_model_choice(app, options);
  add_engine_options(app, {options.device, options.attention, options.precision});
  add_network_input(app, options);
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
