// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <codec/samples.hpp>

// ISO picture files (ISO/IEC 23008-12) made of chosen items.
namespace da3::testing {

struct HeifBox {
  std::string type;
  Bytes content;
};

/// An item; the first of a file is number 1.
struct HeifPart {
  std::string type;
  Bytes data{};
  std::vector<HeifBox> properties{};
};

struct HeifReference {
  std::string type;
  std::uint16_t from = 0;
  std::vector<std::uint16_t> to{};
};

/// `value` in `length` bytes, big-endian.
Bytes big_endian(std::uint64_t value, std::size_t length);

HeifBox image_size(Size size);

/// The record of a grid of `rows` x `columns` tiles.
Bytes grid_record(int rows, int columns, Size size);

/// The coded picture of tests/data/heif/turned.heic ("hvc1") or plain.avif ("av01") without its turn: 64 x 96
/// pixels, its upper left 16 x 16 red.
HeifPart coded_part(const std::string& type);

/// A file that shows its last item.
Bytes heif_file(const std::vector<HeifPart>& parts, const std::vector<HeifReference>& references);

}  // namespace da3::testing
