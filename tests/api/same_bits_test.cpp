// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The library against the program's run, and every option of a prediction, with a model whose depth is told
// by the picture it gets.
#include <cmath>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <codec/samples.hpp>
#include <gtest/gtest.h>

#include <da3/model.hpp>
#include <da3/photo.hpp>

#include <api/shared_model.hpp>
#include <run/run.hpp>
#include <testing/fake_model.hpp>
#include <testing/pictures.hpp>
#include <testing/temporary_folder.hpp>

namespace da3 {
namespace {

constexpr ResizeMethod kMethods[] = {ResizeMethod::kUpperBoundResize, ResizeMethod::kUpperBoundCrop,
                                     ResizeMethod::kLowerBoundResize, ResizeMethod::kLowerBoundCrop};
constexpr DepthKind kKinds[] = {DepthKind::kRelative, DepthKind::kInverse, DepthKind::kMetric,
                                DepthKind::kCanonical};
constexpr Size kSizes[] = {{40, 3000}, {97, 2000}, {120, 160}, {70, 50}};

bool is_crop(ResizeMethod method) {
  return method == ResizeMethod::kUpperBoundCrop || method == ResizeMethod::kLowerBoundCrop;
}

std::shared_ptr<testing::FakeModel> fake(DepthKind kind) {
  auto model = std::make_shared<testing::FakeModel>();
  model->spec_.depth_kind = kind;
  return model;
}

ErrorCode error_of(const Model& model, const Photo& photo, const PredictOptions& options) {
  try {
    model.predict(photo, options);
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInternal;
}

/// Photos in a folder, as files with and without a turn, each with a focal length in its EXIF record.
class SameBits : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const Size size : kSizes) {
      for (const int orientation : {1, 6}) {
        const testing::Bytes jpeg =
            testing::with_exif_segment(testing::encode(testing::sample_picture(size), ".jpg"),
                                       testing::exif_tiff({.orientation = orientation, .focal_35mm = 28}));
        names_.push_back(std::to_string(size.width) + "_" + std::to_string(orientation));
        folder_.write("in/" + names_.back() + ".jpg", std::string(jpeg.begin(), jpeg.end()));
      }
    }
  }

  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  /// Runs the program's way over all photos, then compares every value with the library's.
  void expect_same(DepthKind kind, const PredictOptions& options, const std::string& out) {
    const auto network = fake(kind);
    run::Options work;
    work.inputs = {path("in")};
    work.output_dir = path(out);
    work.formats = {"npy"};
    work.process_res = options.process_res;
    work.resize_method = options.resize_method;
    work.focal_px = options.focal_px;
    work.hfov_deg = options.hfov_deg;
    work.size = options.at_model_size ? run::ResultSize::kModel : run::ResultSize::kInput;
    testing::FakeMemory memory;
    ASSERT_EQ(run::run(work, {network, &memory, 2}).done, names_.size());
    const Model model = ModelAccess::handle(network);
    for (const std::string& name : names_) {
      const Prediction prediction = model.predict(read_photo(path("in/" + name + ".jpg")), options);
      EXPECT_EQ(prediction.depth.values, testing::read_npy(path(out + "/" + name + ".npy")))
          << name << ", " << to_string(kind);
    }
  }

  testing::TemporaryFolder folder_;
  std::vector<std::string> names_;
};

TEST_F(SameBits, OverResizeMethodsKindsOfDepthTurnsAndSizes) {
  int run = 0;
  for (const DepthKind kind : kKinds) {
    for (const ResizeMethod method : kMethods) {
      for (const bool at_model_size : {false, true}) {
        if (is_crop(method) && !at_model_size) continue;
        PredictOptions options;
        options.process_res = 112;
        options.resize_method = method;
        options.at_model_size = at_model_size;
        expect_same(kind, options, "out" + std::to_string(run++));
      }
    }
  }
  EXPECT_EQ(run, 24);
}

TEST_F(SameBits, WithAFocalLengthAndAFieldOfView) {
  PredictOptions focal;
  focal.focal_px = 777;
  expect_same(DepthKind::kCanonical, focal, "focal");
  PredictOptions hfov;
  hfov.hfov_deg = 63;
  expect_same(DepthKind::kCanonical, hfov, "hfov");
}

// Colour 0 has depth 1 in the fake model, so depth is the factor itself.
const Photo kBlack{{{56, 112}, std::vector<std::uint8_t>(56 * 112 * 3)}, std::nullopt, ""};

TEST(PredictOptionsTest, MetresComeFromTheOptionThenThePhoto) {
  const Model model = ModelAccess::handle(fake(DepthKind::kCanonical));
  // 112 pixels become 56: half a focal length of 1200 px is 600 = 2 * 300.
  PredictOptions options;
  options.focal_px = 1200;
  const Prediction given = model.predict(kBlack, options);
  EXPECT_EQ(given.kind, DepthKind::kMetric);
  EXPECT_FLOAT_EQ(given.depth.values.front(), 2);
  Photo photo = kBlack;
  photo.focal_px = 600;
  EXPECT_FLOAT_EQ(model.predict(photo).depth.values.front(), 1);
  EXPECT_FLOAT_EQ(model.predict(photo, options).depth.values.front(), 2);
  PredictOptions hfov;
  hfov.hfov_deg = 90;  // 56 px, 28 of them processed
  EXPECT_FLOAT_EQ(model.predict(photo, hfov).depth.values.front(), 28.0F / 300);
}

TEST(PredictOptionsTest, CanonicalDepthIsGivenOnlyWhenAskedFor) {
  const Model model = ModelAccess::handle(fake(DepthKind::kCanonical));
  EXPECT_EQ(error_of(model, kBlack, {}), ErrorCode::kFocalMissing);
  PredictOptions raw;
  raw.raw = true;
  EXPECT_EQ(model.predict(kBlack, raw).kind, DepthKind::kCanonical);
  EXPECT_FLOAT_EQ(model.predict(kBlack, raw).depth.values.front(), 1);
}

TEST(PredictOptionsTest, FocalLengthsThatAreNoneAreRefusedForEveryModel) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const DepthKind kind : kKinds) {
    const Model model = ModelAccess::handle(fake(kind));
    for (const double focal : {0.0, -1.0, nan, infinity}) {
      PredictOptions options;
      options.focal_px = focal;
      EXPECT_EQ(error_of(model, kBlack, options), ErrorCode::kUsage) << focal;
    }
    PredictOptions hfov;
    hfov.hfov_deg = 180;
    EXPECT_EQ(error_of(model, kBlack, hfov), ErrorCode::kUsage);
  }
}

TEST(PredictOptionsTest, MapsAndSizesAreThoseAskedFor) {
  const Model model = ModelAccess::handle(fake(DepthKind::kRelative));
  EXPECT_FALSE(model.predict(kBlack).confidence);
  EXPECT_FALSE(model.predict(kBlack).sky);
  EXPECT_EQ(model.predict(kBlack).depth.size, (Size{56, 112}));
  PredictOptions options;
  options.confidence = true;
  options.sky = true;
  options.at_model_size = true;
  options.process_res = 70;
  const Prediction prediction = model.predict(kBlack, options);
  EXPECT_EQ(prediction.depth.size, (Size{42, 70}));  // 35 rounds to a multiple of 14, ties upwards
  ASSERT_TRUE(prediction.confidence && prediction.sky);
  EXPECT_EQ(prediction.confidence->size, (Size{42, 70}));
  EXPECT_FLOAT_EQ(prediction.confidence->values.front(), 1.5F);
  EXPECT_FLOAT_EQ(prediction.sky->values.front(), 0.25F);
  options.resize_method = ResizeMethod::kUpperBoundCrop;
  EXPECT_EQ(model.predict(kBlack, options).depth.size, (Size{28, 70}));
  options.at_model_size = false;
  EXPECT_EQ(error_of(model, kBlack, options), ErrorCode::kUsage) << "a crop does not cover the photo";
}

TEST(PredictOptionsTest, MemoryThatRunsOutHalvesTheBatch) {
  const auto network = fake(DepthKind::kRelative);
  std::vector<Photo> photos;
  for (std::uint8_t i = 0; i < 5; ++i) {
    photos.push_back(kBlack);
    photos.back().image.rgb.assign(photos.back().image.rgb.size(), i);
  }
  network->fail_calls_ = {{1, ErrorCode::kOutOfMemory}, {2, ErrorCode::kOutOfMemory}};
  const Model model = ModelAccess::handle(network);
  PredictOptions options;
  options.max_batch = 4;
  const std::vector<Prediction> predictions = model.predict(std::span<const Photo>(photos), options);
  EXPECT_EQ(network->batches(), (std::vector<int>{4, 2, 1, 1, 2, 1}));
  for (std::uint8_t i = 0; i < 5; ++i) {
    EXPECT_EQ(predictions[i].depth.values, model.predict(photos[i]).depth.values) << int{i};
  }
  const int before = network->calls();
  network->fail_calls_[before + 1] = ErrorCode::kOutOfMemory;
  EXPECT_EQ(error_of(model, kBlack, {}), ErrorCode::kOutOfMemory) << "a photo alone";
}

}  // namespace
}  // namespace da3
