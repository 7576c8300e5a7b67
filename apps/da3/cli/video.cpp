// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <da3/error.hpp>

#include <cli/option_sets.hpp>

namespace da3::cli {
namespace {

/// A word that has to be one of a few.
CLI::Option* add_word(CLI::App& app, const std::string& name, std::string& value,
                      std::vector<std::pair<std::string_view, std::string>> words, const std::string& help) {
  return add_parsed(
      app, name,
      [&value, words = std::move(words)](const std::string& text) {
        value = choose<std::string>(text, words);
      },
      help);
}

void add_frames(CLI::App& app, Video& options) {
  app.add_option("IN", options.input, "a video file, or - for yuv4mpeg on standard input")
      ->type_name("")
      ->required();
  app.add_option("--raw", options.raw, "IN is RGB, 8 bits, without header")
      ->type_name("WxH[@FPS]")
      ->group("Frames");
  add_parsed(
      app, "--fps", [&](const std::string& text) { options.fps = real_number(text, 1e-3, 1e5); },
      "at most F frames a second of the video, by their times (all)")
      ->type_name("F")
      ->group("Frames");
  add_parsed(
      app, "--every", [&](const std::string& text) { options.every = whole_number(text, 1, 1'000'000'000); },
      "every N-th frame (1)")
      ->type_name("N")
      ->group("Frames");
  app.add_option("--start", options.start, "seconds or h:mm:ss after the first frame")
      ->type_name("T")
      ->group("Frames");
  app.add_option("--duration", options.duration, "seconds or h:mm:ss from there")
      ->type_name("T")
      ->group("Frames");
  add_parsed(
      app, "--limit",
      [&](const std::string& text) { options.limit = whole_number(text, 1, 1'000'000'000'000); },
      "at most N frames")
      ->type_name("N")
      ->group("Frames");
  app.add_option("--timestamps", options.timestamps,
                 "times of the frames, seconds a line, instead of the video's")
      ->type_name("FILE")
      ->group("Frames");
  add_parsed(
      app, "--stream",
      [&](const std::string& text) { options.stream = static_cast<int>(whole_number(text, 0, 1000)); },
      "which stream of the file (the best video)")
      ->type_name("N")
      ->group("Frames");
  add_word(app, "--hdr", options.hdr, {{"tonemap", "tonemap"}, {"raw", "raw"}},
           "PQ and HLG: tonemap to what a screen shows, or raw code values (tonemap)")
      ->type_name("HOW")
      ->group("Frames");
  add_word(app, "--deinterlace", options.deinterlace, {{"auto", "auto"}, {"off", "off"}},
           "auto: the first field of interlaced frames; off: both, woven (auto)")
      ->type_name("HOW")
      ->group("Frames");
  add_parsed(
      app, "--max-pixels",
      [&](const std::string& text) {
        options.work.max_pixels = static_cast<std::uint64_t>(whole_number(text, 1, std::int64_t{1} << 40));
      },
      "larger frames are refused (268435456)")
      ->type_name("N")
      ->group("Frames");
}

void add_results(CLI::App& app, Video& options) {
  app.add_option("-o,--output", options.output,
                 "a folder, a video (.mp4 .mkv .mov .webm), or - (IN with .depth behind it)")
      ->type_name("OUT")
      ->group("Results");
  add_parsed(
      app, "-f,--format", [&](const std::string& text) { options.formats = split_list(text); },
      "vis, side, gray16 as videos; png16, exr, npz, npy, pfm, tiff... a file a frame; with -o - y4m or raw "
      "(vis,png16)")
      ->type_name("LIST")
      ->group("Results");
  add_looks(app, {options.work.colormap, options.work.vis_format, options.work.preview,
                  options.work.exr_compression, options.work.exr_channels});
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        options.range.reset();
        options.vis_range.clear();
        if (text == "video" || text == "running" || text == "image") {
          options.vis_range = text;
        } else {
          options.range = parse_range(text);
        }
      },
      "one range for the video, running, each image's own, or LO,HI (video; pipes: running)")
      ->type_name("RANGE")
      ->group("Results");
  add_word(app, "--steady", options.steady, {{"auto", "auto"}, {"off", "off"}, {"scale", "scale"}},
           "one scale over time for relative models: auto in pictures, scale also in values (auto)")
      ->type_name("HOW")
      ->group("Results");
  app.add_option("--cuts", options.cuts,
                 "where that starts anew: auto finds cuts, none, or a file of times as in the records (auto)")
      ->type_name("auto|none|FILE")
      ->group("Results");
  add_parsed(
      app, "--size",
      [&](const std::string& text) {
        options.work.size =
            choose<ResultSize>(text, {{"input", ResultSize::kInput}, {"model", ResultSize::kModel}});
      },
      "resolution of the result: input or model (input)")
      ->type_name("WHICH")
      ->group("Results");
  app.add_option("--encoder", options.encoder,
                 "FFmpeg's name of an encoder (the first that works, libx264 first)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--crf",
      [&](const std::string& text) { options.crf = static_cast<int>(whole_number(text, 0, 51)); },
      "quality of encoded videos, lower is better (18)")
      ->type_name("N")
      ->group("Results");
  app.add_option("--constant-fps", options.constant_fps,
                 "repeats and drops frames of encoded videos and pipes to this rate (times as in IN)")
      ->type_name("F")
      ->group("Results");
  app.add_flag("--no-sound", options.no_sound, "leave the sound out")->group("Results");
  app.add_flag("--confidence", options.work.confidence, "also the network's confidence (npz, exr)")
      ->group("Results");
  app.add_flag("--sky", options.work.sky, "also the network's sky output (npz, exr)")->group("Results");
  app.add_flag("-y,--overwrite", options.work.overwrite, "do everything again")->group("Results");
}

}  // namespace

void add_video(CLI::App& app, Video& options) {
  add_frames(app, options);
  add_network(app, options.work);
  add_results(app, options);
  app.add_flag("--json", options.work.json, "the records of frames on standard output as they finish")
      ->group("Messages");
  add_progress(app, options.work.progress);
  app.add_flag("--dry-run", options.work.dry_run, "what would be read and written, without inference")
      ->group("Messages");
  add_verbosity(app, options.work.verbosity);
  app.footer(
      "\nExamples:\n"
      "  da3 video walk.mp4                            walk.mp4.depth/: a coloured video and a 16-bit PNG a "
      "frame\n"
      "  da3 video walk.mp4 -o depth.mp4               coloured depth with the sound\n"
      "  ffmpeg -i walk.mp4 -f yuv4mpegpipe - | da3 video - -o depth\n");
}

void check(const Video& options) {
  if (options.work.focal_px && options.work.hfov_deg) {
    throw Error(ErrorCode::kUsage, "--focal and --hfov say the same thing; give one of them");
  }
  if (!options.work.intrinsics.empty()) {
    throw Error(ErrorCode::kUsage,
                "--intrinsics names cameras of photos; give --focal or --hfov for a video");
  }
  if (options.work.json && options.output == "-") {
    throw Error(ErrorCode::kUsage, "--json and -o - both write to standard output; leave one out");
  }
}

}  // namespace da3::cli
