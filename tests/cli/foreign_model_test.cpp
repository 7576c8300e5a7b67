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

#include <cli/program.hpp>

namespace da3::testing {
namespace {

using ::testing::AnyOf;
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
void write_traced(const std::filesystem::path& file, const std::string& record = "") {
  torch::jit::Module module("Brightness");
  module.register_parameter("gain", at::full({1}, 2.0F), /*is_buffer=*/false);
  const at::Tensor example = at::rand({1, 1, 3, kHeight, kWidth});
  const auto forward = [&module](torch::jit::Stack inputs) -> torch::jit::Stack {
    c10::Dict<std::string, at::Tensor> result;
    result.insert("depth", inputs.at(0).toTensor().mean(2) * module.attr("gain").toTensor() + 0.5);
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

/// A network of two outputs more than the traced one: every photo is seen from the world's origin.
void write_with_cameras(const std::filesystem::path& file) {
  torch::jit::Module module("Standing");
  module.define(R"(
    def forward(self, image: Tensor) -> Dict[str, Tensor]:
        return {"depth": image.mean(2) + 1.0}

    def pose(self, image: Tensor) -> Dict[str, Tensor]:
        places = torch.zeros([image.size(0), image.size(1), 3, 4]) + torch.eye(3, 4)
        lenses = torch.zeros([image.size(0), image.size(1), 3, 3]) + torch.eye(3) * 56.0
        return {"depth": image.mean(2) + 1.0, "extrinsics": places, "intrinsics": lenses}
  )");
  nlohmann::json record = nlohmann::json::parse(kDescription);
  record["network"] = {{"id", ""}, {"layout", 0}, {"config", nlohmann::json::object()}};
  record["depth"] = {{"kind", "relative"}, {"unit", nullptr}, {"larger_is_farther", true}};
  record["outputs"] = {"depth", "pose"};
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
    EXPECT_EQ(unable.code, 2);
    EXPECT_THAT(unable.err, AnyOf(HasSubstr("another network"), HasSubstr("no Gaussian head"))) << option;
  }
  EXPECT_FALSE(std::filesystem::exists(place_ / "more"));
}

}  // namespace
}  // namespace da3::testing
