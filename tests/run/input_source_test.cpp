// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <run/input_source.hpp>
#include <testing/temporary_folder.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;

class InputSourceTest : public ::testing::Test {
 protected:
  InputSourceTest() { options_.output_dir = folder_.path() / "depth"; }

  std::string path(const std::string& relative) const { return (folder_.path() / relative).string(); }
  void touch(const std::string& relative) const { folder_.write(relative, "x"); }

  std::vector<Item> items() const {
    InputSource source(options_);
    std::vector<Item> all;
    while (auto item = source.next()) all.push_back(std::move(*item));
    return all;
  }
  /// Stems of all inputs; a failed one as "!CODE".
  std::vector<std::string> stems() const {
    std::vector<std::string> all;
    for (const Item& item : items()) {
      all.push_back(item.error ? "!" + std::string(error_name(item.error->code())) : item.stem());
    }
    return all;
  }

  using Stems = std::vector<std::string>;
  testing::TemporaryFolder folder_;
  Options options_;
};

TEST_F(InputSourceTest, AFolderGivesItsPicturesInNaturalOrderWithoutHiddenAndOtherFiles) {
  for (const char* name : {"in/a10.jpg", "in/a9.PNG", "in/.hidden.jpg", "in/notes.txt", "in/sub/b.jpg"})
    touch(name);
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"a9", "a10"}));
}

TEST_F(InputSourceTest, ALargeFolderIsInOrderThroughout) {
  constexpr int kFiles = 5000;  // Sorted in parts of 1024, 1024, 2048, ...
  for (int i = 0; i < kFiles; ++i) touch("in/" + std::to_string(i * 7919 % kFiles) + ".jpg");
  options_.inputs = {path("in")};
  Stems expected;
  for (int i = 0; i < kFiles; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(stems(), expected);
}

TEST_F(InputSourceTest, RecursionMirrorsTheTree) {
  for (const char* name : {"in/z.jpg", "in/m/b.jpg", "in/m/deep/c.jpg", "in/a.jpg", "in/.git/x.jpg"})
    touch(name);
  options_.inputs = {path("in") + "/"};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"a", "m/b", "m/deep/c", "z"}));
}

TEST_F(InputSourceTest, ASharedStemKeepsItsExtensions) {
  for (const char* name : {"in/b.jpg", "in/b.png", "in/c.jpg", "in/d.jpg", "in/d.heic"}) touch(name);
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"b.jpg", "b.png", "c", "d.heic", "d.jpg"}));
  options_.inputs = {path("in/b.png"), path("in/c.jpg")};
  EXPECT_EQ(stems(), (Stems{"b.png", "c"})) << "a name does not depend on how the file was found";
}

TEST_F(InputSourceTest, KnownUnsupportedTypesAreInputsOfAFolderButTriedWhenNamed) {
  touch("in/a.heic");
  options_.inputs = {path("in")};
  ASSERT_EQ(items().size(), 1U);
  EXPECT_TRUE(items()[0].unsupported);
  options_.inputs = {path("in/a.heic")};
  EXPECT_FALSE(items()[0].unsupported);
}

TEST_F(InputSourceTest, ANamedFileIsTriedWhateverItsName) {
  touch("in/photo.data");
  options_.inputs = {path("in/photo.data")};
  EXPECT_EQ(stems(), (Stems{"photo"}));
}

TEST_F(InputSourceTest, LinksInACircleEnd) {
  touch("in/a/b.jpg");
  fs::create_directory_symlink(path("in"), path("in/a/loop"));
  fs::create_directory_symlink(path("in/a"), path("in/again"));
  options_.inputs = {path("in")};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"a/b"}));
}

TEST_F(InputSourceTest, ALinkToNowhereIsAnInput) {
  fs::create_directories(path("in"));
  fs::create_symlink(path("gone"), path("in/a.jpg"));
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"a"}));
}

TEST_F(InputSourceTest, TheOutputFolderIsNeverTakenAsInput) {
  for (const char* name : {"in/a.jpg", "in/depth/b.png", "in/z/c.jpg"}) touch(name);
  options_.output_dir = path("in/depth");
  options_.inputs = {path("in")};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"a", "z/c"}));
  options_.inputs = {path("in/depth/.")};
  EXPECT_THROW(items(), Error);
}

TEST_F(InputSourceTest, TheOutputFolderIsLeftOutEvenIfTheRunMakesIt) {
  for (const char* name : {"in/a.jpg", "in/m/b.jpg"}) touch(name);
  options_.output_dir = path("in/m/depth");
  options_.inputs = {path("in")};
  options_.recursive = true;
  InputSource source(options_);
  ASSERT_EQ(source.next()->stem(), "a");
  touch("in/m/depth/a.png");
  EXPECT_EQ(source.next()->stem(), "m/b");
  EXPECT_FALSE(source.next().has_value());
}

TEST_F(InputSourceTest, AQuotedPatternIsExpandedInNaturalOrder) {
  for (const char* name : {"in/a10.jpg", "in/a2.jpg", "in/b.jpg"}) touch(name);
  options_.inputs = {path("in/a*.jpg")};
  EXPECT_EQ(stems(), (Stems{"a2", "a10"}));
  options_.inputs = {path("in/x*.jpg")};
  EXPECT_EQ(stems(), (Stems{"!input.not_found"}));
}

TEST_F(InputSourceTest, AFileWhoseNameLooksLikeAPatternIsThatFile) {
  for (const char* name : {"in/a[1].jpg", "in/a1.jpg"}) touch(name);
  options_.inputs = {path("in/a[1].jpg")};
  EXPECT_EQ(stems(), (Stems{"a[1]"}));
}

TEST_F(InputSourceTest, AListGivesLinesOrNulSeparatedPaths) {
  for (const char* name : {"in/a.jpg", "in/new\nline.jpg", "in/sub/c.jpg"}) touch(name);
  std::istringstream lines(path("in/a.jpg") + "\r\n\n" + path("in/sub") + "\n" + path("gone.jpg"));
  options_.inputs = {"-"};
  options_.list = &lines;
  EXPECT_EQ(stems(), (Stems{"a", "c", "!input.not_found"}));
  std::istringstream nul(path("in/new\nline.jpg") + std::string(1, '\0') + path("in/a.jpg"));
  options_.list = &nul;
  options_.list_format = ListFormat::kNul;
  EXPECT_EQ(stems(), (Stems{"new\nline", "a"}));
}

TEST_F(InputSourceTest, BytesOfANameAreUntouched) {
  const std::string odd = "in/\xc3\xa9t\xc3\xa9-\xff\xfe.jpg";
  touch(odd);
  options_.inputs = {path("in")};
  ASSERT_EQ(items().size(), 1U);
  EXPECT_EQ(items()[0].path, path(odd));
}

TEST_F(InputSourceTest, APathComesOnce) {
  touch("in/a.jpg");
  options_.inputs = {path("in"), path("in/a.jpg"), path("in/a.jpg")};
  EXPECT_EQ(items().size(), 1U);
}

TEST_F(InputSourceTest, AnUnreadableFolderIsAFailedInput) {
  touch("in/bad/a.jpg");
  touch("in/good.jpg");
  fs::permissions(path("in/bad"), fs::perms::none);
  if (fs::directory_iterator(path("in/bad"), fs::directory_options::skip_permission_denied) !=
      fs::directory_iterator()) {
    fs::permissions(path("in/bad"), fs::perms::owner_all);
    GTEST_SKIP() << "this user may read every folder (root)";
  }
  options_.inputs = {path("in")};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"!input.unreadable", "good"}));
  fs::permissions(path("in/bad"), fs::perms::owner_all);
}

TEST(Shards, PartTheInputsCompletelyAndWithoutOverlap) {
  std::vector<int> counts(3);
  for (int i = 0; i < 300; ++i) {
    int takers = 0;
    for (int shard = 1; shard <= 3; ++shard) {
      const Item item{.path = "in/" + std::to_string(i) + ".jpg"};
      if (!takes({shard, 3}, item)) continue;
      ++takers;
      ++counts[static_cast<std::size_t>(shard - 1)];
    }
    EXPECT_EQ(takers, 1);
  }
  for (const int count : counts) EXPECT_GT(count, 70);
}

TEST(Shards, AreDecidedByTheResultsNameAlone) {
  const auto item = [](std::string before, const std::string& name) {
    const auto below = static_cast<std::uint32_t>(before.size());
    return Item{.path = before + name, .below = below};
  };
  for (int i = 0; i < 50; ++i) {
    const std::string name = "sub/" + std::to_string(i) + ".jpg";
    for (const int index : {1, 2}) {
      const bool plain = takes({index, 2}, item("many/", name));
      EXPECT_EQ(takes({index, 2}, item("./many/", name)), plain) << name;
      EXPECT_EQ(takes({index, 2}, item("/data/many/", name)), plain) << name;
    }
  }
}

// Names in which a part comes twice have equal lower bits in FNV-1a.
TEST(Shards, AreAboutEqualForNamesWithEqualParts) {
  for (const int count : {2, 4, 16, 64}) {
    std::vector<int> inputs(static_cast<std::size_t>(count));
    for (int i = 0; i < 10'000; ++i) {
      const std::string number = std::to_string(10'000 + i);
      const Item item{.path = number + "/" + number + ".jpg"};
      for (int index = 1; index <= count; ++index) {
        inputs[static_cast<std::size_t>(index - 1)] += takes({index, count}, item) ? 1 : 0;
      }
    }
    const double mean = 10'000.0 / count;
    // Six standard deviations of a fair draw: the hash is fixed, so that this either holds for good or never.
    for (const int each : inputs) EXPECT_NEAR(each, mean, 6 * std::sqrt(mean)) << "of " << count;
  }
}

}  // namespace
}  // namespace da3::run
