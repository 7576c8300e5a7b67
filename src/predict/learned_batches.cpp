// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <sstream>
#include <utility>

#include <predict/learned_batches.hpp>

#include <da3/error.hpp>

#include <core/names.hpp>

namespace da3::predict {
namespace {

constexpr std::string_view kHeader = "da3-batches 1";

constexpr core::NameTable<BatchLimit, 5> kLimits{{{BatchLimit::kNone, "growing"},
                                                  {BatchLimit::kGain, "3 % rule"},
                                                  {BatchLimit::kMemory, "memory"},
                                                  {BatchLimit::kCeiling, "ceiling"},
                                                  {BatchLimit::kFixed, "fixed"}}};

/// identity device device_bytes cores precision attention H W batch limit failed_batch failed_free_bytes n,
/// then n times: batch forwards best_ms peak_bytes (- for unknown).
void write_line(std::ostream& out, const BatchKey& key, const ShapeBatches& shape) {
  out << key.identity << ' ' << to_string(key.device) << ' ' << key.device_bytes << ' ' << key.cores << ' '
      << to_string(key.precision) << ' ' << to_string(key.attention) << ' ' << key.size.height << ' '
      << key.size.width << ' ' << shape.batch << ' ' << static_cast<int>(shape.limit) << ' '
      << shape.failed_batch << ' ' << shape.failed_free_bytes << ' ' << shape.samples.size();
  for (const auto& [batch, sample] : shape.samples) {
    out << ' ' << batch << ' ' << sample.forwards << ' ' << sample.best_ms << ' ';
    if (sample.peak_bytes) {
      out << *sample.peak_bytes;
    } else {
      out << '-';
    }
  }
  out << '\n';
}

Attention read_attention(const std::string& text) {
  return text == to_string(Attention::kFixed) ? Attention::kFixed : parse_attention(text);
}

std::optional<std::pair<BatchKey, ShapeBatches>> read_line(const std::string& line) {
  std::istringstream in(line);
  BatchKey key;
  ShapeBatches shape;
  std::string device, precision, attention;
  int limit = 0;
  std::size_t num_samples = 0;
  in >> key.identity >> device >> key.device_bytes >> key.cores >> precision >> attention >>
      key.size.height >> key.size.width >> shape.batch >> limit >> shape.failed_batch >>
      shape.failed_free_bytes >> num_samples;
  for (std::size_t i = 0; i < num_samples && in; ++i) {
    int batch = 0;
    BatchSample sample;
    std::string peak;
    in >> batch >> sample.forwards >> sample.best_ms >> peak;
    if (peak != "-") {
      std::istringstream digits(peak);
      std::uint64_t bytes = 0;
      if (!(digits >> bytes)) return std::nullopt;
      sample.peak_bytes = bytes;
    }
    shape.samples[batch] = sample;
  }
  if (!in || shape.batch < 1 || limit < 0 || limit >= static_cast<int>(kLimits.size())) return std::nullopt;
  shape.limit = static_cast<BatchLimit>(limit);
  try {
    key.device = parse_device(device);
    key.precision = parse_precision(precision);
    key.attention = read_attention(attention);
  } catch (const Error&) {
    return std::nullopt;
  }
  return std::pair{key, shape};
}

}  // namespace

std::string_view to_string(BatchLimit limit) {
  return core::name_of(kLimits, limit);
}

std::string to_text(const LearnedBatches& learned) {
  std::ostringstream out;
  out.precision(9);
  out << kHeader << '\n';
  for (const auto& [key, shape] : learned) write_line(out, key, shape);
  return out.str();
}

LearnedBatches parse_learned_batches(std::string_view text) {
  LearnedBatches learned;
  std::istringstream lines{std::string(text)};
  std::string line;
  if (!std::getline(lines, line) || line != kHeader) return learned;
  while (std::getline(lines, line)) {
    if (auto entry = read_line(line))
      learned.insert_or_assign(std::move(entry->first), std::move(entry->second));
  }
  return learned;
}

}  // namespace da3::predict
