// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <formats/deflate.hpp>
#include <gtest/gtest.h>
#include <zlib.h>

namespace da3::formats {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Runs, slopes and noise.
Bytes some_bytes(std::size_t count) {
  std::mt19937 random(5);
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t part = i / 5000 % 3;
    bytes[i] = static_cast<std::uint8_t>(part == 0 ? 7 : part == 1 ? i / 9 : random());
  }
  return bytes;
}

/// What zlib unpacks; `window`: of inflateInit2.
Bytes inflated(std::span<const std::uint8_t> packed, std::size_t expected, int window) {
  z_stream stream{};
  if (inflateInit2(&stream, window) != Z_OK) return {};
  Bytes bytes(expected + 1);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = bytes.data();
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  bytes.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return bytes;
}

TEST(Deflater, GivesWhatZlibUnpacks) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{70000}, std::size_t{3000001}}) {
    const Bytes bytes = some_bytes(count);
    Deflater deflater(Deflater::Wrapper::kZlib);
    deflater.add(bytes);
    deflater.finish();
    EXPECT_EQ(inflated(deflater.packed(), count, MAX_WBITS), bytes) << count;
    const Deflated raw = deflate(bytes);
    EXPECT_EQ(inflated(raw.bytes, count, -MAX_WBITS), bytes) << count;
    EXPECT_EQ(raw.original_bytes, count);
    EXPECT_EQ(raw.crc32, crc32_z(0, bytes.data(), bytes.size()));
  }
}

TEST(Deflater, OfPiecesThatAreClearedIsOneStream) {
  const Bytes bytes = some_bytes(1000000);
  Bytes packed;
  Deflater deflater(Deflater::Wrapper::kZlib);
  const auto move_out = [&] {
    packed.insert(packed.end(), deflater.packed().begin(), deflater.packed().end());
    deflater.clear();
  };
  std::size_t length = 1;
  for (auto rest = std::span<const std::uint8_t>(bytes); !rest.empty(); length = length * 3 % 9001 + 1) {
    const std::size_t count = std::min(length, rest.size());
    deflater.add(rest.first(count));
    rest = rest.subspan(count);
    move_out();
  }
  deflater.finish();
  move_out();
  EXPECT_EQ(inflated(packed, bytes.size(), MAX_WBITS), bytes);
  EXPECT_LT(packed.size(), bytes.size() / 2);
}

}  // namespace
}  // namespace da3::formats
