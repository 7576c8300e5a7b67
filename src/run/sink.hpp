// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <formats/output_set.hpp>
#include <journal/records.hpp>

#include <run/source.hpp>

namespace da3::journal {
class ResultFolder;
}  // namespace da3::journal

namespace da3::run {

/// Where results go: a folder; later a callback, a video, an object store.
/// Threads: `finished`, `require_place` and `write` from any; `record` and `close` from one.
class Sink {
 public:
  /// Format and name of each result, as the record has them.
  using Outputs = std::vector<std::pair<formats::Format, std::string>>;
  /// The encoded bytes of one format. Each is asked for once, when the one before it is written, so that only
  /// one is held at a time.
  using Encode = std::function<std::vector<std::uint8_t>(formats::Format)>;

  virtual ~Sink() = default;

  /// The record, `skipped`, of an input that needs no work because an earlier run has finished it.
  virtual std::optional<journal::ImageRecord> finished(const Item& item,
                                                       const journal::InputIdentity& identity) const = 0;

  /// Throws: Error of this input if its results could not be taken; asked before the work rather than after
  /// it.
  virtual void require_place(const Item& item, const std::optional<journal::InputIdentity>& identity,
                             const std::vector<formats::Format>& formats) const = 0;

  /// Takes the results of one input, whole or not at all. Throws: Error of this input, or kOutputFailed,
  /// which ends the run; and what `encode` throws.
  virtual Outputs write(const Item& item, const std::optional<journal::InputIdentity>& identity,
                        const std::vector<formats::Format>& formats, const Encode& encode) = 0;

  /// Takes the record of an input that has ended; `json` is its line. Throws: Error kOutputFailed.
  virtual void record(const journal::ImageRecord& record, std::string_view json) = 0;

  /// Ends the run's results; not called where it failed. Throws: Error kOutputFailed.
  virtual void close() = 0;

  /// The folder of the results' files, whose pictures can be drawn once more; null where they go elsewhere.
  virtual const journal::ResultFolder* folder() const { return nullptr; }
};

/// Makes the sink of a run that gives results of `formats`, once it is known that there is something to do.
using MakeSink = std::function<std::unique_ptr<Sink>(const journal::RunRecord& run,
                                                     const std::vector<formats::Format>& formats)>;

}  // namespace da3::run
