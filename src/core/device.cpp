// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <da3/device.hpp>

#include <core/names.hpp>

namespace da3 {
namespace {

constexpr core::NameTable<DeviceKind, 3> kDeviceKinds{
    {{DeviceKind::kCpu, "cpu"}, {DeviceKind::kCuda, "cuda"}, {DeviceKind::kMps, "mps"}}};
constexpr core::NameTable<Precision, 4> kPrecisions{{{Precision::kFp32, "fp32"},
                                                     {Precision::kBf16, "bf16"},
                                                     {Precision::kFp16, "fp16"},
                                                     {Precision::kInt8, "int8"}}};
constexpr core::NameTable<Attention, 3> kAttentions{
    {{Attention::kSdpa, "sdpa"}, {Attention::kManual, "manual"}, {Attention::kFixed, "fixed"}}};

}  // namespace

std::string to_string(const DeviceId& device) {
  std::string text(core::name_of(kDeviceKinds, device.kind));
  if (device.kind == DeviceKind::kCuda) text.append(":").append(std::to_string(device.index));
  return text;
}

std::string_view to_string(Precision precision) {
  return core::name_of(kPrecisions, precision);
}
std::string_view to_string(Attention attention) {
  return core::name_of(kAttentions, attention);
}

DeviceId parse_device(std::string_view text) {
  const std::size_t colon = text.find(':');
  DeviceId device{core::value_of(kDeviceKinds, "device", text.substr(0, colon)), 0};
  if (colon == std::string_view::npos) return device;
  const std::string_view number = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), device.index);
  const bool whole = error == std::errc() && end == number.data() + number.size() && device.index >= 0;
  if (!whole || (device.kind != DeviceKind::kCuda && device.index != 0)) {
    throw Error(ErrorCode::kUsage,
                "'" + std::string(text) + "' is no device; write cpu, mps, cuda or cuda:N");
  }
  return device;
}

Precision parse_precision(std::string_view text) {
  return core::value_of(kPrecisions, "precision", text);
}
Attention parse_attention(std::string_view text) {
  return core::value_of(kAttentions, "attention mode", text);
}

}  // namespace da3
