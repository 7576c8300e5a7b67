// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include <ATen/core/Tensor.h>
#include <predict/depth_model.hpp>

#include <da3/device.hpp>
#include <da3/image.hpp>

#include <engine/device/device_layer.hpp>

namespace da3::engine {

/// What must be equal for a recorded forward to serve a request.
struct ForwardShape {
  int scenes = 1;
  int views = 1;
  Size size;
  predict::Wanted wanted;
  std::optional<int> reference{};

  std::int64_t pixels() const { return std::int64_t{scenes} * views * size.height * size.width; }
  bool operator==(const ForwardShape& other) const {
    const auto all = [](const ForwardShape& s) {
      return std::tuple(s.scenes, s.views, s.size.height, s.size.width, s.wanted.confidence, s.wanted.sky,
                        s.wanted.pose, s.reference);
    };
    return all(*this) == all(other);
  }
};

/// Recorded forward passes of small shapes, where queueing kernels takes longer than running them.
///
/// A shape runs as usual until TorchScript has made its plans, then it is recorded and replayed. The last few
/// shapes are kept; their recordings share one pool of memory, which is sound because results are copied out
/// before anything else is replayed. A shape that cannot be recorded runs as usual for good. Threads: none;
/// the caller locks.
class GraphCache {
 public:
  /// Pixels on the device to the wanted outputs there; the same tensors' addresses are read and written at
  /// every replay.
  using Forward = std::function<std::vector<at::Tensor>(const at::Tensor& pixels)>;

  explicit GraphCache(const DeviceId& device) : device_(device) {}
  ~GraphCache();
  GraphCache(const GraphCache&) = delete;
  GraphCache& operator=(const GraphCache&) = delete;

  /// True if the next forward of the shape should be recorded first.
  bool is_due(const ForwardShape& shape);

  /// Tells that a forward ran as usual and what memory it took.
  void ran(const ForwardShape& shape, std::optional<std::uint64_t> peak_bytes);

  /// Records the shape; `pixels` give type and size of the input. Nothing else may run on the device
  /// meanwhile. Keeps `forward`, for what is recorded reads what it holds. A shape that cannot be recorded,
  /// for want of memory too, is no error. Throws: what the device fails with, as c10::Error.
  void record(const ForwardShape& shape, const at::Tensor& pixels, const Forward& forward);

  struct Replayed {
    std::vector<at::Tensor> outputs;          ///< The caller's own
    std::optional<std::uint64_t> peak_bytes;  ///< Of the forward when it ran as usual
  };
  /// Queues a recorded forward; none where the shape is not recorded.
  std::optional<Replayed> replay(const ForwardShape& shape, const at::Tensor& pixels);

  /// Gives all recordings and their memory back; those shapes are not recorded again.
  void clear();

  int num_recorded() const;

 private:
  struct Entry {
    ForwardShape shape;
    int forwards = 0;
    bool failed = false;
    std::optional<std::uint64_t> peak_bytes;
    Forward forward;
    at::Tensor input;
    std::vector<at::Tensor> outputs;
    std::unique_ptr<Recording> recording;
  };
  /// Null for an unknown shape; a known one becomes the most recently used.
  Entry* find(const ForwardShape& shape);
  /// The same, with an entry for an unknown shape in place of the least recently used.
  Entry& find_or_add(const ForwardShape& shape);
  static void forget(Entry& entry);

  DeviceId device_;
  std::list<Entry> entries_;  ///< Most recently used first
};

}  // namespace da3::engine
