// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstring>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <engine/normalise.hpp>

namespace da3::engine {
namespace {

constexpr int kChannels = 3;
constexpr std::int64_t kRowsPerTask = 32;
using Table = std::array<std::array<float, 256>, kChannels>;

at::Tensor channels_tensor(const std::array<float, 3>& values, const c10::Device& device) {
  return at::tensor(at::ArrayRef<float>(values.data(), values.size())).view({3, 1, 1}).to(device);
}

Table value_table(const ModelSpec& spec) {
  const auto [low, high] = spec.input_range;
  Table table{};
  for (std::size_t channel = 0; channel < kChannels; ++channel) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const float unit = static_cast<float>(byte) / 255.0F;
      const float value = low != 0.0F || high != 1.0F ? unit * (high - low) + low : unit;
      table[channel][byte] = (value - spec.mean[channel]) / spec.std[channel];
    }
  }
  return table;
}

}  // namespace

Normaliser::Normaliser(const ModelSpec& spec, const c10::Device& device)
    : spec_(spec), mean_(channels_tensor(spec.mean, device)), std_(channels_tensor(spec.std, device)) {}

at::Tensor Normaliser::on_device(const at::Tensor& pixels) const {
  at::Tensor image = at::empty({pixels.size(0), pixels.size(1), kChannels, pixels.size(2), pixels.size(3)},
                               pixels.options().dtype(at::kFloat));
  image.copy_(pixels.permute({0, 1, 4, 2, 3})).div_(255.0F);
  const auto [low, high] = spec_.input_range;
  if (low != 0.0F || high != 1.0F) image.mul_(high - low).add_(low);
  return image.sub_(mean_).div_(std_);
}

void Normaliser::on_host(const predict::Request& request, const at::Tensor& image) const {
  const Table table = value_table(spec_);
  const std::size_t area = request.size.area();
  const auto height = static_cast<std::size_t>(request.size.height);
  const std::size_t width = area / height;
  float* const all = image.mutable_data_ptr<float>();
  const auto rows = static_cast<std::int64_t>(request.pictures.size() * height);
  at::parallel_for(0, rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      const std::size_t picture = row / height;
      const std::size_t first = row % height * width;
      const std::uint8_t* const bytes = request.pictures[picture].data() + first * kChannels;
      float* const planes = all + picture * kChannels * area + first;
      for (std::size_t pixel = 0; pixel < width; ++pixel) {
        for (std::size_t channel = 0; channel < kChannels; ++channel) {
          planes[channel * area + pixel] = table[channel][bytes[pixel * kChannels + channel]];
        }
      }
    }
  });
}

at::Tensor stage(const predict::Request& request, NormaliseOn normalise, const Normaliser& normaliser,
                 Transfers& transfers) {
  const auto [height, width] = request.size;
  if (normalise == NormaliseOn::kHost) {
    at::Tensor image = transfers.host_tensor({request.scenes, request.views, 3, height, width}, at::kFloat);
    normaliser.on_host(request, image);
    return image;
  }
  at::Tensor pixels = transfers.host_tensor({request.scenes, request.views, height, width, 3}, at::kByte);
  auto* to = pixels.mutable_data_ptr<std::uint8_t>();
  for (const auto& picture : request.pictures) {
    std::memcpy(to, picture.data(), picture.size());
    to += picture.size();
  }
  return pixels;
}

}  // namespace da3::engine
