// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <options/validate.hpp>
#include <video/video_plan.hpp>

#include <da3/error.hpp>

namespace da3::video {
namespace {

RangeMode range_mode_of(const VideoOptions& options) {
  if (options.vis_range) return RangeMode::kGiven;
  const bool pipe = options.input == "-";
  const RangeMode mode = options.range_mode.value_or(RangeMode::kVideo);
  // A pipe cannot be looked at first.
  return pipe && mode == RangeMode::kVideo ? RangeMode::kRunning : mode;
}

void check_maps(const VideoOptions& options, const ModelSpec& model, const OutputPlan& outputs) {
  if (!options.confidence && !options.sky) return;
  if (std::none_of(outputs.frames.begin(), outputs.frames.end(), formats::holds_extra_maps)) {
    throw Error(ErrorCode::kUsage,
                "--confidence and --sky go into npz and exr files; add one of them to --format");
  }
  if (options.confidence && !model.has_output("depth_conf"))
    throw Error(ErrorCode::kUsage, model.name + ": this model gives no confidence");
  if (options.sky && !model.has_output("sky"))
    throw Error(ErrorCode::kUsage, model.name + ": this model gives no sky");
}

void check_preview(const VideoOptions& options, const OutputPlan& outputs) {
  if (!options.preview || std::ranges::any_of(outputs.frames, formats::takes_preview)) return;
  options::refuse(
      "--preview makes pictures of single frames smaller, not encoded videos; add vis-jpg or side-jpg to "
      "--format, or leave it out");
}

}  // namespace

std::optional<depth::Focal> VideoPlan::focal(Size original) const {
  return depth::find_focal(original, way.focal_px, way.hfov_deg, std::nullopt);
}

DepthMap VideoPlan::small_depth(const Work& work) const {
  const Size original = work.frame.picture.size;
  return depth::restore(small_way, work.raw, original, focal(original));
}

VideoPlan plan_video(const VideoOptions& options, const ModelSpec& model, const VideoLibrary* library) {
  options::check(static_cast<const options::Looks&>(options));
  VideoPlan plan{.options = options, .encode = formats::encode_options(options)};
  plan.outputs = plan_outputs(options.input, options.output_dir.string(), options.formats, library);
  plan.way = depth::make_way(model, {.process_res = options.process_res,
                                     .resize_method = options.resize_method,
                                     .focal_px = options.focal_px,
                                     .hfov_deg = options.hfov_deg,
                                     .at_model_size = options.size == options::ResultSize::kModel});
  plan.small_way = plan.way;
  plan.small_way.at_model_size = true;
  if (plan.way.needs_focal() && !plan.way.focal_px && !plan.way.hfov_deg) {
    throw Error(
        ErrorCode::kFocalMissing,
        options.input +
            ": this model needs a focal length for metres; give --focal PX or --hfov DEG for the video");
  }
  check_maps(options, model, plan.outputs);
  check_preview(options, plan.outputs);
  const bool relative = plan.way.result_kind != DepthKind::kMetric;
  plan.steadies = relative && options.steady != Steady::kOff;
  plan.range_mode = range_mode_of(options);
  return plan;
}

}  // namespace da3::video
