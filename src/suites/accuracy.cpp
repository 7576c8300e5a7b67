// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <da3/error.hpp>

#include <bench/case_metrics.hpp>
#include <suites/context.hpp>
#include <suites/depth_error.hpp>
#include <suites/drawn_picture.hpp>
#ifdef DA3_WITH_PICTURES
#include <image/decode.hpp>
#include <image/preprocess.hpp>
#include <suites/dataset_accuracy.hpp>
#endif

namespace da3::suites {
namespace {

constexpr int kDrawnPictures = 2;

std::vector<Image> pictures_of(const bench::Fields& settings, const Context& context) {
  const Size size = processed_size_of(settings);
  std::vector<Image> pictures;
#ifdef DA3_WITH_PICTURES
  for (const std::filesystem::path& file : context.images) {
    pictures.push_back(image::preprocess_fixed(image::decode_file(file).image, size));
  }
#else
  if (!context.images.empty())
    throw Error(ErrorCode::kUsage, "this build of da3 has no picture formats (preset engine)");
#endif
  for (int i = 0; pictures.empty() || (context.images.empty() && i < kDrawnPictures); ++i) {
    pictures.push_back(drawn_picture(size, static_cast<std::uint32_t>(i)));
  }
  return pictures;
}

std::vector<float> depth_of(infer::DepthModel& model, const Image& picture) {
  infer::Request request;
  request.size = picture.size;
  request.pictures = {picture.rgb};
  return model.predict(request).depth;
}

}  // namespace

PreparedCase prepare_accuracy(const bench::Fields& settings, const Context& context, GroupModels& models) {
  if (settings.text("data", bench::kDrawnData) != bench::kDrawnData) {
#ifdef DA3_WITH_PICTURES
    return prepare_dataset_accuracy(settings, models);
#else
    throw Error(ErrorCode::kUsage, "--dataset: this build of da3 has no picture formats (preset engine)");
#endif
  }
  bench::Fields exact = settings;
  exact.set("precision", std::string("fp32"));
  exact.set("attention", std::string("sdpa"));
  const auto reference = models.get(exact);
  const auto model = models.get(settings);
  const auto pictures = std::make_shared<std::vector<Image>>(pictures_of(settings, context));

  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("pictures", static_cast<std::int64_t>(pictures->size()));
  prepared.facts.set("reference", std::string("fp32 sdpa of the same model"));
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
