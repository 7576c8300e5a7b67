// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include "native.hpp"

namespace da3::python {
namespace {

std::atomic<int> calls_under_way = 0;
std::atomic<bool> ending = false;

}  // namespace

Unlocked::Unlocked() {
  // This thread has the GIL, so finish_calls() has not begun, or waits for no further call.
  const bool late = ending;
  if (!late) ++calls_under_way;
  state_ = PyEval_SaveThread();
  while (late) std::this_thread::sleep_for(std::chrono::hours(1));
}

Unlocked::~Unlocked() {
  PyEval_RestoreThread(state_);
  --calls_under_way;
}

void finish_calls() {
  ending = true;
  while (calls_under_way > 0 && PyErr_CheckSignals() == 0) {
    const nb::gil_scoped_release free;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  PyErr_Clear();
}

}  // namespace da3::python
