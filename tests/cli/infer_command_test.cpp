// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/json_lines.hpp>
#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Small pictures through da3-small with recipe weights, at a processing size that takes milliseconds.
class InferCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new Workplace;
    const Ended exported = place->run({"model", "export", "da3-small", "--synthetic", "1", "-o", "small.pt"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    std::filesystem::create_directories(*place / "photos/inner");
    write_picture(*place / "photos/a.ppm", 40, 30, 1);
    write_picture(*place / "photos/b10.ppm", 30, 40, 2);
    write_picture(*place / "photos/b9.ppm", 40, 30, 3);
    write_picture(*place / "photos/inner/c.ppm", 40, 30, 4);
  }
  static void TearDownTestSuite() { delete place; }

  /// `da3 infer` with the small model and whatever else.
  static std::vector<std::string> infer(const std::vector<std::string>& more) {
    std::vector<std::string> args = {"infer",     "-m", "small.pt",      "--allow-synthetic",
                                     "--threads", "1",  "--process-res", "56",
                                     "--device",  "cpu"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  static Workplace* place;
};
Workplace* InferCommand::place = nullptr;

TEST_F(InferCommand, MirrorsTheTreeAndGoesOnWhereItStopped) {
  const Ended first = place->run(infer({"photos", "-r", "-o", "tree", "--json"}));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(files_below(*place / "tree"),
              ElementsAre("a.png", "a.vis.png", "b10.png", "b10.vis.png", "b9.png", "b9.vis.png",
                          "inner/c.png", "inner/c.vis.png", "manifest.jsonl"));
  const auto done = json_lines(first.out);
  ASSERT_EQ(done.size(), 4U);
  for (const nlohmann::json& record : done) {
    EXPECT_EQ(record.at("type"), "image");
    EXPECT_EQ(record.at("status"), "done");
    EXPECT_EQ(record.at("depth").at("finite"), 1.0);
    EXPECT_GT(record.at("depth").at("max").get<double>(), record.at("depth").at("min").get<double>());
  }

  const Ended again = place->run(infer({"photos", "-r", "-o", "tree", "--json"}));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("done already"));
  for (const nlohmann::json& record : json_lines(again.out)) EXPECT_EQ(record.at("status"), "skipped");

  const Ended changed = place->run(infer({"photos", "-r", "-o", "tree", "--size", "model"}));
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.err, HasSubstr("--overwrite"));
  EXPECT_EQ(place->run(infer({"photos", "-r", "-o", "tree", "--size", "model", "--overwrite"})).code, 0);
}

TEST_F(InferCommand, TheGalleryHasThePhotosOfAllRunsAndReplacesNothingForeign) {
  const auto page = [] {
    std::ifstream file(*place / "gallery/index.html", std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  };
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = {"photos", "-r", "-o", "gallery", "-f", "html"};
    args.insert(args.end(), more.begin(), more.end());
    return place->run(infer(args));
  };
  ASSERT_EQ(run({"--limit", "1"}).code, 0);
  EXPECT_THAT(page(), HasSubstr("./a.view.jpg"));
  EXPECT_THAT(page(), ::testing::Not(HasSubstr("b9.view.jpg")));
  ASSERT_EQ(run({}).code, 0);
  for (const char* name : {"./a.view.jpg", "./b9.view.jpg", "./inner/c.view.jpg"})
    EXPECT_THAT(page(), HasSubstr(name));
  EXPECT_THAT(files_below(*place / "gallery"),
              ElementsAre("a.view.jpg", "b10.view.jpg", "b9.view.jpg", "index.html", "inner/c.view.jpg",
                          "manifest.jsonl"));
  std::ofstream(*place / "gallery/index.html") << "<title>mine</title>";
  const Ended foreign = run({});
  EXPECT_EQ(foreign.code, 1);
  EXPECT_THAT(foreign.err, HasSubstr("index.html was not written by da3"));
  EXPECT_EQ(page(), "<title>mine</title>");
}

TEST_F(InferCommand, ABrokenPictureFailsAloneWithExitOne) {
  std::filesystem::create_directories(*place / "mixed");
  write_picture(*place / "mixed/good.ppm", 40, 30, 1);
  std::ofstream(*place / "mixed/broken.jpg") << "\xff\xd8\xff nothing more";
  const Ended ended = place->run(infer({"mixed", "-o", "mixed-out", "--json"}));
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("mixed/broken.jpg"));
  std::map<std::string, std::string> status;
  for (const nlohmann::json& record : json_lines(ended.out)) status[record.at("path")] = record.at("status");
  EXPECT_EQ(status["mixed/good.ppm"], "done");
  EXPECT_EQ(status["mixed/broken.jpg"], "failed");
}

TEST_F(InferCommand, AFolderOfAPhoneGoesThrough) {
  const Ended doctor = place->run({"doctor", "--json"});
  if (!nlohmann::json::parse(doctor.out).at("versions").at("heic").get<std::string>().starts_with("libheif"))
    GTEST_SKIP() << "built without libheif";
  const std::filesystem::path data = std::filesystem::path(DA3_TEST_DATA_DIR) / "heif";
  std::filesystem::create_directories(*place / "phone");
  // A live photo with its edits, held upright; a picture and the HEIC that it was made from; one in AVIF.
  std::filesystem::copy_file(data / "turned.heic", *place / "phone/IMG_1.HEIC");
  std::ofstream(*place / "phone/IMG_1.MOV") << "a film";
  std::ofstream(*place / "phone/IMG_1.AAE") << "edits";
  std::filesystem::copy_file(data / "turned.heic", *place / "phone/IMG_2.HEIC");
  write_picture(*place / "phone/IMG_2.PPM", 40, 30, 1);
  std::filesystem::copy_file(data / "plain.avif", *place / "phone/IMG_3.AVIF");
  const Ended ended = place->run(infer({"phone", "-o", "of_phone", "-f", "vis", "--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "of_phone"),
              ElementsAre("IMG_1.vis.png", "IMG_2.vis.png", "IMG_3.vis.png", "manifest.jsonl"));
  std::map<std::string, nlohmann::json> inputs;
  for (const nlohmann::json& record : json_lines(ended.out)) {
    inputs[record.at("path")] = record.at("input");
    EXPECT_EQ(record.contains("warnings"), record.at("path") == "phone/IMG_2.PPM");
  }
  ASSERT_EQ(inputs.size(), 3U);
  EXPECT_EQ(inputs.at("phone/IMG_1.HEIC").at("height"), 96) << "upright, and turned once";
  EXPECT_EQ(inputs.at("phone/IMG_1.HEIC").at("width"), 64);
  EXPECT_EQ(inputs.at("phone/IMG_2.PPM").at("width"), 40);
  EXPECT_EQ(inputs.at("phone/IMG_3.AVIF").at("height"), 64);
  EXPECT_THAT(ended.err, HasSubstr("IMG_2.HEIC next to it is the same picture"));
}

TEST_F(InferCommand, SaysAtTheEndWhichFoldersItDidNotEnter) {
  const Ended flat = place->run(infer({"photos", "-o", "flat", "-f", "npy"}));
  EXPECT_EQ(flat.code, 0) << flat.err;
  EXPECT_THAT(flat.err, HasSubstr("3 images done"));
  EXPECT_THAT(flat.err, HasSubstr("1 folder not entered (-r)"));
  EXPECT_THAT(place->run(infer({"photos", "-o", "flat", "-f", "npy"})).err,
              HasSubstr("1 folder not entered (-r)"));
  EXPECT_THAT(place->run(infer({"photos", "-r", "-o", "flat", "-f", "npy"})).err,
              ::testing::Not(HasSubstr("not entered")));
}

TEST_F(InferCommand, ReadsAListOnStandardInput) {
  const Ended ended = place->run(infer({"-", "--null", "-o", "listed", "-f", "npy", "--json"}),
                                 std::string("photos/a.ppm\0photos/b9.ppm\0", 26));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(json_lines(ended.out).size(), 2U);
}

TEST_F(InferCommand, NothingToDoIsAUsageError) {
  std::filesystem::create_directories(*place / "empty");
  EXPECT_EQ(place->run(infer({"empty", "-o", "never"})).code, 2);
  EXPECT_EQ(place->run(infer({"photos", "-o", "x", "--colormap", "grau"})).code, 2);
}

TEST_F(InferCommand, RefusesWhatItCannotHave) {
  const Ended synthetic = place->run({"infer", "photos", "-m", "small.pt", "-o", "x"});
  EXPECT_EQ(synthetic.code, 3);
  EXPECT_THAT(synthetic.err, HasSubstr("--allow-synthetic"));
  EXPECT_EQ(place->run({"infer", "photos", "-m", "nothing.pt", "-o", "x"}).code, 3);
  EXPECT_EQ(place->run(infer({"photos", "-o", "x", "--device", "cuda:99"})).code, 4);
  std::ofstream(*place / "a-file") << "in the way";
  EXPECT_EQ(place->run(infer({"photos", "-o", "a-file"})).code, 6);
}

TEST_F(InferCommand, WhereNormalisationRunsChangesRoundingOnly) {
  const auto depth_of = [](const std::string& folder) {
    std::ifstream file(*place / folder / "a.npy", std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes.size(), 128U + 4 * 40 * 30);
    std::vector<float> values(40 * 30);
    std::memcpy(values.data(), bytes.data() + 128, values.size() * sizeof(float));
    return values;
  };
  for (const std::string where : {"cpu", "device"}) {
    const Ended ended = place->run(
        infer({"photos/a.ppm", "-o", "normalised-" + where, "-f", "npy", "--preprocess", where, "-v"}));
    ASSERT_EQ(ended.code, 0) << ended.err;
    if (where == "device") {
      EXPECT_THAT(ended.err, HasSubstr("normalising on cpu"));
    }
  }
  const std::vector<float> host = depth_of("normalised-cpu");
  const std::vector<float> device = depth_of("normalised-device");
  for (std::size_t i = 0; i < host.size(); ++i) {
    // 1e-6 before the network (docs/accelerators.md), behind it as float32 rounding anywhere.
    ASSERT_NEAR(host[i], device[i], 1e-4F * device[i]) << i;
  }
}

TEST_F(InferCommand, OneResultUnderItsNameReplacesAllButTheInput) {
  ASSERT_EQ(place->run(infer({"photos/a.ppm", "-o", "one/in.png"})).code, 0);
  const std::string before = read_file(*place / "one/in.png");
  std::filesystem::create_symlink("in.png", *place / "one/link.png");
  for (const std::string output : {"one/in.png", "one/link.png", "one/../one/in.png"}) {
    const Ended ended = place->run(infer({"one/in.png", "-o", output, "--overwrite"}));
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("this is the input"));
    EXPECT_TRUE(read_file(*place / "one/in.png") == before) << output;
  }
  std::ofstream(*place / "one/out.png") << "x";
  EXPECT_EQ(place->run(infer({"one/in.png", "-o", "one/out.png"})).code, 1);
  EXPECT_EQ(place->run(infer({"one/in.png", "-o", "one/out.png", "--overwrite"})).code, 0);
  EXPECT_TRUE(read_file(*place / "one/out.png").starts_with("\x89PNG"));
  std::filesystem::copy_file(*place / "photos/a.ppm", *place / "one/.hidden.ppm");
  EXPECT_EQ(place->run(infer({"one/.hidden.ppm", "-o", "one/hidden.png"})).code, 0);
  EXPECT_TRUE(read_file(*place / "one/hidden.png") == before);
  // A pattern may stand for several photos: its results get a folder.
  EXPECT_EQ(place->run(infer({"one/i*.png", "-o", "one/many.npy", "-f", "npy"})).code, 0);
  EXPECT_TRUE(std::filesystem::is_regular_file(*place / "one/many.npy/in.npy"));
}

TEST_F(InferCommand, TheLastLineNamesFilesThatAreThere) {
  const auto last = [](const std::vector<std::string>& more) {
    const Ended ended = place->run(infer(more));
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.err;
  };
  EXPECT_THAT(last({"photos/a.ppm", "-o", "named/A.EXR"}),
              ::testing::EndsWith("\n     depth: named/A.EXR\n"));
  EXPECT_TRUE(std::filesystem::is_regular_file(*place / "named/A.EXR"));
  EXPECT_THAT(last({"photos", "-o", "named/flat", "-f", "npy"}), HasSubstr("depth: named/flat/*.npy\n"));
  EXPECT_THAT(last({"photos", "-r", "-o", "named/tree", "-f", "npy"}),
              HasSubstr("depth: named/tree/**/*.npy\n"));
  EXPECT_THAT(last({"photos", "-r", "-o", "named/tree", "-f", "npy"}),
              HasSubstr("depth: named/tree/**/*.npy\n"));
}

TEST_F(InferCommand, AnEndingThatIsNotWrittenIsRefused) {
  for (const std::string name : {"refused/a.bmp", "refused/a.MP4", "refused/a.gif"}) {
    const Ended ended = place->run(infer({"photos/a.ppm", "-o", name}));
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_THAT(ended.err, HasSubstr(".png, .exr"));
    EXPECT_FALSE(std::filesystem::exists(*place / name));
  }
  EXPECT_EQ(place->run(infer({"photos/a.ppm", "-o", "refused/a.bmp/"})).code, 0);
}

TEST_F(InferCommand, ResultsOfAnotherCameraAreNotTakenForDone) {
  ASSERT_EQ(place->run(infer({"photos/a.ppm", "-f", "npz", "--hfov", "50", "-o", "lens"})).code, 0);
  const Ended other = place->run(infer({"photos/a.ppm", "-f", "npz", "--hfov", "20", "-o", "lens"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("--hfov was 50"));
  const auto camera = [](int focal) {
    std::ofstream(*place / "camera.json")
        << R"({"fx": )" << focal << R"(, "fy": 500, "cx": 20, "cy": 15, "width": 40, "height": 30})";
  };
  camera(500);
  const std::vector<std::string> known = {"photos/a.ppm", "-f", "npz",  "--intrinsics",
                                          "camera.json",  "-o", "known"};
  ASSERT_EQ(place->run(infer(known)).code, 0);
  EXPECT_EQ(place->run(infer(known)).code, 0) << "done already";
  camera(900);
  EXPECT_EQ(place->run(infer(known)).code, 2);
}

TEST_F(InferCommand, DryRunPlansWithoutWriting) {
  const Ended ended = place->run(infer({"photos", "-r", "-o", "planned", "--dry-run", "--json"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json plan = nlohmann::json::parse(ended.out);
  EXPECT_EQ(plan.at("inputs"), 4);
  EXPECT_EQ(plan.at("shapes").size(), 2U);
  EXPECT_FALSE(std::filesystem::exists(*place / "planned/a.png"));
}

TEST_F(InferCommand, AnInterruptedRunEndsWithTheSameFilesWhenCalledAgain) {
  std::filesystem::create_directories(*place / "many");
  for (int i = 0; i < 16; ++i) write_picture(*place / "many" / (std::to_string(i) + ".ppm"), 40, 30, i);
  ASSERT_EQ(place->run(infer({"many", "-o", "whole", "--batch", "1", "-f", "npy"})).code, 0);

  // Stopped when the first record shows that the run is under way.
  bool stopped = false;
  const Ended cut = place->run(infer({"many", "-o", "cut", "--batch", "1", "-f", "npy", "--json"}),
                               {.on_output = [&](int process, std::string_view) {
                                 if (!stopped) ::kill(process, SIGINT);
                                 stopped = true;
                               }});
  EXPECT_EQ(cut.code, 130) << cut.err;
  EXPECT_THAT(cut.err, HasSubstr("goes on"));
  const std::size_t before = files_below(*place / "cut").size();
  EXPECT_GT(before, 1U);

  const Ended rest = place->run(infer({"many", "-o", "cut", "--batch", "1", "-f", "npy"}));
  EXPECT_EQ(rest.code, 0) << rest.err;
  const std::vector<std::string> files = files_below(*place / "cut");
  EXPECT_EQ(files, files_below(*place / "whole"));
  for (const std::string& file : files) {
    if (file == "manifest.jsonl") continue;
    EXPECT_EQ(read_file(*place / "cut" / file), read_file(*place / "whole" / file)) << file;
  }
}

TEST_F(InferCommand, TheStarterRunsWhereNoModelIsInstalled) {
  const Ended ended = place->run({"infer", "photos/a.ppm", "-o", "starter", "--device", "cpu"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("da3 model pull da3-base"));
  EXPECT_THAT(files_below(*place / "starter"), ElementsAre("a.png", "a.vis.png", "manifest.jsonl"));
}

}  // namespace
}  // namespace da3::testing
