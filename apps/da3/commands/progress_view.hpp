// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <commands/console.hpp>

#include <cli/options.hpp>
#include <run/run.hpp>

namespace da3::commands {

/// Where a run stands: a bar that changes on a terminal, else a line every 10 s.
class ProgressView {
 public:
  enum class Style { kNone, kLines, kBar };
  /// What --progress and -q ask for on this standard error.
  static Style style_of(const cli::Messages& messages);

  ProgressView(Console& console, Style style) : console_(console), style_(style) {}

  void show(const run::Progress& progress);
  /// What goes on before the first picture, in the bar's place.
  void say(const std::string& text);
  /// Removes the bar.
  void finish();

 private:
  Console& console_;
  Style style_;
  double next_line_s_ = 10;
};

}  // namespace da3::commands
