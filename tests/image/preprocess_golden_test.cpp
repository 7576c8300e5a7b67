// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <codec/decode.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <image/preprocess.hpp>
#include <testing/npz.hpp>

namespace da3::testing {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "preprocess";

const Image& photo(const std::string& name) {
  static std::map<std::string, Image> photos;
  if (!photos.contains(name)) {
    const std::filesystem::path example = std::filesystem::path(DA3_SOURCE_DIR) / "examples" / name;
    const std::filesystem::path own = std::filesystem::path(DA3_TEST_DATA_DIR) / name;
    photos[name] = codec::decode_file(std::filesystem::exists(example) ? example : own).image;
  }
  return photos[name];
}

TEST(PreprocessGolden, GivesTheOriginalsSizeForEveryInput) {
  std::ifstream file(kGolden / "sizes.tsv");
  std::string line;
  std::getline(file, line);
  int cases = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    Size original;
    Size expected;
    image::ResizePolicy policy;
    std::string method;
    fields >> original.width >> original.height >> policy.process_res >> method >> expected.width >>
        expected.height;
    ASSERT_TRUE(fields) << line;
    policy.method = parse_resize_method(method);
    EXPECT_EQ(image::processed_size(original, policy), expected) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 432);
}

TEST(PreprocessGolden, GivesTheOriginalsPixels) {
  const auto arrays = read_npz(kGolden / "arrays.npz");
  ASSERT_EQ(arrays.size(), 2U);
  for (const auto& [key, array] : arrays) {
    std::istringstream fields(key);
    std::string name;
    std::string resolution;
    std::string method;
    std::getline(fields, name, '|');
    std::getline(fields, resolution, '|');
    std::getline(fields, method);
    const Image input = image::preprocess(
        photo(name), {.process_res = std::stoi(resolution), .method = parse_resize_method(method)});
    ASSERT_EQ((std::vector<std::int64_t>{input.size.height, input.size.width, 3}), array.shape) << key;
    std::size_t different = 0;
    for (std::size_t i = 0; i < input.rgb.size(); ++i) {
      const int difference = std::abs(input.rgb[i] - array.bytes[i]);
      ASSERT_LE(difference, 1) << key << " sample " << i;
      different += difference != 0 ? 1 : 0;
    }
    // Two cubic steps, each off by one in about ten samples of a million against the original's OpenCV.
    EXPECT_LE(different, input.rgb.size() / 50'000) << key;
  }
}

/// Mean of one channel over a block of 8 x 8, normalised, as summary.json has it.
double block_mean(const Image& input, int channel, int row, int column) {
  constexpr double kMean[] = {0.485, 0.456, 0.406};
  constexpr double kStd[] = {0.229, 0.224, 0.225};
  double sum = 0;
  int count = 0;
  for (int y = row * input.size.height / 8; y < (row + 1) * input.size.height / 8; ++y) {
    for (int x = column * input.size.width / 8; x < (column + 1) * input.size.width / 8; ++x, ++count) {
      sum += input.rgb[static_cast<std::size_t>((y * input.size.width + x) * 3 + channel)];
    }
  }
  return (sum / count / 255 - kMean[channel]) / kStd[channel];
}

TEST(PreprocessGolden, AgreesWithTheOriginalsSummaryOfEveryPhotoSizeAndMethod) {
  std::ifstream file(kGolden / "summary.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  ASSERT_EQ(cases.size(), 48U);
  for (const nlohmann::json& each : cases) {
    const std::string title = each["photo"].get<std::string>() + " " + each["process_res"].dump() + " " +
                              each["method"].get<std::string>();
    const Image input = image::preprocess(photo(each["photo"]),
                                          {.process_res = each["process_res"],
                                           .method = parse_resize_method(each["method"].get<std::string>())});
    ASSERT_EQ(input.size, (Size{each["output_hw"][0], each["output_hw"][1]})) << title;
    for (int channel = 0; channel < 3; ++channel) {
      double sum = 0;
      for (std::size_t i = static_cast<std::size_t>(channel); i < input.rgb.size(); i += 3)
        sum += input.rgb[i];
      // One grey level in a few isolated samples.
      EXPECT_NEAR(sum, each["uint8_sum"][static_cast<std::size_t>(channel)].get<double>(), 8) << title;
      for (int row = 0; row < 8; ++row) {
        for (int column = 0; column < 8; ++column) {
          // Stored with 6 decimals; one level in one sample of the smallest block (23 x 35) is 2.2e-5.
          EXPECT_NEAR(block_mean(input, channel, row, column),
                      each["block_means"][static_cast<std::size_t>(channel)][static_cast<std::size_t>(row)]
                          [static_cast<std::size_t>(column)]
                              .get<double>(),
                      1e-4)
              << title << " block " << row << ", " << column;
        }
      }
    }
  }
}

}  // namespace
}  // namespace da3::testing
