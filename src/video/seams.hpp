// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <video/coloured_depth.hpp>
#include <video/frame.hpp>

// What a library of codecs gives, so that the rest works and is tested without one.
namespace da3::video {

enum class Hdr { kToneMap, kRaw };
enum class Deinterlace { kAuto, kOff };

struct ReadOptions {
  int stream = -1;  ///< Of the file; -1: the best video
  Hdr hdr = Hdr::kToneMap;
  Deinterlace deinterlace = Deinterlace::kAuto;
  std::uint64_t max_pixels = std::uint64_t{1} << 28;
  int threads = 1;  ///< Of the decoder; does not change the frames
};

/// What is written into an encoded video.
struct StreamSpec {
  Size size;
  Ratio time_base{1, 25};
  bool grey16 = false;  ///< Lossless grey values instead of colours
  std::string encoder;  ///< A name, or empty for the first that works
  int crf = 18;
  double key_interval_s = 2;
  double frames_per_s = 25;  ///< About; for encoders that want to know
};

/// One piece of an encoded video: packets of whole groups of pictures, in a file of its own.
class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;
  virtual void write(std::int64_t pts, const Image& picture, bool key) = 0;
  virtual void write(std::int64_t pts, const HalvedPicture& picture, bool key) = 0;
  virtual void write(std::int64_t pts, Size size, const std::vector<std::uint16_t>& grey) = 0;
  /// The frame written last once more.
  virtual void repeat(std::int64_t pts) = 0;
  /// Throws: Error kOutputFailed.
  virtual void finish() = 0;
};

/// Sound of a video file.
struct SoundSource {
  std::string path;
  int video = -1;  ///< Stream of the file whose sound it is, as `ReadOptions::stream`
};

/// Pieces become one file.
struct JoinSpec {
  std::vector<std::filesystem::path> segments;
  std::filesystem::path target;         ///< Written as it is: the caller renames it
  std::string container;                ///< mp4, mov, matroska, webm
  Ratio time_base{1, 25};               ///< Of the segments' frames, as in their StreamSpec
  bool grey16 = false;                  ///< As in their StreamSpec
  std::int64_t shift = 0;               ///< Ticks taken off every time
  std::optional<SoundSource> sound;     ///< Is copied
  std::optional<double> sound_start_s;  ///< In the times of that file
  double sound_shift_s = 0;             ///< Taken off every time of the sound
  /// Sound that is heard across the start may begin at 0, and frames behind it, where the container has no
  /// times before 0.
  bool sound_may_lead = false;
  std::optional<double> sound_end_s;
  std::vector<std::pair<std::string, std::string>> tags;
};

struct VideoLibrary {
  std::function<std::unique_ptr<VideoReader>(const std::string& path, const ReadOptions&)> open;
  /// The encoder that will be used: a frame of it was written to a file of `container` and read back. Throws:
  /// Error kEncoderUnavailable.
  std::function<std::string(const StreamSpec&, const std::string& container)> choose_encoder;
  std::function<std::unique_ptr<SegmentWriter>(const std::filesystem::path&, const StreamSpec&)> segment;
  /// The warning that files of `container` cannot hold a sound; none if they can.
  std::function<std::optional<std::string>(const SoundSource&, const std::string& container)> refused_sound;
  /// Returns warnings, such as sound that turned out to be refused.
  std::function<std::vector<std::string>(const JoinSpec&)> join;
  std::string version;
};

}  // namespace da3::video
