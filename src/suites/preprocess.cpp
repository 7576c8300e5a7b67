// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <memory>
#include <span>
#include <utility>

#include <codec/decode.hpp>

#include <da3/error.hpp>

#include <image/preprocess.hpp>
#include <suites/photo_files.hpp>
#endif

namespace da3::suites {

std::vector<bench::PlannedGroup> expand_preprocess(const bench::PlanOptions& options,
                                                   const bench::PlanFacts& facts) {
  const std::vector<Size> photos = options.image_sizes.empty()
                                       ? std::vector<Size>{{480, 640}, {1080, 1920}, {2160, 3840}}
                                       : options.image_sizes;
  std::vector<bench::PlannedGroup> groups;
  for (const DeviceId& device : options.devices) {
    for (const Size photo : photos) {
      for (const int res : options.process_res) {
        bench::PlannedGroup group{bench::SuiteName::kPreprocess, {}};
        for (const std::string& strategy : facts.strategies(device)) {
          bench::Fields settings{{"device", to_string(device)}, {"strategy", strategy}};
          set_photo(settings, photo);
          const Size processed = facts.processed_size(options.models.front(), photo, res);
          settings.set("height", std::int64_t{processed.height});
          settings.set("width", std::int64_t{processed.width});
          add(group, std::move(settings), 1);
        }
        if (!group.cases.empty()) groups.push_back(std::move(group));
      }
    }
  }
  return groups;
}

double estimate_preprocess(const bench::Fields& settings, double /*gflops*/) {
  return read_seconds(settings);
}

#ifdef DA3_WITH_PICTURES
namespace {

codec::JpegPixels gpu_pixels(const DeviceId& device, const Context& context) {
  if (!context.gpu_jpeg) throw Error(ErrorCode::kDeviceUnavailable, "nvJPEG is not part of this build");
  engine::GpuJpegResult loaded = context.gpu_jpeg(device);
  if (!loaded.decoder) throw Error(ErrorCode::kDeviceUnavailable, loaded.reason);
  return [decoder = std::shared_ptr<engine::GpuJpegDecoder>(std::move(loaded.decoder))](
             std::span<const std::uint8_t> jpeg, Size size) { return decoder->decode(jpeg, size); };
}

}  // namespace

PreparedCase prepare_preprocess(const bench::Fields& settings, const Context& context,
                                GroupModels& /*models*/) {
  const std::string strategy = settings.text("strategy");
  const DeviceId device = device_of(settings);
  codec::DecodeOptions decoding;
  if (strategy == "nvjpeg") decoding.jpeg_pixels = gpu_pixels(device, context);
  const Size original{static_cast<int>(settings.number("photo_height")),
                      static_cast<int>(settings.number("photo_width"))};
  const Size size = processed_size_of(settings);
  const std::filesystem::path source = write_photo(context.scratch, original, 1);
  const auto decoded = std::make_shared<Image>();
  const auto input = std::make_shared<Image>();
  PreparedCase prepared;
  prepared.facts = {{"file_bytes", static_cast<std::int64_t>(std::filesystem::file_size(source))}};
  prepared.workload.steps = {{"decode_ms",
                              [=] {
                                *decoded = codec::decode_file(source, decoding).image;
                                return bench::Parts{};
                              }},
                             {"preprocess_ms", [=] {
                                *input = image::preprocess_fixed(*decoded, size);
                                return bench::Parts{};
                              }}};
  if (context.input) {
    const auto normalise = strategy == "cpu" ? engine::NormaliseOn::kHost : engine::NormaliseOn::kDevice;
    prepared.workload.steps.push_back({"upload_ms", [input, upload = context.input(device, normalise)] {
                                         upload(input->rgb, input->size);
                                         return bench::Parts{};
                                       }});
    prepared.workload.total_metric = "total_ms";
  }
  return prepared;
}
#else
PreparedCase prepare_preprocess(const bench::Fields&, const Context&, GroupModels&) {
  refuse_without_pictures();
}
#endif

}  // namespace da3::suites
