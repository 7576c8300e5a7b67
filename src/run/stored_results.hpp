// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <formats/depth_statistics.hpp>
#include <formats/output_set.hpp>
#include <journal/manifest.hpp>
#include <journal/records.hpp>

#include <image/intrinsics.hpp>
#include <image/nearness_histogram.hpp>

// Results that an earlier run, or this one, left in a folder.
namespace da3::run {

/// One input and the best file that it left.
struct StoredResult {
  std::filesystem::path file;
  std::string stem;
  formats::Format format = formats::Format::kPng16;
  std::vector<std::pair<formats::Format, std::string>> outputs;  ///< All files, below the folder
  std::optional<formats::DepthSummary> depth;                    ///< As the record has it
  std::string photo;
  std::optional<journal::InputIdentity> photo_identity;  ///< As it was when its depth was made
  std::optional<Size> photo_size;
  std::optional<Size> processed;            ///< Of the network's input
  std::optional<image::Intrinsics> camera;  ///< In pixels of the result
  std::optional<double> focal_px;  ///< Of the photo, where the record has no more; of a centred camera
  std::shared_ptr<const journal::RunRecord> run;  ///< That made it
};

struct StoredResults {
  std::vector<StoredResult> list;   ///< In natural order of their stems; all of one model
  journal::RunRecord run;           ///< Of the last result
  std::size_t damaged_records = 0;  ///< That say nothing of their results; a torn last line is none
  std::size_t pictures_only = 0;    ///< Results without a file that can be read back
  std::size_t other_model = 0;      ///< Results of another model than the last one's
  std::size_t failed_since = 0;     ///< Results of inputs whose last record is a failure
};

/// Whether the last record of an input is asked for.
using WantedRecord = std::function<bool(const journal::LastRecord&)>;

/// The results that all manifests of `folder` name, by the last record of every input; only those that are
/// `wanted`, if it is given, of which there may be none. Throws: Error kNoInput for a folder without results
/// that can be read back.
StoredResults read_results(const std::filesystem::path& folder, const WantedRecord& wanted = {});

/// What of `folder` is not in `results.list`, a line for each reason.
std::vector<std::string> left_out(const StoredResults& results, const std::filesystem::path& folder);

/// What is wanted of a result that is read back.
struct ReadBack {
  DepthKind kind = DepthKind::kRelative;
  std::optional<std::string> unit;
  std::optional<int> longest;            ///< Maps with at most so many pixels on the longer side
  std::vector<formats::Format> formats;  ///< That are made of it: whether they need camera or photo
};

/// What comes of inverse depth is depth, of unknown scale and shift.
ReadBack read_back_of(const journal::RunRecord& run, std::vector<formats::Format> formats);

/// Throws: Error kInputNotFound where one of `formats` shows the photo and another file has its place since:
/// its colours would not be those of the depth.
void require_same_photo(const StoredResult& result, const std::vector<formats::Format>& formats);

/// Throws: Error of what cannot be read; kImageCorrupt for a file whose depth is not its record's;
/// kFocalMissing; as require_same_photo.
formats::OutputSet load(const StoredResult& result, const ReadBack& wanted);

/// One range for all results, 2nd to 98th percentile of their inverse depth together; none without values.
/// Results that load() refuses for their file say nothing. Threads: `threads` of its own.
std::optional<image::DepthRange> range_of_all(const std::vector<StoredResult>& list, int threads,
                                              const std::stop_token& stop);

/// Runs `work(index)` for all indices below `count` on `threads` threads until it throws or `stop` is set;
/// what it threw.
std::exception_ptr on_threads(std::size_t count, int threads, const std::stop_token& stop,
                              const std::function<void(std::size_t)>& work);

}  // namespace da3::run
