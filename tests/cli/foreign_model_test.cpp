// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <ATen/ATen.h>
#include <codec/decode.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kHeight = 28;
constexpr int kWidth = 56;

/// What a user writes for the network below (docs/model-format.md, Foreign networks).
constexpr const char* kDescription = R"({
  "schema": 1, "name": "brightness", "family": "test", "parameters": 1, "patch": 14,
  "mean": [0, 0, 0], "std": [1, 1, 1], "input_range": [0, 1],
  "process_res": 56, "resize_method": "upper_bound_resize",
  "depth": {"kind": "inverse", "unit": null, "larger_is_farther": false},
  "outputs": ["depth"], "attention": [],
  "weights": {"origin": "foreign"}, "selftest": null,
  "licence": {"spdx": "Apache-2.0", "attribution": "The da3 authors"}
})";

/// A traced network without da3.json: bright is near. Inverse depth, from 0.5 for black to 2.5 for white.
void write_traced(const std::filesystem::path& file, const std::string& record = "", double black = 0.5) {
  torch::jit::Module module("Brightness");
  module.register_parameter("gain", at::full({1}, 2.0F), /*is_buffer=*/false);
  const at::Tensor example = at::rand({1, 1, 3, kHeight, kWidth});
  const auto forward = [&](torch::jit::Stack inputs) -> torch::jit::Stack {
    c10::Dict<std::string, at::Tensor> result;
    result.insert("depth", inputs.at(0).toTensor().mean(2) * module.attr("gain").toTensor() + black);
    return {result};
  };
  const auto no_name = [](const torch::autograd::Variable&) { return std::string(); };
  const auto traced = torch::jit::tracer::trace({example}, forward, no_name, /*strict=*/false,
                                                /*force_outplace=*/false, &module);
  const c10::QualifiedName name(*module.type()->name(), "forward");
  module.type()->addMethod(module._ivalue()->compilation_unit()->create_function(name, traced.first->graph));
  module.save(file.string(),
              record.empty() ? torch::jit::ExtraFilesMap{} : torch::jit::ExtraFilesMap{{"da3.json", record}});
}

/// Black on the left, white on the right.
void write_halves(const std::filesystem::path& file) {
  std::ofstream picture(file, std::ios::binary);
  picture << "P6\n" << kWidth << " " << kHeight << "\n255\n";
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) picture << std::string(3, x < kWidth / 2 ? '\x00' : '\xff');
  }
}

class ForeignModel : public ::testing::Test {
 protected:
  ForeignModel() {
    write_traced(place_ / "any.pt");
    write_halves(place_ / "halves.ppm");
    std::ofstream(place_ / "any.json") << kDescription;
  }

  Ended infer(const std::vector<std::string>& more) const {
    std::vector<std::string> args = {"infer", "halves.ppm", "-m",  "any.pt", "--device",
                                     "cpu",   "-o",         "out", "-f",     "pfm,png16,vis"};
    args.insert(args.end(), more.begin(), more.end());
    return place_.run(args);
  }

  Workplace place_;
};

TEST_F(ForeignModel, WithoutARecordIsRefusedAndTheWayOutIsNamed) {
  const Ended ended = infer({});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("da3.json"));
  EXPECT_THAT(ended.err, HasSubstr("--describe"));
}

TEST_F(ForeignModel, RunsWithADescriptionAndItsResultsGrowWithDistance) {
  const Ended ended = infer({"--describe", "any.json", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json image = nlohmann::json::parse(ended.out);
  EXPECT_EQ(image.at("status"), "done");
  // The network gives 2.5 for white, which is near, and 0.5 for black.
  EXPECT_NEAR(image.at("depth").at("p2").get<double>(), 1 / 2.5, 1e-6);
  EXPECT_NEAR(image.at("depth").at("p98").get<double>(), 1 / 0.5, 1e-6);
  EXPECT_TRUE(image.at("depth").at("unit").is_null());

  std::istringstream manifest(read_file(place_ / "out/manifest.jsonl"));
  std::string header;
  std::getline(manifest, header);
  const nlohmann::json model = nlohmann::json::parse(header).at("model");
  EXPECT_EQ(model.at("name"), "brightness");
  EXPECT_EQ(model.at("kind"), "inverse");
  EXPECT_EQ(model.at("sha256").get<std::string>().size(), 64U);
}

TEST_F(ForeignModel, ADescribedFileRunsAndItIsSaidThatItMayDoAnything) {
  const Ended described = infer({"--describe", "any.json", "-q"});
  EXPECT_EQ(described.code, 0) << described.err;
  const Ended told = infer({"--describe", "any.json", "--overwrite"});
  EXPECT_THAT(told.err, HasSubstr("runs its own code"));
  const Ended trusted = infer({"--describe", "any.json", "--trust-code", "--overwrite"});
  EXPECT_THAT(trusted.err, Not(HasSubstr("its own code")));
}

TEST_F(ForeignModel, AnotherDescriptionIsAnotherModel) {
  ASSERT_EQ(infer({"--describe", "any.json"}).code, 0);
  EXPECT_THAT(infer({"--describe", "any.json"}).err, HasSubstr("done already"));
  for (const auto& [member, other] : {std::pair{R"("mean": [0, 0, 0])", R"("mean": [0.5, 0, 0])"},
                                      {R"("std": [1, 1, 1])", R"("std": [2, 1, 1])"}}) {
    std::string text = kDescription;
    text.replace(text.find(member), std::string_view(member).size(), other);
    std::ofstream(place_ / "other.json") << text;
    const Ended ended = infer({"--describe", "other.json"});
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("--describe was (sha256 ")) << other;
  }
}

TEST_F(ForeignModel, OtherCodeOrAnotherRecordOfTheSameWeightsIsAnotherModel) {
  const std::string record = kDescription;
  write_traced(place_ / "any.pt", record);
  ASSERT_EQ(infer({"--trust-code"}).code, 0);
  write_traced(place_ / "any.pt", record);
  EXPECT_THAT(infer({"--trust-code"}).err, HasSubstr("done already")) << "saved again";
  std::string other = record;
  other.replace(other.find("\"mean\": [0"), 10, "\"mean\": [1");
  for (const auto& [text, black] : {std::pair{record, 1.5}, {other, 0.5}}) {
    write_traced(place_ / "any.pt", text, black);
    const Ended ended = infer({"--trust-code"});
    EXPECT_EQ(ended.code, 2) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("the model was brightness (sha256 ")) << black;
  }
}

TEST_F(ForeignModel, AFileWithARecordOfItsOwnRunsOnlyIfItIsTrusted) {
  write_traced(place_ / "any.pt", kDescription);
  const Ended refused = infer({});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("--trust-code"));
  EXPECT_FALSE(std::filesystem::exists(place_ / "out"));
  EXPECT_EQ(place_.run({"model", "verify", "any.pt"}).code, 3);
  EXPECT_EQ(place_.run({"bench", "--suite", "latency", "-m", "any.pt", "--dry-run"}).code, 3);
  const Ended scene = place_.run({"scene", "white.ppm", "-m", "any.pt", "-o", "scene"});
  EXPECT_EQ(scene.code, 3);
  EXPECT_THAT(scene.err, HasSubstr("--trust-code"));
  const Ended trusted_scene =
      place_.run({"scene", "white.ppm", "-m", "any.pt", "-o", "scene", "--trust-code"});
  EXPECT_THAT(trusted_scene.err, Not(HasSubstr("--trust-code"))) << "it has no cameras, which comes next";
  const Ended video = place_.run({"video", "walk.mp4", "-m", "any.pt"});
  EXPECT_THAT(video.err, AnyOf(HasSubstr("--trust-code"), HasSubstr("FFmpeg"))) << "where video is built in";
  const Ended trusted = infer({"--trust-code"});
  EXPECT_EQ(trusted.code, 0) << trusted.err;
  EXPECT_EQ(place_.run({"model", "verify", "any.pt", "--trust-code"}).code, 0);
}

TEST_F(ForeignModel, ADescriptionOfAFileWithARecordIsRefused) {
  write_traced(place_ / "any.pt", kDescription);
  const Ended ended = infer({"--describe", "any.json"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("any.pt has a record of its own"));
  const Ended verified = place_.run({"model", "verify", "any.pt", "--describe", "any.json"});
  EXPECT_EQ(verified.code, 2);
}

TEST_F(ForeignModel, WeightsOfAnotherTypeFailOnceAtLoadNotForEveryPicture) {
  torch::jit::Module module("Convolution");
  module.register_parameter("weight", at::ones({1, 3, 1, 1}, at::kHalf), /*is_buffer=*/false);
  module.define(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    depth = torch.conv2d(image.flatten(0, 1), self.weight)
    return {'depth': depth.reshape([image.size(0), image.size(1), image.size(3), image.size(4)])}
)");
  module.save((place_ / "any.pt").string());
  const Ended ended = infer({"--describe", "any.json", "--trust-code"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("model.float()"));
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  EXPECT_EQ(place_.run({"model", "verify", "any.pt", "--describe", "any.json"}).code, 3);
}

TEST_F(ForeignModel, PicturesShowTheLargerValueAsNear) {
  ASSERT_EQ(infer({"--describe", "any.json"}).code, 0);
  const Image picture = codec::decode_file(place_ / "out/halves.vis.png").image;
  ASSERT_EQ(picture.size, (Size{kHeight, kWidth}));
  const auto redness = [&](std::size_t column) {
    const std::size_t at = (kHeight / 2 * static_cast<std::size_t>(kWidth) + column) * 3;
    return int{picture.rgb[at]} - int{picture.rgb[at + 2]};
  };
  EXPECT_GT(redness(kWidth - 8), 50) << "bright is near and near is warm";
  EXPECT_LT(redness(8), 0) << "dark is far and far is cold";
}

TEST_F(ForeignModel, ADescriptionThatContradictsItselfIsNamedByItsField) {
  nlohmann::json wrong = nlohmann::json::parse(kDescription);
  wrong["depth"]["larger_is_farther"] = true;
  std::ofstream(place_ / "any.json") << wrong;
  const Ended ended = infer({"--describe", "any.json"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("larger_is_farther"));
}

TEST_F(ForeignModel, VerifyComputesTheHashAndSaysThatThereIsNoSelfTest) {
  const Ended ended =
      place_.run({"model", "verify", "any.pt", "--describe", "any.json", "--device", "cpu", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json report = nlohmann::json::parse(ended.out);
  EXPECT_FALSE(report.at("selftest").at("present").get<bool>());
  EXPECT_EQ(report.at("record").at("weights").at("sha256").get<std::string>().size(), 64U);
}

/// A network of two outputs more than the traced one: every photo is seen from the world's origin. `scene`
/// has its methods for scenes, if any.
void write_with_cameras(const std::filesystem::path& file, const std::string& scene = "",
                        const std::vector<std::string>& more_outputs = {}) {
  torch::jit::Module module("Standing");
  module.define(scene + R"(
    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        return {"depth": image.mean(2) + 1.0}

    def pose(self, image: Tensor) -> Dict[str, Tensor]:
        places = torch.zeros([image.size(0), image.size(1), 3, 4]) + torch.eye(3, 4)
        lens = torch.tensor([[56.0, 0.0, 28.0], [0.0, 56.0, 14.0], [0.0, 0.0, 1.0]])
        lenses = torch.zeros([image.size(0), image.size(1), 3, 3]) + lens
        return {"depth": image.mean(2) + 1.0, "extrinsics": places, "intrinsics": lenses}
  )");
  nlohmann::json record = nlohmann::json::parse(kDescription);
  record["network"] = {{"id", ""}, {"layout", 0}, {"config", nlohmann::json::object()}};
  record["depth"] = {{"kind", "relative"}, {"unit", nullptr}, {"larger_is_farther", true}};
  record["outputs"] = {"depth", "pose"};
  for (const std::string& output : more_outputs) record["outputs"].push_back(output);
  record["weights"] = {{"origin", "foreign"},
                       {"seed", nullptr},
                       {"source", ""},
                       {"source_sha256", nullptr},
                       {"sha256", nullptr}};
  record["da3_version"] = "0.1.0";
  module.save(file.string(), {{"da3.json", record.dump()}});
}

TEST_F(ForeignModel, ASceneRunsItsCodeOnlyWhereItIsTrusted) {
  write_with_cameras(place_ / "standing.pt");
  std::filesystem::copy(place_ / "halves.ppm", place_ / "again.ppm");
  std::filesystem::copy(place_ / "halves.ppm", place_ / "third.ppm");
  const std::vector<std::string> scene = {"scene",       "halves.ppm", "again.ppm", "third.ppm",      "-m",
                                          "standing.pt", "-f",         "cameras",   "--depth-format", "none",
                                          "--device",    "cpu"};
  const Ended refused = place_.run(scene);
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("--trust-code"));
  EXPECT_FALSE(std::filesystem::exists(place_ / "scene"));
  std::vector<std::string> trusted = scene;
  trusted.emplace_back("--trust-code");
  const Ended ended = place_.run(trusted);
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::ifstream file(place_ / "scene/cameras.json");
  EXPECT_EQ(nlohmann::json::parse(file).at("views").at(2).at("intrinsics").at(0).at(0), 56.0);
  // It chooses its reference view itself, and has none of the parts of our own networks.
  for (const auto& [option, value] : std::vector<std::pair<std::string, std::string>>{
           {"--reference", "first"}, {"--pose", "rays"}, {"--features", "0"}, {"-f", "gaussians"}}) {
    std::vector<std::string> more = trusted;
    more.insert(more.end(), {option, value, "-o", "more"});
    const Ended unable = place_.run(more);
    EXPECT_EQ(unable.code, 3);
    EXPECT_THAT(unable.err, AllOf(HasSubstr("another network"), HasSubstr("leave out " + option))) << option;
  }
  EXPECT_FALSE(std::filesystem::exists(place_ / "more"));
}

/// Photo i stands at x = i, or where its given camera is, or, with view 1 as the reference, at x = i + 10.
/// Its rays say that it stands at x = i + 20 with a focal length of half the width.
constexpr const char* kSceneMethods = R"(
    def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Dict[str, Tensor]:
        B, S, C, H, W = image.shape
        x = torch.arange(S).expand(B, S) + 0.0
        if cameras.size(2) > 0:
            x = cameras[:, :, 0]
        if reference == 1:
            x = x + 10.0
        places = torch.zeros([B, S, 3, 4]) + torch.eye(3, 4)
        places[:, :, 0, 3] = -x
        lenses = torch.zeros([B, S, 3, 3]) + torch.tensor([[56.0, 0.0, 28.0], [0.0, 56.0, 14.0], [0.0, 0.0, 1.0]])
        return {"depth": image.mean(2) + 1.0, "extrinsics": places, "intrinsics": lenses,
                "layer2": torch.ones([B, S, (H // 14) * (W // 14), 5])}

    def rays_with(self, features: Dict[str, Tensor], height: int, width: int) -> Tensor:
        B, S, H, W = features["depth"].shape
        rays = torch.ones([B, S, 6, 8, 7]) + 1.0
        rays[:, :, :, :, 0] = ((2.0 * torch.arange(8) + 1) / 8 - 1)
        rays[:, :, :, :, 1] = ((2.0 * torch.arange(6) + 1) / 6 - 1).unsqueeze(1)
        rays[:, :, :, :, 2] = 1.0
        rays[:, :, :, :, 3:6] = 0.0
        rays[:, :, :, :, 3] = (torch.arange(S) + 20.0).view(1, S, 1, 1)
        return rays

    def gaussians_with(self, features: Dict[str, Tensor], image: Tensor, height: int, width: int) -> Tensor:
        depth = features["depth"]
        raw = torch.zeros([depth.size(0), depth.size(1), height, width, 38])
        raw[:, :, :, :, 8] = 1.0
        raw[:, :, :, :, 37] = 0.5
        return raw
)";

class ForeignScenes : public ForeignModel {
 protected:
  ForeignScenes() {
    for (const char* const name : {"again.ppm", "third.ppm"})
      std::filesystem::copy(place_ / "halves.ppm", place_ / name);
  }

  /// The centres' x of the three photos' cameras.
  std::vector<double> see(const std::string& output, const std::vector<std::string>& more) const {
    std::vector<std::string> args = {
        "scene",          "halves.ppm", "again.ppm", "third.ppm", "-m",           "many.pt", "-f",  "cameras",
        "--depth-format", "none",       "--device",  "cpu",       "--trust-code", "-o",      output};
    args.insert(args.end(), more.begin(), more.end());
    const Ended ended = place_.run(args);
    EXPECT_EQ(ended.code, 0) << ended.err;
    std::vector<double> places;
    const nlohmann::json cameras = nlohmann::json::parse(read_file(place_ / output / "cameras.json"));
    for (const nlohmann::json& view : cameras.at("views"))
      places.push_back(-view.at("camera_from_world").at(0).at(3).get<double>());
    return places;
  }
};

TEST_F(ForeignScenes, ANetworkWithTheMethodsOfScenesIsAskedForAllOfThem) {
  write_with_cameras(place_ / "many.pt", kSceneMethods, {"rays", "gaussians"});
  EXPECT_THAT(see("plain", {}), ElementsAre(0, 1, 2));
  EXPECT_THAT(see("chosen", {"--reference", "1"}), ElementsAre(10, 11, 12));
  EXPECT_THAT(see("rays", {"--pose", "rays", "--reference", "0"}),
              ElementsAre(DoubleNear(20, 1e-6), DoubleNear(21, 1e-6), DoubleNear(22, 1e-6)));
  const nlohmann::json cameras = nlohmann::json::parse(read_file(place_ / "rays/cameras.json"));
  EXPECT_EQ(cameras.at("source"), "rays");
  EXPECT_NEAR(cameras.at("views").at(0).at("intrinsics").at(0).at(0).get<double>(), kWidth / 2.0, 1e-3);

  see("more", {"-f", "cameras,gaussians", "--features", "2"});
  EXPECT_TRUE(std::filesystem::exists(place_ / "more/features/halves.layer2.npy"));
  EXPECT_THAT(read_file(place_ / "more/gaussians.ply"), HasSubstr("element vertex"));
  EXPECT_THAT(read_file(place_ / "more/gaussians.ply"), Not(HasSubstr("element vertex 0")));

  // What it is shown and what it answers agree, so that the similarity is exact.
  const Ended ended = place_.run({"scene", "halves.ppm", "again.ppm", "third.ppm", "-m", "many.pt",
                                  "--device", "cpu", "--trust-code", "-o", "known", "-f", "cameras",
                                  "--depth-format", "none", "--cameras", "plain/cameras.json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json known = nlohmann::json::parse(read_file(place_ / "known/cameras.json"));
  EXPECT_EQ(known.at("source"), "given");
  EXPECT_NEAR(-known.at("views").at(2).at("predicted").at("camera_from_world").at(0).at(3).get<double>(), 2,
              1e-6);
}

TEST_F(ForeignScenes, WhatItsMethodsDoNotGiveIsSaidByName) {
  const std::vector<std::string> scene = {"scene",    "halves.ppm", "again.ppm",    "-m", "many.pt",
                                          "--device", "cpu",        "--trust-code", "-o", "none"};
  const auto refused = [&](const std::vector<std::string>& more, int code) {
    std::vector<std::string> args = scene;
    args.insert(args.end(), more.begin(), more.end());
    const Ended ended = place_.run(args);
    EXPECT_EQ(ended.code, code) << ended.err;
    return ended.err;
  };
  write_with_cameras(place_ / "many.pt", kSceneMethods);
  EXPECT_THAT(refused({"--pose", "rays"}, 3),
              AllOf(HasSubstr("rays_with"), HasSubstr("leave out --pose rays")))
      << "its record does not name them";
  EXPECT_THAT(refused({"--features", "3"}, 2), AllOf(HasSubstr("no block 3"), HasSubstr("layer3")));
  write_with_cameras(place_ / "many.pt", R"(
    def scene(self, image: Tensor, cameras: Tensor, reference: int) -> Dict[str, Tensor]:
        assert cameras.size(2) == 0, "this network cannot be shown cameras"
        return self.pose(image)
)");
  std::ofstream(place_ / "cameras.json") << R"({"schema": 1, "unit": "given", "views": [
    {"photo": "halves.ppm", "width": 56, "height": 28,
     "camera_from_world": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "intrinsics": [[50, 0, 28], [0, 50, 14], [0, 0, 1]]},
    {"photo": "again.ppm", "width": 56, "height": 28,
     "camera_from_world": [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]], "intrinsics": [[50, 0, 28], [0, 50, 14], [0, 0, 1]]}]})";
  EXPECT_THAT(refused({"--cameras", "cameras.json", "--overwrite"}, 1),
              HasSubstr("this network cannot be shown cameras"));
}

TEST_F(ForeignScenes, InverseDepthMakesNoScene) {
  write_with_cameras(place_ / "many.pt");
  nlohmann::json record = nlohmann::json::parse(kDescription);
  record["outputs"] = {"depth", "pose"};
  torch::jit::Module module = torch::jit::load((place_ / "many.pt").string());
  module.save((place_ / "many.pt").string(), {{"da3.json", record.dump()}});
  const Ended ended =
      place_.run({"scene", "halves.ppm", "-m", "many.pt", "--device", "cpu", "--trust-code", "-o", "none"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("inverse"), HasSubstr("relative or metric")));
}

}  // namespace
}  // namespace da3::testing
