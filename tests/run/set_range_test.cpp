// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <vector>

#include <codec/file_bytes.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <run/render.hpp>
#include <run/run_fixture.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

class SetRangeTest : public RunTest {
 protected:
  SetRangeTest() {
    options_.formats = {"npy", "vis", "side"};
    options_.range_of_set = true;
    for (const std::uint32_t colour : {0U, 80U, 240U}) {
      picture("in/" + std::to_string(colour) + ".ppm", colour * 4);
    }
  }

  std::vector<std::uint8_t> bytes(const std::string& relative) const {
    return codec::read_file(path(relative));
  }

  std::size_t run_shards() {
    std::size_t done = 0;
    for (const int index : {1, 2}) {
      options_.shard = Shard{index, 2};
      done += run().done;
    }
    options_.shard.reset();
    return done;
  }

  /// The same pictures by `da3 render --range set`, in `out`.
  void render_set(const std::string& out) const {
    RenderOptions render_options;
    render_options.input = path("out");
    render_options.output = path(out);
    render_options.formats = {"vis", "side"};
    render_options.range_of_set = true;
    render(render_options);
  }
};

TEST_F(SetRangeTest, PicturesAreThoseOfRenderWithTheRangeOfTheSet) {
  ASSERT_EQ(run().done, 3U);
  render_set("rendered");
  for (const char* name : {"/0.vis.png", "/80.vis.png", "/240.vis.png", "/80.side.png"}) {
    EXPECT_EQ(bytes("out" + std::string(name)), bytes("rendered" + std::string(name))) << name;
  }
  EXPECT_NE(bytes("out/0.vis.png"), bytes("out/240.vis.png")) << "one depth each, which differs";
  ASSERT_FALSE(notes_.empty());
  EXPECT_THAT(notes_.back().text, ::testing::HasSubstr("one range"));
}

TEST_F(SetRangeTest, ResultsOfAnEarlierRunCountAndAreDrawnAgain) {
  fs::rename(path("in/240.ppm"), path("240.ppm"));
  ASSERT_EQ(run().done, 2U);
  const auto alone = bytes("out/80.vis.png");
  fs::rename(path("240.ppm"), path("in/240.ppm"));
  const Summary summary = run();
  EXPECT_EQ(summary.done, 1U);
  EXPECT_EQ(summary.skipped, 2U);
  EXPECT_NE(bytes("out/80.vis.png"), alone) << "it was the farthest before";
  render_set("rendered");
  EXPECT_EQ(bytes("out/80.vis.png"), bytes("rendered/80.vis.png"));
}

TEST_F(SetRangeTest, AShardHasTheRangeOfItsOwnResults) {
  run_shards();
  EXPECT_TRUE(fs::exists(path("out/0.vis.png")));
  render_set("rendered");
  int others = 0;
  for (const char* name : {"0", "80", "240"}) {
    others +=
        bytes("out/" + std::string(name) + ".vis.png") != bytes("rendered/" + std::string(name) + ".vis.png");
  }
  EXPECT_GT(others, 0);
}

TEST_F(SetRangeTest, ResultsOfOtherDivisionsAreOfTheShardThatTakesThem) {
  ASSERT_EQ(run().done, 3U);
  EXPECT_EQ(run_shards(), 0U);
  // Two of one stem, whose results keep the extension, but which are divided by the stem.
  for (const char* name : {"in/1.ppm", "in/1.pnm", "in/2.ppm", "in/2.pnm", "in/3.ppm"}) picture(name, 999);
  EXPECT_EQ(run_shards(), 5U);
  options_.output_dir = path("anew");
  EXPECT_EQ(run_shards(), 8U);
  for (const auto& entry : fs::directory_iterator(path("anew"))) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".png")) {
      EXPECT_EQ(bytes("out/" + name), bytes("anew/" + name)) << name;
    }
  }
}

TEST_F(SetRangeTest, WhatNoLastRecordNamesIsNotDrawn) {
  options_.formats = {"npy", "vis"};
  ASSERT_EQ(run_shards(), 3U);
  options_.formats = {"npy", "side"};
  options_.overwrite = true;
  ASSERT_EQ(run().done, 3U);
  ASSERT_FALSE(fs::exists(path("out/80.vis.png")));
  for (const char* name : {"foreign", "out/0.vis.png"}) folder_.write(name, "of somebody else");
  options_.overwrite = false;
  EXPECT_EQ(run_shards(), 0U);
  EXPECT_FALSE(fs::exists(path("out/80.vis.png")));
  EXPECT_EQ(bytes("out/0.vis.png"), bytes("foreign"));
}

TEST_F(SetRangeTest, AShardDoesNotTellWhatOthersLeaveOut) {
  ASSERT_EQ(run_shards(), 3U);
  folder_.write("in/80.ppm", "P6\n4 4\n255\n");
  std::string notes;
  for (const int index : {1, 2, 1, 2}) {
    options_.shard = Shard{index, 2};
    run();
    for (const Note& note : notes_) notes += note.text + "\n";
  }
  const std::string told = "1 result left out whose photos failed since";
  const std::size_t first = notes.find(told);
  ASSERT_NE(first, std::string::npos);
  const std::size_t second = notes.find(told, first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(notes.find(told, second + 1), std::string::npos);
}

// Of whose records the command that made them would go on to say that they are done.
TEST_F(SetRangeTest, PicturesOfOtherOptionsStay) {
  options_.range_of_set = false;
  ASSERT_EQ(run().done, 3U);
  const auto before = bytes("out/80.vis.png");
  options_.range_of_set = true;
  options_.overwrite = true;
  options_.limit = 1;
  ASSERT_EQ(run().done, 1U);
  EXPECT_EQ(bytes("out/80.vis.png"), before);
}

TEST_F(SetRangeTest, AResultThatWentAwayKeepsItsPicturesAndTheOthersAreDrawn) {
  ASSERT_EQ(run().done, 3U);
  fs::remove(path("in/80.ppm"));
  fs::remove(path("out/80.npy"));
  const Summary summary = run();
  EXPECT_EQ(summary.skipped, 2U);
  ASSERT_FALSE(notes_.empty());
  EXPECT_TRUE(notes_.back().warning);
  EXPECT_THAT(notes_.back().text, ::testing::HasSubstr("80.npy"));
}

TEST_F(SetRangeTest, WhatIsLeftOutIsTold) {
  ASSERT_EQ(run().done, 3U);
  folder_.write("in/80.ppm", "P6\n4 4\n255\n");
  EXPECT_EQ(run().failed, 1U);
  std::string notes;
  for (const Note& note : notes_) notes += note.text + "\n";
  EXPECT_THAT(notes, ::testing::HasSubstr("1 result left out whose photos failed since"));
}

TEST_F(SetRangeTest, PicturesAloneCannotBeDrawnAgain) {
  options_.formats = {"vis"};
  EXPECT_THROW(run(), Error);
}

}  // namespace
}  // namespace da3::run
