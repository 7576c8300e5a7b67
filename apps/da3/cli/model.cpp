// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>

namespace da3::cli {
namespace {

constexpr const char* kDepthOnly =
    "a smaller file, without what known cameras, cameras from rays and Gaussians need";

void add_json(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "as JSON on standard output");
}

/// A model file: what does not end with .pt is no file to -m but a name.
void add_model_output(CLI::App& app, std::string& output) {
  add_parsed(
      app, "-o,--output",
      [&output](const std::string& text) {
        if (!text.ends_with(".pt"))
          throw Error(ErrorCode::kUsage, "expected a name that ends with .pt, found '" + text + "'");
        output = text;
      },
      "model file to write")
      ->type_name("FILE.pt")
      ->required();
}

}  // namespace

void add_model(CLI::App& app, ModelCommands& options) {
  app.require_subcommand(1);

#ifdef DA3_WITH_PICTURES
  CLI::App* list = app.add_subcommand("list", "installed and published models, with size and licence");
  add_json(*list, options.list.json);
#endif

  CLI::App* info = app.add_subcommand("info", "what a model file says about itself");
  add_model_text(*info, "FILE", options.info.model, "model file, or the name of an installed one")
      ->type_name("")
      ->required();
  add_json(*info, options.info.json);

#ifdef DA3_WITH_PICTURES
  CLI::App* pull = app.add_subcommand("pull", "download a published model and export it");
  pull->add_option("NAME", options.pull.model, "name from 'da3 model list', or OWNER/REPO")
      ->type_name("")
      ->required();
  pull->add_flag("--accept-license", options.pull.accept_license,
                 "accept a non-commercial licence without being asked");
  pull->add_flag("--offline", options.pull.offline, "never open a socket");
  pull->add_flag("--depth-only", options.pull.depth_only, kDepthOnly);
  add_json(*pull, options.pull.json);
  add_verbosity(*pull, options.pull.verbosity);
  pull->footer("\nHF_ENDPOINT, HF_TOKEN and the proxy variables are obeyed; models go to DA3_HOME.\n");
#endif

  CLI::App* make = app.add_subcommand("export", "make a model file from published weights");
  make->add_option("SRC", options.export_model.source,
                   "folder with config.json and model.safetensors, or a published name with --synthetic")
      ->type_name("")
      ->required();
  add_model_output(*make, options.export_model.output);
  make->add_option("--name", options.export_model.name, "name kept in the file, instead of the folder's own");
  add_parsed(
      *make, "--synthetic",
      [&](const std::string& text) {
        options.export_model.seed =
            static_cast<std::uint64_t>(whole_number(text, 0, std::numeric_limits<std::int64_t>::max()));
      },
      "weights by recipe from this seed: real architecture, no download, for tests and benchmarks")
      ->type_name("SEED");
  add_parsed(
      *make, "--depth-kind",
      [&](const std::string& text) { options.export_model.depth_kind = parse_depth_kind(text); },
      "what a mono or metric network gives: relative, inverse, metric or canonical (metres at a focal length "
      "of 300 pixels); without it by the model's name")
      ->type_name("KIND");
  make->add_flag("--depth-only", options.export_model.depth_only, kDepthOnly);
  add_json(*make, options.export_model.json);
  add_verbosity(*make, options.export_model.verbosity);

  CLI::App* verify = app.add_subcommand("verify", "recompute a model file's hash and run its self-test");
  add_model_text(*verify, "FILE", options.verify.model, "model file, or the name of an installed one")
      ->type_name("")
      ->required();
  add_describe(*verify, options.verify);
  add_trust_code(*verify, options.verify.trust_code);
  add_engine_options(*verify, options.verify);
  add_threads(*verify, "--threads", options.verify.threads, "threads of the forward pass on a CPU");
  add_json(*verify, options.verify.json);
  add_verbosity(*verify, options.verify.verbosity);

#ifdef DA3_WITH_PICTURES
  constexpr int kMostPhotos = 4096;
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "fit a model's 8-bit products to photos, for --precision int8");
  add_model_text(*calibrate, "FILE", options.calibrate.model, "model file, or the name of an installed one")
      ->type_name("")
      ->required();
  calibrate
      ->add_option("PHOTO", options.calibrate.photos,
                   "photos, folders or globs like those it is to be used for")
      ->type_name("")
      ->required();
  add_model_output(*calibrate, options.calibrate.output);
  add_parsed(
      *calibrate, "--photos",
      [&](const std::string& text) {
        options.calibrate.most_photos = static_cast<int>(whole_number(text, 1, kMostPhotos));
      },
      "photos to look at, the first ones (16)")
      ->type_name("N");
  add_max_pixels(*calibrate, options.calibrate.max_pixels, "larger photos are refused", "Options");
  add_threads(*calibrate, "--threads", options.calibrate.threads, "threads of the forward passes");
  add_json(*calibrate, options.calibrate.json);
  add_verbosity(*calibrate, options.calibrate.verbosity);
#endif
}

void add_doctor(CLI::App& app, Doctor& options) {
  app.add_flag("--json", options.json, "as JSON on standard output");
  app.add_option("-o,--output", options.output, "folder whose right to write is tried")
      ->type_name("DIR")
      ->capture_default_str();
}

}  // namespace da3::cli
