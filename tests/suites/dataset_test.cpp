// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>

#include <formats/png16.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <suites/dataset.hpp>
#include <suites/fake_context.hpp>
#include <suites/group_session.hpp>
#include <testing/pictures.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::suites {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Two by two photos with measured depth in millimetres; 0 is none.
class DatasetTest : public ::testing::Test {
 protected:
  void add(const std::string& stem, const std::vector<float>& metres, Size photo = {2, 2}) {
    folder_.write("colour/" + stem + ".ppm", da3::testing::ppm(photo, 0));
    write_depth(stem, metres);
  }
  void write_depth(const std::string& stem, const std::vector<float>& metres) {
    const auto bytes = formats::encode_png16({{2, 2}, metres}, DepthKind::kMetric).bytes;
    folder_.write("depth/" + stem + ".png", std::string(bytes.begin(), bytes.end()));
  }
  void scale(const std::string& text = "1000\n") { folder_.write("scale.txt", text); }

  std::string refusal() {
    try {
      open_dataset(folder_.path());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      return error.what();
    }
    return "";
  }

  // The case of the folder; the fake model says 1 everywhere.
  bench::CaseResult measure(DepthKind kind, const std::function<void(ModelSpec&)>& change = {}) {
    FakeMachine machine;
    const auto file = machine.context.model_file;
    machine.context.model_file = [=](const std::string& name) {
      ModelFile found = file(name);
      found.spec.depth_kind = kind;
      if (change) change(found.spec);
      return found;
    };
    const bench::Fields settings{{"model", "da3-small"},
                                 {"device", "cpu"},
                                 {"precision", "fp32"},
                                 {"attention", "sdpa"},
                                 {"threads", std::int64_t{1}},
                                 {"dataset", folder_.path().string()},
                                 {"process_res", std::int64_t{28}}};
    const bench::PlannedGroup group{bench::SuiteName::kAccuracy,
                                    {{bench::SuiteName::kAccuracy, settings, 0}}};
    return measure_group(group, machine.context, {.warmups = 0, .rounds = 1, .runs = 1}).front();
  }

  da3::testing::TemporaryFolder folder_;
};

TEST_F(DatasetTest, PairsFilesByTheirStem) {
  scale("  5000 \n");
  add("b", {1, 1, 1, 1});
  add("a", {1, 2, 0, 0.5F});
  folder_.write("colour/.hidden", "");
  const Dataset dataset = open_dataset(folder_.path());
  ASSERT_THAT(dataset.photos, SizeIs(2));
  EXPECT_EQ(dataset.photos[0].photo.filename(), "a.ppm");
  EXPECT_EQ(dataset.photos[0].depth.filename(), "a.png");
  // 1000 units of which 5000 make a metre.
  EXPECT_THAT(read_measured_depth(dataset, dataset.photos[0]).values,
              ::testing::ElementsAre(0.2F, 0.4F, 0, 0.1F));
}

TEST_F(DatasetTest, ErrorsNameTheFile) {
  EXPECT_THAT(refusal(), HasSubstr("scale.txt is missing"));
  scale("many");
  EXPECT_THAT(refusal(), HasSubstr("scale.txt holds 'many'"));
  scale();
  EXPECT_THAT(refusal(), HasSubstr("no folder colour/"));
  folder_.write("colour/a.ppm", "");
  EXPECT_THAT(refusal(), HasSubstr("no folder depth/"));
  folder_.write("depth/b.png", "");
  EXPECT_THAT(refusal(), HasSubstr("depth/a.png is missing"));
  folder_.write("depth/a.png", "");
  EXPECT_THAT(refusal(), HasSubstr("b.png has no photo"));
  folder_.write("colour/b.ppm", "");
  EXPECT_EQ(refusal(), "");
  folder_.write("colour/b.jpg", "");
  EXPECT_THAT(refusal(), HasSubstr("same stem"));
}

TEST_F(DatasetTest, MetresAreJudgedAsTheyAre) {
  scale();
  add("a", {1, 2, 0, 0.5F});
  add("b", {1, 1, 1, 1});
  const bench::CaseResult result = measure(DepthKind::kMetric);
  ASSERT_EQ(result.status, bench::CaseStatus::kDone) << result.reason;
  // Photo a: errors 0, 1/2, 1 of three pixels; photo b: none.
  EXPECT_NEAR(*result.number("abs_rel"), 0.5 / 2, 1e-9);
  EXPECT_NEAR(*result.number("rmse_m"), std::sqrt(1.25 / 3) / 2, 1e-9);
  EXPECT_NEAR(*result.number("delta1"), (1.0 / 3 + 1) / 2, 1e-9);
  EXPECT_FALSE(result.number("abs_rel_median"));
  EXPECT_EQ(result.facts.text("alignment"), "none");
  EXPECT_EQ(result.facts.number("pictures"), 2);
}

TEST_F(DatasetTest, RelativeDepthIsAlignedInBothWays) {
  scale();
  add("a", {1, 2, 0, 0.5F});
  const bench::CaseResult result = measure(DepthKind::kRelative);
  ASSERT_EQ(result.status, bench::CaseStatus::kDone) << result.reason;
  // A flat prediction becomes the mean, 7/6: errors 1/6, 5/12, 4/3.
  EXPECT_NEAR(*result.number("abs_rel"), (1.0 / 6 + 5.0 / 12 + 4.0 / 3) / 3, 1e-9);
  // And by the median 1.
  EXPECT_NEAR(*result.number("abs_rel_median"), 0.5, 1e-9);
  EXPECT_EQ(result.facts.text("alignment"), "scale and shift");
}

TEST_F(DatasetTest, CanonicalDepthNeedsAFocalLength) {
  scale();
  add("a", {1, 2, 0, 0.5F});
  const bench::CaseResult without = measure(DepthKind::kCanonical);
  EXPECT_EQ(without.status, bench::CaseStatus::kFailed);
  EXPECT_THAT(without.reason, HasSubstr("focal.txt"));
  // 2 pixels become 28: 1 * (focal * 14) / 300 is 1 m with this focal length.
  folder_.write("focal.txt", "21.428571428571427");
  const bench::CaseResult with = measure(DepthKind::kCanonical);
  ASSERT_EQ(with.status, bench::CaseStatus::kDone) << with.reason;
  EXPECT_NEAR(*with.number("abs_rel"), 0.5, 1e-6);
}

TEST_F(DatasetTest, DamagedOrUnfitFilesFailWithTheirName) {
  scale();
  add("a", {1, 2, 0, 0.5F});
  folder_.write("depth/a.png", da3::testing::ppm({2, 2}, 0));
  EXPECT_THAT(measure(DepthKind::kMetric).reason, HasSubstr("depth/a.png: no PNG"));
  write_depth("a", {0, 0, 0, 0});
  EXPECT_THAT(measure(DepthKind::kMetric).reason, HasSubstr("a.png: no pixel has a depth above 0"));
  add("a", {1, 1, 1, 1}, {2, 4});
  EXPECT_THAT(measure(DepthKind::kMetric).reason, HasSubstr("2x2 pixels, but the photo has 4x2"));
  const auto crop = [](ModelSpec& spec) { spec.resize_method = ResizeMethod::kUpperBoundCrop; };
  EXPECT_THAT(measure(DepthKind::kMetric, crop).reason, HasSubstr("crops"));
}

}  // namespace
}  // namespace da3::suites
