// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <benchmark/benchmark.h>

#include <core/host/host_memory.hpp>
#include <engine/libtorch_setup.hpp>
#include <engine/network/block_products.hpp>
#include <engine/operators/low_products.hpp>
#include <engine/operators/onednn_linear.hpp>
#include <engine/operators/own_operators.hpp>

// The engine's own operators beside LibTorch's, at the shapes of a 1280x720 photo processed to 504x280 (20x36
// patches, 721 tokens).
namespace da3::benchmarks {
namespace {

using engine::EngineScope;
using engine::ThreadScope;

constexpr std::int64_t kTokens = 721;
constexpr std::int64_t kHeadDim = 64;
constexpr std::int64_t kTailHidden = 32;
constexpr std::int64_t kTailOutputs = 2;
constexpr std::int64_t kHeight = 280;
constexpr std::int64_t kWidth = 504;

// What holds around every benchmark here: inference mode and the threads of a forward.
struct Settings {
  EngineScope engine;
  ThreadScope threads{core::usable_cores()};
};

template <typename Signature>
auto own_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

bool there_or_skip(benchmark::State& state, bool there) {
  if (there) return true;
  // Not an error: such a processor is served by LibTorch.
  state.SetLabel("no own kernels for this processor");
  for (auto _ : state) {
  }
  return false;
}

bool own_or_skip(benchmark::State& state) {
  return there_or_skip(state, engine::own_operators_available());
}

void count_flops(benchmark::State& state, double flops) {
  state.counters["GFLOP"] =
      benchmark::Counter(1e-9 * flops * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void keep(at::Tensor result) {
  const void* data = result.const_data_ptr();
  benchmark::DoNotOptimize(data);
}

// ---- attention core: softmax(q k^T / sqrt(d)) v, q k v as views into one (1, N, 3 * heads * d) product

struct Heads {
  at::Tensor q, k, v;
};

Heads heads_of(const benchmark::State& state) {
  const std::int64_t heads = state.range(0);
  const std::int64_t tokens = state.range(1);
  const at::Tensor qkv = at::randn({1, tokens, 3, heads, kHeadDim}).permute({2, 0, 3, 1, 4});
  return {qkv[0], qkv[1], qkv[2]};
}

double attention_flops(const benchmark::State& state) {
  return 4.0 * static_cast<double>(state.range(0) * state.range(1) * state.range(1) * kHeadDim);
}

void attention_sdpa(benchmark::State& state) {
  const Settings settings;
  const Heads h = heads_of(state);
  for (auto _ : state) {
    keep(at::scaled_dot_product_attention(h.q, h.k, h.v).transpose(1, 2).flatten(2));
  }
  count_flops(state, attention_flops(state));
}

void attention_manual(benchmark::State& state) {
  const Settings settings;
  const Heads h = heads_of(state);
  const double scale = 1 / std::sqrt(static_cast<double>(kHeadDim));
  for (auto _ : state) {
    const at::Tensor weights = at::matmul(h.q * scale, h.k.transpose(-2, -1)).softmax(-1);
    keep(at::matmul(weights, h.v).transpose(1, 2).flatten(2));
  }
  count_flops(state, attention_flops(state));
}

void own_attention(benchmark::State& state, const char* name) {
  const Settings settings;
  const Heads h = heads_of(state);
  const auto attention =
      own_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)>(name);
  for (auto _ : state) keep(attention.call(h.q, h.k, h.v));
  count_flops(state, attention_flops(state));
}

void attention_own(benchmark::State& state) {
  if (own_or_skip(state)) own_attention(state, "da3::attention");
}

void attention_own_bf16(benchmark::State& state) {
  if (there_or_skip(state, engine::bf16_attention_available())) own_attention(state, "da3::attention_bf16");
}

void attention_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"heads", "tokens"});
  for (const std::int64_t heads : {6, 12, 16}) benchmark->Args({heads, kTokens});
  benchmark->Args({6, 1370})->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(attention_sdpa)->Name("engine/attention/sdpa")->Apply(attention_shapes);
BENCHMARK(attention_manual)->Name("engine/attention/manual")->Apply(attention_shapes);
BENCHMARK(attention_own)->Name("engine/attention/own")->Apply(attention_shapes);
BENCHMARK(attention_own_bf16)->Name("engine/attention/own_bf16")->Apply(attention_shapes);

// ---- gelu in place on what fc1 gives

// Restored before each call: gelu of gelu of ... would end in denormal numbers.
template <typename Gelu>
void gelu(benchmark::State& state, Gelu&& gelu) {
  const Settings settings;
  const at::Tensor values = at::randn({kTokens, 4 * state.range(0)});
  at::Tensor x = values.clone();
  for (auto _ : state) {
    state.PauseTiming();
    x.copy_(values);
    state.ResumeTiming();
    keep(gelu(x));
  }
  state.SetItemsProcessed(state.iterations() * values.numel());
}

void gelu_libtorch(benchmark::State& state) {
  gelu(state, [](at::Tensor& x) { return at::gelu_(x); });
}

void gelu_own(benchmark::State& state) {
  if (!own_or_skip(state)) return;
  const auto own = own_operator<at::Tensor&(at::Tensor&, const std::optional<at::Tensor>&)>("da3::gelu_");
  gelu(state, [&](at::Tensor& x) { return own.call(x, std::nullopt); });
}

void widths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("width")->Arg(384)->Arg(768)->Arg(1024);
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(gelu_libtorch)->Name("engine/gelu/libtorch")->Apply(widths);
BENCHMARK(gelu_own)->Name("engine/gelu/own")->Apply(widths);

// ---- the last stage of the head: upsample to the processed size, 3x3 convolution, ReLU, 1x1 convolution

struct Tail {
  at::Tensor x, weight3, bias3, weight1, bias1;
};

Tail tail_of(const benchmark::State& state) {
  const std::int64_t channels = state.range(0);
  const auto last = at::MemoryFormat::ChannelsLast;
  return {at::randn({1, channels, 4 * kHeight / 7, 4 * kWidth / 7}).contiguous(last),
          at::randn({kTailHidden, channels, 3, 3}).contiguous(last), at::randn({kTailHidden}),
          at::randn({kTailOutputs, kTailHidden, 1, 1}), at::randn({kTailOutputs})};
}

double tail_flops(const benchmark::State& state) {
  return 2.0 * static_cast<double>(kHeight * kWidth * kTailHidden * (9 * state.range(0) + kTailOutputs));
}

void tail_libtorch(benchmark::State& state) {
  const Settings settings;
  const Tail t = tail_of(state);
  for (auto _ : state) {
    const at::Tensor large = at::upsample_bilinear2d(t.x, {kHeight, kWidth}, /*align_corners=*/true);
    at::Tensor hidden = at::conv2d(large, t.weight3, t.bias3, 1, 1);
    keep(at::conv2d(hidden.relu_(), t.weight1, t.bias1));
  }
  count_flops(state, tail_flops(state));
}

void tail_own(benchmark::State& state) {
  if (!own_or_skip(state)) return;
  const Settings settings;
  const Tail t = tail_of(state);
  const at::Tensor packed =
      own_operator<at::Tensor(const at::Tensor&, bool)>("da3::pack_winograd").call(t.weight3, false);
  const at::Tensor no_map = at::empty({0});
  const auto tail =
      own_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
                              const at::Tensor&, const at::Tensor&, std::int64_t, std::int64_t)>(
          "da3::depth_tail");
  for (auto _ : state) keep(tail.call(t.x, packed, t.bias3, no_map, t.weight1, t.bias1, kHeight, kWidth));
  count_flops(state, tail_flops(state));
}

void tail_channels(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("channels")->Arg(32)->Arg(64)->Arg(128);
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(tail_libtorch)->Name("engine/depth_tail/libtorch")->Apply(tail_channels);
BENCHMARK(tail_own)->Name("engine/depth_tail/own")->Apply(tail_channels);

// ---- 3x3 convolutions of the head

void convolution(benchmark::State& state, at::MemoryFormat format) {
  const Settings settings;
  const std::int64_t from = state.range(0);
  const std::int64_t to = state.range(1);
  const std::int64_t height = state.range(2);
  const std::int64_t width = height * kWidth / kHeight;
  const at::Tensor x = at::randn({1, from, height, width}).contiguous(format);
  const at::Tensor weight = at::randn({to, from, 3, 3}).contiguous(format);
  const at::Tensor bias = at::randn({to});
  for (auto _ : state) keep(at::conv2d(x, weight, bias, 1, 1));
  count_flops(state, 18.0 * static_cast<double>(from * to * height * width));
}

void convolution_own(benchmark::State& state) {
  if (!own_or_skip(state)) return;
  const Settings settings;
  const std::int64_t from = state.range(0);
  const std::int64_t to = state.range(1);
  const std::int64_t height = state.range(2);
  const std::int64_t width = height * kWidth / kHeight;
  const at::Tensor x = at::randn({1, from, height, width}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor weight = at::randn({to, from, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor packed =
      own_operator<at::Tensor(const at::Tensor&, bool)>("da3::pack_winograd").call(weight, false);
  const auto conv3 =
      own_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                              const std::optional<at::Tensor>&, bool, const std::optional<at::Tensor>&)>(
          "da3::conv3");
  const at::Tensor bias = at::randn({to});
  for (auto _ : state) keep(conv3.call(x, weight, packed, bias, false, std::nullopt));
  count_flops(state, 18.0 * static_cast<double>(from * to * height * width));
}

void convolution_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"from", "to", "height"});
  benchmark->Args({64, 64, 80})->Args({128, 128, 80})->Args({256, 256, 80});    // fusion, small base large
  benchmark->Args({64, 32, 160})->Args({128, 64, 160})->Args({256, 128, 160});  // output_conv1
  benchmark->Args({128, 128, 20})->Args({256, 256, 20})->Args({256, 256, 10});
  benchmark->Args({384, 64, 10})->Args({768, 128, 10})->Args({1024, 256, 10});  // the coarsest layer_rn
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK_CAPTURE(convolution, nchw, at::MemoryFormat::Contiguous)
    ->Name("engine/convolution/nchw")
    ->Apply(convolution_shapes);
BENCHMARK_CAPTURE(convolution, channels_last, at::MemoryFormat::ChannelsLast)
    ->Name("engine/convolution/channels_last")
    ->Apply(convolution_shapes);
BENCHMARK(convolution_own)->Name("engine/convolution/own")->Apply(convolution_shapes);

// ---- linear layers: addmm on a transposed contiguous weight and as nn.Linear keeps it, oneDNN with the
// weight as it is kept and packed beforehand, and in lower precision (float32 in and out)

struct LinearCase {
  at::Tensor x, weight, bias;
};

LinearCase linear_case(const benchmark::State& state) {
  const std::int64_t in = state.range(0);
  const std::int64_t out = state.range(1);
  return {at::randn({kTokens, in}), at::randn({out, in}), at::randn({out})};
}

double linear_flops(const benchmark::State& state) {
  return 2.0 * static_cast<double>(kTokens * state.range(0) * state.range(1));
}

enum class Weight { kTransposed, kAsStored };

void linear(benchmark::State& state, Weight kept) {
  const Settings settings;
  const LinearCase layer = linear_case(state);
  const at::Tensor weight = kept == Weight::kTransposed ? layer.weight.t().contiguous() : layer.weight.t();
  for (auto _ : state) keep(at::addmm(layer.bias, layer.x, weight));
  count_flops(state, linear_flops(state));
}

enum class Packing { kNone, kBeforehand };

void linear_onednn(benchmark::State& state, Packing packing) {
  if (!engine::onednn_available()) {
    state.SkipWithError("no oneDNN for products here");
    return;
  }
  const Settings settings;
  LinearCase layer = linear_case(state);
  if (packing == Packing::kBeforehand) {
    layer.weight = c10::Dispatcher::singleton()
                       .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                       .typed<at::Tensor(const at::Tensor&, std::optional<c10::SymInt>)>()
                       .call(layer.weight, c10::SymInt(kTokens));
  }
  for (auto _ : state) keep(engine::onednn_linear(layer.x, layer.weight, layer.bias));
  count_flops(state, linear_flops(state));
}

void linear_own(benchmark::State& state) {
  if (!own_or_skip(state)) return;
  const Settings settings;
  const LinearCase layer = linear_case(state);
  const auto own =
      own_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, bool)>(
          "da3::linear");
  for (auto _ : state) keep(own.call(layer.x, layer.weight, layer.bias, false));
  count_flops(state, linear_flops(state));
}

void linear_low(benchmark::State& state, engine::BlockProducts products) {
  const LinearCase layer = linear_case(state);
  if (!engine::suits_low_products(products, layer.weight)) {
    state.SkipWithError("da3 has no such products for this processor");
    return;
  }
  const Settings settings;
  const at::Tensor packed = engine::pack_low_product(products, layer.weight);
  const auto op =
      own_operator<at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                              std::int64_t, bool, std::optional<double>, const std::optional<at::Tensor>&)>(
          "da3::product");
  const auto kind = static_cast<std::int64_t>(products);
  for (auto _ : state) keep(op.call(layer.x, packed, layer.bias, kind, false, std::nullopt, std::nullopt));
  count_flops(state, linear_flops(state));
}

void linear_bf16(benchmark::State& state) {
  const Settings settings;
  const LinearCase layer = linear_case(state);
  const at::Tensor weight = layer.weight.to(at::kBFloat16);
  for (auto _ : state) keep(at::linear(layer.x.to(at::kBFloat16), weight).to(at::kFloat).add_(layer.bias));
  count_flops(state, linear_flops(state));
}

void linear_int8(benchmark::State& state, bool seven_bits) {
  const auto engine = engine::int8_engine();
  if (!engine) {
    state.SkipWithError("this LibTorch has no engine for 8-bit products on this processor");
    return;
  }
  const Settings settings;
  at::globalContext().setQEngine(*engine);
  const LinearCase layer = linear_case(state);
  const c10::IValue packed = engine::pack_int8(layer.weight, layer.bias);
  const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("quantized::linear_dynamic", "");
  for (auto _ : state) {
    torch::jit::Stack stack{layer.x, packed, seven_bits};
    op.callBoxed(&stack);
    keep(stack.front().toTensor());
  }
  count_flops(state, linear_flops(state));
}

void linear_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"in", "out"});
  for (const std::int64_t width : {384, 768, 1024}) {
    benchmark->Args({width, 3 * width});  // qkv
    benchmark->Args({width, width});      // proj
    benchmark->Args({width, 4 * width});  // fc1
    benchmark->Args({4 * width, width});  // fc2
  }
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK_CAPTURE(linear, transposed, Weight::kTransposed)->Name("engine/linear/addmm")->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear, stored, Weight::kAsStored)->Name("engine/linear/as_stored")->Apply(linear_shapes);

BENCHMARK_CAPTURE(linear_onednn, as_stored, Packing::kNone)
    ->Name("engine/linear/onednn")
    ->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_onednn, packed, Packing::kBeforehand)
    ->Name("engine/linear/onednn_packed")
    ->Apply(linear_shapes);
BENCHMARK(linear_own)->Name("engine/linear/own")->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_low, bf16, engine::BlockProducts::kBf16)
    ->Name("engine/linear/own_bf16")
    ->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_low, int8, engine::BlockProducts::kInt8)
    ->Name("engine/linear/own_int8")
    ->Apply(linear_shapes);
BENCHMARK(linear_bf16)->Name("engine/linear/bf16")->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_int8, eight, false)->Name("engine/linear/int8")->Apply(linear_shapes);
BENCHMARK_CAPTURE(linear_int8, seven, true)->Name("engine/linear/int8_7_bits")->Apply(linear_shapes);

// Named for the test of the JSON context, which wants one quick benchmark.
void nothing(benchmark::State& state) {
  const Settings settings;
  for (auto _ : state) keep(at::zeros({1}));
}
BENCHMARK(nothing)->Name("smallest/tensor");

}  // namespace
}  // namespace da3::benchmarks
