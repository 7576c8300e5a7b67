// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <benchmark/benchmark.h>
#include <benchmarks/drawn_photo.hpp>
#include <codec/decode.hpp>
#include <codec/jpeg_encode.hpp>
#include <formats/rgb_png.hpp>

#include <image/colormap.hpp>
#include <image/preprocess.hpp>

namespace da3::benchmarks {
namespace {

constexpr int kJpegQuality = 90;
constexpr Size kProcessed{280, 504};

void decode(benchmark::State& state, const std::vector<std::uint8_t>& bytes) {
  for (auto _ : state) {
    codec::Decoded decoded = codec::decode(bytes, "drawn");
    benchmark::DoNotOptimize(decoded.image.rgb.data());
  }
  count_pixels(state);
  state.counters["file_bytes"] = static_cast<double>(bytes.size());
}

void decode_jpeg(benchmark::State& state) {
  decode(state, codec::encode_jpeg(drawn_photo(size_of(state)), kJpegQuality));
}

void decode_png(benchmark::State& state) {
  decode(state, formats::encode_rgb_png(drawn_photo(size_of(state)), formats::PictureKind::kWithPhoto));
}

void preprocess(benchmark::State& state) {
  const Image photo = drawn_photo(size_of(state));
  for (auto _ : state) {
    Image input = image::preprocess(photo, {});
    benchmark::DoNotOptimize(input.rgb.data());
  }
  count_pixels(state);
}

void resize_map(benchmark::State& state) {
  const DepthMap depth = drawn_depth(kProcessed);
  for (auto _ : state) {
    DepthMap resized = image::resize_map(depth, size_of(state));
    benchmark::DoNotOptimize(resized.values.data());
  }
  count_pixels(state);
}

void colour_map(benchmark::State& state) {
  const DepthMap depth = drawn_depth(size_of(state));
  for (auto _ : state) {
    Image picture = image::render_depth(depth, DepthKind::kRelative);
    benchmark::DoNotOptimize(picture.rgb.data());
  }
  count_pixels(state);
}

BENCHMARK(decode_jpeg)->Name("image/decode_jpeg")->Apply(photo_sizes);
BENCHMARK(decode_png)->Name("image/decode_png")->Apply(photo_sizes);
BENCHMARK(preprocess)->Name("image/preprocess")->Apply(photo_sizes);
BENCHMARK(resize_map)->Name("image/resize_map")->Apply(photo_sizes);
BENCHMARK(colour_map)->Name("image/colour_map")->Apply(photo_sizes);

}  // namespace
}  // namespace da3::benchmarks
