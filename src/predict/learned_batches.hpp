// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <da3/device.hpp>
#include <da3/image.hpp>

namespace da3::predict {

/// What a measured batch belongs to.
struct BatchKey {
  std::string identity;  ///< ModelSpec::sha256
  DeviceId device;
  std::uint64_t device_bytes = 0;  ///< Total memory: tells machines apart that share a cache folder
  int cores = 0;
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kSdpa;
  Size size;  ///< (H, W) processed

  auto operator<=>(const BatchKey&) const = default;
};

/// Forward passes of one batch size.
struct BatchSample {
  int forwards = 0;
  double best_ms = 0;                       ///< Of a whole forward, the first one left out; 0: none timed yet
  std::optional<std::uint64_t> peak_bytes;  ///< Highest
};

/// Why a batch is not larger.
enum class BatchLimit {
  kNone,     ///< Still growing
  kGain,     ///< The next size gave less than 3 % more images a second
  kMemory,   ///< The next size would not fit
  kCeiling,  ///< The largest batch that is tried
  kFixed,    ///< The user's number
};

/// What is known about batches of one shape; plain data, kept between runs.
struct ShapeBatches {
  int batch = 1;  ///< Best size so far
  BatchLimit limit = BatchLimit::kNone;
  int failed_batch = 0;                 ///< Smallest that ran out of memory; 0: none
  std::uint64_t failed_free_bytes = 0;  ///< Free memory when it did
  std::map<int, BatchSample> samples;   ///< By batch size
};

using LearnedBatches = std::map<BatchKey, ShapeBatches>;

std::string_view to_string(BatchLimit limit);

/// A text of one line a key, for a file. Identities must have no white space.
std::string to_text(const LearnedBatches& learned);

/// What `to_text` wrote. Lines that are damaged or of another version are left out: they only cost new
/// measurements.
LearnedBatches parse_learned_batches(std::string_view text);

}  // namespace da3::predict
