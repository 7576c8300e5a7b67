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

std::string counted(std::size_t count, const char* what) {
  return count == 0 ? std::string() : ", " + std::to_string(count) + " " + what;
}

}  // namespace

int render(const cli::Render& options) {
  Console console;
  const Interrupts interrupts([console](int) { console.line("da3: stopping (once more: at once)"); });
  ProgressView view(console, ProgressView::style_of(options));
  run::Callbacks callbacks;
  callbacks.on_progress = [&](const run::Progress& progress) { view.show(progress); };
  callbacks.on_image = [&](const run::ImageEvent& event) {
    if (options.json) {
      std::printf("%s\n", event.json.c_str());
      std::fflush(stdout);
    }
    if (event.status == run::ImageStatus::kFailed) console.line("da3: " + event.message);
  };
  callbacks.on_note = [&](const run::Note& note) {
    if (!options.verbosity.quiet) console.line("da3: " + note.text);
  };
  const run::Summary summary = run::render(options, callbacks, interrupts.token());
  view.finish();
  if (!options.verbosity.quiet) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.1f", summary.elapsed_s);
    console.line("da3: " + std::to_string(summary.done) + " results rendered in " + seconds + " s" +
                 counted(summary.skipped, "done before") + counted(summary.failed, "failed") + ", files in " +
                 options.output.string());
  }
  if (summary.interrupted) return interrupts.exit_code();
  return summary.failed > 0 ? 1 : 0;
}

}  // namespace da3::commands
