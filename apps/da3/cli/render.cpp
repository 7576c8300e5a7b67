// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <string>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>

namespace da3::cli {

void add_render(CLI::App& app, Render& options) {
  app.add_option("DIR", options.input,
                 "folder that da3 infer wrote, with npz, exr, tiff, npy, pfm or png16 files")
      ->type_name("")
      ->required();
  app.add_option("-o,--output", options.output, "folder for the files (DIR.render)")
      ->type_name("DIR")
      ->group("Results");
  add_parsed(
      app, "-f,--format", [&](const std::string& text) { options.formats = parse_format_names(text); },
      "list of png16, exr, exr16, npz, npy, pfm, tiff, grey16, ply, vis, side (vis)")
      ->type_name("LIST")
      ->group("Results");
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.range.reset();
        options.range_of_set = text == "set";
        if (text != "image" && text != "set") options.range = parse_range(text);
      },
      "of vis, side and grey16: image (each picture's own), set (one for all results) or LO,HI (image)")
      ->type_name("image|set|LO,HI")
      ->group("Results");
  add_looks(app, {options.colormap, options.vis_format, options.preview, options.exr_compression,
                  options.exr_channels});
  add_parsed(
      app, "--longest",
      [&](const std::string& text) { options.longest = static_cast<int>(whole_number(text, 1, 65536)); },
      "maps with at most N pixels on the longer side")
      ->type_name("N")
      ->group("Results");
  app.add_flag("--overwrite", options.overwrite, "do everything again")->group("Results");
  add_parsed(
      app, "--limit",
      [&](const std::string& text) {
        options.limit =
            static_cast<std::size_t>(whole_number(text, 1, std::numeric_limits<std::int64_t>::max()));
      },
      "at most N results")
      ->type_name("N")
      ->group("Inputs");
  add_parsed(
      app, "--shard", [&](const std::string& text) { options.shard = parse_shard(text); },
      "only the results whose name hashes to I of N, I from 1; --range set is of these")
      ->type_name("I/N")
      ->group("Inputs");
  add_parsed(
      app, "--threads",
      [&](const std::string& text) { options.threads = static_cast<int>(whole_number(text, 1, 4096)); },
      "threads that render (from the machine)")
      ->type_name("N")
      ->group("Processing");
  app.add_flag("--json", options.json, "the records on standard output as they finish")->group("Messages");
  add_progress(app, options.progress);
  add_verbosity(app, options.verbosity);
  app.footer(
      "\nExamples:\n"
      "  da3 render depth -f vis --colormap turbo --range set\n"
      "  da3 render depth -f tiff,ply -o depth.tiff\n");
}

void check(const Render& options) {
  if (std::find(options.formats.begin(), options.formats.end(), "none") != options.formats.end()) {
    throw Error(ErrorCode::kUsage, "--format: none renders nothing; give another format");
  }
}

}  // namespace da3::cli
