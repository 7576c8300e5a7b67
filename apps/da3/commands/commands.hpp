// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cli/options.hpp>

// One function a sub-command; each returns the exit code of docs/cli.md or throws Error.
namespace da3::commands {

int infer(const cli::Infer& options);
int scene(const cli::Scene& options);
int video(const cli::Video& options);
int model_info(const cli::ModelInfo& options);
int model_pull(const cli::ModelPull& options);
int model_export(const cli::ModelExport& options);
int model_verify(const cli::ModelVerify& options);
int model_calibrate(const cli::ModelCalibrate& options);
int doctor(const cli::Doctor& options);
int bench(const cli::BenchRun& options);
int bench_worker();

}  // namespace da3::commands
