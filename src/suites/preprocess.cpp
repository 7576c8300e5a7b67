// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/error.hpp>

#include <image/decode.hpp>
#include <image/preprocess.hpp>
#include <suites/context.hpp>
#include <suites/photo_files.hpp>

namespace da3::suites {

PreparedCase prepare_preprocess(const bench::Fields& settings, const Context& context) {
  const std::string strategy = settings.text("strategy");
  if (strategy != "cpu") {
    throw Error(ErrorCode::kDeviceUnavailable, "this build of da3 decodes and resizes on the CPU only");
  }
  const Size original{static_cast<int>(settings.number("photo_height")),
                      static_cast<int>(settings.number("photo_width"))};
  const Size size = processed_size_of(settings);
  const std::filesystem::path source = write_photo(context.scratch, original, 1);
  const auto decoded = std::make_shared<Image>();
  PreparedCase prepared;
  prepared.facts = {{"file_bytes", static_cast<std::int64_t>(std::filesystem::file_size(source))}};
  prepared.workload.steps = {{"decode_ms",
                              [=] {
                                *decoded = image::decode_file(source).image;
                                return bench::Parts{};
                              }},
                             {"preprocess_ms", [=] {
                                image::preprocess_fixed(*decoded, size);
                                return bench::Parts{};
                              }}};
  return prepared;
}

}  // namespace da3::suites
