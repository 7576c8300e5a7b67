// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <formats/format_table.hpp>
#include <options/validate.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>

namespace da3::cli {

void add_render(CLI::App& app, Render& options) {
  app.add_option_function<std::string>(
         "DIR", [&](const std::string& text) { options.input = text; },
         "folder that da3 infer wrote, with " + formats::readable_names() + " files")
      ->type_name("")
      ->required();
  app.add_option_function<std::string>(
         "-o,--output", [&](const std::string& text) { options.output = text; },
         "folder for the files (DIR.render)")
      ->type_name("DIR")
      ->group("Results");
  add_formats(app, "-f,--format", "list of ", options.formats, {"html", "none"});
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.vis_range = parse_range(text, {"image", "set"});
        options.range_of_set = core::lower_case(text) == "set";
      },
      "of vis, side and grey16: image (each picture's own), set (one for all results) or LO,HI (image)")
      ->type_name("image|set|LO,HI")
      ->group("Results");
  add_looks(app, options, options.vis_format);
  add_parsed(
      app, "--longest",
      [&](const std::string& text) { options.longest = static_cast<int>(whole_number(text, 1, 65536)); },
      "maps with at most N pixels on the longer side")
      ->type_name("N")
      ->group("Results");
  add_overwrite(app, options.overwrite);
  add_limit(app, options.limit, "at most N results");
  add_shard(app, options.shard,
            "only the results whose name hashes to I of N, I from 1; --range set is of these");
  add_threads(app, "--threads", options.threads, "threads that render")->group("Processing");
  add_messages(app, options, {.json = "the records on standard output as they finish"});
  app.footer(
      "\nExamples:\n"
      "  da3 render depth -f vis --colormap turbo --range set\n"
      "  da3 render depth -f tiff --longest 1024 -o small\n");
}

void finish(Render& options) {
  std::string name = options.input.string();
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  if (options.output.empty()) options.output = name + ".render";
  apply_vis_format(options.formats, options.vis_format);
  options::validate(options);
}

}  // namespace da3::cli
