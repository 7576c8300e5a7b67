// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
//
// How long a model takes to load beside torch::jit::load, which reads the same file: each in processes of
// its own, in turns, the file in the page cache.
//   da3_engine_load MODEL.pt [ROUNDS [PRECISION]]
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <torch/csrc/jit/serialization/import.h>

#include <da3/device.hpp>

#include <bench/against/child_process.hpp>
#include <bench/measure/clock.hpp>
#include <bench/measure/page_cache.hpp>
#include <bench/statistics/statistics.hpp>
#include <engine/engine.hpp>

namespace da3::benchmarks {
namespace {

constexpr std::string_view kOurs = "--ours";
constexpr std::string_view kPlain = "--plain";

/// Milliseconds of the first load in this process.
double load_once(std::string_view side, const std::string& file, const std::string& precision) {
  engine::LoadOptions options;
  if (!precision.empty()) options.precision = parse_precision(precision);
  options.parts.cameras = false;  // As for depth of photos
  bench::SteadyClock clock;
  const auto start = clock.now();
  if (side == kPlain) {
    const torch::jit::Module module = torch::jit::load(file, c10::Device(at::kCPU));
    return bench::milliseconds(clock.now() - start);
  }
  const auto model = engine::load_model(file, options);
  return bench::milliseconds(clock.now() - start);
}

void print(const char* name, const bench::Rounds& rounds) {
  const bench::Summary summary = bench::summarize(rounds);
  std::printf("%-18s median %.1f ms, %.1f to %.1f\n", name, summary.median.value_or(0),
              summary.min.value_or(0), summary.max.value_or(0));
}

void measure(const std::string& program, const std::string& file, int rounds, const std::string& precision) {
  bench::read_into_page_cache(file);
  bench::Rounds ours;
  bench::Rounds plain;
  const auto run = [&](std::string_view side) {
    bench::ChildProcess child({program, std::string(side), file, precision});
    return std::vector<double>{std::stod(child.read_line())};
  };
  for (int i = 0; i < rounds; ++i) {
    plain.push_back(run(kPlain));
    ours.push_back(run(kOurs));
  }
  print("torch::jit::load", plain);
  print("da3", ours);
  const auto ratio = bench::ratio_of(ours, plain, bench::Pairing::kByRound);
  if (!ratio) return;
  std::printf("%-18s %.2f", "times as fast", ratio->value);
  if (ratio->ci95) std::printf(" [%.2f, %.2f]", ratio->ci95->low, ratio->ci95->high);
  std::printf("\n");
}

}  // namespace
}  // namespace da3::benchmarks

int main(int argc, char** argv) {
  using namespace da3::benchmarks;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool asks = !words.empty() && (words[0] == "--help" || words[0] == "-h");
  const bool measures =
      !words.empty() && (words[0] == kOurs || words[0] == kPlain || !words[0].starts_with('-'));
  if (!measures) {
    std::fputs("Usage: da3_engine_load MODEL.pt [ROUNDS [PRECISION]]\n", asks ? stdout : stderr);
    return asks ? 0 : 2;
  }
  try {
    if (words[0] == kOurs || words[0] == kPlain) {
      std::printf("%.3f\n", load_once(words[0], words.at(1), words.at(2)));
      return 0;
    }
    const int rounds = words.size() > 1 ? std::stoi(words[1]) : 20;
    measure(argv[0], words[0], rounds, words.size() > 2 ? words[2] : "");
    return 0;
  } catch (const std::exception& error) {
    // LibTorch's own errors carry a backtrace behind their first line.
    const std::string_view text = error.what();
    std::fprintf(stderr, "%s\n", std::string(text.substr(0, text.find('\n'))).c_str());
    return 1;
  }
}
