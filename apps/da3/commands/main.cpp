// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <string_view>
#include <type_traits>
#include <variant>

#include <commands/address_space.hpp>
#include <commands/commands.hpp>
#ifdef DA3_WITH_PICTURES
#include <commands/video_library.hpp>
#endif
#include <unistd.h>

#include <da3/error.hpp>

#include <cli/guarded.hpp>
#include <cli/parse.hpp>
#include <cli/standard_descriptors.hpp>

namespace {

template <typename Options>
int run_command([[maybe_unused]] const Options& options) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  using Kind = std::decay_t<Options>;
#ifdef DA3_WITH_PICTURES
  if constexpr (std::is_same_v<Kind, cli::Infer>) return commands::infer(options);
  if constexpr (std::is_same_v<Kind, cli::Scene>) return commands::scene(options);
  if constexpr (std::is_same_v<Kind, cli::Video>) return commands::video(options);
  if constexpr (std::is_same_v<Kind, cli::ModelPull>) return commands::model_pull(options);
  if constexpr (std::is_same_v<Kind, cli::ModelCalibrate>) return commands::model_calibrate(options);
#endif
  if constexpr (std::is_same_v<Kind, cli::BenchRun>) return commands::bench(options);
  if constexpr (std::is_same_v<Kind, cli::BenchWorker>) return commands::bench_worker();
  if constexpr (std::is_same_v<Kind, cli::ModelInfo>) return commands::model_info(options);
  if constexpr (std::is_same_v<Kind, cli::ModelExport>) return commands::model_export(options);
  if constexpr (std::is_same_v<Kind, cli::ModelVerify>) return commands::model_verify(options);
  if constexpr (std::is_same_v<Kind, cli::Doctor>) return commands::doctor(options);
  throw Error(ErrorCode::kUsage,
              "this build of da3 lacks the modules of that command (docs/install.md, preset engine)");
}

}  // namespace

// What the launcher becomes for every command that needs the network; takes the same arguments.
int main(int argc, char** argv) {
  da3::cli::open_standard_descriptors();
  // A file above the limit of `ulimit -f` is then a failed write, reported as any other.
  std::signal(SIGXFSZ, SIG_IGN);
#ifdef DA3_WITH_PICTURES
  // What da3 doctor asks of the other runner.
  if (argc == 2 && std::string_view(argv[1]) == da3::commands::kAskFfmpeg) {
    const auto* library = da3::commands::video_library();
    std::puts(library != nullptr ? library->version.c_str() : "none");
    std::fflush(stdout);
    ::_exit(0);
  }
#endif
  da3::commands::spare_limited_address_space();
  const int code = da3::cli::guarded([&] {
    return std::visit([](const auto& options) { return run_command(options); }, da3::cli::parse(argc, argv));
  });
  // LibTorch's tear-down takes 0.1 s and does nothing for the results, which are all written.
  std::fflush(stdout);
  std::fflush(stderr);
  ::_exit(code);
}
