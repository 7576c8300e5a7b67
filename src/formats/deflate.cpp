// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include <formats/deflate.hpp>
#include <zlib.h>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

constexpr int kLevel = 1;
constexpr int kRawDeflate = -MAX_WBITS;
constexpr int kMaxMemoryLevel = 9;

/// zlib counts in 32 bits: hands it at most this many bytes at once.
constexpr std::size_t kChunkBytes = std::size_t{1} << 30U;

}  // namespace

Deflated deflate_floats(std::span<const std::uint8_t> bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kRawDeflate, kMaxMemoryLevel, Z_HUFFMAN_ONLY) != Z_OK) {
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an npz file was made");
  }
  Deflated packed;
  packed.original_bytes = bytes.size();
  packed.crc32 = static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
  try {
    packed.bytes.resize(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  } catch (...) {
    deflateEnd(&stream);
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an npz file was made");
  }
  std::size_t taken = 0;
  std::size_t made = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t in = std::min(bytes.size() - taken, kChunkBytes);
    const std::size_t out = std::min(packed.bytes.size() - made, kChunkBytes);
    stream.next_in = const_cast<Bytef*>(bytes.data() + taken);  // zlib does not write to it
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = packed.bytes.data() + made;
    stream.avail_out = static_cast<uInt>(out);
    status = deflate(&stream, taken + in == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    taken += in - stream.avail_in;
    made += out - stream.avail_out;
  }
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error(ErrorCode::kInternal, "npz: zlib could not pack a map");
  packed.bytes.resize(made);
  return packed;
}

}  // namespace da3::formats
