// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <codec/decode.hpp>
#include <formats/encode.hpp>

#include <core/atomic_file.hpp>
#include <image/preprocess.hpp>
#include <suites/photo_files.hpp>
#endif

namespace da3::suites {
namespace {

bench::Parts phases(const predict::PhaseTimes& times) {
  bench::Parts parts;
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) parts.emplace_back(name, *value);
  };
  add("upload_ms", times.upload_ms);
  add("backbone_ms", times.backbone_ms);
  add("head_ms", times.head_ms);
  add("download_ms", times.download_ms);
  return parts;
}

// What one photo becomes on its way.
struct Photo {
  Image decoded;
  Image input;
  predict::Result result;
  DepthMap depth;
};

predict::Request request_for(const Image& input) {
  predict::Request request;
  request.size = input.size;
  request.pictures = {input.rgb};
  return request;
}

}  // namespace

std::vector<bench::PlannedGroup> expand_latency(const bench::PlanOptions& options,
                                                const bench::PlanFacts& facts) {
  // One photo at a time is quick enough for the usual size even with --quick.
  std::vector<int> resolutions = options.process_res;
  if (options.quick && resolutions == std::vector<int>{bench::kQuickProcessRes})
    resolutions = {bench::kDefaultProcessRes};
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    for (const Size photo : photos_of(options)) {
      for (const int res : resolutions) {
        bench::PlannedGroup group{bench::SuiteName::kLatency, {}};
        for (const auto& precision : precisions_of(options, facts, base.device)) {
          for (const Attention mode : modes_of(options, facts, base.model, {Attention::kSdpa})) {
            bench::Fields settings = start(base, facts, precision, mode);
            settings.set("batch", std::int64_t{1});
            set_shape(settings, facts.processed_size(base.model, photo, res));
            set_photo(settings, photo);
            add(group, std::move(settings), base.threads);
          }
        }
        groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

double estimate_latency(const bench::Fields& settings, double gflops) {
  return forward_seconds(settings, gflops) + read_seconds(settings) + write_seconds(settings);
}

PreparedCase prepare_latency(const bench::Fields& settings, const Context& context, GroupModels& models) {
  const auto model = models.get(settings);
  const Size size = processed_size_of(settings);
  const auto photo = std::make_shared<Photo>();
  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  const bench::Step forward{"forward_ms", [=] {
                              photo->result = model->predict(request_for(photo->input));
                              return phases(photo->result.times);
                            }};
#ifdef DA3_WITH_PICTURES
  const Size original{static_cast<int>(settings.number("photo_height")),
                      static_cast<int>(settings.number("photo_width"))};
  const std::filesystem::path source = write_photo(context.scratch, original, 1);
  const std::filesystem::path target = context.scratch / "latency";
  const DepthKind kind = model->spec().depth_kind;
  prepared.facts.set("formats", std::string("png16,vis"));
  prepared.workload.steps = {
      {"decode_ms",
       [=] {
         photo->decoded = codec::decode_file(source).image;
         return bench::Parts{};
       }},
      {"preprocess_ms",
       [=] {
         photo->input = image::preprocess_fixed(photo->decoded, size);
         return bench::Parts{};
       }},
      forward,
      {"resize_ms",
       [=] {
         photo->depth = image::resize_map({size, photo->result.depth}, original);
         return bench::Parts{};
       }},
      {"write_ms", [=] {
         formats::OutputSet set;
         set.depth = std::move(photo->depth);
         set.kind = kind;
         for (const formats::EncodedFile& file :
              formats::encode(set, {formats::Format::kPng16, formats::Format::kVis}).files) {
           core::write_file(target.string() + std::string(formats::suffix(file.format)), file.bytes,
                            core::Existing::kReplace);
         }
         return bench::Parts{};
       }}};
#else
  static_cast<void>(context);
  photo->input = drawn_picture(size, 1);
  prepared.workload.steps = {forward};
#endif
  prepared.workload.total_metric = "total_ms";
  prepared.workload.synchronize = [model] { model->synchronize(); };
  return prepared;
}

}  // namespace da3::suites
