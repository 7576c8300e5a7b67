// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

// Packing for PNG and npz, by ISA-L: a quarter of the time of libdeflate's fastest level
// (docs/lab/result-files.md).
namespace da3::formats {

/// Packs bytes that come piece by piece as one deflate stream. Holds at most what it has packed since the
/// last `clear`, and 0.4 MiB. The same bytes give the same stream, on every x86-64 processor with SSE 4.2.
class Deflater {
 public:
  enum class Wrapper : std::uint8_t { kNone, kZlib };

  /// Throws: std::bad_alloc, as add and finish.
  explicit Deflater(Wrapper wrapper);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(std::span<const std::uint8_t> bytes);
  /// Ends the stream. To be called once, last.
  void finish();

  /// What is packed and was not cleared.
  std::span<const std::uint8_t> packed() const { return {packed_.data(), num_packed_}; }
  void clear() { num_packed_ = 0; }

  /// Leaves nothing behind.
  std::vector<std::uint8_t> take();

 private:
  struct State;

  void run();

  std::unique_ptr<State> state_;
  std::vector<std::uint8_t> packed_;
  std::size_t num_packed_ = 0;
};

/// Bytes packed for a zip entry.
struct Deflated {
  std::vector<std::uint8_t> bytes;  ///< A raw deflate stream
  std::uint64_t original_bytes = 0;
  std::uint32_t crc32 = 0;  ///< Of the original bytes
};

/// Throws: Error kOutOfMemory.
Deflated deflate(std::span<const std::uint8_t> bytes);

}  // namespace da3::formats
