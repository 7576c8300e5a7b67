// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <da3/error.hpp>

namespace da3::run {

/// One input that was found. About 100 bytes for a usual path: a source may run far ahead of the work.
struct Item {
  std::string path;             ///< As given or found, byte for byte
  std::string name;             ///< What its results are named after where that is no end of `path`
  std::uint32_t below = 0;      ///< Else: where that end of `path` begins
  bool keep_extension = false;  ///< Its folder holds this stem more than once
  bool unsupported = false;     ///< Found in a folder with the name of a format that is not read
  bool named = false;           ///< It is an argument itself, not found in a folder
  bool in_shard = false;        ///< Its argument was taken by this shard as a whole
  std::string passed_over;  ///< Name of the HEIC or AVIF file next to it that it stands for; usually empty
  std::shared_ptr<const Error> error;  ///< Set if it cannot be an input at all

  /// Path of its results below the output folder, without their suffix.
  std::string stem() const;
  /// The same without its extension even where that is kept: what shards are divided by, known from the text
  /// of a path alone.
  std::string plain_stem() const;
};

/// Where inputs come from: folders, a list; later video and object stores.
/// Threads: one at a time.
class Source {
 public:
  virtual ~Source() = default;
  /// The next input, none at the end. May block (a list that is still being written). Throws: Error for what
  /// ends the run; what concerns one input comes as `Item::error`.
  virtual std::optional<Item> next() = 0;
};

}  // namespace da3::run
