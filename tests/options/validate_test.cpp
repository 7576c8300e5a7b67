// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <options/validate.hpp>

#include <da3/error.hpp>

namespace da3::options {
namespace {

using ::testing::HasSubstr;

/// What is said of options that are right but for `change`; empty if nothing.
std::string refusal(const std::function<void(Infer&)>& change) {
  Infer options;
  options.inputs = {"a.jpg"};
  change(options);
  try {
    validate(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), options.inputs.empty() ? ErrorCode::kNoInput : ErrorCode::kUsage);
    return error.what();
  }
  return "";
}

TEST(Validate, TakesTheDefaults) {
  EXPECT_EQ(refusal([](Infer&) {}), "");
}

TEST(Validate, AnswersEachRuleWithItsOption) {
  EXPECT_THAT(refusal([](Infer& o) { o.inputs.clear(); }), HasSubstr("no input was named"));
  EXPECT_THAT(refusal([](Infer& o) { o.list_format = ListFormat::kNul; }), HasSubstr("add the input -"));
  EXPECT_THAT(refusal([](Infer& o) { o.output_dir.clear(); }), HasSubstr("--output"));
  EXPECT_THAT(refusal([](Infer& o) { o.colormap = "turob"; }),
              HasSubstr("--colormap: 'turob' is not one of spectral, turbo"));
  EXPECT_THAT(refusal([](Infer& o) { o.vis_range = {2, 1}; }), HasSubstr("LO below HI"));
  EXPECT_THAT(refusal([](Infer& o) { o.vis_range = {0, 5}; }), HasSubstr("--range 0,5: expected two depths"));
  EXPECT_THAT(refusal([](Infer& o) { o.memory_fraction = 0; }), HasSubstr("--memory-fraction 0"));
  EXPECT_THAT(refusal([](Infer& o) { o.memory_fraction = std::numeric_limits<double>::quiet_NaN(); }),
              HasSubstr("--memory-fraction"));
  EXPECT_THAT(refusal([](Infer& o) { o.threads = -1; }), HasSubstr("--threads"));
  EXPECT_THAT(refusal([](Infer& o) { o.decode_threads = -1; }), HasSubstr("--decode-threads"));
  EXPECT_THAT(refusal([](Infer& o) { o.batch = 0; }), HasSubstr("--batch 0"));
  EXPECT_THAT(refusal([](Infer& o) { o.shard = {0, 3}; }), HasSubstr("--shard 0/3"));
  EXPECT_THAT(refusal([](Infer& o) { o.shard = {4, 3}; }), HasSubstr("--shard 4/3"));
  EXPECT_THAT(refusal([](Infer& o) { o.hfov_deg = 180; }), HasSubstr("--hfov 180"));
  EXPECT_THAT(refusal([](Infer& o) { o.focal_px = std::numeric_limits<double>::infinity(); }),
              HasSubstr("--focal"));
  EXPECT_THAT(refusal([](Infer& o) { o.focal_px = o.hfov_deg = 60; }), HasSubstr("give one of them"));
  EXPECT_THAT(refusal([](Infer& o) { o.resize_method = ResizeMethod::kLowerBoundCrop; }),
              HasSubstr("--resize-method lower_bound_crop cuts off"));
  EXPECT_THAT(refusal([](Infer& o) { o.sky = true; }), HasSubstr("--sky needs a format"));
}

TEST(Validate, ARangeIsTwoDepthsThatPicturesCanShow) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  using Range = std::pair<double, double>;
  for (const Range& range : {Range{0, 5}, Range{-1, 3}, Range{3, 3}, Range{2, 1}, Range{kNan, 1},
                             Range{1, kNan}, Range{1, kInfinity}, Range{1e-320, 1}}) {
    EXPECT_THAT(refusal([&](Infer& o) { o.vis_range = range; }), HasSubstr("--range"))
        << range.first << ' ' << range.second;
    Render render;
    render.vis_range = range;
    EXPECT_THROW(validate(render), Error) << range.first << ' ' << range.second;
  }
  EXPECT_EQ(refusal([](Infer& o) { o.vis_range = {1e-30, 1e30}; }), "");
}

TEST(Validate, KnowsWhatAListOfFormatsMayBe) {
  const auto formats = [](std::vector<std::string> list) {
    return refusal([&](Infer& o) { o.formats = std::move(list); });
  };
  EXPECT_EQ(formats({"none"}), "");
  EXPECT_EQ(formats({"exr", "vis-jpg"}), "");
  EXPECT_THAT(formats({}), HasSubstr("--format: expected a list"));
  EXPECT_THAT(formats({"png"}), HasSubstr("--format: 'png' is not one of png16, exr"));
  EXPECT_THAT(formats({"PNG16"}), HasSubstr("did you mean png16?"));
  EXPECT_THAT(formats({""}), HasSubstr("--format: '' is not one of"));
  EXPECT_THAT(formats({"none", "vis"}), HasSubstr("none stands alone"));
}

TEST(Validate, FurtherMapsNeedAFormatThatHoldsThem) {
  const auto confidence_in = [](const char* format) {
    return refusal([&](Infer& o) {
      o.confidence = true;
      o.formats = {format};
    });
  };
  for (const char* holds : {"npz", "exr", "exr16"}) EXPECT_EQ(confidence_in(holds), "") << holds;
  for (const char* not_one : {"png16", "npy", "none"})
    EXPECT_THAT(confidence_in(not_one), HasSubstr("add --format npz or exr")) << not_one;
}

TEST(Validate, RenderMakesFilesOnly) {
  Render render;
  EXPECT_NO_THROW(validate(render));
  for (const char* not_one : {"none", "html"}) {
    render.formats = {not_one};
    EXPECT_THROW(validate(render), Error) << not_one;
  }
}

}  // namespace
}  // namespace da3::options
