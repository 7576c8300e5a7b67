// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <codec/opened_picture.hpp>
#include <journal/records.hpp>

#include <da3/error.hpp>

namespace da3::run {

/// What an input that is no file holds: a picture in memory, later a frame of a video or an object of a
/// store. Threads: any.
class Content {
 public:
  virtual ~Content() = default;
  /// What tells that it has changed since an earlier run; none: nothing does, and it is done again.
  virtual std::optional<journal::InputIdentity> identity() const = 0;
  /// The picture with its header read. Asked once, and only for what is not finished. Lifetime: this content
  /// outlives it. Throws: Error of this input.
  virtual std::unique_ptr<codec::OpenedPicture> open(const codec::DecodeOptions& options) const = 0;
};

/// One input that was found. About 100 bytes for a usual path: a source may run far ahead of the work.
struct Item {
  std::string path;             ///< As given or found, byte for byte; of other inputs what they are called
  std::string name;             ///< What its results are named after where that is no end of `path`
  std::uint32_t below = 0;      ///< Else: where that end of `path` begins
  bool keep_extension = false;  ///< Its folder holds this stem more than once
  bool unsupported = false;     ///< Found in a folder with the name of a format that is not read
  bool named = false;           ///< It is an argument itself, not found in a folder
  bool in_shard = false;        ///< Its argument was taken by this shard as a whole
  bool beside_results = false;  ///< Found in a folder below the output folder
  std::string passed_over;  ///< Name of the HEIC or AVIF file next to it that it stands for; usually empty
  std::shared_ptr<const Error> error;      ///< Set if it cannot be an input at all
  std::shared_ptr<const Content> content;  ///< Null: it is the file at `path`

  /// Path of its results below the output folder, without their suffix.
  std::string stem() const;
  /// The same without its extension even where that is kept: what shards are divided by, known from the text
  /// of a path alone.
  std::string plain_stem() const;

  /// What tells that it has changed; none if it cannot be looked at.
  std::optional<journal::InputIdentity> identity() const;
  /// Opens it and reads its header. Throws: Error of this input.
  std::unique_ptr<codec::OpenedPicture> open(const codec::DecodeOptions& options) const;
};

/// Size and time of change of a file; none if it cannot be looked at.
std::optional<journal::InputIdentity> input_identity(const std::string& path);

/// Where inputs come from: folders, a list; later video and object stores.
/// Threads: one at a time.
class Source {
 public:
  virtual ~Source() = default;
  /// The next input, none at the end. May block (a list that is still being written). Throws: Error for what
  /// ends the run; what concerns one input comes as `Item::error`.
  virtual std::optional<Item> next() = 0;
  /// Folders passed over so far although they may hold inputs, since sub-folders were not asked for.
  virtual std::size_t folders_not_entered() const { return 0; }
};

}  // namespace da3::run
