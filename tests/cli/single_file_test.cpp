// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <string>

#include <commands/single_file.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <testing/files.hpp>

namespace da3::commands {
namespace {

using da3::testing::read_file;
using da3::testing::TemporaryFolder;

/// `da3 infer in.png -o out.npy` whose run writes what a test says.
class SingleFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.inputs = {(folder_.path() / "in.png").string()};
    options_.output_dir = target_;
    std::ofstream(folder_.path() / "in.png") << "photo";
  }

  void write_result(const SingleFile& single, const std::string& name) const {
    run::Options work;
    single.apply(work);
    std::ofstream(work.output_dir / "manifest.jsonl") << "{}\n";
    std::ofstream(work.output_dir / name) << "result";
  }

  TemporaryFolder folder_;
  std::filesystem::path target_ = folder_.path() / "out.npy";
  cli::Infer options_;
};

TEST_F(SingleFileTest, PublishesAResultWhosePhotoIsHidden) {
  for (const std::string name : {".hid.npy", ".da3-1-2.tmp.npy", "manifest.jsonl.npy"}) {
    {
      const SingleFile single(options_);
      write_result(single, name);
      single.publish();
    }
    EXPECT_EQ(read_file(target_), "result") << name;
    std::filesystem::remove(target_);
  }
}

TEST_F(SingleFileTest, NeverSaysThatAResultIsThereWhichIsNot) {
  const SingleFile single(options_);
  write_result(single, "in.pfm");
  EXPECT_THROW(single.publish(), Error);
}

TEST_F(SingleFileTest, ARootSaysNothing) {
  const SingleFile single(options_);
  run::Options work;
  work.root = folder_.path();
  single.apply(work);
  EXPECT_FALSE(work.root);
  std::filesystem::create_directory(work.output_dir / "dir.npy");
  EXPECT_THROW(single.publish(), Error) << "a folder is no result";
}

TEST_F(SingleFileTest, TheOneFormatAskedForHasToFitTheEnding) {
  const auto format = [&](const std::string& name, const std::string& asked) {
    options_.output_dir = folder_.path() / name;
    options_.formats = {asked};
    try {
      return SingleFile(options_).format();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << error.what();
      return std::string("refused");
    }
  };
  EXPECT_EQ(format("a.png", "vis"), "vis");
  EXPECT_EQ(format("a.PNG", "grey16"), "grey16");
  EXPECT_EQ(format("a.exr", "exr16"), "exr16");
  EXPECT_EQ(format("a.tif", "tiff"), "tiff");
  EXPECT_EQ(format("a.jpeg", "side-jpg"), "side-jpg");
  EXPECT_EQ(format("a.jpg", "vis"), "vis-jpg") << "no PNG is called so";
  EXPECT_EQ(format("a.png", "none"), "png16");
  EXPECT_EQ(format("a.png", "npy"), "refused");
  EXPECT_EQ(format("a.png", "vis-jpg"), "refused");
  EXPECT_EQ(format("a.png", "html"), "refused");
  EXPECT_EQ(format("a.jpg", "html"), "refused") << "a page is no single file";
}

TEST_F(SingleFileTest, AFileThatCameSinceTheStartStays) {
  const SingleFile single(options_);
  write_result(single, "in.npy");
  std::ofstream(target_) << "foreign";
  try {
    single.publish();
    FAIL() << "published";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputExists) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr("out.npy"));
  }
  EXPECT_EQ(read_file(target_), "foreign");
}

TEST_F(SingleFileTest, OverwritingReplacesIt) {
  options_.overwrite = true;
  const SingleFile single(options_);
  write_result(single, "in.npy");
  std::ofstream(target_) << "foreign";
  single.publish();
  EXPECT_EQ(read_file(target_), "result");
}

}  // namespace
}  // namespace da3::commands
