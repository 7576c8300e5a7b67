// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/depth_error.hpp>
#include <suites/drawn_picture.hpp>
#include <suites/estimate.hpp>
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

// A mode against float32 SDPA of the same model, which against itself says nothing.
bench::PlannedGroup against_float32(const Base& base, const bench::PlanOptions& options,
                                    const bench::PlanFacts& facts) {
  bench::PlannedGroup group{bench::SuiteName::kAccuracy, {}};
  std::string pictures;
  for (const std::string& photo : options.photos) pictures += (pictures.empty() ? "" : ",") + photo;
  if (pictures.empty()) pictures = bench::kDrawnData;
  for (const auto& precision : precisions_of(options, facts, base.device)) {
    for (const Attention mode : modes_of(options, facts, base.model, kBothModes)) {
      if (precision == Precision::kFp32 && mode != Attention::kManual) continue;
      bench::Fields settings = start(base, facts, precision, mode);
      settings.set("data", pictures);
      set_shape(settings,
                facts.processed_size(base.model, photos_of(options).front(), options.process_res.front()));
      add(group, std::move(settings), base.threads);
    }
  }
  return group;
}

bench::PlannedGroup against_dataset(const Base& base, const std::string& dataset,
                                    const bench::PlanOptions& options, const bench::PlanFacts& facts) {
  bench::PlannedGroup group{bench::SuiteName::kAccuracy, {}};
  for (const auto& precision : precisions_of(options, facts, base.device)) {
    for (const Attention mode : modes_of(options, facts, base.model, {Attention::kSdpa})) {
      bench::Fields settings = start(base, facts, precision, mode);
      settings.set(bench::kDatasetSetting, dataset);
      settings.set("images", std::int64_t{facts.dataset_photos(dataset)});
      settings.set("process_res", std::int64_t{options.process_res.front()});
      add(group, std::move(settings), base.threads);
    }
  }
  return group;
}

}  // namespace

std::vector<bench::PlannedGroup> expand_accuracy(const bench::PlanOptions& options,
                                                 const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    bench::PlannedGroup modes = against_float32(base, options, facts);
    if (!modes.cases.empty()) groups.push_back(std::move(modes));
    for (const std::string& dataset : options.datasets) {
      groups.push_back(against_dataset(base, dataset, options, facts));
    }
  }
  return groups;
}

double estimate_accuracy(const bench::Fields& settings, double gflops) {
  const bool drawn = settings.find(bench::kDatasetSetting) == nullptr;
  return (drawn ? 4 : static_cast<double>(settings.number("images"))) * forward_seconds(settings, gflops);
}

PreparedCase prepare_accuracy(const bench::Fields& settings, const Context& /*context*/,
                              GroupModels& models) {
  if (settings.find(bench::kDatasetSetting) != nullptr) {
#ifdef DA3_WITH_PICTURES
    return prepare_dataset_accuracy(settings, models);
#else
    throw Error(ErrorCode::kUsage, "--dataset: this build of da3 has no picture formats (preset engine)");
#endif
  }
  bench::Fields exact = settings;
  exact.set("precision", std::string("fp32"));
  if (attention_of(settings) != Attention::kFixed) exact.set("attention", std::string("sdpa"));
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
