// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <ios>
#include <istream>
#include <memory>
#include <set>
#include <sstream>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <journal/result_folder.hpp>

#include <run/input_source.hpp>
#include <testing/pictures.hpp>
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

/// A list of which reading fails behind its text.
class FailingList : public std::streambuf {
 public:
  explicit FailingList(std::string text) : text_(std::move(text)) {}

 protected:
  int_type underflow() override {
    if (eback() != nullptr) throw std::ios_base::failure("the disk failed");
    setg(text_.data(), text_.data(), text_.data() + text_.size());
    return traits_type::to_int_type(text_.front());
  }

 private:
  std::string text_;
};

TEST_F(InputSourceTest, AFolderGivesItsPicturesInNaturalOrderWithoutHiddenAndOtherFiles) {
  for (const char* name : {"in/a10.jpg", "in/a9.PNG", "in/.hidden.jpg", "in/notes.txt", "in/sub/b.jpg"})
    touch(name);
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"a9", "a10"}));
}

TEST_F(InputSourceTest, AnErrorIsNotTheEndOfAList) {
  touch("a.jpg");
  FailingList failing(path("a.jpg") + "\n");
  const auto list = std::make_shared<std::istream>(&failing);
  options_.inputs = {"-"};
  options_.list = list;
  InputSource source(options_);
  EXPECT_EQ(source.next()->path, path("a.jpg"));
  try {
    source.next();
    ADD_FAILURE() << "the list has ended";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInputUnreadable);
  }
}

TEST_F(InputSourceTest, ALargeFolderIsInOrderThroughout) {
  constexpr int kFiles = 2300;  // Sorted in parts of 1024, 1024, 2048, ...
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

TEST_F(InputSourceTest, FoldersThatRecursionWouldEnterAreCounted) {
  for (const char* name : {"in/1.jpg", "in/a/2.jpg", "in/b/3.jpg", "in/b/c/4.jpg", "in/.hidden/5.jpg",
                           "in/skipped/6.jpg", "in/out/7.jpg"}) {
    touch(name);
  }
  folder_.write("in/older/manifest.jsonl", R"({"type":"run","schema":1})");
  options_.inputs = {path("in")};
  options_.output_dir = path("in/out");
  options_.exclude = {"skip*"};
  const auto count = [&] {
    InputSource source(options_);
    while (source.next()) {
    }
    return source.folders_not_entered();
  };
  EXPECT_EQ(count(), 2U) << "a and b; what is below b is not looked at";
  options_.recursive = true;
  EXPECT_EQ(count(), 0U);
}

TEST_F(InputSourceTest, ASharedStemKeepsItsExtensions) {
  for (const char* name : {"in/b.jpg", "in/b.png", "in/c.jpg", "in/d.jpg"}) touch(name);
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"b.jpg", "b.png", "c", "d"}));
  options_.inputs = {path("in/b.png"), path("in/c.jpg")};
  EXPECT_EQ(stems(), (Stems{"b.png", "c"})) << "a name does not depend on how the file was found";
}

TEST_F(InputSourceTest, ANamedFileOfAnotherExtensionLeavesItsStemToPictures) {
  for (const char* name : {"in/a.jfif", "in/a.png", "in/b.jfif", "in/b.txt", "in/c.pcx"}) touch(name);
  for (const char* name : {"in/c.pbm", "in/c.jpe"}) folder_.write(name, testing::ppm({2, 2}, 1));
  options_.inputs = {path("in/a.jfif"), path("in/a.png"), path("in/b.jfif")};
  EXPECT_EQ(stems(), (Stems{"a.jfif", "a", "b"})) << "what is in b.txt is no picture";
  options_.inputs = {path("in/c.pbm"), path("in/c.jpe"), path("in/c.pcx")};
  EXPECT_EQ(stems(), (Stems{"c.pbm", "c.jpe", "c.pcx"}));
  fs::remove(path("in/c.jpe"));
  options_.inputs = {path("in/c.pbm")};
  EXPECT_EQ(stems(), (Stems{"c"}));
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"a"})) << "a name does not depend on how the file was found";
}

TEST_F(InputSourceTest, APictureStandsForItsHeicTwin) {
  for (const char* name : {"in/IMG_1.HEIC", "in/IMG_1.JPG", "in/IMG_1.MOV", "in/IMG_2.HEIC"}) touch(name);
  options_.inputs = {path("in")};
  EXPECT_EQ(stems(), (Stems{"IMG_1", "IMG_2"}));
  EXPECT_EQ(items()[0].passed_over, "IMG_1.HEIC");
  EXPECT_EQ(items()[1].passed_over, "");
  options_.exclude = {"*.JPG"};
  EXPECT_EQ(items()[0].path, path("in/IMG_1.HEIC")) << "a picture that is left out stands for nothing";
  options_.exclude.clear();
  options_.inputs = {path("in/IMG_1.HEIC"), path("in/IMG_1.JPG"), path("in/IMG_2.HEIC")};
  EXPECT_EQ(stems(), (Stems{"IMG_1.HEIC", "IMG_1", "IMG_2"})) << "each has a name of its own";
}

TEST_F(InputSourceTest, ExcludesByNameAndByPathBelowTheInput) {
  for (const char* name : {"in/a.jpg", "in/a_small.jpg", "in/raw/b.jpg", "in/m/raw/c.jpg", "in/m/d.jpg"})
    touch(name);
  options_.inputs = {path("in")};
  options_.recursive = true;
  options_.exclude = {"*_small.*", "m/raw"};
  EXPECT_EQ(stems(), (Stems{"a", "m/d", "raw/b"}));
}

TEST_F(InputSourceTest, KnownUnsupportedTypesAreInputsOfAFolderButTriedWhenNamed) {
  touch("in/a.dng");
  options_.inputs = {path("in")};
  ASSERT_EQ(items().size(), 1U);
  EXPECT_TRUE(items()[0].unsupported);
  options_.inputs = {path("in/a.dng")};
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

TEST_F(InputSourceTest, ResultsNextToPhotosAreNoInputs) {
  for (const char* name : {"in/a/x.jpg", "in/a/y.png", "in/b/x.jpg"}) touch(name);
  options_.inputs = {path("in/a"), path("in/b")};
  options_.output_dir = path("in");
  EXPECT_EQ(stems(), (Stems{"a/x", "a/y", "b/x"}));
  {
    journal::ResultFolder results(options_.output_dir, journal::RunRecord{});
    formats::EncodedSet set;
    set.files = {{formats::Format::kPng16, {1}}, {formats::Format::kVis, {2}}};
    journal::ImageRecord record;
    record.path = path("in/a/x.jpg");
    record.outputs = results.write(record.path, "a/x", std::nullopt, set);
    results.record(record);
  }
  EXPECT_TRUE(fs::exists(path("in/a/x.vis.png")));
  EXPECT_EQ(stems(), (Stems{"a/x", "a/y", "b/x"}));
  // A run that was killed before its record; the last claim is torn.
  touch("in/b/x.png");
  touch("in/b/z.png");
  folder_.write("in/.da3-claims.1-of-2.tmp", std::string("b/x.png") + '\0' + "b/z.png");
  EXPECT_EQ(stems(), (Stems{"a/x", "a/y", "b/x", "b/z"}));
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
  const auto lines = std::make_shared<std::istringstream>(path("in/a.jpg") + "\r\n\n" + path("in/sub") +
                                                          "\n" + path("gone.jpg"));
  options_.inputs = {"-"};
  options_.root = path("in");
  options_.list = lines;
  EXPECT_EQ(stems(), (Stems{"a", "sub/c", "!input.not_found"}));
  const auto nul = std::make_shared<std::istringstream>(path("in/new\nline.jpg") + std::string(1, '\0') +
                                                        path("in/a.jpg"));
  options_.list = nul;
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

/// Goes into a folder and back.
class WorkingFolder {
 public:
  explicit WorkingFolder(const fs::path& folder) { fs::current_path(folder); }
  ~WorkingFolder() { fs::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  fs::path before_ = fs::current_path();
};

TEST_F(InputSourceTest, AListKeepsItsTreeBelowTheWorkingFolder) {
  for (const char* name : {"here/c1/1.jpg", "here/c2/1.jpg", "there/1.jpg"}) touch(name);
  const WorkingFolder here(path("here"));
  const auto list = std::make_shared<std::istringstream>("c1/1.jpg\n./c2/1.jpg\n" + path("here/c1/1.jpg") +
                                                         "\nc2/../c1/1.jpg\n../there/1.jpg");
  options_.inputs = {"-"};
  options_.list = list;
  const std::string outside = fs::canonical(path("there")).string().substr(1) + "/1";
  EXPECT_EQ(stems(), (Stems{"c1/1", "c2/1", "c1/1", "c1/1", outside}));
}

TEST_F(InputSourceTest, ARootNamesEveryInputAfterItsPathBelowIt) {
  for (const char* name : {"data/c1/1.jpg", "data/c2/1.jpg"}) touch(name);
  options_.root = path("data");
  options_.inputs = {path("data/c1/1.jpg"), path("data/c2")};
  EXPECT_EQ(stems(), (Stems{"c1/1", "c2/1"}));
  const WorkingFolder here(path("data"));
  options_.root = ".";
  options_.inputs = {"c1/1.jpg", "c2/"};
  EXPECT_EQ(stems(), (Stems{"c1/1", "c2/1"}));
  options_.root = "..";
  EXPECT_EQ(stems(), (Stems{"data/c1/1", "data/c2/1"}));
}

TEST_F(InputSourceTest, SeveralFoldersAreMirroredBelowTheirNames) {
  for (const char* name : {"a/cam1/1.jpg", "a/cam2/1.jpg", "b/cam1/1.jpg"}) touch(name);
  options_.inputs = {path("a/cam1"), path("a/cam2") + "/"};
  EXPECT_EQ(stems(), (Stems{"cam1/1", "cam2/1"}));
  options_.inputs = {path("a/cam*")};
  EXPECT_EQ(stems(), (Stems{"cam1/1", "cam2/1"}));
  const WorkingFolder here(path("a"));
  options_.inputs = {"."};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"cam1/1", "cam2/1"}));
  options_.inputs = {"cam2/.", "../b"};
  EXPECT_EQ(stems(), (Stems{"cam2/1", "b/cam1/1"}));
  options_.inputs = {"cam1", "cam2", path("b/cam1")};
  const std::string outside = fs::canonical(path("b")).string().substr(1) + "/cam1/1";
  EXPECT_EQ(stems(), (Stems{"cam1/1", "cam2/1", outside}))
      << "two folders have one name: their paths part them";
}

TEST_F(InputSourceTest, OlderResultFoldersBelowAnInputAreLeftOut) {
  for (const char* name :
       {"in/a.jpg", "in/old/a.png", "in/old/sub/b.png", "in/old2/a.png", "in/photos/c.jpg"})
    touch(name);
  folder_.write("in/old/manifest.jsonl", R"({"type":"run","schema":1})");
  folder_.write("in/old2/manifest.1-of-2.jsonl", R"({"type":"run","schema":1})");
  folder_.write("in/photos/manifest.jsonl", R"({"files":3})");  // Another program's
  folder_.write("in/old/manifest.notes.jsonl", R"({"files":3})");
  folder_.write("in/old2/manifest.2-of-2.jsonl", "");  // Of a shard that was killed at once
  options_.inputs = {path("in")};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"a", "photos/c"}));
  options_.exclude = {"*.jsonl"};
  EXPECT_EQ(stems(), (Stems{"a", "photos/c"})) << "patterns are of photos";
}

TEST_F(InputSourceTest, ResultsOfVideosAndScenesBelowAnInputAreLeftOut) {
  for (const char* name : {"in/a.jpg", "in/v.mkv.depth/frames/0.png", "in/s/images/b.jpg",
                           "in/s/images/c.jpg", "in/s/depth/b.png", "in/s/depth/mine.png"})
    touch(name);
  folder_.write("in/v.mkv.depth/manifest.jsonl", R"({"bits":8,"da3":"0.1.0","schema":1,"type":"video"})"
                                                 "\n{\"type\":\"plan\"}\n");
  // One photo was put there by da3, the other one by the user.
  folder_.write("in/s/manifest.jsonl",
                R"({"attention":"sdpa","command":"scene","files":["images/c.jpg"],"type":"run"})"
                "\n"
                R"({"files":["depth/b.png"],"type":"writing"})"
                "\n");
  options_.inputs = {path("in")};
  options_.recursive = true;
  EXPECT_EQ(stems(), (Stems{"a", "s/depth/mine", "s/images/b"}));
  options_.inputs = {path("in/s")};
  EXPECT_EQ(stems(), (Stems{"depth/mine", "images/b"}));
}

TEST_F(InputSourceTest, EveryLineOfAListIsAnswered) {
  touch("a.jpg");
  const auto list = std::make_shared<std::istringstream>(path("a.jpg") + "\n" + path("a.jpg") + "\n" +
                                                         path("gone") + "\n" + path("gone"));
  options_.inputs = {"-"};
  options_.list = list;
  options_.root = folder_.path();
  EXPECT_EQ(stems(), (Stems{"a", "a", "!input.not_found", "!input.not_found"}));
}

TEST_F(InputSourceTest, APictureInPlaceOfAListIsSaid) {
  options_.inputs = {"-"};
  const auto message = [&](const std::string& text) -> std::string {
    const auto list = std::make_shared<std::istringstream>(text);
    options_.list = list;
    try {
      items();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      return error.what();
    }
    return "";
  };
  using namespace std::string_literals;  // NOLINT(google-build-using-namespace)
  EXPECT_NE(message("\xFF\xD8\xFF\xE0\0\x10JFIF\0 more"s).find("found a picture"), std::string::npos);
  EXPECT_NE(message("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"s).find("found a picture"), std::string::npos);
  EXPECT_NE(message("P6\n2 1\n255\nabcdef").find("found a picture"), std::string::npos);
  EXPECT_NE(message("a.jpg\0b.jpg\0"s).find("--null"), std::string::npos);
  EXPECT_EQ(message("BMW.jpg\nP6/a.jpg\n"), "");
}

TEST_F(InputSourceTest, APathWithANulIsRefusedAlsoWhereItsBeginningIsAFile) {
  using namespace std::string_literals;  // NOLINT(google-build-using-namespace)
  touch("a.jpg");
  for (const std::string& text :
       {path("a.jpg") + "\0"s + path("b.jpg") + "\0"s, path("a.jpg") + "\nb.jpg\0"s}) {
    const auto list = std::make_shared<std::istringstream>(text);
    options_.inputs = {"-"};
    options_.list = list;
    try {
      items();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_NE(std::string(error.what()).find("--null"), std::string::npos);
    }
  }
}

TEST_F(InputSourceTest, AShardOfAListLooksAtNoFileOfOthers) {
  options_.inputs = {"-"};
  options_.root = folder_.path();
  int missing = 0;
  for (const int index : {1, 2}) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += path(std::to_string(i) + ".jpg") + "\n";
    const auto list = std::make_shared<std::istringstream>(text);
    options_.list = list;
    options_.shard = Shard{index, 2};
    for (const Item& item : items()) {
      EXPECT_EQ(item.error != nullptr, takes(*options_.shard, item))
          << "a missing file that is not ours is not missed";
      missing += item.error != nullptr ? 1 : 0;
    }
  }
  EXPECT_EQ(missing, 40);
}

TEST_F(InputSourceTest, AListedFolderNamedAsAPictureFallsToOneShardWhole) {
  for (int i = 0; i < 20; ++i) touch("x.jpg/" + std::to_string(i) + ".jpg");
  options_.inputs = {"-"};
  options_.root = folder_.path();
  std::vector<int> taken;
  for (const int index : {1, 2}) {
    const auto list = std::make_shared<std::istringstream>(path("x.jpg"));
    options_.list = list;
    options_.shard = Shard{index, 2};
    taken.push_back(0);
    for (const Item& item : items()) taken.back() += takes(*options_.shard, item) ? 1 : 0;
  }
  EXPECT_EQ(taken[0] + taken[1], 20);
  EXPECT_EQ(taken[0] * taken[1], 0);
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
