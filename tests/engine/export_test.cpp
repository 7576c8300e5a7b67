// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <engine/export/tensor_sources.hpp>
#include <engine/network/network.hpp>
#include <engine/network/tensor_layouts.hpp>
#include <engine/tiny_model.hpp>
#include <engine/toy_network.hpp>
#include <testing/files.hpp>
#include <testing/temporary_folder.hpp>
#include <weights/identity.hpp>
#include <weights/model_config.hpp>
#include <weights/recipe.hpp>
#include <weights/record.hpp>
#include <weights/safetensors.hpp>
#include <weights/tensor_list.hpp>

namespace da3::engine {
namespace {

using da3::testing::read_file;
using da3::testing::TemporaryFolder;
using engine::testing::kTiny;
using engine::testing::tiny_model;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kNormName = "model.backbone.pretrained.norm.weight";

ExportSource folder_source(const std::filesystem::path& folder) {
  ExportSource source;
  source.folder = folder;
  return source;
}

ExportSource recipe_source(const std::string& name, std::uint64_t seed) {
  ExportSource source;
  source.name = name;
  source.seed = seed;
  return source;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator(folder)) files.push_back(each.path());
  return files;
}

// What an export may leave behind after it failed: nothing.
void expect_refused(const std::filesystem::path& folder, ErrorCode code, const std::string& words) {
  const TemporaryFolder output;
  try {
    export_model(folder_source(folder), output.path() / "model.pt");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
  EXPECT_THAT(files_in(output.path()), IsEmpty());
}

// A published folder in which one thing is wrong.
class Published {
 public:
  Published() { std::filesystem::copy(kTiny / "config.json", folder() / "config.json"); }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path file() const { return folder() / "model.safetensors"; }

  /// Writes the tensors of `tiny` after `change`.
  void write(const std::function<void(std::vector<weights::TensorView>&)>& change) const {
    const auto original = weights::Safetensors::open(kTiny / "model.safetensors");
    std::vector<weights::TensorView> tensors = original.tensors();
    change(tensors);
    weights::write_safetensors(file(), tensors);
  }

  /// Writes the bytes of `tiny`'s file after `change`.
  void write_bytes(const std::function<void(std::string&)>& change) const {
    std::ifstream stream(kTiny / "model.safetensors", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    change(bytes);
    folder_.write("model.safetensors", bytes);
  }

 private:
  TemporaryFolder folder_;
};

weights::TensorView& named(std::vector<weights::TensorView>& tensors, const std::string& name) {
  return *std::find_if(tensors.begin(), tensors.end(), [&](const auto& each) { return each.name == name; });
}

at::Tensor picture() {
  return at::sin(at::arange(3 * 42 * 56, at::kFloat)).view({1, 1, 3, 42, 56});
}

TEST(ExportModel, WritesARecordThatDescribesTheFile) {
  const TemporaryFolder output;
  const std::filesystem::path file = output.path() / "tiny.pt";
  ExportSource source = folder_source(kTiny);
  source.origin_text = "somewhere@1/model.safetensors";
  source.licence_spdx = "Apache-2.0";
  const ExportReport report = export_model(source, file);
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_EQ(report.file_bytes, std::filesystem::file_size(file));
  EXPECT_THAT(files_in(output.path()), SizeIs(1));
  const ModelSpec spec = weights::read_record(file);
  EXPECT_EQ(spec.name, "da3-tiny");
  EXPECT_EQ(spec.network_id, "da3-anyview");
  EXPECT_EQ(spec.network_layout, kNewestLayout);
  EXPECT_EQ(spec.origin, WeightsOrigin::kPublished);
  EXPECT_EQ(spec.source, "somewhere@1/model.safetensors");
  EXPECT_EQ(spec.licence_spdx, "Apache-2.0");
  EXPECT_EQ(spec.depth_kind, DepthKind::kRelative);
  EXPECT_EQ(spec.sha256, weights::weights_sha256(file));
  EXPECT_THAT(spec.source_sha256, SizeIs(64));
  ASSERT_TRUE(spec.selftest.has_value());
  EXPECT_GT(spec.selftest->p98, spec.selftest->p2);
}

TEST(ExportModel, OnlyAMonoNetworkWithTheWordInItsNameIsMetric) {
  const std::filesystem::path mono = kTiny.parent_path() / "tiny-mono";
  const auto kind_of = [](const std::filesystem::path& folder, const std::string& name,
                          std::optional<DepthKind> said = std::nullopt) {
    const TemporaryFolder output;
    ExportSource source = folder_source(folder);
    source.name = name;
    source.seed = 1;  // The fixture has no weights
    source.depth_kind = said;
    export_model(source, output.path() / "model.pt");
    return weights::read_record(output.path() / "model.pt").depth_kind;
  };
  EXPECT_EQ(kind_of(mono, "DA3METRIC-LARGE-mine"), DepthKind::kCanonical);
  EXPECT_EQ(kind_of(mono, "my Metric model"), DepthKind::kCanonical);
  EXPECT_EQ(kind_of(mono, "symmetric"), DepthKind::kRelative);
  EXPECT_EQ(kind_of(kTiny, "da3-base-vs-metric"), DepthKind::kRelative);
  EXPECT_EQ(kind_of(mono, "mine", DepthKind::kMetric), DepthKind::kMetric);
  EXPECT_EQ(kind_of(mono, "metric", DepthKind::kInverse), DepthKind::kInverse);
  EXPECT_THROW(kind_of(kTiny, "mine", DepthKind::kMetric), Error);
}

TEST(ExportModel, AFolderThatNamesNoModelGivesItsOwnName) {
  const TemporaryFolder folder;
  const TemporaryFolder output;
  std::string config = read_file(kTiny / "config.json");
  const std::size_t name = config.find("\"model_name\"");
  ASSERT_NE(name, std::string::npos);
  config.erase(name, config.find(',', name) + 1 - name);
  folder.write("config.json", config);
  std::filesystem::copy(kTiny / "model.safetensors", folder.path() / "model.safetensors");
  ExportSource source = folder_source(folder.path());
  source.origin_text = "garden";
  export_model(source, output.path() / "model.pt");
  EXPECT_EQ(weights::read_record(output.path() / "model.pt").name, "garden");
}

TEST(ExportModel, FileRunsByItsOwnCodeAsTheRebuiltNetworkDoes) {
  const c10::InferenceMode inference;
  torch::jit::Module own = torch::jit::load(tiny_model().file.string());
  TensorMap tensors;
  for (const auto& parameter : own.named_parameters()) tensors[parameter.name] = parameter.value;
  torch::jit::Module rebuilt =
      build_network(weights::read_config(kTiny / "config.json"), kNewestLayout, tensors, Attention::kSdpa);
  for (const char* const method : {"forward", "pose"}) {
    const auto first = own.get_method(method)({picture()}).toGenericDict();
    const auto second = rebuilt.get_method(method)({picture()}).toGenericDict();
    ASSERT_EQ(first.size(), second.size());
    for (const auto& item : first) {
      EXPECT_TRUE(at::equal(item.value().toTensor(), second.at(item.key()).toTensor())) << item.key();
    }
  }
}

std::int64_t stored_parameters(int layout) {
  const weights::NetworkConfig config = weights::read_config(kTiny / "config.json");
  std::int64_t count = 0;
  for (const auto& [path, tensor] : expected_tensors(config, layout, stored_parts(config, layout)))
    count += c10::multiply_integers(tensor.shape);
  return count;
}

TEST(ExportModel, LeavesOutWhatNothingNeeds) {
  const ExportReport& report = tiny_model().report;
  EXPECT_EQ(report.spec.parameters, stored_parameters(kNewestLayout));
  EXPECT_LT(report.file_bytes, std::filesystem::file_size(kTiny / "model.safetensors"));
  std::int64_t sum = 0;
  std::vector<std::string> names;
  for (const ModelPart& part : model_parts(report.spec)) {
    sum += part.parameters;
    names.push_back(part.name);
  }
  EXPECT_EQ(sum, report.spec.parameters);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("backbone", "camera decoder", "camera encoder", "head",
                                                     "ray head"));
}

TEST(ExportModel, BlocksBehindTheLastTappedOneChangeNothing) {
  const TemporaryFolder folder;
  const auto exported = [&](const std::string& name, int depth) {
    weights::NetworkConfig config = weights::read_config(kTiny / "config.json");
    config.main.backbone.out_layers = {0, 1, 2, 3};
    config.main.backbone.depth = depth;
    folder.write(name + "/config.json", weights::config_text(config));
    std::filesystem::copy_file(kTiny / "model.safetensors", folder.path() / name / "model.safetensors");
    return export_model(folder_source(folder.path() / name), folder.path() / (name + ".pt"));
  };
  const ExportReport whole = exported("whole", 10);
  const ExportReport cut = exported("cut", 4);
  EXPECT_EQ(whole.spec.parameters, cut.spec.parameters);
  EXPECT_EQ(whole.spec.selftest->mean, cut.spec.selftest->mean);
  EXPECT_EQ(whole.spec.selftest->p98, cut.spec.selftest->p98);
  const testing::ToyRequest toy(1, 1, {28, 42});
  EXPECT_EQ(load_model(folder.path() / "whole.pt", {})->predict(toy.request).depth,
            load_model(folder.path() / "cut.pt", {})->predict(toy.request).depth);
}

TEST(ExportModel, DepthOnlyIsTheLayoutWithoutParts) {
  const TemporaryFolder output;
  const std::filesystem::path file = output.path() / "tiny.pt";
  ExportSource source = folder_source(kTiny);
  source.depth_only = true;
  const ExportReport report = export_model(source, file);
  EXPECT_EQ(report.spec.network_layout, kLayoutWithoutParts);
  EXPECT_EQ(report.spec.parameters, stored_parameters(kLayoutWithoutParts));
  EXPECT_FALSE(report.spec.has_output("rays"));
  EXPECT_TRUE(verify_model(file, {}).selftest_passed);
  LoadOptions options;
  options.parts.rays = true;
  try {
    load_model(file, options);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelContract);
    EXPECT_THAT(error.what(), HasSubstr("this file has no ray head"));
  }
}

/// A scene of two pictures.
predict::Request two_views(const std::vector<std::uint8_t>& first, const std::vector<std::uint8_t>& second) {
  predict::Request request;
  request.views = 2;
  request.size = {42, 56};
  request.pictures = {first, second};
  request.wanted.pose = true;
  return request;
}

TEST(ExportModel, PartsAreThereForThoseWhoLoadThem) {
  const std::filesystem::path& file = tiny_model().file;
  const auto first = weights::selftest_picture(42, 56, 1);
  const auto second = weights::selftest_picture(42, 56, 2);
  predict::Request request = two_views(first, second);
  const predict::Result plain = load_model(file, {})->predict(request);

  LoadOptions options;
  options.parts = {.camera_encoder = true, .rays = true};
  const auto model = load_model(file, options);
  request.wanted.rays = true;
  request.wanted.layers = {4, 1};
  const predict::Result more = model->predict(request);
  EXPECT_EQ(more.depth, plain.depth);
  EXPECT_EQ(more.extrinsics, plain.extrinsics);
  EXPECT_EQ(more.rays_size, (Size{24, 32}));
  EXPECT_EQ(more.rays.size(), std::size_t{2} * 24 * 32 * 7);
  ASSERT_EQ(more.layers.size(), 2U);
  EXPECT_EQ(more.layers[0].size(), std::size_t{2} * 3 * 4 * 64);
  EXPECT_NE(more.layers[0], more.layers[1]);

  // Other cameras, another depth; the same again, the same depth.
  request.cameras = {0, 0, 0, 0, 0, 0, 1, 1.0F, 1.2F, 0.9F, 0, 0.1F, 0, 0, 0, 1, 1.0F, 1.2F};
  const predict::Result posed = model->predict(request);
  EXPECT_NE(posed.depth, plain.depth);
  EXPECT_EQ(posed.depth, model->predict(request).depth);
  request.cameras[9] = 0.4F;
  EXPECT_NE(posed.depth, model->predict(request).depth);

  // Both scenes of a batch get their own cameras.
  predict::Request batch = request;
  batch.scenes = 2;
  batch.pictures.insert(batch.pictures.end(), request.pictures.begin(), request.pictures.end());
  batch.cameras.insert(batch.cameras.end(), request.cameras.begin(), request.cameras.end());
  batch.cameras[9] = 0.9F;
  const predict::Result both = model->predict(batch);
  for (std::size_t i = 0; i < posed.depth.size(); ++i)
    ASSERT_NEAR(both.depth[i], posed.depth[i], 1e-4 * posed.depth[i]);
}

TEST(ExportModel, RequestsForPartsThatWereNotLoadedAreRefused) {
  const std::filesystem::path& file = tiny_model().file;
  const auto picture = weights::selftest_picture(42, 56, 1);
  const auto refused = [&](const LoadOptions& options, const predict::Request& request) {
    try {
      load_model(file, options)->predict(request);
    } catch (const Error& error) {
      return error.code() == ErrorCode::kUsage;
    }
    return false;
  };
  predict::Request request = two_views(picture, picture);
  request.wanted.rays = true;
  EXPECT_TRUE(refused({}, request));
  request.wanted.rays = false;
  request.cameras.assign(18, 0.5F);
  EXPECT_TRUE(refused({}, request));
  LoadOptions options;
  options.parts.camera_encoder = true;
  EXPECT_FALSE(refused(options, request));
  request.reference = 1;
  EXPECT_TRUE(refused(options, request));
  request.reference.reset();
  request.cameras.pop_back();
  EXPECT_TRUE(refused(options, request));
}

TEST(ExportModel, MakesTheSameFileAgain) {
  const TemporaryFolder output;
  const std::filesystem::path again = output.path() / "again.pt";
  EXPECT_EQ(export_model(folder_source(kTiny), again).spec.sha256, tiny_model().report.spec.sha256);
  EXPECT_TRUE(read_file(again) == read_file(tiny_model().file));
}

TEST(ExportModel, SyntheticWeightsSaySo) {
  const TemporaryFolder output;
  const auto report = export_model(recipe_source("da3-small", 3), output.path() / "small.pt");
  EXPECT_EQ(report.spec.name, "da3-small");
  EXPECT_EQ(report.spec.origin, WeightsOrigin::kSynthetic);
  EXPECT_EQ(report.spec.seed, 3);
}

TEST(ExportModel, EverySeedHasOtherWeights) {
  const Published configuration;
  const TemporaryFolder output;
  const auto hash = [&](std::uint64_t seed) {
    ExportSource source = folder_source(configuration.folder());
    source.seed = seed;
    return export_model(source, output.path() / "tiny.pt").spec.sha256;
  };
  EXPECT_NE(hash(3), hash(4));
}

TEST(ExportModel, RecipeGivesThePublishedFixture) {
  const auto entries = weights::tensor_list(weights::read_config(kTiny / "config.json"));
  const auto file = weights::Safetensors::open(kTiny / "model.safetensors");
  const TensorMap published = published_tensors(file, entries).tensors;
  const TensorMap recipe = recipe_tensors(entries, 1);
  ASSERT_EQ(published.size(), recipe.size());
  for (const auto& [path, tensor] : recipe) EXPECT_TRUE(at::equal(tensor, published.at(path))) << path;
}

TEST(ExportModel, NamesUnknownTensorsInAWarning) {
  const Published published;
  published.write([](auto& tensors) {
    weights::TensorView extra = named(tensors, kNormName);
    extra.name = "model.something_else";
    tensors.push_back(extra);
  });
  const TemporaryFolder output;
  const auto report = export_model(folder_source(published.folder()), output.path() / "model.pt");
  ASSERT_THAT(report.warnings, SizeIs(1));
  EXPECT_THAT(report.warnings[0], HasSubstr("model.something_else"));
}

TEST(ExportModel, RefusesAMissingTensor) {
  const Published published;
  published.write(
      [](auto& tensors) { std::erase_if(tensors, [](const auto& t) { return t.name == kNormName; }); });
  expect_refused(published.folder(), ErrorCode::kModelContract, kNormName);
}

TEST(ExportModel, RefusesAWrongType) {
  const Published published;
  published.write([](auto& tensors) {
    weights::TensorView& tensor = named(tensors, kNormName);
    tensor.dtype = weights::Dtype::kI32;
  });
  expect_refused(published.folder(), ErrorCode::kModelContract, "I32");
}

TEST(ExportModel, RefusesAWrongShape) {
  const Published published;
  published.write([](auto& tensors) { named(tensors, kNormName).shape = {8, 8}; });
  expect_refused(published.folder(), ErrorCode::kModelContract, "[8, 8]");
}

TEST(ExportModel, RefusesWeightsThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const Published published;
    std::vector<std::byte> data;
    published.write([&](auto& tensors) {
      weights::TensorView& tensor = named(tensors, kNormName);
      data.assign(tensor.data.begin(), tensor.data.end());
      std::memcpy(data.data() + 20, &bad, sizeof bad);
      tensor.data = data;
    });
    expect_refused(published.folder(), ErrorCode::kModelDamaged, kNormName);
  }
}

TEST(ExportModel, RefusesWeightsThatGiveNoDepth) {
  const Published published;
  const std::vector<float> huge(8 * 8, 1e38F);
  published.write([&](auto& tensors) {
    weights::TensorView& tensor = named(tensors, kNormName);
    ASSERT_LE(tensor.data.size(), huge.size() * sizeof(float));
    tensor.data = std::as_bytes(std::span(huge)).first(tensor.data.size());
  });
  expect_refused(published.folder(), ErrorCode::kModelDamaged,
                 published.file().string() + ": The self-test's depth");
}

TEST(ExportModel, RefusesATruncatedFile) {
  const Published published;
  published.write_bytes([](std::string& bytes) { bytes.resize(bytes.size() - 1); });
  expect_refused(published.folder(), ErrorCode::kModelDamaged, "model.safetensors");
}

TEST(ExportModel, RefusesAHeaderLongerThanTheFile) {
  const Published published;
  published.write_bytes([](std::string& bytes) { bytes[3] = '\x7f'; });
  expect_refused(published.folder(), ErrorCode::kModelDamaged, "model.safetensors");
}

TEST(ExportModel, RefusesOverlappingTensors) {
  const Published published;
  published.write_bytes([](std::string& bytes) {
    // The second tensor begins where the first one does.
    const std::string key = "\"data_offsets\":[";
    const std::size_t first = bytes.find(key);
    const std::size_t second = bytes.find(key, first + 1) + key.size();
    bytes[second] = bytes[second] == '1' ? '2' : '1';
  });
  expect_refused(published.folder(), ErrorCode::kModelDamaged, "model.safetensors");
}

TEST(ExportModel, RefusesAFolderThatHoldsNoModel) {
  const TemporaryFolder empty;
  expect_refused(empty.path(), ErrorCode::kModelNotFound, "config.json");
}

TEST(ExportModel, LeavesAnExistingFileAloneWhenItFails) {
  const Published published;
  published.write([](auto& tensors) { named(tensors, kNormName).shape = {8, 8}; });
  const TemporaryFolder output;
  const auto file = output.write("model.pt", "what was there");
  EXPECT_THROW(export_model(folder_source(published.folder()), file), Error);
  EXPECT_EQ(std::filesystem::file_size(file), 14U);
  EXPECT_THAT(files_in(output.path()), SizeIs(1));
}

TEST(ExportModel, SaysWhereItCannotWrite) {
  try {
    export_model(folder_source(kTiny), "/nowhere/at/all/model.pt");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kOutputFailed);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at/all"));
  }
}

}  // namespace
}  // namespace da3::engine
