// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <video/finish_frame.hpp>

namespace da3::video {

void prepare_frame(const VideoPlan& plan, Work& work) {
  if (work.frame.picture.rgb.empty()) {
    work.input.size = depth::processed_size(plan.way, work.frame.picture.size);
    return;
  }
  work.input = depth::prepare(plan.way, work.frame.picture);
  work.look = look_of(work.frame.picture);
}

void finish_frame(const VideoPlan& plan, Work& work, SpareMemory& spare) {
  if (work.frame.error) return;
  SpareMemory::Frame room = spare.take();
  const Size original = work.frame.picture.size;
  formats::OutputSet& set = work.set;
  set.depth =
      depth::restore(plan.way, std::move(work.raw), original, plan.focal(original), std::move(room.depth));
  if (const auto focal = plan.focal(original))
    set.camera = depth::camera_of_result(plan.way, image::centred(focal->px, original), original);
  if (work.confidence) set.confidence = depth::resize_result(plan.way, std::move(*work.confidence), original);
  if (work.sky) set.sky = depth::resize_result(plan.way, std::move(*work.sky), original);
  set.kind = plan.way.result_kind;
  if (set.kind == DepthKind::kMetric) set.unit.emplace("m");
  const double factor = plan.value_factor(work);
  if (factor != 1) {
    for (float& value : set.depth.values) value = static_cast<float>(value * factor);
  }
  if (plan.outputs.shows_photo()) {
    set.photo = plan.way.at_model_size ? std::move(work.input) : std::move(work.frame.picture);
    work.frame.picture = Image{original, {}};
  }
  work.summary = formats::summarise(set.depth);
  image::VisOptions vis{plan.options.colormap, {}};
  // The range is of steadied depth; values that are not steadied meet it by their factor.
  const double to_values = plan.picture_factor(work) / factor;
  if (work.range) vis.range = {work.range->first / to_values, work.range->second / to_values};
  if (plan.outputs.has_colour_stream())
    work.colours = coloured_depth(set.depth, set.kind, vis, std::move(room.colours));
  if (plan.outputs.has_rgb_colours()) work.vis = image::render_depth(set.depth, set.kind, vis);
  if (!plan.outputs.frames.empty()) {
    formats::EncodeOptions encode = plan.encode;
    encode.vis = vis;
    work.files = formats::encode(set, plan.outputs.frames, encode);
  }
}

void keep_memory(Work& work, SpareMemory& spare) {
  if (work.frame.error) return;
  spare.give({std::move(work.set.depth.values), std::move(work.colours.samples)});
}

}  // namespace da3::video
