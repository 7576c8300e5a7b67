// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include <codec/opened_picture.hpp>
#include <journal/records.hpp>
#include <predict/depth_model.hpp>

#include <da3/image.hpp>

#include <image/intrinsics.hpp>
#include <run/held_bytes.hpp>
#include <run/run.hpp>
#include <run/schedule.hpp>
#include <run/settings.hpp>
#include <run/sink.hpp>
#include <run/source.hpp>

// The stages of one input, each a function from one value to the next. What concerns the input alone is an
// Outcome; an exception ends the run.
namespace da3::run {

/// What goes with an input through all stages.
struct Ticket {
  std::uint64_t sequence = 0;  ///< In the order of scanning
  Item item;
  journal::ImageRecord record;  ///< Filled on the way
  StageSeconds seconds{};       ///< Where its time went
  Need need;
  HeldBytes::Share held;
};

/// An input that has ended: done, skipped or failed.
struct Outcome {
  journal::ImageRecord record;
  std::optional<ErrorCode> error;  ///< Of a failure
  StageSeconds seconds{};
};

/// Its header is known.
struct Inspected {
  Ticket ticket;
  std::unique_ptr<codec::OpenedPicture> picture;
};

/// Ready for a forward pass.
struct Prepared {
  Ticket ticket;
  Image input;                                    ///< (H, W, 3)
  std::optional<Image> photo;                     ///< Where results show it
  std::optional<image::Intrinsics> known_camera;  ///< In pixels of the photo, from --intrinsics
};

/// With a network's results.
struct Predicted {
  Ticket ticket;
  DepthMap depth;       ///< (H, W)
  DepthMap confidence;  ///< Empty if not wanted
  DepthMap sky;         ///< Empty if not wanted
  std::optional<Image> photo;
  std::optional<image::Intrinsics> known_camera;
  std::optional<image::Intrinsics> network_camera;  ///< In pixels of `depth`, if wanted
};

/// Looks at an input without decoding it. One that an earlier run finished is `skipped`.
std::variant<Inspected, Outcome> inspect(Ticket ticket, const Settings& settings, const Sink& sink);

/// Reads, decodes and prepares the photo.
std::variant<Prepared, Outcome> prepare(Inspected inspected, const Settings& settings);

/// Picture `index` of a forward pass of `batch` that took `forward_s`.
std::variant<Predicted, Outcome> take_result(Prepared prepared, const predict::Result& result, int index,
                                             int batch, double forward_s);

/// Resizes, renders and encodes the results and hands them to the sink. Throws: Error kOutputFailed,
/// kInternal.
Outcome finish(Predicted predicted, const Settings& settings, Sink& sink);

/// The input of `ticket` has failed.
Outcome failure(Ticket ticket, const Error& error);

}  // namespace da3::run
