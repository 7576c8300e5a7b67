// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <journal/records.hpp>
#include <journal/result_folder.hpp>
#include <predict/depth_model.hpp>

#include <da3/image.hpp>

#include <image/intrinsics.hpp>
#include <run/run.hpp>
#include <run/settings.hpp>
#include <run/source.hpp>

namespace da3::run {

/// Where the time of one input went.
struct StageTimes {
  StageSeconds seconds{};
  void add(Stage stage, double s) { seconds[static_cast<std::size_t>(stage)] += s; }
  double operator[](Stage stage) const { return seconds[static_cast<std::size_t>(stage)]; }
};

/// One input on its way through the stages.
struct Job {
  std::uint64_t sequence = 0;  ///< In the order of scanning
  Item item;
  journal::ImageRecord record;  ///< Filled on the way
  StageTimes times;
  Image input;                 ///< (H, W, 3) for the network; empty before `decode` and after the forward
  std::optional<Image> photo;  ///< Kept for pictures that show it
  std::optional<codec::ExifFocal> exif_focal;
  std::string focal_doubt;  ///< As codec::Decoded::focal_doubt
  Size original;
  std::optional<ErrorCode> error;    ///< Of a failure
  std::uint64_t decoding_bytes = 0;  ///< As accounted
  std::uint64_t waiting_bytes = 0;
  std::uint64_t finishing_bytes = 0;
  std::uint64_t needed_bytes = 0;                 ///< Of the host at its peak, when nothing else is under way
  DepthMap depth;                                 ///< (H, W), after the forward
  DepthMap confidence;                            ///< Empty if not wanted
  DepthMap sky;                                   ///< Empty if not wanted
  std::optional<image::Intrinsics> known_camera;  ///< In pixels of the photo, from --intrinsics
  std::optional<image::Intrinsics> network_camera;  ///< In pixels of `depth`, if wanted
};

/// Size and time of change of a file; none if it cannot be looked at.
std::optional<journal::InputIdentity> input_identity(const std::string& path);

/// The size of an input from its header. Throws: Error of this input.
Size header_size(const Item& item, const Settings& settings);

/// Looks at the input without decoding it: fills its identity; if an earlier run finished it, the record is
/// that of a skipped input. Otherwise returns its size from the header. Throws: Error of this input.
std::optional<Size> inspect(Job& job, const Settings& settings, const journal::ResultFolder& folder);

/// Bytes that decoding and preparing a photo of `original` takes at its peak, and that it holds until the
/// forward.
std::uint64_t decoding_bytes(Size original, std::uint64_t file_bytes);
std::uint64_t waiting_bytes(Size original, const Settings& settings);

/// Bytes that resizing, rendering and encoding take at their peak.
std::uint64_t finishing_bytes(Size original, const Settings& settings);

/// Error kImageTooLarge with what the input needs and what is free.
Error beyond_memory(const Job& job, std::uint64_t free_bytes);

/// Reads, decodes and prepares the photo. Throws: Error of this input.
void decode(Job& job, const Settings& settings);

/// Takes picture `index` of a forward's result into the job. Throws: Error kPredictionInvalid.
void take_result(Job& job, const predict::Result& result, int index, int batch, double forward_s);

/// Resizes, renders, encodes and writes the results and completes the record. Throws: Error of this input, or
/// kOutputFailed that ends the run.
void finish(Job& job, const Settings& settings, journal::ResultFolder& folder);

/// Turns the record into that of a failure.
void fail(Job& job, const Error& error);

}  // namespace da3::run
