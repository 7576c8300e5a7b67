// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>

#include <ATen/ATen.h>

#include <da3/error.hpp>

#include <engine/device/devices.hpp>
#include <engine/device/graph_cache.hpp>
#include <engine/torch_errors.hpp>

namespace da3::engine {
namespace {

/// TorchScript looks at its first run and makes its plan in the second.
constexpr int kForwardsBefore = 2;
/// 8 pictures of 504x280; above, a GPU has more to compute than a CPU to queue.
constexpr std::int64_t kMostPixels = std::int64_t{8} * 504 * 280;
/// Shapes of a folder of photos, landscape and portrait, with a few batch sizes of each.
constexpr std::size_t kMostRecorded = 8;

}  // namespace

GraphCache::~GraphCache() {
  try {
    clear();
  } catch (const std::exception&) {
    // The device is lost; its memory goes with the process.
  }
}

GraphCache::Entry* GraphCache::find(const ForwardShape& shape) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.shape == shape; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return &entries_.front();
}

GraphCache::Entry& GraphCache::find_or_add(const ForwardShape& shape) {
  if (Entry* const known = find(shape)) return *known;
  if (entries_.size() == kMostRecorded) {
    // The last replay of a recording may still run.
    if (entries_.back().recording) synchronize(device_);
    entries_.pop_back();
  }
  entries_.emplace_front();
  entries_.front().shape = shape;
  return entries_.front();
}

bool GraphCache::is_due(const ForwardShape& shape) {
  const Entry* const entry = find(shape);
  return entry != nullptr && entry->forwards >= kForwardsBefore && !entry->recording && !entry->failed;
}

void GraphCache::ran(const ForwardShape& shape, std::optional<std::uint64_t> peak_bytes) {
  if (shape.pixels() > kMostPixels || !device_layer(device_.kind).why_no_recording().empty()) return;
  Entry& entry = find_or_add(shape);
  ++entry.forwards;
  if (peak_bytes) entry.peak_bytes = std::max(entry.peak_bytes.value_or(0), *peak_bytes);
}

void GraphCache::record(const ForwardShape& shape, const at::Tensor& pixels, const Forward& forward) {
  Entry& entry = find_or_add(shape);
  const auto with_pool = std::find_if(entries_.begin(), entries_.end(),
                                      [](const Entry& each) { return each.recording != nullptr; });
  const Recording* const other = with_pool == entries_.end() ? nullptr : with_pool->recording.get();
  try {
    auto recording = device_layer(device_.kind).make_recording(device_.index);
    entry.forward = forward;
    entry.input = at::zeros_like(pixels);
    recording->record([&entry] { entry.outputs = entry.forward(entry.input); }, other);
    entry.recording = std::move(recording);
  } catch (const std::exception& error) {
    forget(entry);
    // Not of the recording: the next forward as usual would meet the same.
    if (device_failure(error)) throw;
  }
  if (entry.failed) empty_cache(device_);
}

std::optional<GraphCache::Replayed> GraphCache::replay(const ForwardShape& shape, const at::Tensor& pixels) {
  Entry* const entry = find(shape);
  if (entry == nullptr || !entry->recording) return std::nullopt;
  entry->input.copy_(pixels, /*non_blocking=*/true);
  entry->recording->replay();
  Replayed replayed;
  replayed.peak_bytes = entry->peak_bytes;
  for (const at::Tensor& output : entry->outputs) replayed.outputs.push_back(output.clone());
  return replayed;
}

void GraphCache::forget(Entry& entry) {
  entry.recording.reset();
  entry.outputs.clear();
  entry.input.reset();
  entry.forward = nullptr;
  entry.failed = true;
}

void GraphCache::clear() {
  if (num_recorded() > 0) synchronize(device_);
  for (Entry& entry : entries_) {
    if (entry.recording) forget(entry);
  }
}

int GraphCache::num_recorded() const {
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(),
                                        [](const Entry& entry) { return entry.recording != nullptr; }));
}

}  // namespace da3::engine
