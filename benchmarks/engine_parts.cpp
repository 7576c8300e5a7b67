// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
//
// Where the time of a forward goes: the outermost operators of a model on a CPU, by operator and shapes.
//   da3_engine_parts MODEL.pt [PRECISION [RUNS [WIDTH HEIGHT]]]
// Under `taskset -c N` times are CPU time, for machines that do other work.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <da3/device.hpp>

#include <core/host/host_memory.hpp>
#include <engine/engine.hpp>

namespace da3::benchmarks {
namespace {

/// Milliseconds. On one core the thread's own CPU time, which other work on the machine does not change much.
double now_ms() {
  static const bool alone = core::usable_cores() == 1;
  std::timespec now{};
  clock_gettime(alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

struct Part {
  std::vector<double> ms;  ///< Of every call
  double flops = 0;        ///< Of one call; 0 where they are not counted
};

std::map<std::string, Part> parts;  // NOLINT(*-avoid-non-const-global-variables): callbacks carry no data
bool counting = false;              // NOLINT(*-avoid-non-const-global-variables)
thread_local int depth = 0;

struct Running : at::ObserverContext {
  std::string name;
  double flops = 0;
  double begin_ms = 0;
};

double product(at::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), 1.0,
                         [](double all, std::int64_t size) { return all * static_cast<double>(size); });
}

/// Products and sums of matrix products, convolutions and attention; those of a 3x3 convolution in its direct
/// form.
double flops_of(const std::string& name, const std::vector<at::Tensor>& in) {
  if ((name == "aten::linear") && in.size() >= 2) return 2 * product(in[0].sizes()) * double(in[1].size(0));
  if (name == "mkldnn::_linear_pointwise" && in.size() >= 2) {
    // (x, weight, bias) or (x, residual, weight, bias)
    const at::Tensor& weight = in.size() >= 3 && in[2].dim() == 2 ? in[2] : in[1];
    return 2 * product(in[0].sizes()) * double(weight.size(0));
  }
  if (name == "da3::linear" && in.size() >= 2) return 2 * product(in[0].sizes()) * double(in[1].size(0));
  if (name == "da3::linear_add_" && in.size() >= 3) return 2 * product(in[1].sizes()) * double(in[2].size(0));
  if (name == "da3::product" && in.size() >= 3) return 2 * product(in[0].sizes()) * double(in[2].numel());
  if (name == "da3::product_add_" && in.size() >= 4)
    return 2 * product(in[1].sizes()) * double(in[3].numel());
  if (name == "da3::low_mlp_" && in.size() >= 4) return 4 * product(in[0].sizes()) * double(in[2].numel());
  if (name == "aten::matmul" && in.size() >= 2) return 2 * product(in[0].sizes()) * double(in[1].size(-1));
  if (name == "aten::addmm_" && in.size() >= 3) return 2 * product(in[1].sizes()) * double(in[2].size(1));
  if (name == "da3::attention" || name == "da3::attention_bf16" || name == "da3::attention_int8" ||
      name == "aten::scaled_dot_product_attention")
    return 4 * product(in[0].sizes()) * double(in[1].size(2));
  if (name == "da3::conv3") return 2 * product(in[0].sizes()) * double(in[1].size(0)) * 9;
  return 0;
}

std::unique_ptr<at::ObserverContext> on_begin(const at::RecordFunction& function) {
  if (++depth > 1 || !counting) return nullptr;
  auto running = std::make_unique<Running>();
  std::vector<at::Tensor> tensors;
  std::ostringstream name;
  name << function.name();
  for (const c10::IValue& input : function.inputs()) {
    if (!input.isTensor() || !input.toTensor().defined()) continue;
    tensors.push_back(input.toTensor());
    if (tensors.size() <= 2) name << " " << tensors.back().sizes();
  }
  running->name = name.str();
  running->flops = flops_of(function.name(), tensors);
  running->begin_ms = now_ms();
  return running;
}

void on_end(const at::RecordFunction& /*function*/, at::ObserverContext* context) {
  --depth;
  if (context == nullptr) return;
  const auto& running = static_cast<Running&>(*context);
  Part& part = parts[running.name];
  part.ms.push_back(now_ms() - running.begin_ms);
  part.flops = running.flops;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

struct Row {
  std::string name;
  double calls, ms, flops;
};

void print_parts(int runs, double whole_ms) {
  std::vector<Row> rows;
  double sum = 0;
  for (const auto& [name, part] : parts) {
    const double calls = static_cast<double>(part.ms.size()) / runs;
    rows.push_back({name, calls, calls * median(part.ms), part.flops});
    sum += rows.back().ms;
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.ms > b.ms; });
  std::printf("forward %.1f ms (median of %d), operators %.1f ms\n", whole_ms, runs, sum);
  std::printf("%9s %6s %8s  operator\n", "ms", "calls", "GFLOP/s");
  for (const Row& row : rows) {
    if (row.ms < 0.001 * sum) continue;
    std::printf("%9.2f %6.1f %8.0f  %s\n", row.ms, row.calls, 1e-6 * row.flops * row.calls / row.ms,
                row.name.c_str());
  }
}

void measure(int argc, char** argv) {
  engine::LoadOptions options;
  if (argc > 2) options.precision = parse_precision(argv[2]);
  const int runs = argc > 3 ? std::atoi(argv[3]) : 7;
  const Size size{argc > 5 ? std::atoi(argv[5]) : 280, argc > 5 ? std::atoi(argv[4]) : 504};
  const auto model = engine::load_model(argv[1], options);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size.height) *
                                   static_cast<std::size_t>(size.width) * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + i / 1511);
  predict::Request request;
  request.size = size;
  request.pictures = {pixels};
  at::addGlobalCallback(
      at::RecordFunctionCallback(on_begin, on_end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  std::vector<double> whole;
  for (int i = 0; i < runs + 2; ++i) {
    counting = i >= 2;
    const double begin_ms = now_ms();
    model->predict(request);
    if (counting) whole.push_back(now_ms() - begin_ms);
  }
  print_parts(runs, median(whole));
}

}  // namespace
}  // namespace da3::benchmarks

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("Usage: da3_engine_parts MODEL.pt [PRECISION [RUNS [WIDTH HEIGHT]]]\n", stderr);
    return 2;
  }
  try {
    da3::benchmarks::measure(argc, argv);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
