// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include <codec/decode.hpp>
#include <depth/way.hpp>

#include <da3/error.hpp>

#include <bench/report/case_metrics.hpp>
#include <core/text.hpp>
#include <image/preprocess.hpp>
#include <suites/dataset.hpp>
#include <suites/dataset_accuracy.hpp>
#include <suites/depth_alignment.hpp>
#include <suites/measured_error.hpp>

namespace da3::suites {
namespace {

// Photo and depth may be of different sizes, but not of different shape.
constexpr double kSameShape = 0.01;

std::vector<Alignment> alignments_of(DepthKind kind) {
  if (kind == DepthKind::kMetric || kind == DepthKind::kCanonical) return {Alignment::kNone};
  return {Alignment::kScaleAndShift, Alignment::kMedian};
}

depth::Way way_of(const ModelSpec& spec, const bench::Fields& settings) {
  if (spec.resize_method == ResizeMethod::kUpperBoundCrop ||
      spec.resize_method == ResizeMethod::kLowerBoundCrop) {
    throw Error(ErrorCode::kUsage, spec.name +
                                       ": a model that crops its photos has no depth for all of them, so "
                                       "--dataset cannot judge it");
  }
  // The network's own values: measured depth decides the size, and alignment what inverse depth means.
  depth::WayOptions options{.at_model_size = true, .raw = true};
  if (!spec.fixed_size) {
    options.process_res = static_cast<int>(settings.number("process_res", spec.process_res));
  }
  return depth::make_way(spec, options);
}

void check_shapes(const MeasuredPhoto& pair, Size photo, Size depth) {
  const double across = static_cast<double>(photo.width) / photo.height;
  const double measured = static_cast<double>(depth.width) / depth.height;
  if (std::abs(across / measured - 1) <= kSameShape) return;
  throw Error(ErrorCode::kImageUnsupported, pair.depth.string() + ": " + core::size_text(depth) +
                                                " pixels, but the photo has " + core::size_text(photo) +
                                                "; both must show the same");
}

class DatasetRun {
 public:
  DatasetRun(std::shared_ptr<predict::DepthModel> model, Dataset dataset, const bench::Fields& settings)
      : model_(std::move(model)), dataset_(std::move(dataset)), way_(way_of(model_->spec(), settings)) {}

  const Dataset& dataset() const { return dataset_; }

  // Every photo once.
  bench::Parts run() {
    const std::vector<Alignment> alignments = alignments_of(model_->spec().depth_kind);
    std::vector<MeanError> errors(alignments.size());
    for (const MeasuredPhoto& pair : dataset_.photos) {
      const DepthMap measured = read_measured_depth(dataset_, pair);
      const std::vector<float> predicted = predict(pair, measured.size).values;
      for (std::size_t i = 0; i < alignments.size(); ++i) {
        errors[i].add(judge(pair, predicted, measured.values, alignments[i]));
      }
    }
    bench::Parts parts;
    for (std::size_t i = 0; i < alignments.size(); ++i) {
      const std::string suffix = alignments[i] == Alignment::kMedian ? "_median" : "";
      const MeasuredError mean = errors[i].mean();
      parts.emplace_back("abs_rel" + suffix, mean.abs_rel);
      parts.emplace_back("rmse_m" + suffix, mean.rmse_m);
      parts.emplace_back("log10" + suffix, mean.log10);
      parts.emplace_back("delta1" + suffix, mean.delta1);
      parts.emplace_back("delta2" + suffix, mean.delta2);
      parts.emplace_back("delta3" + suffix, mean.delta3);
    }
    return parts;
  }

 private:
  // Metres or the model's own values, at the size of the measured depth.
  DepthMap predict(const MeasuredPhoto& pair, Size wanted) const {
    const codec::Decoded decoded = codec::decode_file(pair.photo);
    check_shapes(pair, decoded.image.size, wanted);
    const Image input = depth::prepare(way_, decoded.image);
    predict::Request request;
    request.size = input.size;
    request.pictures = {input.rgb};
    DepthMap map = image::resize_map({input.size, model_->predict(request).depth}, wanted);
    if (way_.model_kind == DepthKind::kCanonical) scale_to_metres(map, pair, decoded);
    return map;
  }

  void scale_to_metres(DepthMap& map, const MeasuredPhoto& pair, const codec::Decoded& decoded) const {
    const auto focal =
        depth::find_focal(decoded.image.size, dataset_.focal_px, std::nullopt, decoded.exif_focal);
    if (!focal) {
      throw Error(ErrorCode::kFocalMissing,
                  pair.photo.string() +
                      ": this model needs a focal length for metres and the photo has none in its "
                      "EXIF data; write it in pixels into " +
                      (dataset_.folder / "focal.txt").string());
    }
    const double factor =
        depth::metres_per_canonical(focal->px, depth::processed_scale(way_, decoded.image.size));
    for (float& value : map.values) value = static_cast<float>(value * factor);
  }

  MeasuredError judge(const MeasuredPhoto& pair, const std::vector<float>& predicted,
                      const std::vector<float>& measured, Alignment alignment) const {
    try {
      return measured_error(aligned_metres(predicted, measured, model_->spec().depth_kind, alignment),
                            measured);
    } catch (const Error& error) {
      throw Error(error.code(), pair.depth.string() + ": " + error.what());
    }
  }

  std::shared_ptr<predict::DepthModel> model_;
  Dataset dataset_;
  depth::Way way_;
};

}  // namespace

PreparedCase prepare_dataset_accuracy(const bench::Fields& settings, GroupModels& models) {
  const auto model = models.get(settings);
  const auto run =
      std::make_shared<DatasetRun>(model, open_dataset(settings.text(bench::kDatasetSetting)), settings);
  PreparedCase prepared;
  prepared.facts = model_facts(*model);
  prepared.facts.set("pictures", static_cast<std::int64_t>(run->dataset().photos.size()));
  prepared.facts.set("reference", std::string("measured depth"));
  prepared.facts.set("alignment", std::string(to_string(alignments_of(model->spec().depth_kind).front())));
  prepared.workload.steps = {{"", [run] { return run->run(); }}};
  const bool is_metric = alignments_of(model->spec().depth_kind).front() == Alignment::kNone;
  prepared.finish = [is_metric](bench::CaseResult& result) {
    result.set("max_rel", bench::Missing{"one wrong pixel of measured depth would decide it"});
    for (const std::string_view name : bench::suite_metrics(bench::SuiteName::kAccuracy)) {
      if (!is_metric || !name.ends_with("_median")) continue;
      result.set(name, bench::Missing{"the model gives metres, which are not aligned"});
    }
  };
  return prepared;
}

}  // namespace da3::suites
