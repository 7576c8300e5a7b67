// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <depth/focal.hpp>
#include <depth/inverse_depth.hpp>
#include <depth/way.hpp>
#include <gtest/gtest.h>

#include <da3/error.hpp>

namespace da3::depth {
namespace {

TEST(Focal, TheUsersNumberComesBeforeExif) {
  const codec::ExifFocal exif{900, "exif.35mm"};
  EXPECT_EQ(find_focal({100, 200}, 500, std::nullopt, exif)->source, "option");
  EXPECT_EQ(find_focal({100, 200}, std::nullopt, std::nullopt, exif)->px, 900);
  EXPECT_FALSE(find_focal({100, 200}, std::nullopt, std::nullopt, std::nullopt).has_value());
}

TEST(Focal, AFieldOfViewOfNinetyDegreesIsHalfTheWidth) {
  const auto focal = find_focal({100, 200}, std::nullopt, 90.0, std::nullopt);
  EXPECT_NEAR(focal->px, 100, 1e-9);
  EXPECT_EQ(focal->source, "hfov");
}

TEST(Focal, IsScaledToTheProcessedSize) {
  // 600 px at half the size are 300 px: depth is metres as it is. Axes that differ: their mean.
  EXPECT_NEAR(metres_per_canonical(600, {0.5, 0.5}), 1, 1e-12);
  EXPECT_NEAR(metres_per_canonical(600, {392.0 / 800, 602.0 / 1200}),
              600 * (392.0 / 800 + 602.0 / 1200) / 2 / 300, 1e-12);
}

Way way_for(ResizeMethod method) {
  ModelSpec spec;
  spec.depth_kind = DepthKind::kCanonical;
  return make_way(spec, {.process_res = 504, .resize_method = method, .at_model_size = true});
}

// The sizes between the steps, by hand: 3000x40 shrinks to 504x7 and grows to 504x14, one patch; 2000x97
// shrinks to 504x24 (24.4 rounded), of which 14 rows are kept.
TEST(Way, TheScaleOfACropIsThatOfEveryResamplingStep) {
  const image::Scale thin = processed_scale(way_for(ResizeMethod::kUpperBoundCrop), {40, 3000});
  EXPECT_DOUBLE_EQ(thin.x, 504.0 / 3000);
  EXPECT_DOUBLE_EQ(thin.y, 14.0 / 40);
  const image::Scale wide = processed_scale(way_for(ResizeMethod::kUpperBoundCrop), {97, 2000});
  EXPECT_DOUBLE_EQ(wide.x, 504.0 / 2000);
  EXPECT_DOUBLE_EQ(wide.y, 24.0 / 97);
}

// A photo whose columns tell where they lie: what the crop kept of it, measured in the picture itself.
TEST(Way, TheScaleOfACropIsSeenInThePicture) {
  const Size size{97, 2000};
  Image photo{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::size_t y = 0; y < 97; ++y) {
    for (std::size_t i = 0; i < 2000 * 3; ++i) photo.rgb[y * 6000 + i] = static_cast<std::uint8_t>(2 * y);
  }
  const Way way = way_for(ResizeMethod::kUpperBoundCrop);
  const Image input = prepare(way, photo);
  ASSERT_EQ(input.size, (Size{14, 504}));
  const double grows = (input.rgb[13 * 504 * 3] - input.rgb[0]) / 13.0 / 2;  // Rows of the photo per row
  EXPECT_NEAR(1 / grows, processed_scale(way, size).y, 0.005);
}

TEST(Way, FocalLengthsAreFiniteAndAboveZeroAndGivenOnce) {
  const ModelSpec spec;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double focal : {0.0, -1.0, nan, infinity}) {
    EXPECT_THROW(make_way(spec, {.focal_px = focal}), Error) << focal;
  }
  for (const double hfov : {0.0, -1.0, nan, 180.0})
    EXPECT_THROW(make_way(spec, {.hfov_deg = hfov}), Error) << hfov;
  EXPECT_THROW(make_way(spec, {.focal_px = 500, .hfov_deg = 60}), Error);
  EXPECT_NO_THROW(make_way(spec, {.focal_px = 500}));
}

TEST(Way, CanonicalDepthWithoutAFocalLengthIsAnErrorUnlessAskedFor) {
  ModelSpec spec;
  spec.depth_kind = DepthKind::kCanonical;
  const DepthMap map{{1, 2}, {1, 2}};
  try {
    restore(make_way(spec, {.at_model_size = true}), map, {1, 2}, std::nullopt);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kFocalMissing);
  }
  const Way raw = make_way(spec, {.at_model_size = true, .raw = true});
  EXPECT_EQ(raw.result_kind, DepthKind::kCanonical);
  EXPECT_EQ(restore(raw, map, {1, 2}, std::nullopt).values, map.values);
}

TEST(Way, ResultsTakeTheMemoryThatIsGiven) {
  ModelSpec spec;
  for (const DepthKind kind : {DepthKind::kRelative, DepthKind::kInverse}) {
    spec.depth_kind = kind;
    std::vector<float> room(8);
    const float* const memory = room.data();
    const DepthMap result =
        restore(make_way(spec, {}), {{1, 2}, {4, 2}}, {2, 4}, std::nullopt, std::move(room));
    EXPECT_EQ(result.values.data(), memory);
  }
  DepthMap map{{1, 2}, {4, 2}};
  const float* const memory = map.values.data();
  EXPECT_EQ(
      restore(make_way(spec, {.at_model_size = true}), std::move(map), {2, 4}, std::nullopt).values.data(),
      memory);
}

TEST(Way, InverseDepthIsResizedBeforeItIsInverted) {
  ModelSpec spec;
  spec.depth_kind = DepthKind::kInverse;
  const DepthMap map{{1, 2}, {4, 2}};
  const Way way = make_way(spec, {});
  EXPECT_EQ(way.result_kind, DepthKind::kRelative);
  // Half-pixel centres: 4, 3.5, 2.5, 2.
  EXPECT_EQ(restore(way, map, {1, 4}, std::nullopt).values,
            (std::vector<float>{1 / 4.0F, 1 / 3.5F, 1 / 2.5F, 1 / 2.0F}));
  EXPECT_EQ(restore(make_way(spec, {.raw = true}), map, {1, 4}, std::nullopt).values,
            (std::vector<float>{4, 3.5F, 2.5F, 2}));
}

std::vector<float> depths_of(std::vector<float> inverse) {
  const Size size{1, static_cast<int>(inverse.size())};
  return depth_from_inverse({size, std::move(inverse)}).values;
}

TEST(DepthFromInverse, GrowsWithDistance) {
  EXPECT_EQ(depths_of({4.0F, 2.0F, 0.5F}), (std::vector<float>{0.25F, 0.5F, 2.0F}));
}

TEST(DepthFromInverse, PutsWhatIsZeroOrLessFarAway) {
  EXPECT_EQ(depths_of({1.0F, 0.0F, -3.0F, 1e-9F}), (std::vector<float>{1, 1000, 1000, 1000}));
}

TEST(DepthFromInverse, KeepsWhatHasNoValueWithoutOne) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> depths = depths_of({2.0F, nan, infinity, -infinity});
  EXPECT_EQ(depths[0], 0.5F);
  for (std::size_t i = 1; i < depths.size(); ++i) EXPECT_TRUE(std::isnan(depths[i])) << i;
  for (const float depth : depths_of({0.0F, -1.0F})) EXPECT_TRUE(std::isnan(depth));
}

}  // namespace
}  // namespace da3::depth
