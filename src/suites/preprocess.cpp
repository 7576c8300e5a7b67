// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <span>
#include <utility>

#include <codec/decode.hpp>

#include <da3/error.hpp>

#include <image/preprocess.hpp>
#include <suites/context.hpp>
#include <suites/photo_files.hpp>

namespace da3::suites {
namespace {

codec::JpegPixels gpu_pixels(const DeviceId& device, const Context& context) {
  if (!context.gpu_jpeg) throw Error(ErrorCode::kDeviceUnavailable, "nvJPEG is not part of this build");
  engine::GpuJpegResult loaded = context.gpu_jpeg(device);
  if (!loaded.decoder) throw Error(ErrorCode::kDeviceUnavailable, loaded.reason);
  return [decoder = std::shared_ptr<engine::GpuJpegDecoder>(std::move(loaded.decoder))](
             std::span<const std::uint8_t> jpeg, Size size) { return decoder->decode(jpeg, size); };
}

}  // namespace

PreparedCase prepare_preprocess(const bench::Fields& settings, const Context& context) {
  const std::string strategy = settings.text("strategy");
  const DeviceId device = parse_device(settings.text("device"));
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

}  // namespace da3::suites
