// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <cli/help_text.hpp>
#include <cli/parse.hpp>
#include <cli/standard_descriptors.hpp>
#include <core/nearest.hpp>

namespace da3::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

Command parsed(std::initializer_list<const char*> args) {
  std::vector<const char*> argv = {"da3"};
  argv.insert(argv.end(), args);
  return parse(static_cast<int>(argv.size()), argv.data());
}

template <typename Options>
Options parsed_as(std::initializer_list<const char*> args) {
  return std::get<Options>(parsed(args));
}

/// The message of the usage error that these arguments give.
std::string refusal(std::initializer_list<const char*> args) {
  try {
    parsed(args);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return "";
}

TEST(ParseInfer, HasTheDefaultsOfTheDocument) {
  const auto infer = parsed_as<Infer>({"infer", "a.jpg"});
  EXPECT_THAT(infer.inputs, ElementsAre("a.jpg"));
  EXPECT_EQ(infer.output_dir, "depth");
  EXPECT_THAT(infer.formats, ElementsAre("png16", "vis"));
  EXPECT_EQ(infer.memory_fraction, 0.85);
  EXPECT_EQ(infer.max_pixels, std::uint64_t{1} << 28);
  EXPECT_EQ(infer.colormap, "spectral");
  EXPECT_EQ(infer.size, ResultSize::kInput);
  EXPECT_FALSE(infer.batch || infer.device || infer.attention || infer.precision || infer.process_res);
  EXPECT_FALSE(infer.recursive || infer.overwrite || infer.json || infer.dry_run || infer.allow_synthetic);
}

TEST(ParseInfer, TakesEveryOption) {
  const auto infer = parsed_as<Infer>({"infer",
                                       "a",
                                       "b",
                                       "-o",
                                       "out",
                                       "-r",
                                       "-m",
                                       "da3-base",
                                       "--describe",
                                       "d.json",
                                       "--device",
                                       "cuda:1",
                                       "--attention",
                                       "manual",
                                       "--precision",
                                       "bf16",
                                       "--batch",
                                       "4",
                                       "--memory-fraction",
                                       "0.5",
                                       "--process-res",
                                       "280",
                                       "--resize-method",
                                       "lower_bound_crop",
                                       "--preprocess",
                                       "cpu",
                                       "-f",
                                       "exr,npz",
                                       "--size",
                                       "model",
                                       "--colormap",
                                       "turbo",
                                       "--vis-range",
                                       "0.5,20",
                                       "--confidence",
                                       "--sky",
                                       "--overwrite",
                                       "--shard",
                                       "2/3",
                                       "--threads",
                                       "3",
                                       "--decode-threads",
                                       "2",
                                       "--focal",
                                       "900.5",
                                       "--max-pixels",
                                       "1000",
                                       "--json",
                                       "--progress",
                                       "never",
                                       "-vv",
                                       "--limit",
                                       "7",
                                       "--dry-run",
                                       "--allow-synthetic"});
  EXPECT_THAT(infer.inputs, ElementsAre("a", "b"));
  EXPECT_EQ(infer.device, (DeviceId{DeviceKind::kCuda, 1}));
  EXPECT_EQ(infer.attention, Attention::kManual);
  EXPECT_EQ(infer.precision, Precision::kBf16);
  EXPECT_EQ(infer.batch, 4);
  EXPECT_EQ(infer.resize_method, ResizeMethod::kLowerBoundCrop);
  EXPECT_EQ(infer.vis_range, (std::pair{0.5, 20.0}));
  EXPECT_EQ(infer.shard->index, 2);
  EXPECT_EQ(infer.shard->count, 3);
  EXPECT_EQ(infer.focal_px, 900.5);
  EXPECT_EQ(infer.limit, 7U);
  EXPECT_EQ(infer.verbosity.verbose, 2);
  EXPECT_TRUE(infer.recursive && infer.confidence && infer.sky && infer.overwrite && infer.json &&
              infer.dry_run);
}

TEST(ParseInfer, TakesARangeOfTheSet) {
  EXPECT_TRUE(parsed_as<Infer>({"infer", "a", "--range", "set"}).range_of_set);
  const auto last = parsed_as<Infer>({"infer", "a", "--range", "set", "--range", "1,2"});
  EXPECT_FALSE(last.range_of_set);
  EXPECT_EQ(last.vis_range->second, 2);
}

TEST(ParseRange, IsRefusedByItsNameInEveryCommandThatHasIt) {
  for (const char* command : {"infer", "render", "video"}) {
    for (const char* range : {"0,5", "-1,3", "3,3", "5,1"}) {
      const std::string given = std::string("--range=") + range;
      EXPECT_THAT(refusal({command, "a", given.c_str()}),
                  HasSubstr(std::string("--range ") + range + ": expected two depths above 0"))
          << command;
    }
    for (const char* no_range : {"nan,3", "1,inf", "1", "1,2,3", "1,", "near", "1e999,2"})
      EXPECT_THAT(refusal({command, "a", "--range", no_range}), HasSubstr("--range: expected ")) << no_range;
    EXPECT_NO_THROW(parsed({command, "a", "--range", "IMAGE"}));
  }
  EXPECT_THAT(refusal({"infer", "a", "--range", "near"}), HasSubstr("expected image, set or LO,HI"));
  EXPECT_THAT(refusal({"video", "a", "--range", "near"}),
              HasSubstr("expected video, running, image or LO,HI"));
}

TEST(ParseVideo, TakesEveryOptionOfItsOwn) {
  const auto video =
      parsed_as<Video>({"video", "a.mp4", "--constant-fps", "30000/1001", "--cuts", "c.txt", "--dry-run",
                        "--confidence", "--sky", "-y", "--exr-compression", "zip"});
  EXPECT_EQ(video.constant_fps, (video::Ratio{30000, 1001}));
  EXPECT_EQ(video.cuts_file, "c.txt");
  EXPECT_TRUE(video.dry_run && video.confidence && video.sky && video.overwrite);
  EXPECT_EQ(video.exr_compression, "zip");
  const auto capitals = parsed_as<Video>({"video", "a.mp4", "-f", "VIS,Npy", "--cuts", "NONE"});
  EXPECT_EQ(capitals.formats, (std::vector<std::string>{"vis", "npy"}));
  EXPECT_TRUE(capitals.cuts == video::Cuts::kNone && capitals.cuts_file.empty());
  EXPECT_EQ(parsed_as<Video>({"video", "a.mp4"}).cuts, video::Cuts::kAuto);
  EXPECT_THAT(refusal({"video", "a.mp4", "--intrinsics", "c.txt"}), HasSubstr("--intrinsics"));
}

TEST(ParseInfer, TakesAListOnStandardInput) {
  const auto infer = parsed_as<Infer>({"infer", "-", "--null", "--root", "data"});
  EXPECT_EQ(infer.root, "data");
  EXPECT_THAT(infer.inputs, ElementsAre("-"));
  EXPECT_EQ(infer.list_format, options::ListFormat::kNul);
}

TEST(ParseInfer, TheLastOfAnOptionGivenTwiceWins) {
  EXPECT_EQ(parsed_as<Infer>({"infer", "a", "--batch", "2", "--batch", "auto"}).batch, std::nullopt);
}

TEST(ParseInfer, NamesWhatIsWrongAndWhatToTry) {
  EXPECT_THAT(refusal({"infer"}), HasSubstr("INPUT is required"));
  EXPECT_THAT(refusal({"infer", "a", "--batch", "0"}), HasSubstr("--batch: expected a whole number from 1"));
  EXPECT_THAT(refusal({"infer", "a", "-m", ""}), HasSubstr("--model: names no model"));
  for (const char* command : {"info", "verify"})
    EXPECT_THAT(refusal({"model", command, ""}), HasSubstr("names no model")) << command;
  EXPECT_THAT(refusal({"infer", "a", "--batch", "2x"}), HasSubstr("found '2x'"));
  EXPECT_THAT(refusal({"infer", "a", "--memory-fraction", "1.5"}), HasSubstr("from 0.01 to 1"));
  EXPECT_THAT(refusal({"infer", "a", "--memory-fraction", "nan"}), HasSubstr("found 'nan'"));
  EXPECT_THAT(refusal({"infer", "a", "-f", "png"}), HasSubstr("png16, exr, exr16, npz"));
  EXPECT_THAT(refusal({"infer", "a", "-f", "png16,,vis"}), HasSubstr("empty"));
  EXPECT_THAT(refusal({"infer", "a", "-f", "none,vis"}), HasSubstr("none stands alone"));
  EXPECT_THAT(refusal({"infer", "a", "--confidence"}), HasSubstr("add --format npz or exr"));
  EXPECT_THAT(refusal({"infer", "a", "--resize-method", "upper_bound_crop"}), HasSubstr("add --size model"));
  EXPECT_THAT(refusal({"infer", "a", "--focal", "100", "--hfov", "60"}), HasSubstr("give one of them"));
  EXPECT_THAT(refusal({"infer", "a", "--null"}), HasSubstr("add the input -"));
  EXPECT_THAT(refusal({"infer", "a", "--shard", "4/3"}), HasSubstr("--shard"));
  EXPECT_THAT(refusal({"infer", "a", "--shard", "0/3"}), HasSubstr("--shard"));
  EXPECT_THAT(refusal({"infer", "a", "--vis-range", "3,3"}), HasSubstr("LO below HI"));
  EXPECT_THAT(refusal({"infer", "a", "--device", "tpu"}), HasSubstr("cpu, cuda, mps"));
  EXPECT_THAT(refusal({"infer", "a", "--precision", "fp61"}), HasSubstr("did you mean fp16?"));
}

TEST(ParseWords, AreAnsweredWithTheNearestRightOne) {
  EXPECT_THAT(refusal({"infer", "a", "--ouput", "x"}), HasSubstr("did you mean --output?"));
  EXPECT_THAT(refusal({"infer", "--recusive"}), HasSubstr("did you mean --recursive?"));
  EXPECT_THAT(refusal({"infr", "a"}), HasSubstr("did you mean infer?"));
  EXPECT_THAT(refusal({"model", "exprot"}), HasSubstr("did you mean export?"));
  EXPECT_THAT(refusal({"--vers"}), HasSubstr("did you mean --version?"));
  EXPECT_THAT(refusal({"zzzz"}), ::testing::Not(HasSubstr("did you mean")));
}

TEST(ParseModel, TakesItsSubCommands) {
  EXPECT_TRUE(parsed_as<ModelList>({"model", "list", "--json"}).json);
  EXPECT_EQ(parsed_as<ModelInfo>({"model", "info", "m.pt"}).model, "m.pt");
  const auto pull = parsed_as<ModelPull>({"model", "pull", "da3-large", "--accept-license", "--offline"});
  EXPECT_TRUE(pull.accept_license && pull.offline);
  const auto made =
      parsed_as<ModelExport>({"model", "export", "da3-small", "--synthetic", "1", "-o", "m.pt"});
  EXPECT_EQ(made.seed, 1U);
  EXPECT_EQ(made.output, "m.pt");
  EXPECT_EQ(parsed_as<ModelVerify>({"model", "verify", "m.pt", "--device", "mps"}).device->kind,
            DeviceKind::kMps);
  const auto calibrate = parsed_as<ModelCalibrate>(
      {"model", "calibrate", "m.pt", "a.jpg", "photos", "-o", "fitted.pt", "--photos", "5"});
  EXPECT_EQ(calibrate.model, "m.pt");
  EXPECT_EQ(calibrate.photos, (std::vector<std::string>{"a.jpg", "photos"}));
  EXPECT_EQ(calibrate.output, "fitted.pt");
  EXPECT_EQ(calibrate.most_photos, 5);
  EXPECT_THAT(refusal({"model", "calibrate", "m.pt", "-o", "fitted.pt"}), HasSubstr("PHOTO"));
  EXPECT_THAT(refusal({"model"}), HasSubstr("required"));
  EXPECT_THAT(refusal({"model", "export", "x"}), HasSubstr("--output"));
}

TEST(ParseBench, RunIsTheDefault) {
  const auto plain = parsed_as<BenchRun>(
      {"bench", "--suite", "throughput,load", "--batch", "1,4", "--image-size", "640x480"});
  EXPECT_THAT(plain.plan.suites, ElementsAre(bench::SuiteName::kThroughput, bench::SuiteName::kLoad));
  EXPECT_THAT(plain.plan.batches, ElementsAre(1, 4));
  EXPECT_THAT(plain.plan.image_sizes, ElementsAre(Size{480, 640}));
  EXPECT_THAT(parsed_as<BenchRun>({"bench", "--precision", "bf16,default"}).plan.precisions,
              ElementsAre(Precision::kBf16, std::nullopt));
  EXPECT_THAT(refusal({"bench", "--precision", "bf61"}), HasSubstr("no precision is called 'bf61'"));
  EXPECT_TRUE(parsed_as<BenchRun>({"bench", "run", "--quick"}).plan.quick);
  EXPECT_THAT(parsed_as<BenchRun>({"bench", "--skip-folder", "--skip-load"}).plan.skipped_suites,
              UnorderedElementsAre(bench::SuiteName::kFolder, bench::SuiteName::kLoad));
  EXPECT_THAT(refusal({"bench", "--suite", "trouhgput"}), HasSubstr("did you mean throughput?"));
}

TEST(ParseBench, ComparesAndReports) {
  const auto compare =
      parsed_as<BenchCompare>({"bench", "compare", "a.json", "b.json", "--fail-on", "forward_ms.median>5%"});
  EXPECT_EQ(compare.base, "a.json");
  EXPECT_EQ(compare.candidate, "b.json");
  EXPECT_THAT(compare.fail_on, ElementsAre("forward_ms.median>5%"));
  EXPECT_THAT(parsed_as<BenchReport>({"bench", "report", "a.json", "b.json"}).files,
              ElementsAre("a.json", "b.json"));
  for (const char* format : {"table", "markdown", "json", "csv"}) {
    EXPECT_TRUE(parsed_as<BenchCompare>({"bench", "compare", "a", "b", "--format", format}).format) << format;
    EXPECT_TRUE(parsed_as<BenchReport>({"bench", "report", "a", "--format", format}).format) << format;
  }
}

TEST(ParseBench, OptionsBeforeASubCommandAreNotLostSilently) {
  EXPECT_THAT(refusal({"bench", "--format", "json", "compare", "a.json", "b.json"}),
              HasSubstr("--format belongs behind 'compare'"));
  EXPECT_THAT(refusal({"bench", "--quick", "report", "a.json"}),
              HasSubstr("--quick belongs behind 'report'"));
  EXPECT_TRUE(parsed_as<BenchRun>({"bench", "--quick", "run"}).plan.quick);
}

TEST(Nearest, PrefersWordsThatBeginSo) {
  EXPECT_EQ(core::nearest("--out", {"--about", "--output"}), "--output");
  EXPECT_EQ(core::nearest("abc", {"xyz"}), std::nullopt);
  EXPECT_EQ(core::nearest("abc", {}), std::nullopt);
  EXPECT_EQ(core::nearest("ab", {"ba"}), std::nullopt);
  EXPECT_EQ(core::nearest("abdc", {"abcd", "abxx"}), "abcd");
}

TEST(StandardDescriptors, ThoseThatWereClosedAreNotTakenByTheNextFile) {
  for (const int closed : {0, 1, 2, 3}) {  // 3: all three
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (int descriptor = 0; descriptor < 3; ++descriptor) {
        if (closed == 3 || closed == descriptor) ::close(descriptor);
      }
      open_standard_descriptors();
      const int next = ::open("/dev/null", O_RDONLY);
      const bool writable = ::write(1, "", 0) == 0 && ::write(2, "", 0) == 0;
      ::_exit(next >= 3 && writable ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << closed;
  }
}

TEST(Parse, HelpAndVersionAreWordsToo) {
  const auto text = [](std::initializer_list<const char*> args) { return parsed_as<ShowText>(args).text; };
  EXPECT_EQ(text({"help"}), text({"--help"}));
  EXPECT_EQ(text({"help", "infer"}), text({"infer", "--help"}));
  EXPECT_EQ(text({"help", "model", "export"}), text({"model", "export", "--help"}));
  EXPECT_EQ(text({"version"}), text({"--version"}));
  EXPECT_EQ(text({"help", "help"}), text({"--help"}));
  EXPECT_EQ(text({"infer", "--ouput", "x", "--help"}), text({"infer", "--help"}));
  EXPECT_THAT(refusal({"help", "foo"}), HasSubstr("unknown command 'foo'"));
  EXPECT_THAT(refusal({"help", "infr"}), HasSubstr("did you mean infer?"));
  EXPECT_THAT(refusal({"foo", "--help"}), HasSubstr("unknown command 'foo'"));
  EXPECT_THAT(refusal({"help", "model", "exprot"}), HasSubstr("did you mean export?"));
}

TEST(Parse, HelpFitsEightyColumns) {
  for (const auto& args : std::vector<std::vector<const char*>>{{"--help"},
                                                                {"infer", "--help"},
                                                                {"bench", "--help"},
                                                                {"bench", "compare", "--help"},
                                                                {"model", "export", "--help"},
                                                                {"model", "verify", "--help"},
                                                                {"model", "calibrate", "--help"},
                                                                {"doctor", "--help"}}) {
    std::vector<const char*> argv = {"da3"};
    argv.insert(argv.end(), args.begin(), args.end());
    std::istringstream lines(std::get<ShowText>(parse(static_cast<int>(argv.size()), argv.data())).text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(Parse, AFoldedDescriptionGoesOnBelowItsBeginning) {
  const std::string start = "  --name  ";
  EXPECT_EQ(fold_help(start + std::string(60, 'a') + " bbbbbbbbbbbbbbb ccc"),
            start + std::string(60, 'a') + "\n" + std::string(10, ' ') + "bbbbbbbbbbbbbbb ccc\n");
  EXPECT_EQ(fold_help(std::string(90, 'x')), std::string(90, 'x') + "\n");
  EXPECT_EQ(fold_help("short\n\nlast"), "short\n\nlast\n");
}

TEST(ParseInfer, OfAnOptionGivenTwiceTheLastCounts) {
  const auto infer = parsed_as<Infer>(
      {"infer", "a",   "b",          "-o",    "x",          "-o",   "y",          "-m", "one",
       "-m",    "two", "--colormap", "turbo", "--colormap", "grey", "--describe", "1",  "--describe",
       "2",     "-f",  "exr",        "-f",    "npz",        "-r",   "-r"});
  EXPECT_THAT(infer.inputs, ElementsAre("a", "b"));
  EXPECT_EQ(infer.output_dir, "y");
  EXPECT_EQ(infer.model, "two");
  EXPECT_EQ(infer.colormap, "grey");
  EXPECT_EQ(infer.describe, "2");
  EXPECT_THAT(infer.formats, ElementsAre("npz"));
  EXPECT_TRUE(infer.recursive);
  EXPECT_EQ(parsed_as<ModelExport>(
                {"model", "export", "s", "-o", "x.pt", "--name", "a", "--name", "b", "-o", "y.pt"})
                .name,
            "b");
  EXPECT_EQ(parsed_as<BenchRun>({"bench", "--against", "a", "--against", "b"}).against, "b");
  EXPECT_EQ(parsed_as<BenchReport>({"bench", "report", "a", "b", "--charts", "c", "--charts", "d"}).charts,
            "d");
  EXPECT_THAT(parsed_as<BenchReport>({"bench", "report", "a", "b"}).files, ElementsAre("a", "b"));
}

TEST(ParseInfer, ValuesAreTakenInAnyCase) {
  const auto infer = parsed_as<Infer>({"infer", "a", "-f", "EXR,Vis", "--device", "CPU", "--precision",
                                       "FP32", "--attention", "SDPA", "--batch", "AUTO", "--size", "Model"});
  EXPECT_THAT(infer.formats, ElementsAre("exr", "vis"));
  EXPECT_EQ(infer.device, (DeviceId{DeviceKind::kCpu, 0}));
  EXPECT_EQ(infer.precision, Precision::kFp32);
  EXPECT_EQ(infer.attention, Attention::kSdpa);
  EXPECT_EQ(infer.size, ResultSize::kModel);
  EXPECT_EQ(parsed_as<Infer>({"infer", "a", "--device", "gpu"}).device, (DeviceId{DeviceKind::kCuda, 0}));
  EXPECT_THAT(parsed_as<BenchRun>({"bench", "--suite", "Latency", "--device", "CPU"}).plan.suites,
              ElementsAre(bench::SuiteName::kLatency));
}

TEST(ParseInfer, ExrChannelsAreTakenAsTheyAreShown) {
  for (const char* channels : {"Z", "Y", "RGB"})
    EXPECT_EQ(parsed_as<Infer>({"infer", "a", "--exr-channels", channels}).exr_channels, channels);
  EXPECT_EQ(parsed_as<Infer>({"infer", "a", "--exr-channels", "rgb"}).exr_channels, "RGB");
}

TEST(ParseInfer, NearNamesAreSuggested) {
  EXPECT_THAT(refusal({"infer", "a", "-f", "png"}), HasSubstr("did you mean png16?"));
  EXPECT_THAT(refusal({"infer", "a", "--batch-size", "3"}), HasSubstr("did you mean --batch?"));
  EXPECT_THAT(refusal({"infer", "a", "--force"}), HasSubstr("did you mean --overwrite?"));
  EXPECT_THAT(refusal({"infer", "a", "--cmap", "x"}), HasSubstr("did you mean --colormap?"));
  EXPECT_THAT(refusal({"model", "ls"}), HasSubstr("did you mean list?"));
  EXPECT_THAT(refusal({"model", "download", "x"}), HasSubstr("did you mean pull?"));
  EXPECT_THAT(refusal({"benchmark"}), HasSubstr("did you mean bench?"));
}

TEST(ParseInfer, AKnownOptionIsNotCalledUnknownForAnotherFault) {
  EXPECT_THAT(refusal({"model", "export", "-q"}), Not(HasSubstr("unknown option")));
  EXPECT_TRUE(parsed_as<Infer>({"infer", "a", "-y"}).overwrite);
}

TEST(ParseInfer, TheIndexOfAShardCountsFromOne) {
  EXPECT_THAT(refusal({"infer", "a", "--shard", "0/4"}), HasSubstr("I of I/N counts from 1"));
}

}  // namespace
}  // namespace da3::cli
