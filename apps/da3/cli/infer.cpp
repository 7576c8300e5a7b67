// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <options/validate.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>

namespace da3::cli {
namespace {

void add_places(CLI::App& app, Infer& options) {
  add_inputs(app, options, "image files, folders, or - for a list of paths on standard input");
  app.add_option_function<std::string>(
         "--root",
         [&options](const std::string& text) {
           options.root.reset();
           if (!text.empty()) options.root = text;
         },
         "name each result after its input's path below DIR (lists: the working folder)")
      ->type_name("DIR")
      ->group("Inputs");
  app.add_option("--exclude", options.exclude,
                 "files and folders to leave out, by name or path below an input; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false)
      ->group("Inputs");
  add_shard(app, options.shard, "only the inputs whose results' name hashes to I of N, I from 1");
}

void add_cameras(CLI::App& app, Infer& options) {
  add_focal(app, options);
  app.add_option_function<std::string>(
         "--intrinsics", [&options](const std::string& text) { options.intrinsics = text; },
         "cameras of the photos: COLMAP's cameras.txt, OpenCV YAML or JSON (metric models, ply)")
      ->type_name("FILE")
      ->group("Model");
}

void add_results(CLI::App& app, Infer& options) {
  add_output_folder(
      app, options.output_dir,
      "folder for the results; the inputs' tree is mirrored below it. With one input a file such as a.exr");
  add_formats(app, "-f,--format", "list of ", options.formats, {});
  add_size(app, options.size, "resolution of the result");
  add_looks(app, options, options.vis_format);
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.vis_range = parse_range(text, {"image", "set"});
        options.range_of_set = core::lower_case(text) == "set";
      },
      "depth shown nearest and farthest: image (each picture's own), set (one for all results) or LO,HI "
      "(image)")
      ->type_name("image|set|LO,HI")
      ->group("Results");
  add_extra_maps(app, options, "");
  add_overwrite(app, options.overwrite, "-y,--overwrite");
}

}  // namespace

void add_infer(CLI::App& app, Infer& options) {
  add_places(app, options);
  add_any_model(app, options);
  add_cameras(app, options);
  add_engine_options(app, options);
  add_processing(app, options);
  add_preprocess(app, options.preprocess);
  add_batch(app, options.batch);
  add_resources(app, options, "--batch auto");
  add_results(app, options);
  add_messages(app, options,
               {.json = "the image records on standard output as they finish",
                .dry_run = "plan, sizes, batches and memory without inference"},
               &options.dry_run);
  app.footer(
      "\nExamples:\n"
      "  da3 infer photos -o depth                 a folder; call it again to go on\n"
      "  da3 infer a.jpg -m da3-base -f exr        one photo, float depth\n"
      "  find . -name '*.jpg' -print0 | da3 infer - --null --json\n");
}

void finish(Infer& options) {
  apply_vis_format(options.formats, options.vis_format);
  options::validate(options);
}

}  // namespace da3::cli
