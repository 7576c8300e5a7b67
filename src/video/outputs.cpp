// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include <video/outputs.hpp>

#include <da3/error.hpp>

#include <core/media_names.hpp>
#include <core/text.hpp>

namespace da3::video {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kContainers{
    {{".mp4", "mp4"}, {".mov", "mov"}, {".mkv", "matroska"}, {".webm", "webm"}}};

std::optional<Shown> shown_of(const std::string& format) {
  if (format == "vis") return Shown::kVis;
  if (format == "side") return Shown::kSide;
  if (format == "gray16") return Shown::kGrey16;
  return std::nullopt;
}

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::kUsage, message);
}

/// The list with every format once. Throws: Error kUsage for `none` among others.
std::vector<std::string> each_once(const std::vector<std::string>& formats) {
  std::vector<std::string> list;
  for (const std::string& format : formats) {
    if (std::ranges::find(list, format) == list.end()) list.push_back(format);
  }
  if (list.size() > 1 && std::ranges::find(list, "none") != list.end())
    refuse("--format: none stands alone; remove it, or the other formats");
  return list;
}

bool shows(const OutputPlan& plan, Shown shown) {
  return std::ranges::any_of(plan.streams, [shown](const StreamPlan& each) { return each.shown == shown; });
}

void plan_pipe(const std::vector<std::string>& formats, OutputPlan& plan) {
  if (formats.size() != 1 || (formats.front() != "y4m" && formats.front() != "raw")) {
    refuse("--output -: give --format y4m (coloured depth) or raw (depth as float32)");
  }
  plan.pipe = formats.front() == "y4m" ? Pipe::kY4m : Pipe::kRaw;
  plan.text = "standard output";
}

/// A folder of this name would surprise who meant a file, unless it is there already.
void refuse_other_files(const std::string& output) {
  std::error_code failed;
  if (!core::is_media_name(output) || std::filesystem::is_directory(output, failed)) return;
  refuse("--output " + output +
         ": videos are written as .mp4, .mov, .mkv or .webm files; for a folder of this name add /: " +
         output + "/");
}

}  // namespace

bool OutputPlan::shows_photo() const {
  return shows(*this, Shown::kSide) || std::any_of(frames.begin(), frames.end(), formats::shows_photo);
}

bool OutputPlan::has_pictures() const {
  return has_colours() || std::any_of(frames.begin(), frames.end(), formats::has_range);
}

bool OutputPlan::has_colours() const {
  return has_colour_stream() || has_rgb_colours();
}

bool OutputPlan::has_colour_stream() const {
  return shows(*this, Shown::kVis);
}

bool OutputPlan::has_rgb_colours() const {
  return pipe == Pipe::kY4m || shows(*this, Shown::kSide);
}

bool OutputPlan::has_grey16() const {
  return shows(*this, Shown::kGrey16);
}

std::string video_name(const std::string& input, const std::string& format) {
  const auto shown = shown_of(format);
  if (!shown) return "";
  const std::string stem = input == "-" ? "video" : std::filesystem::path(input).stem().string();
  return stem + (*shown == Shown::kGrey16 ? ".depth.mkv" : "." + format + ".mp4");
}

OutputPlan plan_outputs(const std::string& input, const std::string& output,
                        const std::vector<std::string>& formats, const VideoLibrary* library) {
  OutputPlan plan;
  const std::vector<std::string> asked = each_once(formats);
  if (output == "-") {
    plan_pipe(asked.empty() ? std::vector<std::string>{"y4m"} : asked, plan);
    return plan;
  }
  const std::string lower = core::lower_case(output);
  for (const auto& [ending, container] : kContainers) {
    if (!lower.ends_with(ending)) continue;
    if (library == nullptr) {
      throw Error(
          ErrorCode::kVideoUnavailable,
          output +
              ": this installation has no FFmpeg to encode with; give a folder for files of each frame, or "
              "`-o - -f y4m | ffmpeg -i - " +
              output + "`");
    }
    const std::vector<std::string> single = asked.empty() ? std::vector<std::string>{"vis"} : asked;
    const auto shown = shown_of(single.front());
    if (single.size() != 1 || !shown)
      refuse("--output " + output + ": a video file holds one of vis, side, gray16; for more give a folder");
    if (*shown == Shown::kGrey16 && container != "matroska")
      refuse("--output " + output + ": gray16 goes into .mkv files");
    plan.streams.push_back({*shown, single.front(), output, std::string(container)});
    plan.folder = output + ".da3-work";
    plan.temporary = true;
    plan.text = output;
    return plan;
  }
  refuse_other_files(output);
  plan.folder = output.empty() ? (input == "-" ? "video.depth" : input + ".depth") : output;
  plan.text = plan.folder.string();
  for (const std::string& format : asked.empty() ? std::vector<std::string>{"vis", "png16"} : asked) {
    const auto shown = shown_of(format);
    if (format == "none") continue;
    if (format == "y4m" || format == "raw") refuse("--format " + format + " is for --output -");
    if (!shown) {
      plan.frames.push_back(formats::parse_format(format));
    } else if (library != nullptr) {
      plan.streams.push_back({*shown, format, plan.folder / video_name(input, format),
                              *shown == Shown::kGrey16 ? "matroska" : "mp4"});
    } else if (*shown == Shown::kGrey16) {
      throw Error(ErrorCode::kVideoUnavailable,
                  "--format gray16: this installation has no FFmpeg to encode with; png16 keeps the values");
    } else {
      plan.frames.push_back(formats::parse_format(format));
    }
  }
  if (std::any_of(plan.frames.begin(), plan.frames.end(), formats::needs_camera)) {
    refuse("--format ply: points of frames are not made; use da3 infer on single frames");
  }
  if (formats::contains(plan.frames, formats::Format::kHtml))
    refuse("--format html: a gallery of frames is not made; side shows frames next to their depth");
  return plan;
}

}  // namespace da3::video
