// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include <cli/options.hpp>

namespace da3::cli {

/// Text that was asked for: --help or --version.
struct ShowText {
  std::string text;
};

/// One call of `da3`.
using Command =
    std::variant<ShowText, Infer, Scene, Render, Video, ModelList, ModelInfo, ModelPull, ModelExport,
                 ModelVerify, ModelCalibrate, Doctor, BenchRun, BenchCompare, BenchReport, BenchWorker>;

/// What the command line asks for. Every value is checked as far as that needs neither files nor devices.
/// Throws: Error kUsage with what to try.
Command parse(int argc, const char* const* argv);

}  // namespace da3::cli
