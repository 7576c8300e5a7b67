// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <suites/context.hpp>
#include <suites/depth_error.hpp>
#include <suites/drawn_picture.hpp>
#ifdef DA3_WITH_PICTURES
#include <codec/decode.hpp>

#include <image/preprocess.hpp>
#include <suites/dataset_accuracy.hpp>
#endif

namespace da3::suites {
namespace {

constexpr std::uint32_t kDrawnPictures = 2;

std::vector<Image> drawn_pictures(Size size) {
  std::vector<Image> pictures;
  for (std::uint32_t i = 0; i < kDrawnPictures; ++i) pictures.push_back(drawn_picture(size, i));
  return pictures;
}

// Photos as a list with commas.
std::vector<Image> decoded_photos(const std::string& list, Size size) {
  std::vector<Image> pictures;
#ifdef DA3_WITH_PICTURES
  std::istringstream files(list);
  for (std::string file; std::getline(files, file, ',');) {
    pictures.push_back(image::preprocess_fixed(codec::decode_file(file).image, size));
  }
#else
  static_cast<void>(size);
  throw Error(ErrorCode::kUsage,
              "--photos " + list + ": this build of da3 has no picture formats (preset engine)");
#endif
  return pictures;
}

std::vector<float> depth_of(predict::DepthModel& model, const Image& picture) {
  predict::Request request;
  request.size = picture.size;
  request.pictures = {picture.rgb};
  return model.predict(request).depth;
}

}  // namespace

PreparedCase prepare_accuracy(const bench::Fields& settings, GroupModels& models) {
  if (settings.find(bench::kDatasetSetting) != nullptr) {
#ifdef DA3_WITH_PICTURES
    return prepare_dataset_accuracy(settings, models);
#else
    throw Error(ErrorCode::kUsage, "--dataset: this build of da3 has no picture formats (preset engine)");
#endif
  }
  bench::Fields exact = settings;
  exact.set("precision", std::string("fp32"));
  if (settings.text("attention") != bench::kFixedAttention) exact.set("attention", std::string("sdpa"));
  const auto reference = models.get(exact);
  const auto model = models.get(settings);
  const Size size = processed_size_of(settings);
  const std::string data = settings.text("data", bench::kDrawnData);
  const auto pictures = std::make_shared<std::vector<Image>>(
      data == bench::kDrawnData ? drawn_pictures(size) : decoded_photos(data, size));

  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("pictures", static_cast<std::int64_t>(pictures->size()));
  prepared.facts.set("reference", "fp32 " + exact.text("attention") + " of the same model");
  prepared.workload.steps = {{"", [=] {
                                DepthError error;
                                for (const Image& picture : *pictures) {
                                  error.add(depth_of(*reference, picture), depth_of(*model, picture));
                                }
                                return bench::Parts{{"abs_rel", error.abs_rel()},
                                                    {"max_rel", error.max_rel()},
                                                    {"delta1", error.delta1()}};
                              }}};
  prepared.finish = [](bench::CaseResult& result) {
    for (const std::string_view name : bench::suite_metrics(bench::SuiteName::kAccuracy)) {
      if (result.find(name) == nullptr && name != "peak_rss_bytes") {
        result.set(name, bench::Missing{"only against measured depth (--dataset)"});
      }
    }
  };
  return prepared;
}

}  // namespace da3::suites
