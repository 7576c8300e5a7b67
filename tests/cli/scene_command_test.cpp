// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/scene_command.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

TEST_F(SceneCommand, WritesEveryKindOfFileAndItsRecords) {
  const Ended ended =
      place->run(scene({"photos", "-o", "all", "-f", "glb,ply,colmap,transforms,cameras,npz,html",
                        "--depth-format", "png16,vis,npy", "--json"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "all"),
              IsSupersetOf({"manifest.jsonl", "scene.glb", "points.ply", "cameras.json", "transforms.json",
                            "scene.npz", "index.html", "sparse/0/cameras.bin", "sparse/0/images.bin",
                            "sparse/0/points3D.bin", "images/a.ppm", "depth/a.png", "depth/b10.vis.png",
                            "depth/b9.npy"}));
  const auto lines = json_lines(ended.out);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].at("path"), "photos/a.ppm");
  EXPECT_EQ(lines[1].at("path"), "photos/b9.ppm");  // Natural order.
  EXPECT_EQ(lines[2].at("path"), "photos/b10.ppm");
  std::size_t points = 0;
  int references = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(lines[i].at("type"), "view");
    EXPECT_EQ(lines[i].at("camera").at("source"), "decoder");
    points += lines[i].at("points").get<std::size_t>();
    references += lines[i].at("reference").get<bool>() ? 1 : 0;
  }
  EXPECT_EQ(references, 1);
  using Files = nlohmann::json;
  EXPECT_EQ(lines[1].at("outputs"), (Files{{"png16", "depth/b9.png"},
                                           {"vis", "depth/b9.vis.png"},
                                           {"npy", "depth/b9.npy"},
                                           {"image", "images/b9.ppm"}}));
  EXPECT_EQ(lines[1].at("depth").at("finite"), 1.0);
  EXPECT_EQ(lines[3].at("outputs"), (Files{{"glb", "scene.glb"},
                                           {"ply", "points.ply"},
                                           {"cameras", "cameras.json"},
                                           {"transforms", "transforms.json"},
                                           {"npz", "scene.npz"},
                                           {"html", "index.html"},
                                           {"colmap", "sparse/0"}}));
  EXPECT_EQ(lines[3].at("type"), "scene");
  EXPECT_EQ(lines[3].at("points").at("kept"), points);
  // 60 % of 3 views of 42 x 56 pixels.
  EXPECT_NEAR(static_cast<double>(points), 0.6 * 3 * 42 * 56, 2);

  const nlohmann::json cameras = json_file("all/cameras.json");
  ASSERT_EQ(cameras.at("views").size(), 3U);
  EXPECT_EQ(cameras.at("views")[1].at("width"), 80);
  EXPECT_EQ(cameras.at("views")[1].at("intrinsics")[0][2], 40.0);
}

TEST_F(SceneCommand, AWrongBlockIsNotInTheWayOfTheRightOne) {
  const auto with_block = [](const std::string& block) {
    return scene({"photos", "-o", "blocks", "-f", "none", "--depth-format", "none", "--features", block});
  };
  const Ended wrong = place->run(with_block("99"));
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("no block 99"));
  const Ended right = place->run(with_block("5"));
  EXPECT_EQ(right.code, 0) << right.err;
  EXPECT_TRUE(std::filesystem::exists(*place / "blocks/features/a.layer5.npy"));
}

TEST_F(SceneCommand, TheSameCommandAgainHasNothingToDoAndOtherOptionsAreRefused) {
  ASSERT_EQ(place->run(scene({"photos", "-o", "again", "-f", "ply"})).code, 0);
  const auto written = std::filesystem::last_write_time(*place / "again/points.ply");
  const Ended again = place->run(scene({"photos", "-o", "again", "-f", "ply", "--json"}));
  EXPECT_EQ(again.code, 0) << again.err;
  const auto records = json_lines(again.out);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].at("path"), "photos/b9.ppm");
  EXPECT_EQ(records.back().at("type"), "scene");
  for (const auto& record : records) EXPECT_EQ(record.at("status"), "skipped");
  EXPECT_THAT(again.err, HasSubstr("done already"));
  EXPECT_EQ(std::filesystem::last_write_time(*place / "again/points.ply"), written);
  const Ended other = place->run(scene({"photos", "-o", "again", "-f", "glb"}));
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("--overwrite"));
  const Ended replaced = place->run(scene({"photos", "-o", "again", "-f", "glb", "--overwrite"}));
  EXPECT_EQ(replaced.code, 0) << replaced.err;
  EXPECT_TRUE(std::filesystem::exists(*place / "again/scene.glb"));
  EXPECT_FALSE(std::filesystem::exists(*place / "again/points.ply"));
}

TEST_F(SceneCommand, TheReferenceViewIsTheOneThatWasNamed) {
  for (const auto& [asked, number] :
       std::vector<std::pair<std::string, int>>{{"first", 0}, {"middle", 1}, {"2", 2}}) {
    const Ended ended = place->run(scene({"photos", "-o", "reference-" + asked, "-f", "none",
                                          "--depth-format", "none", "--reference", asked, "--json"}));
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(json_lines(ended.out).back().at("reference"), number);
  }
  const Ended missing = place->run(scene({"photos", "-o", "reference-9", "--reference", "9"}));
  EXPECT_EQ(missing.code, 2);
}

TEST_F(SceneCommand, PhotosOfDifferentShapeAreCutOrRefused) {
  const std::vector<std::string> inputs = {"photos/a.ppm", "tall.ppm", "-o",    "mixed",
                                           "-f",           "cameras",  "--json"};
  const Ended cut = place->run(scene(inputs));
  ASSERT_EQ(cut.code, 0) << cut.err;
  EXPECT_THAT(cut.err, HasSubstr("different shape"));
  const auto lines = json_lines(cut.out);
  EXPECT_EQ(lines[0].at("crop"), nlohmann::json({0, 7, 42, 42}));
  EXPECT_EQ(lines[1].at("crop"), nlohmann::json({7, 0, 42, 42}));
  EXPECT_EQ(lines.back().at("warnings")[0].at("code"), "scene.mixed_sizes");
  // Cameras are for the whole photo: the middle of the cut is the middle of the photo.
  EXPECT_EQ(json_file("mixed/cameras.json").at("views")[1].at("intrinsics")[1][2], 40.0);
  std::vector<std::string> strict = inputs;
  strict[3] = "mixed-strict";
  strict.insert(strict.end(), {"--mixed", "error"});
  EXPECT_EQ(place->run(scene(strict)).code, 2);
}

TEST_F(SceneCommand, GivenCamerasComeBackInTheirUnit) {
  ASSERT_EQ(place->run(scene({"photos", "-o", "predicted", "-f", "cameras"})).code, 0);
  nlohmann::json cameras = json_file("predicted/cameras.json");
  std::ofstream(*place / "small.json") << cameras;
  for (nlohmann::json& view : cameras.at("views")) {
    for (nlohmann::json& row : view.at("camera_from_world")) row[3] = row[3].get<double>() * 250;
  }
  cameras["unit"] = "given";
  std::ofstream(*place / "known.json") << cameras;
  std::vector<std::vector<nlohmann::json>> runs;
  for (const std::string name : {"small", "known"}) {
    const Ended ended =
        place->run(scene({"photos", "-o", name, "-f", "cameras", "--cameras", name + ".json", "--json"}));
    ASSERT_EQ(ended.code, 0) << ended.err;
    runs.push_back(json_lines(ended.out));
  }
  EXPECT_EQ(runs[1].back().at("unit"), "given");
  EXPECT_TRUE(runs[1].back().at("reference").is_null());
  // The network sees the same cameras whatever their unit, so lengths differ by 250 and nothing else does.
  const auto scale = [&](std::size_t run) {
    return runs[run].back().at("similarity").at("scale").get<double>();
  };
  const auto median = [&](std::size_t run) { return runs[run][0].at("depth").at("median").get<double>(); };
  EXPECT_NEAR(scale(0) / scale(1), 250, 0.01);
  EXPECT_NEAR(median(1) / median(0), 250, 0.05);
  const nlohmann::json written = json_file("known/cameras.json");
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 12; ++k) {
      // The network's rotations are float32, known ones the nearest in double; coordinates are some 250.
      const auto number = [&](const nlohmann::json& file) {
        return file.at("views")[i].at("camera_from_world")[k / 4][k % 4].get<double>();
      };
      EXPECT_NEAR(number(written), number(cameras), 1e-6 * 250);
    }
  }
  // What decides results besides matrices is noticed: the unit, and the size that intrinsics belong to.
  const auto again = scene({"photos", "-o", "known", "-f", "cameras", "--cameras", "known.json"});
  EXPECT_THAT(place->run(again).err, HasSubstr("done already"));
  nlohmann::json other = cameras;
  other["unit"] = "m";
  std::ofstream(*place / "known.json") << other;
  EXPECT_EQ(place->run(again).code, 2);
  other = cameras;
  for (const char* side : {"width", "height"})
    other.at("views")[0][side] = 2 * other.at("views")[0].at(side).get<int>();
  std::ofstream(*place / "known.json") << other;
  EXPECT_EQ(place->run(again).code, 2);

  cameras.at("views").erase(1);
  std::ofstream(*place / "missing.json") << cameras;
  const Ended missing = place->run(scene({"photos", "-o", "missing", "--cameras", "missing.json"}));
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("b9.ppm"));
}

TEST_F(SceneCommand, CamerasAreReadBackFromEveryExport) {
  const Ended exported =
      place->run(scene({"photos", "-o", "exports", "-f", "cameras,transforms,colmap,npz", "--tracks"}));
  ASSERT_EQ(exported.code, 0) << exported.err;
  int number = 0;
  double scale = 0;
  for (const char* source :
       {"exports/cameras.json", "exports/transforms.json", "exports", "exports/scene.npz"}) {
    const std::string folder = "back" + std::to_string(++number);
    const Ended ended =
        place->run(scene({"photos", "-o", folder, "-f", "cameras", "--cameras", source, "--json"}));
    ASSERT_EQ(ended.code, 0) << source << ": " << ended.err;
    const double found = json_lines(ended.out).back().at("similarity").at("scale").get<double>();
    if (number == 1) scale = found;
    EXPECT_NEAR(found, scale, 1e-4 * scale) << source;
  }
}

TEST_F(SceneCommand, CamerasComeFromRaysWhereAsked) {
  const Ended ended = place->run(
      scene({"photos", "-o", "rays", "-f", "cameras", "--depth-format", "none", "--pose", "rays", "--json"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(json_lines(ended.out).front().at("camera").at("source"), "rays");
  ASSERT_EQ(place->run(scene({"photos", "-o", "decoder", "-f", "cameras"})).code, 0);
  const nlohmann::json rays = json_file("rays/cameras.json");
  EXPECT_EQ(rays.at("source"), "rays");
  EXPECT_NE(rays.at("views")[1].at("camera_from_world"),
            json_file("decoder/cameras.json").at("views")[1].at("camera_from_world"));
  EXPECT_EQ(place->run(scene({"photos", "-o", "rays", "--pose", "lines"})).code, 2);
}

TEST_F(SceneCommand, FeaturesAreFilesOfTheirOwn) {
  const Ended ended = place->run(
      scene({"photos", "-o", "features", "-f", "none", "--depth-format", "none", "--features", "0,11"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(files_below(*place / "features"),
              IsSupersetOf({"features/a.layer0.npy", "features/a.layer11.npy", "features/b10.layer11.npy"}));
  const std::string file = read_file(*place / "features/features/b9.layer11.npy");
  EXPECT_THAT(file, HasSubstr("'shape': (3, 4, 384)"));
  const Ended pictures = place->run(scene({"photos", "-o", "feature-pictures", "-f", "none", "--depth-format",
                                           "none", "--features", "11", "--feature-pictures"}));
  ASSERT_EQ(pictures.code, 0) << pictures.err;
  EXPECT_THAT(files_below(*place / "feature-pictures"), IsSupersetOf({"features/b9.layer11.png"}));
  EXPECT_EQ(read_file(*place / "feature-pictures/features/b9.layer11.npy"), file);
  EXPECT_EQ(read_file(*place / "feature-pictures/features/b9.layer11.png").substr(16, 8),
            std::string("\0\0\0\x50\0\0\0\x3c", 8))
      << "the photo's width and height";
  EXPECT_EQ(place->run(scene({"photos", "-o", "no-features", "--feature-pictures"})).code, 2);
  const Ended unknown = place->run(scene({"photos", "-o", "no-features", "--features", "99"}));
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no block 99"));
}

TEST_F(SceneCommand, GaussiansAreThereForModelsThatHaveThem) {
  const Ended none = place->run(scene({"photos", "-o", "no-gaussians", "-f", "gaussians"}));
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("no Gaussian head"));
  for (const std::string model : {"tiny-gs", "tiny-nested-gs"}) {
    const Ended exported = place->run({"model", "export", std::string(DA3_TEST_DATA_DIR) + "/golden/" + model,
                                       "--synthetic", "1", "-o", model + ".pt"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    const auto run = [&](const std::string& folder, const std::vector<std::string>& more) {
      std::vector<std::string> args = {
          "scene", "photos",        "-m", model + ".pt", "--allow-synthetic", "--device",
          "cpu",   "--process-res", "56", "-f",          "gaussians,cameras", "--json",
          "-o",    folder};
      args.insert(args.end(), more.begin(), more.end());
      const Ended ended = place->run(args);
      EXPECT_EQ(ended.code, 0) << ended.err;
      return json_lines(ended.out).back().at("gaussians");
    };
    const nlohmann::json counted = run(model, {});
    const std::string ply = read_file(*place / (model + "/gaussians.ply"));
    EXPECT_THAT(ply.substr(0, 400),
                HasSubstr("element vertex " + std::to_string(counted.at("kept").get<int>()) + "\n"));
    // Three views of 42 x 56 less a border of one pixel, of which 90 % of the depths are near enough.
    const int all = counted.at("kept").get<int>() + counted.at("dropped").get<int>();
    EXPECT_GT(all, 3 * 40 * 54 * 8 / 10);
    EXPECT_LE(all, 3 * 40 * 54);
    std::ofstream(*place / (model + ".json")) << json_file(model + "/cameras.json");
    EXPECT_GT(run(model + "-posed", {"--cameras", model + ".json", "--sh", "2"}).at("kept").get<int>(), 0);
    EXPECT_THAT(read_file(*place / (model + "-posed/gaussians.ply")).substr(0, 1200), HasSubstr("f_rest_23"));
  }
}

TEST_F(SceneCommand, AFileWithoutPartsSaysWhatItLacks) {
  const Ended exported =
      place->run({"model", "export", "da3-small", "--synthetic", "1", "--depth-only", "-o", "bare.pt"});
  ASSERT_EQ(exported.code, 0) << exported.err;
  ASSERT_EQ(place->run(scene({"photos", "-o", "whole", "-f", "cameras"})).code, 0);
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = {
        "scene",    "photos", "-m", "bare.pt", "--allow-synthetic", "-o", "bare", "--process-res", "56",
        "--device", "cpu",    "-f", "cameras"};
    args.insert(args.end(), more.begin(), more.end());
    return place->run(args);
  };
  const Ended rays = run({"--pose", "rays"});
  EXPECT_EQ(rays.code, 3);
  EXPECT_THAT(rays.err, HasSubstr("no ray head"));
  const Ended cameras = run({"--cameras", "whole/cameras.json"});
  EXPECT_EQ(cameras.code, 3);
  EXPECT_THAT(cameras.err, HasSubstr("no camera encoder"));
  EXPECT_EQ(run({}).code, 0);
}

TEST_F(SceneCommand, ABrokenPhotoFailsItsSceneUnlessItIsLeftOut) {
  std::filesystem::create_directories(*place / "broken");
  write_picture(*place / "broken/a.ppm", 80, 60, 1);
  write_picture(*place / "broken/b.ppm", 80, 60, 2);
  std::ofstream(*place / "broken/c.jpg") << "\xff\xd8\xff nothing more";
  const Ended failed = place->run(scene({"broken", "-o", "broken-out"}));
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, HasSubstr("broken/c.jpg"));
  EXPECT_THAT(files_below(*place / "broken-out"), ::testing::ElementsAre("manifest.jsonl"));
  const Ended skipped = place->run(scene({"broken", "-o", "skipped-out", "--skip-bad", "--json"}));
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_EQ(json_lines(skipped.out).back().at("views"), 2);
}

TEST_F(SceneCommand, APhotoThatWasLeftOutAndCanBeReadAsksForOverwrite) {
  std::filesystem::create_directories(*place / "sizes");
  write_picture(*place / "sizes/a.ppm", 80, 60, 1);
  write_picture(*place / "sizes/b.ppm", 100, 75, 2);
  write_picture(*place / "sizes/c.ppm", 80, 60, 3);
  const auto run = [](std::vector<std::string> more) {
    std::vector<std::string> args = {"sizes", "-o", "sizes-out", "--skip-bad", "-f", "cameras", "--json"};
    args.insert(args.end(), more.begin(), more.end());
    return place->run(scene(args));
  };
  const Ended two = run({"--max-pixels", "5000"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(json_lines(two.out).back().at("views"), 2);
  const Ended done = run({"--max-pixels", "5000"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json_lines(done.out).back().at("status"), "skipped");
  const Ended other = run({});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("sizes/b.ppm, which can be read now"));
  const Ended three = run({"--overwrite"});
  EXPECT_EQ(three.code, 0) << three.err;
  EXPECT_EQ(json_lines(three.out).back().at("views"), 3);
  EXPECT_EQ(run({"--max-pixels", "5000"}).code, 0) << "it is done, with all photos";
}

TEST_F(SceneCommand, EveryFolderIsASceneOfItsOwnWhereAsked) {
  for (const std::string folder : {"houses/one", "houses/two"}) {
    std::filesystem::create_directories(*place / folder);
    write_picture(*place / (folder + "/x.ppm"), 80, 60, 1);
    write_picture(*place / (folder + "/y.ppm"), 80, 60, 2);
  }
  const Ended ended = place->run(
      scene({"houses", "--per-folder", "-o", "houses-out", "-f", "ply", "--depth-format", "none"}));
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(
      files_below(*place / "houses-out"),
      ::testing::ElementsAre("one/manifest.jsonl", "one/points.ply", "two/manifest.jsonl", "two/points.ply"));
}

TEST_F(SceneCommand, ForeignFilesAreNeverReplaced) {
  std::filesystem::create_directories(*place / "foreign");
  std::ofstream(*place / "foreign/points.ply") << "mine";
  const Ended ended = place->run(scene({"photos", "-o", "foreign", "-f", "ply"}));
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(read_file(*place / "foreign/points.ply"), "mine");
}

TEST_F(SceneCommand, AModelWithoutCamerasIsAUsageErrorThatNamesThoseWithThem) {
  const Ended ended = place->run({"scene", "photos", "-o", "none", "--device", "cpu"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("da3-base"));
  EXPECT_FALSE(std::filesystem::exists(*place / "none"));
}

TEST_F(SceneCommand, LongListsAreSeenInWindowsAndGoOnAfterThem) {
  std::filesystem::create_directories(*place / "film");
  for (int i = 0; i < 7; ++i)
    write_picture(*place / "film" / (std::to_string(i) + ".ppm"), 80, 60, static_cast<std::uint32_t>(i));
  const std::vector<std::string> work = {
      "film", "-o",       "windows", "-f",        "cameras", "--depth-format",
      "npy",  "--window", "4",       "--overlap", "3",       "--json"};
  const Ended ended = place->run(scene(work));
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto lines = json_lines(ended.out);
  ASSERT_EQ(lines.size(), 8U);
  EXPECT_EQ(lines.back().at("reference"), nullptr);
  const nlohmann::json& windows = lines.back().at("windows");
  ASSERT_EQ(windows.size(), 4U);
  EXPECT_EQ(windows[3].at("begin"), 3);
  EXPECT_EQ(windows[3].at("end"), 7);
  EXPECT_EQ(windows[0].at("residual"), nullptr);
  EXPECT_GT(windows[1].at("scale").get<double>(), 0);
  EXPECT_FALSE(std::filesystem::exists(*place / "windows/.da3-windows"));
  const std::string whole = read_file(*place / "windows/cameras.json");

  // Stopped at some moment and started again, it ends with the same bytes.
  std::vector<std::string> again = work;
  again[2] = "windows-again";
  for (int i = 0; i < 4; ++i) {
    Circumstances killed;
    killed.signal = SIGKILL;
    killed.signal_after = std::chrono::milliseconds(400 + 100 * i);
    place->run(scene(again), killed);
  }
  const Ended finished = place->run(scene(again));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(read_file(*place / "windows-again/cameras.json"), whole);
  EXPECT_FALSE(std::filesystem::exists(*place / "windows-again/.da3-windows"));

  EXPECT_EQ(place->run(scene({"film", "-o", "narrow", "--window", "3"})).code, 2);
  EXPECT_EQ(place->run(scene({"film", "-o", "wide", "--window", "5", "--overlap", "5"})).code, 2);
  EXPECT_EQ(place->run(scene({"film", "-o", "named", "--window", "5", "--reference", "1"})).code, 2);
  for (const char* folder : {"narrow", "wide", "named"})
    EXPECT_FALSE(std::filesystem::exists(*place / folder));
}

TEST_F(SceneCommand, DryRunSaysSizesMemoryAndTimeAndWritesNothing) {
  const Ended ended = place->run(scene({"photos", "-o", "dry", "--dry-run"}));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("56x42 in one forward pass"));
  EXPECT_THAT(ended.out, HasSubstr("memory    about "));
  EXPECT_THAT(ended.out, HasSubstr("of forward passes"));
  const Ended plan = place->run(scene({"photos", "-o", "dry", "--dry-run", "--json"}));
  EXPECT_EQ(plan.code, 0) << plan.err;
  const auto lines = json_lines(plan.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].at("windows"), nlohmann::json({{0, 3}}));
  EXPECT_GT(lines[0].at("predicted_bytes").get<double>(), 1e5);
  EXPECT_GT(lines[0].at("predicted_s").get<double>(), 0);
  EXPECT_FALSE(std::filesystem::exists(*place / "dry"));
}

TEST_F(SceneCommand, KilledRunsLeaveWholeFilesAndTheSameCommandFinishes) {
  for (int i = 0; i < 10; ++i) {
    Circumstances killed;
    killed.signal = SIGKILL;
    killed.signal_after = std::chrono::milliseconds(300 + 90 * i);
    place->run(scene({"photos", "-o", "killed", "-f", "ply,npz"}), killed);
    const auto file = *place / "killed/points.ply";
    if (!std::filesystem::exists(file)) continue;
    // Header, then 15 bytes a point.
    const std::string ply = read_file(file);
    const std::size_t number = ply.find("element vertex ");
    ASSERT_NE(number, std::string::npos);
    const std::size_t end = ply.find("end_header\n") + std::strlen("end_header\n");
    EXPECT_EQ(ply.size() - end, 15 * std::stoul(ply.substr(number + std::strlen("element vertex "))));
  }
  const Ended finished = place->run(scene({"photos", "-o", "killed", "-f", "ply,npz"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_TRUE(std::filesystem::exists(*place / "killed/scene.npz"));
}

}  // namespace
}  // namespace da3::testing
