// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <formats/deflate.hpp>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <da3/error.hpp>

namespace da3::formats {
namespace {

/// Of ISA-L's levels the one with the smallest files in the time of the fastest, and whose bytes do not
/// depend on the processor as those of 3 do.
constexpr std::uint32_t kLevel = 2;

/// ISA-L counts in 32 bits: is handed at most this many bytes at once.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30U;
/// Room that it finds for more: at the end of a stream it wants some even where nothing is left to pack.
constexpr std::size_t kRoom = std::size_t{1} << 16U;

}  // namespace

struct Deflater::State {
  isal_zstream stream{};
  std::array<std::uint8_t, ISAL_DEF_LVL2_DEFAULT> buffer{};
};

Deflater::Deflater(Wrapper wrapper) : state_(std::make_unique<State>()) {
  isal_zstream& stream = state_->stream;
  isal_deflate_init(&stream);
  stream.level = kLevel;
  stream.level_buf = state_->buffer.data();
  stream.level_buf_size = static_cast<std::uint32_t>(state_->buffer.size());
  stream.gzip_flag = wrapper == Wrapper::kZlib ? IGZIP_ZLIB : IGZIP_DEFLATE;
}

Deflater::~Deflater() = default;

void Deflater::add(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kMostAtOnce);
    state_->stream.next_in = const_cast<std::uint8_t*>(bytes.data());  // It does not write to it
    state_->stream.avail_in = static_cast<std::uint32_t>(count);
    while (state_->stream.avail_in > 0) run();
    bytes = bytes.subspan(count);
  }
}

void Deflater::finish() {
  state_->stream.end_of_stream = 1;
  while (state_->stream.internal_state.state != ZSTATE_END) run();
}

void Deflater::run() {
  if (packed_.size() - num_packed_ < kRoom)
    packed_.resize(std::max(2 * num_packed_, num_packed_ + 2 * kRoom));
  isal_zstream& stream = state_->stream;
  const std::size_t room = std::min(packed_.size() - num_packed_, kMostAtOnce);
  stream.next_out = packed_.data() + num_packed_;
  stream.avail_out = static_cast<std::uint32_t>(room);
  if (isal_deflate(&stream) != COMP_OK) throw Error(ErrorCode::kInternal, "ISA-L could not pack a file");
  num_packed_ += room - stream.avail_out;
}

std::vector<std::uint8_t> Deflater::take() {
  packed_.resize(num_packed_);
  num_packed_ = 0;
  return std::exchange(packed_, {});
}

Deflated deflate(std::span<const std::uint8_t> bytes) {
  try {
    Deflater deflater(Deflater::Wrapper::kNone);
    deflater.add(bytes);
    deflater.finish();
    return {deflater.take(), bytes.size(), crc32_gzip_refl(0, bytes.data(), bytes.size())};
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, "memory ran out while an npz file was made");
  }
}

}  // namespace da3::formats
