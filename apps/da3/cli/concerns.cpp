// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include <formats/format_table.hpp>
#include <options/validate.hpp>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>
#include <image/colormap_names.hpp>

// One function for each concern of options/options.hpp and cli/options.hpp.
namespace da3::cli {
namespace {

constexpr int kMostThreads = 4096;

options::Shard parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) options::refuse("expected I/N such as 1/4, found '" + text + "'");
  options::Shard shard;
  shard.count = static_cast<int>(whole_number(text.substr(slash + 1), 1, 1'000'000));
  try {
    shard.index = static_cast<int>(whole_number(text.substr(0, slash), 1, shard.count));
  } catch (const Error& error) {
    options::refuse(std::string(error.what()) + "; I of I/N counts from 1");
  }
  return shard;
}

std::string checked_colormap(const std::string& text) {
  std::string name = core::lower_case(text) == "gray" ? "grey" : core::lower_case(text);
  if (std::ranges::find(image::kColormapNames, name) == image::kColormapNames.end())
    core::refuse_choice(text, {image::kColormapNames.begin(), image::kColormapNames.end()});
  return name;
}

/// The names that -f takes: all formats but some.
std::vector<std::string_view> names_without(const std::vector<std::string>& but) {
  std::vector<std::string_view> names = formats::format_names();
  std::erase_if(names, [&](std::string_view name) { return std::ranges::find(but, name) != but.end(); });
  return names;
}

}  // namespace

std::string with_default(const std::string& help, const std::string& value) {
  return help + " (" + value + ")";
}

std::string with_default(const std::string& help, const std::vector<std::string>& list) {
  return with_default(help, core::joined(list, ","));
}

void add_limit(CLI::App& app, std::optional<std::size_t>& limit, const std::string& help) {
  add_parsed(
      app, "--limit",
      [&limit](const std::string& text) {
        limit = static_cast<std::size_t>(whole_number(text, 1, std::numeric_limits<std::int64_t>::max()));
      },
      help)
      ->type_name("N")
      ->group("Inputs");
}

void add_shard(CLI::App& app, std::optional<options::Shard>& shard, const std::string& help) {
  add_parsed(
      app, "--shard", [&shard](const std::string& text) { shard = parse_shard(text); }, help)
      ->type_name("I/N")
      ->group("Inputs");
}

void add_max_pixels(CLI::App& app, std::uint64_t& max_pixels, const std::string& help, const char* group) {
  add_parsed(
      app, "--max-pixels",
      [&max_pixels](const std::string& text) {
        max_pixels = static_cast<std::uint64_t>(whole_number(text, 1, std::int64_t{1} << 40));
      },
      with_default(help, std::to_string(max_pixels)))
      ->type_name("N")
      ->group(group);
}

void add_inputs(CLI::App& app, options::Inputs& inputs, const std::string& help) {
  app.add_option_function<std::vector<std::string>>(
         "INPUT",
         [&inputs](const std::vector<std::string>& paths) {
           inputs.inputs.assign(paths.begin(), paths.end());
         },
         help)
      ->type_name("")
      ->take_all()
      ->required();
  app.add_flag("-r,--recursive", inputs.recursive, "folders with their sub-folders")->group("Inputs");
  app.add_flag_function(
         "--null",
         [&inputs](std::int64_t count) {
           inputs.list_format = count > 0 ? options::ListFormat::kNul : options::ListFormat::kLines;
         },
         "the list on standard input ends its paths with NUL")
      ->group("Inputs");
  add_limit(app, inputs.limit, "at most N inputs");
  add_max_pixels(app, inputs.max_pixels, "larger pictures are refused from their header", "Inputs");
}

CLI::Option* add_model_text(CLI::App& app, const std::string& names, std::string& model,
                            const std::string& help) {
  // Such as that of a variable that is not set: another model is not what was meant.
  return app.add_option(names, model, help)->check([](const std::string& text) {
    return text.empty() ? std::string("names no model; give a name or a file") : std::string();
  });
}

void add_model_name(CLI::App& app, ModelChoice& choice, const std::string& help) {
  add_model_text(app, "-m,--model", choice.model, help)->type_name("NAME|FILE")->group("Model");
  app.add_flag("--allow-synthetic", choice.allow_synthetic, "run a model whose weights are synthetic")
      ->group("Model");
}

CLI::Option* add_describe(CLI::App& app, ModelChoice& choice) {
  return app.add_option("--describe", choice.describe, "record for a model file that has none")
      ->type_name("FILE.json");
}

CLI::Option* add_trust_code(CLI::App& app, bool& trust_code) {
  return app.add_flag("--trust-code", trust_code, "run the code that a model file of another network brings");
}

void add_any_model(CLI::App& app, ModelChoice& choice) {
  add_model_name(
      app, choice,
      "installed model or .pt file (DA3_MODEL, else the first installed, else the bundled starter)");
  add_describe(app, choice)->group("Model");
  add_trust_code(app, choice.trust_code)->group("Model");
}

void add_engine_options(CLI::App& app, ModelChoice& choice) {
  add_parsed(
      app, "--device",
      [&value = choice.device](const std::string& text) {
        if (core::lower_case(text) == "auto") {
          value.reset();
        } else {
          value = parse_device(core::lower_case(text) == "gpu" ? "cuda" : core::lower_case(text));
        }
      },
      "auto (the best present), cpu, cuda, cuda:N or mps")
      ->type_name("NAME")
      ->group("Device");
  add_parsed(
      app, "--attention",
      [&value = choice.attention](const std::string& text) {
        value = choose<std::optional<Attention>>(
            text, {{"auto", {}}, {"sdpa", Attention::kSdpa}, {"manual", Attention::kManual}});
      },
      "auto, sdpa or manual; the same result to rounding")
      ->type_name("NAME")
      ->group("Device");
  add_parsed(
      app, "--precision",
      [&value = choice.precision](const std::string& text) {
        value = choose<std::optional<Precision>>(text, {{"auto", {}},
                                                        {"fp32", Precision::kFp32},
                                                        {"bf16", Precision::kBf16},
                                                        {"fp16", Precision::kFp16},
                                                        {"int8", Precision::kInt8}});
      },
      "auto, fp32, bf16, fp16 or int8")
      ->type_name("NAME")
      ->group("Device");
}

void add_focal(CLI::App& app, options::Focal& focal) {
  add_parsed(
      app, "--focal", [&focal](const std::string& text) { focal.focal_px = real_number(text, 1e-3, 1e9); },
      "focal length in pixels of the original photo (metric models)")
      ->type_name("PX")
      ->group("Model");
  add_parsed(
      app, "--hfov", [&focal](const std::string& text) { focal.hfov_deg = real_number(text, 0.01, 179.9); },
      "horizontal field of view (metric models)")
      ->type_name("DEG")
      ->group("Model");
}

void add_processing(CLI::App& app, options::Processing& processing) {
  add_parsed(
      app, "--process-res",
      [&processing](const std::string& text) {
        processing.process_res = static_cast<int>(whole_number(text, 14, 16384));
      },
      "processing size (from the model: 504)")
      ->type_name("N")
      ->group("Processing");
  add_parsed(
      app, "--resize-method",
      [&processing](const std::string& text) {
        std::vector<std::pair<std::string_view, ResizeMethod>> methods;
        for (const ResizeMethod method : {ResizeMethod::kUpperBoundResize, ResizeMethod::kUpperBoundCrop,
                                          ResizeMethod::kLowerBoundResize, ResizeMethod::kLowerBoundCrop}) {
          methods.emplace_back(to_string(method), method);
        }
        processing.resize_method = choose<ResizeMethod>(text, methods);
      },
      "upper_bound_resize, upper_bound_crop, lower_bound_resize or lower_bound_crop (from the model)")
      ->type_name("NAME")
      ->group("Processing");
}

void add_preprocess(CLI::App& app, PreprocessOn& preprocess) {
  add_parsed(
      app, "--preprocess",
      [&preprocess](const std::string& text) {
        preprocess = choose<PreprocessOn>(
            text,
            {{"auto", PreprocessOn::kAuto}, {"cpu", PreprocessOn::kCpu}, {"device", PreprocessOn::kDevice}});
      },
      "where decoding and normalisation run: auto, cpu or device")
      ->type_name("WHERE")
      ->group("Processing");
}

void add_batch(CLI::App& app, std::optional<int>& batch) {
  add_parsed(
      app, "--batch",
      [&batch](const std::string& text) {
        batch.reset();
        if (core::lower_case(text) != "auto") batch = static_cast<int>(whole_number(text, 1, 65536));
      },
      "images per forward pass; auto measures memory and throughput (auto)")
      ->type_name("auto|N")
      ->group("Processing");
}

CLI::Option* add_threads(CLI::App& app, const std::string& name, int& threads, const std::string& help) {
  return add_parsed(
             app, name,
             [&threads](const std::string& text) {
               threads = static_cast<int>(whole_number(text, 1, kMostThreads));
             },
             with_default(help, "from the machine"))
      ->type_name("N");
}

void add_resources(CLI::App& app, options::Resources& resources, const std::string& what) {
  add_parsed(
      app, "--memory-fraction",
      [&resources](const std::string& text) { resources.memory_fraction = real_number(text, 0.01, 1.0); },
      with_default("of the memory free now that " + what + " may fill",
                   core::exact_text(resources.memory_fraction)))
      ->type_name("F")
      ->group("Processing");
  add_threads(app, "--threads", resources.threads, "threads of one forward pass on a CPU")
      ->group("Processing");
  add_threads(app, "--decode-threads", resources.decode_threads, "threads that read and write")
      ->group("Processing");
}

void add_output_folder(CLI::App& app, std::filesystem::path& folder, const std::string& help) {
  app.add_option_function<std::string>(
         "-o,--output", [&folder](const std::string& text) { folder = text; }, help)
      ->type_name("DIR")
      ->default_str(folder.string())
      ->group("Results");
}

void add_size(CLI::App& app, options::ResultSize& size, const std::string& help) {
  add_parsed(
      app, "--size",
      [&size](const std::string& text) {
        size = choose<options::ResultSize>(
            text, {{"input", options::ResultSize::kInput}, {"model", options::ResultSize::kModel}});
      },
      with_default(help + ": input or model", "input"))
      ->type_name("WHICH")
      ->group("Results");
}

void add_extra_maps(CLI::App& app, options::Results& results, const std::string& of) {
  const std::string holders =
      formats::names_where([](const formats::FormatFacts& facts) { return facts.extra_maps; }, ", ");
  app.add_flag("--confidence", results.confidence,
               "also the network's confidence" + of + " (" + holders + ")")
      ->group("Results");
  app.add_flag("--sky", results.sky, "also the network's sky output" + of + " (" + holders + ")")
      ->group("Results");
}

void add_overwrite(CLI::App& app, bool& overwrite, const std::string& names) {
  app.add_flag(names, overwrite, "do everything again")->group("Results");
}

void add_colours(CLI::App& app, options::Colours& colours, const std::string& of) {
  add_parsed(
      app, "--colormap", [&colours](const std::string& text) { colours.colormap = checked_colormap(text); },
      with_default("colours of " + of, colours.colormap))
      ->type_name("NAME")
      ->group("Results");
}

void add_looks(CLI::App& app, options::Looks& looks, VisFormat& vis_format) {
  add_colours(app, looks, "vis, side and html");
  add_parsed(
      app, "--vis-format",
      [&vis_format](const std::string& text) {
        vis_format = choose<VisFormat>(text, {{"png", VisFormat::kPng}, {"jpg", VisFormat::kJpeg}});
      },
      "files of vis and side: png or jpg (png)")
      ->type_name("TYPE")
      ->group("Results");
  add_parsed(
      app, "--preview",
      [&looks](const std::string& text) { looks.preview = static_cast<int>(whole_number(text, 16, 65536)); },
      "vis and side with at most N pixels on the longer side")
      ->type_name("N")
      ->group("Results");
  add_parsed(
      app, "--exr-compression",
      [&looks](const std::string& text) {
        looks.exr_compression = choose<std::string>(
            text, {{"none", "none"}, {"rle", "rle"}, {"zips", "zips"}, {"zip", "zip"}, {"piz", "piz"}});
      },
      "none, rle, zips, zip or piz (exr: none, exr16: zip)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--exr-channels",
      [&looks](const std::string& text) {
        looks.exr_channels = choose<std::string>(text, {{"Z", "Z"}, {"Y", "Y"}, {"RGB", "RGB"}});
      },
      with_default("Z, or next to it the same as Y or RGB, for programs that read no Z", looks.exr_channels))
      ->type_name("NAMES")
      ->group("Results");
}

void add_formats(CLI::App& app, const std::string& names, const std::string& help,
                 std::vector<std::string>& formats, const std::vector<std::string>& but) {
  // vis-jpg and side-jpg are what --vis-format makes of vis and side.
  std::vector<std::string> hidden = but;
  hidden.insert(hidden.end(), {"vis-jpg", "side-jpg"});
  std::string shown;
  for (const std::string_view name : names_without(hidden))
    shown += (shown.empty() ? "" : ", ") + std::string(name);
  add_parsed(
      app, names,
      [&formats, but](const std::string& text) {
        const std::vector<std::string_view> known = names_without(but);
        std::vector<std::string> list = split_list(core::lower_case(text));
        for (const std::string& name : list) {
          if (std::ranges::find(known, name) == known.end()) core::refuse_choice(name, known);
        }
        formats = std::move(list);
      },
      with_default(help + shown, formats))
      ->type_name("LIST")
      ->group("Results");
}

void apply_vis_format(std::vector<std::string>& formats, VisFormat vis_format) {
  if (vis_format == VisFormat::kPng) return;
  for (std::string& name : formats) {
    if (name == "vis" || name == "side") name += "-jpg";
  }
}

void add_messages(CLI::App& app, Messages& messages, const MessageHelp& help, bool* dry_run) {
  app.add_flag("--json", messages.json, help.json)->group("Messages");
  add_parsed(
      app, "--progress",
      [&messages](const std::string& text) {
        messages.progress = choose<ShowProgress>(text, {{"auto", ShowProgress::kAuto},
                                                        {"always", ShowProgress::kAlways},
                                                        {"never", ShowProgress::kNever}});
      },
      help.progress)
      ->type_name("WHEN")
      ->group("Messages");
  if (dry_run != nullptr) app.add_flag("--dry-run", *dry_run, help.dry_run)->group("Messages");
  add_verbosity(app, messages.verbosity);
}

void add_verbosity(CLI::App& app, Verbosity& verbosity) {
  app.add_flag("-q,--quiet", verbosity.quiet, "errors only on standard error")->group("Messages");
  app.add_flag("-v,--verbose", verbosity.verbose, "say what is decided and why; -vv: everything")
      ->group("Messages");
}

}  // namespace da3::cli
