// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/progress_view.hpp>
#include <commands/render.hpp>

#include <run/render.hpp>

namespace da3::commands {
namespace {

run::RenderOptions work_of(const cli::Render& options) {
  run::RenderOptions work;
  work.input = options.input;
  std::string name = options.input;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  work.output = options.output.empty() ? name + ".render" : options.output;
  work.formats = cli::named_formats(options.formats, options.vis_format);
  work.colormap = options.colormap;
  work.range = options.range;
  work.range_of_set = options.range_of_set;
  work.preview = options.preview;
  work.longest = options.longest;
  work.exr_compression = options.exr_compression;
  work.exr_channels = options.exr_channels;
  if (options.shard) work.shard = run::Shard{options.shard->index, options.shard->count};
  work.limit = options.limit;
  work.overwrite = options.overwrite;
  work.threads = options.threads;
  return work;
}

ProgressView::Style style_of(const cli::Render& options) {
  using enum cli::ShowProgress;
  if (options.progress == kNever || (options.progress == kAuto && options.verbosity.quiet))
    return ProgressView::Style::kNone;
  return options.progress == kAlways || Console::is_terminal() ? ProgressView::Style::kBar
                                                               : ProgressView::Style::kLines;
}

std::string counted(std::size_t count, const char* what) {
  return count == 0 ? std::string() : ", " + std::to_string(count) + " " + what;
}

}  // namespace

int render(const cli::Render& options) {
  Console console;
  const Interrupts interrupts([&console](int) { console.line("da3: stopping (once more: at once)"); });
  const run::RenderOptions work = work_of(options);
  ProgressView view(console, style_of(options));
  run::Callbacks callbacks;
  callbacks.on_progress = [&](const run::Progress& progress) { view.show(progress); };
  callbacks.on_image = [&](const run::ImageEvent& event) {
    if (options.json) {
      std::printf("%s\n", event.json.c_str());
      std::fflush(stdout);
    }
    if (event.status == run::ImageStatus::kFailed) console.line("da3: " + event.message);
  };
  const run::Summary summary = run::render(work, callbacks, interrupts.token());
  view.finish();
  if (!options.verbosity.quiet) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.1f", summary.elapsed_s);
    console.line("da3: " + std::to_string(summary.done) + " results rendered in " + seconds + " s" +
                 counted(summary.skipped, "done before") + counted(summary.failed, "failed") + ", files in " +
                 work.output.string());
  }
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
