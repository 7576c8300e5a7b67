// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <video/coloured_depth.hpp>
#include <video/run_video.hpp>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <core/atomic_file.hpp>
#include <core/host/host_memory.hpp>
#include <suites/drawn_picture.hpp>
#endif

namespace da3::suites {

std::vector<bench::PlannedGroup> expand_video(const bench::PlanOptions& options,
                                              const bench::PlanFacts& facts) {
  const std::vector<Size> usual = {{480, 854}, {720, 1280}, {1080, 1920}, {2160, 3840}};
  return whole_program(bench::SuiteName::kVideo, options.image_sizes.empty() ? usual : options.image_sizes,
                       options, facts);
}

double estimate_video(const bench::Fields& settings, double gflops) {
  constexpr double kSecondsPerPixel = 60e-9;  // Decoding and encoding, within the run and alone
  return static_cast<double>(settings.number("images")) *
         (2 * forward_seconds(settings, gflops) + kSecondsPerPixel * photo_pixels(settings));
}

#ifdef DA3_WITH_PICTURES
namespace {

constexpr int kRate = 25;
constexpr std::size_t kShownFrames = 8;  // Pictures that `encode` writes again and again

/// A picture as the run gives it to an encoder; sides are even.
video::HalvedPicture halved(const Image& picture) {
  const auto width = static_cast<std::size_t>(picture.size.width);
  video::HalvedPicture result{picture.size, {}};
  std::vector<std::uint8_t> blue;
  std::vector<std::uint8_t> red;
  for (std::size_t at = 0; at < picture.size.area(); ++at) {
    const std::uint8_t* const rgb = picture.rgb.data() + 3 * at;
    const auto [luma, cb, cr] = video::luma_and_chroma(rgb[0], rgb[1], rgb[2]);
    result.samples.push_back(static_cast<std::uint8_t>(std::lround(luma)));
    // Of the first of four pixels: how long it takes does not depend on which.
    if (at / width % 2 != 0 || at % width % 2 != 0) continue;
    blue.push_back(static_cast<std::uint8_t>(std::lround(cb)));
    red.push_back(static_cast<std::uint8_t>(std::lround(cr)));
  }
  result.samples.insert(result.samples.end(), blue.begin(), blue.end());
  result.samples.insert(result.samples.end(), red.begin(), red.end());
  return result;
}

/// `frames` after one another as H.264, or what this FFmpeg has for it.
template <typename Picture, typename PictureOf>
void encode(const video::VideoLibrary& library, const std::filesystem::path& file, int frames, Size size,
            const PictureOf& picture_of) {
  video::StreamSpec spec;
  spec.size = size;
  spec.time_base = {1, kRate};
  spec.frames_per_s = kRate;
  spec.encoder = library.choose_encoder(spec, "mp4");
  const auto segment = library.segment(file, spec);
  for (int i = 0; i < frames; ++i) {
    const Picture& picture = picture_of(i);
    segment->write(i, picture, false);
  }
  segment->finish();
}

/// Runs of `da3 video` on a clip of a window that moves over a drawn picture, and each of its parts alone.
class VideoRun {
 public:
  VideoRun(std::shared_ptr<predict::DepthModel> model, const bench::Fields& settings, const Context& context)
      : library_(*context.video_library),
        memory_(context.memory),
        model_(std::move(model)),
        folder_(context.scratch / "video"),
        frames_(static_cast<int>(settings.number("images"))),
        picture_(processed_size_of(settings), 1) {
    core::ensure_folder(folder_);
    write_clip({static_cast<int>(settings.number("photo_height")),
                static_cast<int>(settings.number("photo_width"))});
    options_.input = (folder_ / "clip.mp4").string();
    options_.output_dir = folder_ / "depth.mp4";
    options_.overwrite = true;
    options_.read.threads = video::decoder_threads(model_->device().kind, core::usable_cores());
    if (!model_->spec().fixed_size) options_.process_res = static_cast<int>(settings.number("process_res"));
    // So that the forward passes alone are the same ones.
    options_.batch = 1;
  }

  void remove_results() const {
    std::error_code ignored;
    std::filesystem::remove(options_.output_dir, ignored);
  }

  void whole() {
    const video::VideoSummary summary = video::run_video(
        options_, {.model = model_, .memory = memory_, .library = &library_, .cores = core::usable_cores()});
    if (summary.done != frames_) {
      throw Error(ErrorCode::kInternal,
                  std::to_string(summary.done) + " of " + std::to_string(frames_) + " frames were done");
    }
    if (shown_.empty()) keep_shown();
  }

  void decode() const {
    const auto reader = library_.open(options_.input, options_.read);
    while (reader->next()) {
    }
  }

  void forwards() const {
    for (int i = 0; i < frames_; ++i) model_->predict(picture_.request());
    model_->synchronize();
  }

  /// Pictures of depth as the whole run wrote them, and as it gives them to the encoder.
  void encode_again() const {
    encode<video::HalvedPicture>(
        library_, folder_ / "again.nut", frames_, shown_.front().size,
        [&](int i) -> const auto& { return shown_[static_cast<std::size_t>(i) % shown_.size()]; });
  }

 private:
  void write_clip(Size size) {
    constexpr int kStep_px = 4;
    const Size wide{size.height, size.width + kStep_px * frames_};
    const Image drawn = drawn_picture(wide, 1);
    encode<Image>(library_, folder_ / "clip.nut", frames_, size, [&](int i) {
      Image frame{size, {}};
      frame.rgb.reserve(size.area() * 3);
      for (int y = 0; y < size.height; ++y) {
        const auto row = drawn.rgb.begin() + 3 * (std::ptrdiff_t{y} * wide.width + kStep_px * i);
        frame.rgb.insert(frame.rgb.end(), row, row + 3 * std::ptrdiff_t{size.width});
      }
      return frame;
    });
    video::JoinSpec join;
    join.segments = {folder_ / "clip.nut"};
    join.target = folder_ / "clip.mp4";
    join.container = "mp4";
    join.time_base = {1, kRate};
    library_.join(join);
  }

  void keep_shown() {
    const auto reader = library_.open(options_.output_dir.string(), options_.read);
    while (shown_.size() < kShownFrames) {
      auto frame = reader->next();
      if (!frame) break;
      if (!frame->error) shown_.push_back(halved(frame->picture));
    }
  }

  const video::VideoLibrary& library_;
  predict::MemoryProbe* memory_;
  std::shared_ptr<predict::DepthModel> model_;
  std::filesystem::path folder_;
  int frames_;
  DrawnBatch picture_;
  std::vector<video::HalvedPicture> shown_;
  video::VideoOptions options_;
};

}  // namespace

PreparedCase prepare_video(const bench::Fields& settings, const Context& context, GroupModels& models) {
  if (context.video_library == nullptr) {
    throw Error(ErrorCode::kVideoUnavailable,
                "this installation has no FFmpeg (da3 doctor says why), so there is no video to measure");
  }
  const auto model = models.get(settings);
  const auto run = std::make_shared<VideoRun>(model, settings, context);
  const auto step = [](auto work) {
    return [work] {
      work();
      return bench::Parts{};
    };
  };
  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.workload.prepare = [run] { run->remove_results(); };
  prepared.workload.steps = {{"total_ms", step([run] { run->whole(); })},
                             {"decode_ms", step([run] { run->decode(); })},
                             {"forward_only_ms", step([run] { run->forwards(); })},
                             {"encode_ms", step([run] { run->encode_again(); })}};
  prepared.workload.synchronize = [model] { model->synchronize(); };
  prepared.finish = [](bench::CaseResult& result) {
    bench::add_image_rate(result);
    const auto total = result.number("total_ms");
    const auto decode = result.number("decode_ms");
    const auto forwards = result.number("forward_only_ms");
    const auto encode = result.number("encode_ms");
    if (!total || !decode || !forwards || !encode || !(*total > 0)) return;
    result.set("forward_share", *forwards / *total);
    result.set("overlap_efficiency", std::max({*decode, *forwards, *encode}) / *total);
  };
  return prepared;
}
#else
PreparedCase prepare_video(const bench::Fields&, const Context&, GroupModels&) {
  refuse_without_pictures();
}
#endif

}  // namespace da3::suites
