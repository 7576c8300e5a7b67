// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <ctime>
#include <thread>
#include <utility>

#include <commands/interrupts.hpp>
#include <signal.h>
#include <unistd.h>

namespace da3::commands {
namespace {

constexpr int kSignalExit = 128;

// Never destroyed: the waiting thread may outlive main's locals.
std::stop_source& source() {
  static auto* const never_destroyed = new std::stop_source;
  return *never_destroyed;
}

std::atomic<int> first_signal = 0;

double first_signal_at_s = 0;  // Written before the handler is there

/// Of no call that a signal handler must not make.
double now_s() {
  std::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// `timeout` sends its signal to a process and then to the process's group, and batch systems do alike: what
/// comes again at once is the same wish.
extern "C" void end_unless_repeated(int signal) {
  constexpr double kSameWish_s = 0.2;
  if (signal == first_signal && now_s() < first_signal_at_s + kSameWish_s) return;
  ::_exit(kSignalExit + signal);
}

void wait_for_signals(const sigset_t& set, const std::function<void(int)>& on_first) {
  int signal = 0;
  while (::sigwait(&set, &signal) != 0) continue;
  first_signal = signal;
  first_signal_at_s = now_s();
  source().request_stop();
  // From here on by a handler: a message may wait for ever for a full pipe.
  struct sigaction action{};
  action.sa_handler = end_unless_repeated;
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  on_first(signal);
  while (true) ::pause();
}

}  // namespace

Interrupts::Interrupts(std::function<void(int)> on_first) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  source();
  std::thread([set, told = std::move(on_first)] { wait_for_signals(set, told); }).detach();
}

std::stop_token Interrupts::token() const {
  return source().get_token();
}

int Interrupts::exit_code() const {
  const int signal = first_signal.load();
  return signal == 0 ? 0 : kSignalExit + signal;
}

}  // namespace da3::commands
