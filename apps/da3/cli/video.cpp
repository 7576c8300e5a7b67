// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <options/validate.hpp>

#include <cli/option_sets.hpp>
#include <core/text.hpp>

namespace da3::cli {
namespace {

/// A word that stands for one of a few values.
template <typename Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        std::vector<std::pair<std::string_view, Value>> words, const std::string& help) {
  return add_parsed(
      app, name,
      [&value, words = std::move(words)](const std::string& text) { value = choose<Value>(text, words); },
      help);
}

void add_frames(CLI::App& app, Video& options) {
  app.add_option("IN", options.input, "a video file, or - for yuv4mpeg on standard input")
      ->type_name("")
      ->required();
  add_parsed(
      app, "--raw", [&](const std::string& text) { options.raw = video::parse_raw_format(text); },
      "IN is RGB, 8 bits, without header")
      ->type_name("WxH[@FPS]")
      ->group("Frames");
  add_parsed(
      app, "--fps",
      [&](const std::string& text) { options.choice.frames_per_s = real_number(text, 1e-3, 1e5); },
      "at most F frames a second of the video, by their times (all)")
      ->type_name("F")
      ->group("Frames");
  add_parsed(
      app, "--every",
      [&](const std::string& text) { options.choice.every = whole_number(text, 1, 1'000'000'000); },
      "every N-th frame (1)")
      ->type_name("N")
      ->group("Frames");
  add_parsed(
      app, "--start", [&](const std::string& text) { options.choice.start_s = video::parse_time(text); },
      "seconds or h:mm:ss after the first frame")
      ->type_name("T")
      ->group("Frames");
  add_parsed(
      app, "--duration",
      [&](const std::string& text) { options.choice.duration_s = video::parse_time(text); },
      "seconds or h:mm:ss from there")
      ->type_name("T")
      ->group("Frames");
  add_parsed(
      app, "--limit",
      [&](const std::string& text) { options.choice.limit = whole_number(text, 1, 1'000'000'000'000); },
      "at most N frames")
      ->type_name("N")
      ->group("Frames");
  app.add_option("--timestamps", options.timestamps,
                 "times of the frames, seconds a line, instead of the video's")
      ->type_name("FILE")
      ->group("Frames");
  add_parsed(
      app, "--stream",
      [&](const std::string& text) { options.read.stream = static_cast<int>(whole_number(text, 0, 1000)); },
      "which stream of the file (the best video)")
      ->type_name("N")
      ->group("Frames");
  add_choice(app, "--hdr", options.read.hdr, {{"tonemap", video::Hdr::kToneMap}, {"raw", video::Hdr::kRaw}},
             "PQ and HLG: tonemap to what a screen shows, or raw code values (tonemap)")
      ->type_name("HOW")
      ->group("Frames");
  add_choice(app, "--deinterlace", options.read.deinterlace,
             {{"auto", video::Deinterlace::kAuto}, {"off", video::Deinterlace::kOff}},
             "auto: the first field of interlaced frames; off: both, woven (auto)")
      ->type_name("HOW")
      ->group("Frames");
  add_max_pixels(app, options.read.max_pixels, "larger frames are refused", "Frames");
}

void add_results(CLI::App& app, Video& options) {
  app.add_option_function<std::string>(
         "-o,--output", [&](const std::string& text) { options.output_dir = text; },
         "a folder, a video (.mp4 .mkv .mov .webm), or - (IN with .depth behind it)")
      ->type_name("OUT")
      ->group("Results");
  add_parsed(
      app, "-f,--format",
      [&](const std::string& text) { options.formats = split_list(core::lower_case(text)); },
      "vis, side, gray16 as videos; png16, exr, npz, npy, pfm, tiff... a file a frame; with -o - y4m or raw "
      "(vis,png16)")
      ->type_name("LIST")
      ->group("Results");
  add_looks(app, options, options.vis_format);
  add_parsed(
      app, "--range,--vis-range",
      [&](const std::string& text) {
        using enum video::RangeMode;
        options.vis_range = parse_range(text, {"video", "running", "image"});
        options.range_mode.reset();
        for (const auto& [name, mode] :
             {std::pair{"video", kVideo}, std::pair{"running", kRunning}, std::pair{"image", kImage}}) {
          if (core::lower_case(text) == name) options.range_mode = mode;
        }
      },
      "one range for the video, running, each image's own, or LO,HI (video; pipes: running)")
      ->type_name("RANGE")
      ->group("Results");
  add_choice(app, "--steady", options.steady,
             {{"auto", video::Steady::kAuto}, {"off", video::Steady::kOff}, {"scale", video::Steady::kScale}},
             "one scale over time for relative models: auto in pictures, scale also in values (auto)")
      ->type_name("HOW")
      ->group("Results");
  app.add_option_function<std::string>(
         "--cuts",
         [&](const std::string& text) {
           const std::string word = core::lower_case(text);
           options.cuts = word == "auto" ? video::Cuts::kAuto : video::Cuts::kNone;
           options.cuts_file = word == "auto" || word == "none" ? "" : text;
         },
         "where that starts anew: auto finds cuts, none, or a file of times as in the records (auto)")
      ->type_name("auto|none|FILE")
      ->group("Results");
  add_size(app, options.size, "resolution of the result");
  app.add_option("--encoder", options.encoder,
                 "FFmpeg's name of an encoder (the first that works, libx264 first)")
      ->type_name("NAME")
      ->group("Results");
  add_parsed(
      app, "--crf",
      [&](const std::string& text) { options.crf = static_cast<int>(whole_number(text, 0, 51)); },
      with_default("quality of encoded videos, lower is better", std::to_string(options.crf)))
      ->type_name("N")
      ->group("Results");
  add_parsed(
      app, "--constant-fps", [&](const std::string& text) { options.constant_fps = video::parse_rate(text); },
      "repeats and drops frames of encoded videos and pipes to this rate (times as in IN)")
      ->type_name("F")
      ->group("Results");
  app.add_flag_function(
         "--no-sound", [&](std::int64_t) { options.sound = false; }, "leave the sound out")
      ->group("Results");
  add_extra_maps(app, options, "");
  add_overwrite(app, options.overwrite, "-y,--overwrite");
}

}  // namespace

void add_video(CLI::App& app, Video& options) {
  add_frames(app, options);
  add_any_model(app, options);
  add_focal(app, options);
  add_engine_options(app, options);
  add_processing(app, options);
  add_preprocess(app, options.preprocess);
  add_batch(app, options.batch);
  add_resources(app, options, "--batch auto");
  add_results(app, options);
  add_messages(app, options,
               {.json = "the records of frames on standard output as they finish",
                .dry_run = "what would be read and written, without inference"},
               &options.dry_run);
  app.footer(
      "\nExamples:\n"
      "  da3 video walk.mp4                            walk.mp4.depth/: a coloured video and a 16-bit PNG a "
      "frame\n"
      "  da3 video walk.mp4 -o depth.mp4               coloured depth with the sound\n"
      "  ffmpeg -i walk.mp4 -f yuv4mpegpipe - | da3 video - -o depth\n");
}

void finish(Video& options) {
  apply_vis_format(options.formats, options.vis_format);
  options::check(static_cast<const options::Focal&>(options));
  options::check(static_cast<const options::Looks&>(options));
  options::check(static_cast<const options::Resources&>(options));
  if (options.json && options.output_dir == "-")
    options::refuse("--json and -o - both write to standard output; leave one out");
}

}  // namespace da3::cli
