// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include <da3/export.hpp>

namespace da3 {

enum class DeviceKind { kCpu, kCuda, kMps };

/// A device, such as "cpu", "cuda:1", "mps".
struct DeviceId {
  DeviceKind kind = DeviceKind::kCpu;
  int index = 0;
  auto operator<=>(const DeviceId&) const = default;
};

enum class Precision { kFp32, kBf16, kFp16, kInt8 };

/// How softmax(q k^T / sqrt(d)) v is computed. kFixed: a foreign file that offers no choice.
enum class Attention { kSdpa, kManual, kFixed };

DA3_API std::string to_string(const DeviceId& device);
DA3_API std::string_view to_string(Precision precision);
DA3_API std::string_view to_string(Attention attention);

/// The device, precision or attention mode of that name. Throws: Error kUsage with the names that exist.
DA3_API DeviceId parse_device(std::string_view text);
DA3_API Precision parse_precision(std::string_view text);
DA3_API Attention parse_attention(std::string_view text);

}  // namespace da3
