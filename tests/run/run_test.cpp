// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <sys/stat.h>

#include <run/run_fixture.hpp>

namespace da3::run {
namespace {

namespace fs = std::filesystem;
using Pipeline = RunTest;
using ::da3::testing::thrown_by;

TEST_F(Pipeline, WritesTheDepthOfEveryPictureUnderItsName) {
  picture("in/a.ppm", 100);
  picture("in/sub/b.ppm", 200, {56, 42});
  options_.recursive = true;
  const Summary summary = run();
  EXPECT_EQ(summary.done, 2U);
  EXPECT_EQ(summary.failed, 0U);
  EXPECT_FALSE(summary.interrupted);
  EXPECT_EQ(results(), (std::set<std::string>{"a.npy", "sub/b.npy"}));
  expect_depth("a.npy", 100, 28 * 56);
  expect_depth("sub/b.npy", 200, 56 * 42);
}

TEST_F(Pipeline, RecordsSayWhatWasDone) {
  picture("in/a.ppm", 100, {40, 80});
  run();
  ASSERT_EQ(events_.size(), 1U);
  const journal::ImageRecord record = journal::image_from_json(events_[0].json);
  EXPECT_EQ(record.path, path("in/a.ppm"));
  EXPECT_EQ(record.status, journal::ImageStatus::kDone);
  EXPECT_EQ(record.input, (Size{40, 80}));
  EXPECT_EQ(record.processed, (Size{28, 56}));
  EXPECT_EQ(record.batch, 1);
  ASSERT_EQ(record.outputs.size(), 1U);
  EXPECT_EQ(record.outputs[0].second, "a.npy");
  ASSERT_TRUE(record.depth && record.depth->values);
  EXPECT_NEAR(record.depth->values->median, testing::depth_of(100), 1e-5);
  EXPECT_EQ(record.ms.size(), 5U);
  EXPECT_NE(testing::read_file(path("out/manifest.jsonl")).find(events_[0].json), std::string::npos);
}

TEST_F(Pipeline, FoldersThatWereNotEnteredAreCounted) {
  picture("in/a.ppm", 1);
  picture("in/deeper/b.ppm", 2);
  EXPECT_EQ(run().folders_not_entered, 1U);
  options_.recursive = true;
  EXPECT_EQ(run().folders_not_entered, 0U);
}

TEST_F(Pipeline, ASizeOfTheModelGivesTheModelsResolution) {
  picture("in/a.ppm", 7, {40, 80});
  options_.size = ResultSize::kModel;
  run();
  expect_depth("a.npy", 7, 28 * 56);
}

TEST_F(Pipeline, WritesEveryFormatAndExtraMaps) {
  picture("in/a.ppm", 7);
  options_.formats = {"png16", "npz", "npy", "pfm", "exr", "vis", "side"};
  options_.confidence = true;
  options_.sky = true;
  EXPECT_EQ(run().done, 1U);
  EXPECT_EQ(results(),
            (std::set<std::string>{"a.png", "a.npz", "a.npy", "a.pfm", "a.exr", "a.vis.png", "a.side.png"}));
}

TEST_F(Pipeline, ABrokenPictureIsAFailureOfItsOwn) {
  pictures(3);
  folder_.write("in/empty.jpg", "");
  folder_.write("in/short.ppm", testing::ppm({28, 56}, 1).substr(0, 100));
  folder_.write("in/b.heic", "x");
  fs::create_symlink(path("gone"), path("in/link.jpg"));
  ASSERT_EQ(mkfifo(path("in/fifo.jpg").c_str(), 0600), 0);
  const Summary summary = run();
  EXPECT_EQ(summary.done, 3U);
  EXPECT_EQ(summary.failed, 5U);
  const auto failed = failures();
  EXPECT_EQ(failed.at("short.ppm"), "image.truncated");
  EXPECT_EQ(failed.at("b.heic"), "image.unsupported");
  EXPECT_EQ(failed.at("link.jpg"), "input.not_found");
  EXPECT_EQ(failed.at("fifo.jpg"), "input.not_regular");
  EXPECT_TRUE(failed.contains("empty.jpg"));
  for (const ImageEvent& event : events_) {
    EXPECT_TRUE(!event.error || event.message.starts_with(event.path)) << event.message;
  }
}

TEST_F(Pipeline, APictureAboveThePixelLimitIsRefused) {
  pictures(1);
  folder_.write("in/bomb.ppm", "P6\n60000 60000\n255\n");
  EXPECT_EQ(run().done, 1U);
  EXPECT_EQ(failures().at("bomb.ppm"), "image.too_large");
}

TEST_F(Pipeline, WithoutInputsIsAnErrorAndMakesNoFolder) {
  fs::create_directories(path("in"));
  EXPECT_EQ(thrown_by([&] { run(); }).code, ErrorCode::kNoInput);
  options_.inputs = {path("nowhere")};
  EXPECT_EQ(thrown_by([&] { run(); }).code, ErrorCode::kNoInput);
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(Pipeline, AMissingFileBesideOthersIsAFailure) {
  picture("in/a.ppm", 1);
  options_.inputs = {path("gone.jpg"), path("in/a.ppm")};
  EXPECT_EQ(run().done, 1U);
  EXPECT_EQ(failures().at("gone.jpg"), "input.not_found");
}

TEST_F(Pipeline, OptionsThatCannotBeUsedAreRefused) {
  pictures(1);
  const auto refused = [&](auto change) {
    const Options before = options_;
    change(options_);
    const ErrorCode code = thrown_by([&] { run(); }).code;
    options_ = before;
    return code == ErrorCode::kUsage;
  };
  EXPECT_TRUE(refused([](Options& o) { o.formats = {"jpeg2000"}; }));
  EXPECT_TRUE(refused([](Options& o) { o.colormap = "mud"; }));
  EXPECT_TRUE(refused([](Options& o) { o.confidence = true; }));
  EXPECT_TRUE(refused([](Options& o) { o.batch = 0; }));
  EXPECT_TRUE(refused([](Options& o) { o.memory_fraction = 1.5; }));
  EXPECT_TRUE(refused([](Options& o) { o.resize_method = ResizeMethod::kUpperBoundCrop; }));
  EXPECT_TRUE(refused([](Options& o) { o.shard = Shard{3, 2}; }));
  EXPECT_TRUE(refused([](Options& o) { o.vis_range = {2, 1}; }));
  EXPECT_TRUE(refused([](Options& o) { o.focal_px = 5, o.hfov_deg = 60; }));
  EXPECT_TRUE(refused([](Options& o) { o.process_res = 3; }));
  EXPECT_EQ(run().done, 1U) << "unchanged they are fine";
}

TEST_F(Pipeline, TheSameNameFromTwoArgumentsIsACollision) {
  picture("in/a/x.ppm", 1);
  picture("in/b/x.ppm", 2);
  options_.inputs = {path("in/a/x.ppm"), path("in/b/x.ppm")};
  const Summary summary = run();
  EXPECT_EQ(summary.done, 1U);
  EXPECT_EQ(failures().at("x.ppm"), "output.collision");
}

TEST_F(Pipeline, TheResultsOfAnotherRunsInputAreNeverReplaced) {
  picture("a/x.ppm", 1);
  picture("b/x.ppm", 2);
  options_.inputs = {path("a")};
  EXPECT_EQ(run().done, 1U);
  const int calls = model_->calls();
  options_.inputs = {path("b")};
  for (const bool overwrite : {false, true}) {
    options_.overwrite = overwrite;
    EXPECT_EQ(run().failed, 1U);
    EXPECT_EQ(failures().at("x.ppm"), "output.collision");
    expect_depth("x.npy", 1, Size{28, 56}.area());
  }
  EXPECT_EQ(model_->calls(), calls) << "known before the forward pass";
  // Both in one call: the first is done, the second says why it is not.
  options_.overwrite = false;
  options_.inputs = {path("a/x.ppm"), path("b/x.ppm")};
  const Summary both = run();
  EXPECT_EQ(both.skipped, 1U);
  EXPECT_EQ(both.failed, 1U);
  // Once its files are gone the name is free.
  std::filesystem::remove(path("out/x.npy"));
  options_.inputs = {path("b")};
  EXPECT_EQ(run().done, 1U);
  expect_depth("x.npy", 2, Size{28, 56}.area());
}

TEST_F(Pipeline, AnotherTextOfTheSamePathIsTheSameInput) {
  pictures(3);
  EXPECT_EQ(run().done, 3U);
  options_.inputs = {path("in/../in/.")};
  EXPECT_EQ(run().skipped, 3U);
  // A changed file is computed again under either text.
  picture("in/1.ppm", 900, {56, 28});
  const Summary changed = run();
  EXPECT_EQ(changed.skipped, 2U);
  EXPECT_EQ(changed.done, 1U);
  expect_depth("1.npy", 900, Size{56, 28}.area());
}

TEST_F(Pipeline, AForeignFileIsNeverReplaced) {
  pictures(1);
  folder_.write("out/0.npy", "mine");
  EXPECT_EQ(run().failed, 1U);
  EXPECT_EQ(failures().at("0.ppm"), "output.exists");
  EXPECT_EQ(testing::read_file(path("out/0.npy")), "mine");
}

TEST_F(Pipeline, OwnResultsAreNoInputs) {
  pictures(1);
  options_.formats = {"png16"};
  run();
  const std::string before = testing::read_file(path("out/0.png"));
  fs::remove(path("in/0.ppm"));
  fs::create_symlink(path("out/0.png"), path("in/0.ppm"));
  options_.overwrite = true;
  for (const char* input : {"out/0.png", "in/0.ppm", "in"}) {
    options_.inputs = {path(input)};
    EXPECT_EQ(run().failed, 1U) << input;
    EXPECT_EQ(failures().begin()->second, "output.collision") << input;
    EXPECT_EQ(testing::read_file(path("out/0.png")), before) << input;
  }
}

TEST_F(Pipeline, TheSameCommandAgainSkipsWhatIsFinished) {
  pictures(5);
  run();
  const int calls = model_->calls();
  const Summary again = run();
  EXPECT_EQ(again.skipped, 5U);
  EXPECT_EQ(again.done, 0U);
  EXPECT_EQ(model_->calls(), calls);
  for (const ImageEvent& event : events_) EXPECT_EQ(event.status, ImageStatus::kSkipped);
}

TEST_F(Pipeline, AChangedInputALostResultAndANewInputAreDone) {
  pictures(4);
  run();
  picture("in/1.ppm", 900, {56, 28});
  fs::remove(path("out/2.npy"));
  picture("in/new.ppm", 901);
  const Summary again = run();
  EXPECT_EQ(again.done, 3U);
  EXPECT_EQ(again.skipped, 2U);
  expect_depth("1.npy", 900, 28 * 56);
  expect_depth("2.npy", 2, 28 * 56);
  expect_depth("new.npy", 901, 28 * 56);
}

TEST_F(Pipeline, OtherOptionsOrAnotherModelAreRefusedUnlessToldToOverwrite) {
  pictures(2);
  run();
  options_.process_res = 28;
  EXPECT_EQ(thrown_by([&] { run(); }).code, ErrorCode::kUsage);
  options_.overwrite = true;
  EXPECT_EQ(run().done, 2U);
  options_.overwrite = false;
  EXPECT_EQ(run().skipped, 2U);
  model_->spec_.sha256 = std::string(64, '1');
  EXPECT_EQ(thrown_by([&] { run(); }).code, ErrorCode::kUsage);
}

TEST_F(Pipeline, ResourcesAreNoOtherOptions) {
  pictures(3);
  run();
  options_.batch = 2;
  options_.decode_threads = 1;
  options_.limit = 3;
  EXPECT_EQ(run().skipped, 3U);
}

TEST_F(Pipeline, AFailedInputIsTriedAgain) {
  pictures(1);
  folder_.write("in/b.ppm", "P6\n");
  EXPECT_EQ(run().failed, 1U);
  picture("in/b.ppm", 5);
  EXPECT_EQ(run().done, 1U);
}

TEST_F(Pipeline, TheNameInTheManifestWinsLater) {
  picture("in/b.ppm", 1);
  run();
  picture("in/b.pgm", 2);
  run();
  EXPECT_EQ(results(), (std::set<std::string>{"b.npy", "b.pgm.npy"}));
}

TEST_F(Pipeline, TwoRunsCannotShareAFolder) {
  pictures(3);
  ErrorCode code = ErrorCode::kInternal;
  on_image_ = [&](const ImageEvent&) {
    if (code != ErrorCode::kInternal) return;
    code = thrown_by([&] { run::run(options_, {model_, &memory_, 2}); }).code;
  };
  EXPECT_EQ(run().done, 3U);
  EXPECT_EQ(code, ErrorCode::kOutputLocked);
}

TEST_F(Pipeline, ShardsDoEverythingOnce) {
  pictures(20);
  std::size_t done = 0;
  for (int index = 1; index <= 3; ++index) {
    options_.shard = Shard{index, 3};
    done += run().done;
  }
  EXPECT_EQ(done, 20U);
  EXPECT_EQ(results().size(), 20U);
  EXPECT_TRUE(fs::exists(path("out/manifest.2-of-3.jsonl")));
}

TEST_F(Pipeline, ALimitBoundsTheInputs) {
  pictures(10);
  options_.limit = 4;
  EXPECT_EQ(run().done, 4U);
  EXPECT_EQ(results(), (std::set<std::string>{"0.npy", "1.npy", "2.npy", "3.npy"}));
}

TEST_F(Pipeline, AResultThatCannotBeWrittenEndsTheRunAndTheSameRunGoesOnLater) {
  pictures(3);
  folder_.write("out/sub", "a file in the way of a folder");
  picture("in/sub/x.ppm", 9);
  options_.recursive = true;
  const auto error = thrown_by([&] { run(); });
  EXPECT_EQ(error.code, ErrorCode::kOutputFailed);
  EXPECT_NE(error.message.find("missing"), std::string::npos) << error.message;
  fs::remove(path("out/sub"));
  run();
  EXPECT_EQ(results().size(), 4U);
}

TEST_F(Pipeline, ACallbackThatThrowsEndsTheRun) {
  pictures(20);
  on_image_ = [](const ImageEvent&) { throw std::runtime_error("enough"); };
  EXPECT_THROW(run(), std::runtime_error);
}

TEST_F(Pipeline, AnUnexpectedModelErrorEndsTheRun) {
  pictures(5);
  model_->fail_calls_[2] = ErrorCode::kDeviceUnavailable;
  EXPECT_EQ(thrown_by([&] { run(); }).code, ErrorCode::kDeviceUnavailable);
  model_->fail_calls_.clear();
  EXPECT_EQ(run().failed, 0U);
  EXPECT_EQ(results().size(), 5U);
}

TEST_F(Pipeline, MetricModelsGiveMetres) {
  model_->spec_.depth_kind = DepthKind::kCanonical;
  picture("in/a.ppm", 1000, {28, 56});
  EXPECT_EQ(run().failed, 1U);
  EXPECT_EQ(failures().at("a.ppm"), "focal.missing");
  EXPECT_EQ(model_->calls(), 0) << "known before the forward";
  options_.overwrite = true;
  options_.focal_px = 600;
  run();
  const std::vector<float> depth = testing::read_npy(path("out/a.npy"));
  EXPECT_NEAR(depth.at(0), testing::depth_of(1000) * 600 / 300, 1e-5);
  const journal::ImageRecord record = journal::image_from_json(events_[0].json);
  EXPECT_EQ(record.depth_unit, "m");
  ASSERT_TRUE(record.focal);
  EXPECT_EQ(record.focal->px, 600);
  EXPECT_EQ(record.focal->source, "option");
}

TEST_F(Pipeline, AnotherSourceOfInputsWorksAsWell) {
  struct Numbered : Source {
    explicit Numbered(fs::path folder) : folder_(std::move(folder)) {}
    std::optional<Item> next() override {
      if (next_ == 3) return std::nullopt;
      Item item;
      item.path = (folder_ / (std::to_string(next_++) + ".ppm")).string();
      item.below = static_cast<std::uint32_t>(folder_.string().size() + 1);
      return item;
    }
    fs::path folder_;
    int next_ = 0;
  };
  pictures(5);
  const Summary summary = run::run(std::make_unique<Numbered>(path("in")), options_, {model_, &memory_, 2});
  EXPECT_EQ(summary.done, 3U);
  EXPECT_EQ(results(), (std::set<std::string>{"0.npy", "1.npy", "2.npy"}));
}

TEST_F(Pipeline, TheLastProgressKnowsTheTotal) {
  pictures(4);
  const Summary summary = run();
  EXPECT_EQ(summary.done, 4U);
  EXPECT_EQ(summary.shapes.size(), 1U);
  EXPECT_EQ(summary.shapes[0].images, 4U);
  EXPECT_GT(summary.busy_s[static_cast<std::size_t>(Stage::kDecode)], 0);
  EXPECT_EQ(progress_.done, 4U);
  EXPECT_EQ(progress_.total, 4U);
}

TEST_F(Pipeline, APlanCountsShapesWithoutWriting) {
  pictures(4);
  picture("in/wide.ppm", 1, {14, 56});
  folder_.write("in/bomb.ppm", "P6\n60000 60000\n255\n");
  const auto make_plan = [&] {
    return plan(options_, model_->spec_, {}, Precision::kFp32, Attention::kSdpa, memory_);
  };
  const Plan first = make_plan();
  EXPECT_FALSE(fs::exists(path("out")));
  EXPECT_EQ(first.inputs, 6U);
  EXPECT_EQ(first.finished, 0U);
  ASSERT_EQ(first.unusable.size(), 1U);
  EXPECT_EQ(first.unusable[0].error, ErrorCode::kImageTooLarge);
  ASSERT_EQ(first.shapes.size(), 2U);
  EXPECT_EQ(first.shapes[0].size, (Size{28, 56}));
  EXPECT_EQ(first.shapes[0].images, 4U);
  EXPECT_FALSE(first.shapes[0].predicted_bytes.has_value());
  run();
  EXPECT_EQ(make_plan().finished, 5U);
}

TEST_F(RunTest, AGalleryShowsNoPictureThatALaterRunRemoved) {
  pictures(2);
  options_.formats = {"npy", "html"};
  run();
  const auto page = [this] { return testing::read_file(path("out/index.html")); };
  ASSERT_NE(page().find("1.view.jpg"), std::string::npos);

  options_.formats = {"npy"};
  options_.overwrite = true;
  options_.limit = 1;
  run();
  EXPECT_EQ(page().find("0.view.jpg"), std::string::npos);
  EXPECT_NE(page().find("1.view.jpg"), std::string::npos);

  options_.limit.reset();
  run();
  EXPECT_EQ(results(), (std::set<std::string>{"0.npy", "1.npy"}));
}

}  // namespace
}  // namespace da3::run
