// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>
#include <sstream>
#include <vector>

#include <video/colour.hpp>
#include <video/coloured_depth.hpp>
#include <video/options/ratio.hpp>
#include <video/plain_stream.hpp>

namespace da3::video {
namespace {

constexpr std::string_view kMagic = "YUV4MPEG2";
constexpr std::size_t kLongestHeader = 1 << 12;

/// What frames of one size and kind have in common; `read_frame` gives their bytes as a picture.
class StreamReader : public VideoReader {
 public:
  StreamReader(std::istream& stream, std::string name) : stream_(stream), name_(std::move(name)) {}

  const VideoFacts& facts() const override { return facts_; }

  std::optional<Frame> next(Want want) override {
    if (!read_frame()) {
      require_readable();
      return std::nullopt;
    }
    Frame frame;
    frame.number = frame.pts = count_++;
    if (want == Want::kPicture) frame.picture = picture();
    return frame;
  }

  bool seek_near(std::int64_t /*pts*/) override { return false; }
  bool seek(std::int64_t /*number*/, std::int64_t /*pts*/) override { return false; }
  std::vector<FrameTime> times(double /*seconds*/) const override { return {}; }
  std::optional<Error> verdict() const override { return verdict_; }

 protected:
  /// The next frame's bytes into `bytes_`; false at the end.
  virtual bool read_frame() = 0;
  virtual Image picture() = 0;

  bool read_bytes() {
    stream_.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
    const auto got = static_cast<std::size_t>(stream_.gcount());
    if (got == bytes_.size()) return true;
    if (got > 0) cut_short(got);
    return false;
  }

  /// Throws: Error kInputUnreadable where the stream did not end, but failed.
  void require_readable() const {
    if (!stream_.bad()) return;
    throw Error(ErrorCode::kInputUnreadable, name_ + ": it cannot be read beyond frame " +
                                                 std::to_string(count_) +
                                                 " (a disk or a network failed); the same command goes on "
                                                 "where it can");
  }

  void cut_short(std::size_t got) {
    verdict_ = Error(ErrorCode::kVideoTruncated,
                     name_ + ": the stream ends within frame " + std::to_string(count_) + ", after " +
                         std::to_string(got) + " of its " + std::to_string(bytes_.size()) +
                         " bytes; the frames before it are used");
  }

  std::istream& stream_;
  std::string name_;
  VideoFacts facts_;
  std::vector<std::uint8_t> bytes_;
  std::int64_t count_ = 0;
  std::optional<Error> verdict_;
};

class Y4mReader final : public StreamReader {
 public:
  Y4mReader(std::istream& stream, const std::string& name, std::uint64_t max_pixels)
      : StreamReader(stream, name) {
    const std::optional<std::string> line = header_line();
    if (!line || !line->starts_with(kMagic)) corrupt("it does not begin with YUV4MPEG2");
    parse(*line, max_pixels);
  }

 private:
  [[noreturn]] void corrupt(const std::string& what) const {
    throw Error(ErrorCode::kVideoDamaged, name_ + ": this is no yuv4mpeg stream that can be read: " + what +
                                              "; write one with `ffmpeg -i IN -f yuv4mpegpipe -`");
  }

  /// A line without its end; none at the end of the stream.
  std::optional<std::string> header_line() {
    std::string line;
    for (int letter = stream_.get(); letter != '\n'; letter = stream_.get()) {
      if (letter == std::char_traits<char>::eof()) require_readable();
      if (letter == std::char_traits<char>::eof()) return line.empty() ? std::nullopt : std::optional(line);
      if (line.size() == kLongestHeader)
        corrupt("a header is longer than " + std::to_string(kLongestHeader) + " bytes");
      line += static_cast<char>(letter);
    }
    return line;
  }

  void parse(const std::string& line, std::uint64_t max_pixels) {
    Size size;
    std::string colour = "420jpeg";
    Ratio rate{25, 1};
    std::istringstream fields(line.substr(kMagic.size()));
    for (std::string field; fields >> field;) {
      const std::string value = field.substr(1);
      switch (field.front()) {
        case 'W':
        case 'H': {
          const auto side = whole(value);
          if (!side || *side < 1 || *side > std::numeric_limits<int>::max() / 4)
            corrupt("its " + field + " is no size");
          (field.front() == 'W' ? size.width : size.height) = static_cast<int>(*side);
          break;
        }
        case 'F':
          if (const auto given = ratio(value, ':')) rate = *given;
          break;
        case 'A':
          if (const auto given = ratio(value, ':')) facts_.sample_aspect = *given;
          break;
        case 'I':
          facts_.interlaced = value == "t" || value == "b";
          first_field_ = value == "b" ? FirstField::kBottom : FirstField::kTop;
          break;
        case 'C':
          colour = value;
          break;
        case 'X':
          if (value == "COLORRANGE=FULL") planes_.full_range = true;
          break;
        default:
          break;
      }
    }
    if (size.area() == 0) corrupt("its header names no width and height");
    if (size.area() > max_pixels) {
      throw Error(ErrorCode::kImageTooLarge, name_ + ": frames of " + std::to_string(size.width) + "x" +
                                                 std::to_string(size.height) +
                                                 " pixels; raise the limit (--max-pixels)");
    }
    planes_.size = size;
    parse_colour(colour);
    const std::size_t sample = planes_.bits > 8 ? 2 : 1;
    const std::size_t luma = size.area() * sample;
    const Size step = planes_.chroma_step;
    const std::size_t chroma =
        step.width == 0 ? 0
                        : static_cast<std::size_t>((size.height + step.height - 1) / step.height) *
                              static_cast<std::size_t>((size.width + step.width - 1) / step.width) * sample;
    bytes_.resize(luma + 2 * chroma + (alpha_ ? luma : 0));
    const std::span<const std::uint8_t> all = bytes_;
    planes_.samples = {all.first(luma), all.subspan(luma, chroma), all.subspan(luma + chroma, chroma)};
    facts_.matrix = assumed_matrix(size);
    facts_.matrix_assumed = true;
    planes_.weights = luma_weights(facts_.matrix);
    facts_.full_range = planes_.full_range;
    facts_.bits = planes_.bits;
    facts_.time_base = {rate.den, rate.num};
    facts_.frames_per_s = rate.value();
    facts_.codec = "rawvideo";
    facts_.container = "yuv4mpeg";
    facts_.shown = square_size(size, facts_.sample_aspect);
  }

  /// Names of the colour spaces as mjpegtools and FFmpeg write them.
  void parse_colour(const std::string& colour) {
    std::string_view rest = colour;
    const auto take = [&](std::string_view text) {
      const bool found = rest.starts_with(text);
      if (found) rest.remove_prefix(text.size());
      return found;
    };
    if (take("mono")) {
      planes_.chroma_step = {0, 0};
      if (!rest.empty()) planes_.bits = static_cast<int>(whole(rest).value_or(0));
      rest = {};
    } else if (take("420")) {
      planes_.chroma_step = {2, 2};
      if (take("mpeg2") || rest.starts_with("p")) planes_.site = ChromaSite::kLeft;
      if (!take("jpeg")) take("paldv");
    } else if (take("422")) {
      planes_.chroma_step = {1, 2};
      planes_.site = ChromaSite::kLeft;
    } else if (take("411")) {
      planes_.chroma_step = {1, 4};
      planes_.site = ChromaSite::kLeft;
    } else if (take("444")) {
      planes_.chroma_step = {1, 1};
      alpha_ = take("alpha");
    } else {
      unsupported(colour);
    }
    if (take("p")) {
      planes_.bits = static_cast<int>(whole(rest).value_or(0));
      rest = {};
    }
    if (!rest.empty() || planes_.bits < 8 || planes_.bits > 16) unsupported(colour);
  }

  [[noreturn]] void unsupported(const std::string& colour) const {
    throw Error(ErrorCode::kVideoUnsupported,
                name_ + ": yuv4mpeg of the kind C" + colour +
                    " is not read; add `-pix_fmt yuv420p` to the program that writes it");
  }

  bool read_frame() override {
    const std::optional<std::string> line = header_line();
    if (!line) return false;
    if (!line->starts_with("FRAME")) {
      verdict_ =
          Error(ErrorCode::kVideoDamaged, name_ + ": frame " + std::to_string(count_) +
                                              " does not begin with FRAME; the frames before it are used");
      return false;
    }
    if (read_bytes()) return true;
    if (!verdict_) cut_short(0);
    return false;
  }

  Image picture() override {
    Image picture = to_rgb(planes_);
    if (facts_.interlaced) keep_first_field(picture, first_field_);
    return with_square_pixels(std::move(picture), facts_.sample_aspect);
  }

  Planes planes_;
  bool alpha_ = false;
  FirstField first_field_ = FirstField::kTop;
};

class RawReader final : public StreamReader {
 public:
  RawReader(std::istream& stream, const std::string& name, const RawFormat& format)
      : StreamReader(stream, name) {
    facts_.shown = format.size;
    facts_.time_base = {format.frames_per_s.den, format.frames_per_s.num};
    facts_.frames_per_s = format.frames_per_s.value();
    facts_.matrix = "rgb";
    facts_.full_range = true;
    facts_.codec = facts_.container = "rawvideo";
    bytes_.resize(format.size.area() * 3);
  }

 private:
  bool read_frame() override { return read_bytes(); }
  Image picture() override { return {facts_.shown, bytes_}; }
};

}  // namespace

bool is_y4m(std::string_view start) {
  return start.starts_with(kMagic);
}

std::unique_ptr<VideoReader> read_y4m(std::istream& stream, const std::string& name,
                                      std::uint64_t max_pixels) {
  return std::make_unique<Y4mReader>(stream, name, max_pixels);
}

std::unique_ptr<VideoReader> read_raw(std::istream& stream, const std::string& name,
                                      const RawFormat& format) {
  return std::make_unique<RawReader>(stream, name, format);
}

std::string y4m_header(Size size, Ratio frames_per_s) {
  return std::string(kMagic) + " W" + std::to_string(size.width) + " H" + std::to_string(size.height) + " F" +
         std::to_string(frames_per_s.num) + ":" + std::to_string(frames_per_s.den) +
         " Ip A1:1 C444 XCOLORRANGE=LIMITED\n";
}

std::string y4m_frame(const Image& picture) {
  const std::size_t pixels = picture.size.area();
  std::string frame = "FRAME\n";
  const std::size_t begin = frame.size();
  frame.resize(begin + 3 * pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const auto parts = luma_and_chroma(picture.rgb[3 * i], picture.rgb[3 * i + 1], picture.rgb[3 * i + 2]);
    for (std::size_t k = 0; k < 3; ++k)
      frame[begin + k * pixels + i] = static_cast<char>(static_cast<int>(parts[k] + 0.5));
  }
  return frame;
}

}  // namespace da3::video
