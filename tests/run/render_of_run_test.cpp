// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <string>
#include <vector>

#include <codec/file_bytes.hpp>
#include <formats/format_table.hpp>
#include <formats/read_result.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <run/render.hpp>
#include <run/run_fixture.hpp>
#include <run/stored_results.hpp>

namespace da3::run {
namespace {

/// What `run` wrote, rendered: as if it had written these formats itself.
class RenderOfRunTest : public RunTest {
 protected:
  /// A picture that is nowhere like its neighbourhood, so that no crop looks like another.
  void uneven_picture(const std::string& name, Size size) const {
    std::string text = "P6\n" + std::to_string(size.width) + " " + std::to_string(size.height) + "\n255\n";
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        for (const int value : {x * x / 40, y * y / 10, x * y / 30}) text += static_cast<char>(value % 251);
      }
    }
    folder_.write(name, text);
  }

  /// Runs into `out` with `formats`, and into `whole` with what is rendered of it afterwards.
  void run_both(const std::vector<std::string>& formats, const std::vector<std::string>& rendered) {
    options_.formats = rendered;
    options_.output_dir = path("whole");
    EXPECT_EQ(run().failed, 0U);
    options_.formats = formats;
    options_.output_dir = path("out");
    EXPECT_EQ(run().failed, 0U);
  }

  Summary render_out(const std::vector<std::string>& formats) {
    RenderOptions options;
    options.input = path("out");
    options.output = path("rendered");
    options.formats = formats;
    return render(options, {[this](const ImageEvent& event) { messages_ += event.message; }, {}, {}});
  }

  std::vector<std::uint8_t> bytes(const std::string& relative) const {
    return codec::read_file(path(relative));
  }

  std::optional<image::Intrinsics> camera(const std::string& npz) const {
    return formats::read_result(bytes(npz), formats::Format::kNpz, npz).camera;
  }

  std::string messages_;
};

TEST_F(RenderOfRunTest, KeepsTheWholeCameraOfFormatsWithoutOne) {
  uneven_picture("in/a.ppm", {28, 56});
  folder_.write("cameras.json", R"({"fx":40,"fy":52,"cx":25,"cy":13,"width":56,"height":28})");
  options_.intrinsics = path("cameras.json");
  run_both({"npy"}, {"npz", "ply"});
  ASSERT_EQ(camera("whole/a.npz"), (image::Intrinsics{40, 52, 25.5, 13.5}));
  ASSERT_EQ(render_out({"npz", "ply"}).done, 1U) << messages_;
  EXPECT_EQ(bytes("rendered/a.npz"), bytes("whole/a.npz"));
  EXPECT_EQ(bytes("rendered/a.ply"), bytes("whole/a.ply"));
}

TEST_F(RenderOfRunTest, CropsPhotoAndCameraAsTheRunDid) {
  uneven_picture("in/wide.ppm", {30, 101});
  uneven_picture("in/tall.ppm", {75, 31});
  options_.size = ResultSize::kModel;
  options_.hfov_deg = 50;
  for (const ResizeMethod method : {ResizeMethod::kUpperBoundCrop, ResizeMethod::kLowerBoundCrop,
                                    ResizeMethod::kUpperBoundResize, ResizeMethod::kLowerBoundResize}) {
    SCOPED_TRACE(to_string(method));
    options_.resize_method = method;
    run_both({"npy"}, {"npz", "ply", "side"});
    ASSERT_EQ(render_out({"npz", "ply", "side"}).done, 2U) << messages_;
    for (const std::string name : {"wide.npz", "wide.ply", "wide.side.png", "tall.npz", "tall.side.png"}) {
      EXPECT_EQ(bytes("rendered/" + name), bytes("whole/" + name)) << name;
    }
    for (const char* folder : {"out", "whole", "rendered"}) std::filesystem::remove_all(path(folder));
  }
}

TEST_F(RenderOfRunTest, ColoursAreNotThoseOfAPhotoThatCameLater) {
  uneven_picture("in/a.ppm", {28, 56});
  uneven_picture("in/b.ppm", {28, 56});
  options_.hfov_deg = 50;
  ASSERT_EQ(run().failed, 0U);
  ASSERT_EQ(render_out({"side", "ply"}).done, 2U) << messages_;
  picture("in/a.ppm", 77, {56, 28});
  const Summary again = render_out({"side", "ply"});
  EXPECT_EQ(again.failed, 1U);
  EXPECT_EQ(again.skipped, 1U);
  EXPECT_THAT(messages_, ::testing::HasSubstr("a.ppm: this photo has changed since"));
  std::filesystem::remove_all(path("rendered"));
  EXPECT_EQ(render_out({"vis"}).done, 2U) << "depth alone is as it was";
}

TEST_F(RenderOfRunTest, AFileThatIsNotItsRecordsIsNotRendered) {
  picture("in/a.ppm", 10);
  picture("in/b.ppm", 200);
  for (const formats::Format format : formats::kAllFormats) {
    if (!formats::is_readable(format)) continue;
    const std::string ending(formats::suffix(format));
    options_.formats = {std::string(formats::to_string(format))};
    options_.output_dir = path("out");
    ASSERT_EQ(run().failed, 0U);
    // As a run with another model leaves it that is killed between a file and its record.
    std::filesystem::copy_file(path("out/b" + ending), path("out/a" + ending),
                               std::filesystem::copy_options::overwrite_existing);
    messages_.clear();
    const Summary summary = render_out({format == formats::Format::kNpz ? "npy" : "npz"});
    EXPECT_EQ(summary.done, 1U) << ending;
    EXPECT_EQ(summary.failed, 1U) << ending;
    EXPECT_THAT(messages_, ::testing::HasSubstr("a" + ending + ": its depth is not that of its record"));
    for (const char* folder : {"out", "rendered"}) std::filesystem::remove_all(path(folder));
  }
}

TEST_F(RenderOfRunTest, AFileOfAnotherSizeIsNotItsRecords) {
  picture("in/a.ppm", 10, {28, 56});
  picture("in/b.ppm", 10, {56, 28});
  for (const ResultSize size : {ResultSize::kInput, ResultSize::kModel}) {
    options_.size = size;
    ASSERT_EQ(run().failed, 0U);
    std::filesystem::copy_file(path("out/b.npy"), path("out/a.npy"),
                               std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(render_out({"npz"}).failed, 1U);
    EXPECT_THAT(messages_, ::testing::HasSubstr("a.npy: its depth is not that of its record"));
    for (const char* folder : {"out", "rendered"}) std::filesystem::remove_all(path(folder));
  }
}

TEST_F(RenderOfRunTest, AFileThatIsNotItsRecordsHasNoPartInTheRangeOfTheSet) {
  for (const std::uint32_t value : {10U, 120U, 250U}) picture("in/" + std::to_string(value) + ".ppm", value);
  ASSERT_EQ(run().failed, 0U);
  std::filesystem::copy_file(path("out/250.npy"), path("out/10.npy"),
                             std::filesystem::copy_options::overwrite_existing);
  const auto range_of_others = [&] {
    std::vector<StoredResult> list = read_results(path("out")).list;
    std::erase_if(list, [](const StoredResult& result) { return result.stem == "10"; });
    return range_of_all(list, 1, {});
  };
  std::filesystem::remove(path("out/250.npy"));
  EXPECT_EQ(range_of_all(read_results(path("out")).list, 1, {}), range_of_others());
}

TEST_F(RenderOfRunTest, ReadsEachFormatThatCanBeReadBack) {
  uneven_picture("in/a.ppm", {28, 56});
  options_.overwrite = true;
  int read = 0;
  for (const formats::Format format : formats::kAllFormats) {
    if (!formats::is_readable(format)) continue;
    options_.formats = {std::string(formats::to_string(format))};
    ASSERT_EQ(run().failed, 0U);
    std::filesystem::remove_all(path("rendered"));
    EXPECT_EQ(render_out({"pfm"}).done, 1U) << formats::to_string(format) << messages_;
    ++read;
  }
  EXPECT_GE(read, 7);
}

TEST_F(RenderOfRunTest, AResultThatGotAnotherFormatIsStillTheSame) {
  uneven_picture("in/a.ppm", {28, 56});
  for (const std::string format : {"png16", "npz", "npy"}) {
    options_.formats = {format};
    options_.overwrite = true;
    ASSERT_EQ(run().failed, 0U);
    EXPECT_EQ(render_out({"pfm"}).done, 1U) << format << messages_;
    EXPECT_EQ(render_out({"pfm"}).skipped, 1U) << format << messages_;
  }
  // Of another folder it is another result.
  options_.output_dir = path("other");
  ASSERT_EQ(run().failed, 0U);
  RenderOptions options;
  options.input = path("other");
  options.output = path("rendered");
  options.formats = {"pfm"};
  EXPECT_EQ(render(options).failed, 1U);
}

}  // namespace
}  // namespace da3::run
