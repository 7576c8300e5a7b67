// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <formats/depth_statistics.hpp>
#include <formats/output_set.hpp>
#include <formats/png16.hpp>

#include <da3/error.hpp>
#include <da3/image.hpp>

#include <image/intrinsics.hpp>

namespace da3::journal {

/// The header that each run writes into the manifest.
struct RunRecord {
  std::string tool_version;
  std::string tool_commit;
  std::string model_name;
  std::string model_sha256;  ///< Identity of the model
  DepthKind model_kind = DepthKind::kRelative;
  std::optional<std::string> model_unit;
  std::string device;
  std::string precision;
  std::string attention;
  /// Options that change results, by their name without dashes, each with its value's text in force ("format"
  /// -> "png16,vis"); defaults are written out, so that a changed default is noticed.
  std::map<std::string, std::string> options;
  /// The option "range" is that of all results together: it changes with them, and another one is no other
  /// choice of the user.
  bool range_of_set = false;
  std::int64_t pid = 0;  ///< Process of the run; 0: unknown
  std::string host;      ///< Its machine; empty: unknown
  /// Milliseconds since 1970-01-01 UTC, above those of every run before it in the folder; 0: unknown. As
  /// ManifestIndex gives it, never less than that of the header before it in its file.
  std::int64_t began_ms = 0;
};

enum class ImageStatus { kDone, kSkipped, kFailed };

struct RecordedError {
  std::string code;  ///< da3::error_name
  std::string message;
};

/// What tells that an input has changed.
struct InputIdentity {
  std::uint64_t bytes = 0;
  std::int64_t mtime_ns = 0;  ///< Since 1970-01-01 UTC

  auto operator<=>(const InputIdentity&) const = default;
};

struct FocalRecord {
  double px = 0;       ///< In pixels of the original photo
  std::string source;  ///< "option", "hfov", "intrinsics", "exif.35mm", "exif.sensor"
};

/// One input of a run.
struct ImageRecord {
  std::string path;  ///< As found, byte for byte
  ImageStatus status = ImageStatus::kDone;
  std::optional<RecordedError> error;     ///< Set if and only if failed
  std::optional<InputIdentity> identity;  ///< Unknown if the input could not be looked at
  std::optional<Size> input;              ///< Of the photo after orientation
  std::optional<Size> processed;          ///< Of the network's input
  std::optional<int> batch;               ///< Images in the forward that this one was part of
  /// Paths below the output folder, byte for byte.
  std::vector<std::pair<formats::Format, std::string>> outputs;
  std::optional<formats::Png16Scale> png16;
  std::optional<std::string> depth_unit;
  std::optional<formats::DepthSummary> depth;
  std::optional<FocalRecord> focal;
  std::optional<image::Intrinsics> camera;         ///< Of the results, in their pixels
  std::vector<std::pair<std::string, double>> ms;  ///< Milliseconds by stage, in the order of the stages
  std::vector<std::string> warnings;
};

/// The record as one line of JSON without a line end: valid UTF-8, numbers that are not finite as null.
std::string to_json(const RunRecord& record);
std::string to_json(const ImageRecord& record);

/// The record of a line. Throws: Error kInternal naming what is missing or of a wrong type; unknown members
/// are ignored.
RunRecord run_from_json(std::string_view line);
ImageRecord image_from_json(std::string_view line);

/// True for a path that may be a result's: relative, of whole parts, none of them "." or "..". A manifest may
/// come from anywhere, and results replace what it names.
bool is_result_path(std::string_view path);

/// A failed image's record.
ImageRecord failed_record(std::string path, const Error& error);

/// SHA-256 over what decides a run's results: the model's sha256, precision and options.
std::string results_digest(const RunRecord& run);

/// What differs between two runs in what the user chose, one line each such as "--process-res was 504, is
/// 756"; empty if nothing does.
std::vector<std::string> differences(const RunRecord& before, const RunRecord& now);

}  // namespace da3::journal
