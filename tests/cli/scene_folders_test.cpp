// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cli/scene_command.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;

/// Three folders of two photos each below `name`.
void write_folders(const std::filesystem::path& name) {
  for (const char* folder : {"one", "three", "two"}) {
    std::filesystem::create_directories(name / folder);
    write_picture(name / folder / "x.ppm", 80, 60, 1);
    write_picture(name / folder / "y.ppm", 80, 60, 2);
  }
}

class SceneFolders : public SceneCommand {
 protected:
  static Ended run(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {name,     "--per-folder",   "-o",  name + "-out", "-f", "cameras",
                                     "--json", "--depth-format", "none"};
    args.insert(args.end(), more.begin(), more.end());
    return place->run(scene(args));
  }

  static bool is_done(const std::string& name, const std::string& folder) {
    return std::filesystem::exists(*place / (name + "-out/" + folder + "/cameras.json"));
  }
};

TEST_F(SceneFolders, LeavingBadPhotosOutLeavesWholeScenesAlone) {
  write_folders(*place / "bad");
  std::ofstream(*place / "bad/three/z.jpg") << "\xff\xd8\xff nothing more";
  const Ended failed = run("bad");
  EXPECT_EQ(failed.code, 1) << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("give --skip-bad"));
  EXPECT_FALSE(is_done("bad", "three"));
  const Ended without = run("bad", {"--skip-bad"});
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_TRUE(is_done("bad", "three"));
  const auto lines = json_lines(without.out);
  ASSERT_EQ(lines.size(), 9U);
  for (const std::size_t at : {2U, 8U}) EXPECT_EQ(lines[at].at("status"), "skipped");
  EXPECT_EQ(lines[5].at("status"), "done");
  const Ended again = run("bad", {"--skip-bad"});
  EXPECT_EQ(again.code, 0) << again.err;

  const Ended whole = run("bad");
  EXPECT_EQ(whole.code, 2) << "all photos are asked for";
  EXPECT_THAT(whole.err, HasSubstr("three: holds a scene of 2 of 3 photos"));
}

TEST_F(SceneFolders, ARefusedFolderDoesNotStopTheOthers) {
  write_folders(*place / "added");
  std::filesystem::rename(*place / "added/two", *place / "later");
  ASSERT_EQ(run("added").code, 0);
  std::filesystem::rename(*place / "later", *place / "added/two");
  write_picture(*place / "added/one/z.ppm", 80, 60, 3);
  const Ended other = run("added");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("one: holds a scene of other photos"));
  EXPECT_TRUE(is_done("added", "two"));
  const auto lines = json_lines(other.out);
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines[0].at("error").at("code"), "usage");

  write_folders(*place / "foreign");
  std::filesystem::create_directories(*place / "foreign-out/one");
  std::ofstream(*place / "foreign-out/one/cameras.json") << "mine";
  const Ended foreign = run("foreign");
  EXPECT_EQ(foreign.code, 1);
  EXPECT_THAT(foreign.err, HasSubstr("not written by da3"));
  EXPECT_EQ(read_file(*place / "foreign-out/one/cameras.json"), "mine");
  EXPECT_TRUE(is_done("foreign", "three"));
  EXPECT_TRUE(is_done("foreign", "two"));
}

}  // namespace
}  // namespace da3::testing
