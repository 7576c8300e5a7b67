// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

namespace da3::commands {

/// SIGINT and SIGTERM as a stop token: the first asks to stop, the second ends the process at once with 128 +
/// its number, also where what the first one calls hangs. The first one again within 0.2 s is no second one.
/// One object a process, made before any other thread, because threads inherit the blocked signals.
class Interrupts {
 public:
  /// `on_first` is called from a separate thread, once the stop is asked for and maybe after this object's
  /// end: it owns what it uses.
  explicit Interrupts(std::function<void(int signal)> on_first);

  std::stop_token token() const;
  /// Exit code of the first signal, 130 or 143; 0 without one.
  int exit_code() const;
};

}  // namespace da3::commands
