// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <commands/progress_view.hpp>
#include <commands/text.hpp>

namespace da3::commands {
namespace {

std::string counts(const run::Progress& progress) {
  const std::size_t finished = progress.done + progress.failed + progress.skipped;
  std::string text = grouped(finished) + "/";
  text += progress.total ? grouped(*progress.total) : grouped(progress.found) + "+";
  if (progress.images_per_s > 0) text += "  " + rate_text(progress.images_per_s) + " images/s";
  if (progress.remaining_s) text += "  left " + seconds_text(*progress.remaining_s);
  if (progress.batch > 0) text += "  batch " + std::to_string(progress.batch);
  if (progress.skipped > 0) text += "  skipped " + grouped(progress.skipped);
  if (progress.failed > 0) text += "  failed " + grouped(progress.failed);
  return text;
}

std::string bar(const run::Progress& progress, int columns) {
  // One width whatever stands behind it, so that it does not jump.
  constexpr int kBarColumns = 24;
  constexpr int kRoomForCounts = 40;
  const std::string text = counts(progress);
  const auto cut = [&](const std::string& line) {
    return line.substr(0, static_cast<std::size_t>(columns - 1));
  };
  if (!progress.total || *progress.total == 0 || columns < kBarColumns + kRoomForCounts) return cut(text);
  const int room = kBarColumns;
  const std::size_t finished = progress.done + progress.failed + progress.skipped;
  const auto filled = static_cast<std::size_t>(room) * std::min(finished, *progress.total) / *progress.total;
  std::string line(static_cast<std::size_t>(room) + 1, ' ');
  line.front() = '[';
  std::fill_n(line.begin() + 1, filled, '=');
  return cut(line.append("]  ").append(text));
}

}  // namespace

ProgressView::Style ProgressView::style_of(const cli::Messages& messages) {
  using enum cli::ShowProgress;
  if (messages.progress == kNever || (messages.progress == kAuto && messages.verbosity.quiet))
    return Style::kNone;
  return messages.progress == kAlways || Console::is_terminal() ? Style::kBar : Style::kLines;
}

void ProgressView::show(const run::Progress& progress) {
  if (style_ == Style::kBar) {
    console_.status(bar(progress, std::max(Console::width(), 20)));
  } else if (style_ == Style::kLines && progress.elapsed_s >= next_line_s_) {
    console_.line(std::string("da3: ").append(counts(progress)));
    while (next_line_s_ <= progress.elapsed_s) next_line_s_ += 10;
  }
}

void ProgressView::say(const std::string& text) {
  if (style_ == Style::kBar) console_.status(text);
}

void ProgressView::finish() {
  console_.status("");
}

}  // namespace da3::commands
