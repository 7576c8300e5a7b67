// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <codec/samples.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>
#include <testing/process_status.hpp>

namespace da3::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kShapes = 60;

/// 150 pictures, or as many as DA3_TEST_PICTURES says; memory is judged from 10,000 on.
int num_pictures() {
  const char* text = std::getenv("DA3_TEST_PICTURES");
  return text == nullptr ? 150 : std::atoi(text);
}

bool is_broken(int picture) {
  return picture % 100 == 37;
}

/// Sixty shapes that are also sixty shapes of the network's input with `kOptions`.
Size shape_of(int picture) {
  const int step = picture % kShapes;
  const Size lying{28, 28 + 14 * (step / 2 + step % 2)};
  return step % 2 == 0 ? lying : Size{lying.width, lying.height};
}

const std::vector<std::string> kOptions = {"--process-res", "28", "--resize-method", "lower_bound_resize"};

void write_pictures(const fs::path& folder, int count) {
  fs::create_directories(folder);
  for (int i = 0; i < count; ++i) {
    const char* extension = i % 3 == 0 ? ".png" : ".jpg";
    Bytes bytes = encode(sample_picture(shape_of(i), static_cast<std::uint32_t>(i)), extension);
    if (is_broken(i)) bytes.resize(bytes.size() / 2);
    std::ofstream file(folder / (std::to_string(i) + extension), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

TEST(ManyInputs, OfSixtyShapesEndWithEveryBrokenOneNamedInMemoryThatDoesNotGrow) {
  const Workplace place;
  ASSERT_EQ(place.run({"model", "export", DA3_TEST_DATA_DIR "/golden/tiny", "-o", "tiny.pt"}).code, 0);
  const int count = num_pictures();
  write_pictures(place / "in", count);

  std::map<int, std::uint64_t> resident;  // By the number of finished images
  int finished = 0;
  std::vector<std::string> args = {"infer", "in", "-m", "tiny.pt", "--device", "cpu", "-o", "out", "--json"};
  args.insert(args.end(), kOptions.begin(), kOptions.end());
  const Ended ended = place.run(args, {.on_output = [&](int process, std::string_view arrived) {
                                  finished +=
                                      static_cast<int>(std::count(arrived.begin(), arrived.end(), '\n'));
                                  if (resident.empty() || finished >= resident.rbegin()->first + count / 20) {
                                    resident[finished] = status_kib(process, "VmRSS");
                                  }
                                }});

  EXPECT_EQ(ended.code, 1) << ended.err;
  std::set<std::string> failed;
  std::set<std::pair<int, int>> shapes;
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    if (record.at("status") == "failed") {
      failed.insert(record.at("path"));
      EXPECT_THAT(ended.err, HasSubstr(record.at("error").at("message").get<std::string>()));
    } else {
      shapes.emplace(record.at("processed").at("height"), record.at("processed").at("width"));
    }
  }
  std::set<std::string> broken;
  for (int i = 0; i < count; ++i) {
    if (is_broken(i)) broken.insert("in/" + std::to_string(i) + (i % 3 == 0 ? ".png" : ".jpg"));
  }
  EXPECT_EQ(failed, broken);
  EXPECT_EQ(finished, count);
  EXPECT_EQ(shapes.size(), std::size_t{kShapes});

  std::string text;
  for (const auto& [images, kib] : resident)
    text += std::to_string(images) + ": " + std::to_string(kib) + " KiB, ";
  RecordProperty("resident", text + "peak " + std::to_string(ended.peak_resident_bytes >> 10) + " KiB");
  if (count >= 10'000) {
    const auto early = resident.lower_bound(count / 5);
    EXPECT_LT(static_cast<double>(resident.rbegin()->second), 1.03 * static_cast<double>(early->second))
        << text;
  }
}

}  // namespace
}  // namespace da3::testing
