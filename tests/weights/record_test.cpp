// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <core/stored_zip.hpp>
#include <testing/files.hpp>
#include <testing/zip_writer.hpp>
#include <weights/record.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::TemporaryFolder;
using ::da3::testing::thrown_by;
using ::da3::testing::write_file;
using ::da3::testing::zip_bytes;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kHash(64, 'a');

/// The example of docs/model-format.md, with a hash and a fixed size.
json example() {
  json record = json::parse(R"({"schema":1,"name":"da3-base","family":"da3",
    "network":{"id":"da3-anyview","layout":1,"config":{"model_name":"da3-base"}},"parameters":98287458,"patch":14,
    "mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225],"input_range":[0,1],"process_res":504,
    "resize_method":"upper_bound_resize","depth":{"kind":"relative","unit":null,"larger_is_farther":true},
    "outputs":["depth","depth_conf"],"attention":["sdpa","manual"],
    "weights":{"origin":"published","seed":null,"source":"depth-anything/DA3-BASE@abc/model.safetensors",
               "source_sha256":null,"sha256":null},
    "selftest":{"height":70,"width":98,"seed":1,
                "depth":{"mean":1.5,"p2":0.25,"median":1.25,"p98":3.0,"tolerance":1e-4}},
    "licence":{"spdx":"Apache-2.0","attribution":"Depth Anything 3"},"da3_version":"0.1.0"})");
  record["weights"]["sha256"] = kHash;
  return record;
}

TEST(Record, ReadsEveryField) {
  const ModelSpec spec = parse_record(example().dump(), "da3.json");
  EXPECT_EQ(spec.name, "da3-base");
  EXPECT_EQ(spec.family, "da3");
  EXPECT_EQ(spec.network_id, "da3-anyview");
  EXPECT_EQ(spec.network_layout, 1);
  EXPECT_EQ(spec.network_config_json, R"({"model_name":"da3-base"})");
  EXPECT_EQ(spec.parameters, 98287458);
  EXPECT_EQ(spec.patch, 14);
  EXPECT_THAT(spec.mean, ElementsAre(0.485F, 0.456F, 0.406F));
  EXPECT_THAT(spec.std, ElementsAre(0.229F, 0.224F, 0.225F));
  EXPECT_EQ(spec.process_res, 504);
  EXPECT_FALSE(spec.fixed_size.has_value());
  EXPECT_EQ(spec.depth_kind, DepthKind::kRelative);
  EXPECT_FALSE(spec.depth_unit.has_value());
  EXPECT_THAT(spec.outputs, ElementsAre("depth", "depth_conf"));
  EXPECT_THAT(spec.attention, ElementsAre(Attention::kSdpa, Attention::kManual));
  EXPECT_EQ(spec.origin, WeightsOrigin::kPublished);
  EXPECT_EQ(spec.sha256, kHash);
  EXPECT_EQ(spec.source_sha256, "");
  ASSERT_TRUE(spec.selftest.has_value());
  EXPECT_EQ(spec.selftest->width, 98);
  EXPECT_EQ(spec.selftest->p98, 3.0);
  EXPECT_EQ(spec.licence_spdx, "Apache-2.0");
}

TEST(Record, IsWrittenAsItWasRead) {
  const ModelSpec spec = parse_record(example().dump(), "da3.json");
  EXPECT_EQ(json::parse(record_text(spec)), example());
}

TEST(Record, KeepsFixedSizeSeedAndUnit) {
  json record = example();
  record["fixed_size"] = {224, 448};
  record["selftest"] = nullptr;
  record["depth"] = {{"kind", "metric"}, {"unit", "m"}, {"larger_is_farther", true}};
  record["weights"]["origin"] = "synthetic";
  record["weights"]["seed"] = 18446744073709551615U;
  record["attention"] = json::array();
  const ModelSpec spec = parse_record(record.dump(), "da3.json");
  EXPECT_THAT(*spec.fixed_size, ElementsAre(224, 448));
  EXPECT_EQ(spec.seed, 18446744073709551615U);
  EXPECT_EQ(spec.depth_unit, "m");
  EXPECT_TRUE(spec.attention.empty());
  EXPECT_EQ(json::parse(record_text(spec)), record);
}

TEST(Record, TextsForPeopleAreOneLineOfBoundedLength) {
  json record = example();
  record["name"] = "X\nself-test    passed\x1b[2J";
  record["licence"]["attribution"] =
      "a\xE2\x80\xAE"
      "b";
  const ModelSpec spec = parse_record(record.dump(), "da3.json");
  EXPECT_EQ(spec.name, "X?self-test    passed?[2J");
  EXPECT_EQ(spec.licence_attribution, "a?b");
  record["name"] = std::string(2000, 'x');
  const auto thrown = thrown_by([&] { parse_record(record.dump(), "da3.json"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  EXPECT_THAT(thrown.message, HasSubstr("field 'name': expected up to 1000 bytes"));
}

TEST(RecordFault, MessagesDoNotRepeatLongValues) {
  json record = example();
  record["mean"] = std::vector<int>(100'000, 0);
  const auto thrown = thrown_by([&] { parse_record(record.dump(), "da3.json"); });
  EXPECT_THAT(thrown.message, HasSubstr("field 'mean': expected 3 finite numbers, found [0,0,0,"));
  EXPECT_LT(thrown.message.size(), 1000U);
}

TEST(Record, IgnoresFieldsItDoesNotKnow) {
  json record = example();
  record["colour"] = "blue";
  EXPECT_EQ(parse_record(record.dump(), "da3.json").name, "da3-base");
}

TEST(Record, OfAForeignNetworkNeedsNoNetworkHashOrSelftest) {
  json record = example();
  record.erase("network");
  record.erase("selftest");
  record["weights"] = {{"origin", "foreign"}};
  const ModelSpec spec = parse_record(record.dump(), "mine.json");
  EXPECT_EQ(spec.network_id, "");
  EXPECT_EQ(spec.sha256, "");
  EXPECT_FALSE(spec.selftest.has_value());
}

TEST(Record, OfAFixedSizeNeedsNoResizing) {
  json record = example();
  record["fixed_size"] = {224, 224};
  record.erase("process_res");
  record.erase("resize_method");
  record.erase("selftest");
  EXPECT_EQ(parse_record(record.dump(), "mine.json").fixed_size->front(), 224);
}

class RequiredField : public ::testing::TestWithParam<const char*> {};

TEST_P(RequiredField, IsNamedWhenMissing) {
  json record = example();
  const json::json_pointer pointer(GetParam());
  record[pointer.parent_pointer()].erase(pointer.back());
  const auto thrown = thrown_by([&] { parse_record(record.dump(), "da3.json"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  std::string field = std::string(GetParam()).substr(1);
  for (char& letter : field) letter = letter == '/' ? '.' : letter;
  EXPECT_THAT(thrown.message, HasSubstr("'" + field + "'"));
}

INSTANTIATE_TEST_SUITE_P(Each, RequiredField,
                         ::testing::Values("/schema", "/name", "/family", "/network/id", "/network/layout",
                                           "/parameters", "/patch", "/mean", "/std", "/input_range",
                                           "/process_res", "/resize_method", "/depth", "/depth/kind",
                                           "/depth/unit", "/depth/larger_is_farther", "/outputs",
                                           "/attention", "/weights", "/weights/origin", "/weights/sha256",
                                           "/selftest/height", "/selftest/seed", "/selftest/depth",
                                           "/selftest/depth/mean", "/selftest/depth/tolerance", "/licence",
                                           "/licence/spdx"));

struct Change {
  const char* what;
  const char* pointer;
  json value;
  const char* field;
};

class RecordChange : public ::testing::TestWithParam<Change> {};

TEST_P(RecordChange, IsRefusedByTheNameOfItsField) {
  json record = example();
  record[json::json_pointer(GetParam().pointer)] = GetParam().value;
  const auto thrown = thrown_by([&] { parse_record(record.dump(), "model.pt: da3.json"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  EXPECT_THAT(thrown.message, HasSubstr("'" + std::string(GetParam().field) + "'"));
  EXPECT_THAT(thrown.message, HasSubstr("model.pt: da3.json"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RecordChange,
    ::testing::Values(
        Change{"NewerSchema", "/schema", 2, "schema"}, Change{"SchemaText", "/schema", "1", "schema"},
        Change{"EmptyName", "/name", "", "name"}, Change{"NameNumber", "/name", 5, "name"},
        Change{"NetworkText", "/network", "da3", "network"},
        Change{"LayoutNegative", "/network/layout", -1, "network.layout"},
        Change{"ConfigList", "/network/config", json::array(), "network.config"},
        Change{"ParametersNegative", "/parameters", -1, "parameters"},
        Change{"ParametersHuge", "/parameters", 18446744073709551615U, "parameters"},
        Change{"PatchZero", "/patch", 0, "patch"}, Change{"PatchFraction", "/patch", 14.5, "patch"},
        Change{"MeanOfTwo", "/mean", {0, 0}, "mean"}, Change{"MeanText", "/mean", {0, "a", 0}, "mean"},
        Change{"StdZero", "/std", {1, 0, 1}, "std"}, Change{"StdTiny", "/std", {1e-300, 1, 1}, "std"},
        Change{"StdHuge", "/std", {1e300, 1, 1}, "std"}, Change{"MeanHuge", "/mean", {0, 1e39, 0}, "mean"},
        Change{"RangeHuge", "/input_range", {0, 1e39}, "input_range"},
        Change{"RangeReversed", "/input_range", {1, 0}, "input_range"},
        Change{"SmallerThanAPatch", "/process_res", 13, "process_res"},
        Change{"UnknownMethod", "/resize_method", "stretch", "resize_method"},
        Change{"FixedSizeOfOne", "/fixed_size", {224}, "fixed_size"},
        Change{"FixedSizeOffThePatch", "/fixed_size", {224, 225}, "fixed_size"},
        Change{"UnknownKind", "/depth/kind", "absolute", "depth.kind"},
        Change{"UnitOfRelative", "/depth/unit", "m", "depth.unit"},
        Change{"MetricWithoutUnit", "/depth/kind", "metric", "depth.unit"},
        Change{"Feet", "/depth/unit", "ft", "depth.unit"},
        Change{"InverseButFarther", "/depth/kind", "inverse", "depth.larger_is_farther"},
        Change{"NoDepthOutput", "/outputs", {"sky"}, "outputs"},
        Change{"UnknownOutput", "/outputs", {"depth", "normals"}, "outputs"},
        Change{"OutputTwice", "/outputs", {"depth", "depth"}, "outputs"},
        Change{"UnknownAttention", "/attention", {"flash"}, "attention"},
        Change{"FixedAttention", "/attention", {"fixed"}, "attention"},
        Change{"UnknownOrigin", "/weights/origin", "found", "weights.origin"},
        Change{"SeedOfPublished", "/weights/seed", 1, "weights.seed"},
        Change{"SyntheticWithoutSeed", "/weights/origin", "synthetic", "weights.seed"},
        Change{"ShortHash", "/weights/sha256", "abc", "weights.sha256"},
        Change{"UpperCaseHash", "/weights/sha256", std::string(64, 'A'), "weights.sha256"},
        Change{"SelftestOffThePatch", "/selftest/height", 71, "selftest"},
        Change{"SelftestNegativeSeed", "/selftest/seed", -1, "selftest.seed"},
        Change{"SelftestNoTolerance", "/selftest/depth/tolerance", 0, "selftest.depth.tolerance"},
        Change{"SelftestNull", "/selftest/depth/p2", nullptr, "selftest.depth.p2"},
        Change{"LicenceText", "/licence", "MIT", "licence"}),
    [](const auto& each) { return std::string(each.param.what); });

TEST(RecordFault, NeverFailsButByAnErrorWhateverByteIsChanged) {
  const std::string good = example().dump();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x08U, 0x80U}) {
      std::string text = good;
      text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ flip);
      try {
        EXPECT_TRUE(parse_record(text, "da3.json").has_output("depth"));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kModelContract);
      }
    }
  }
}

TEST(RecordInArchive, IsReadWithoutLibTorch) {
  const TemporaryFolder folder;
  const auto path = write_file(folder.path() / "m.pt",
                               zip_bytes({{"m/data/0", "1234"}, {"m/extra/da3.json", example().dump()}}));
  EXPECT_EQ(read_record(path).name, "da3-base");
}

TEST(RecordInArchive, IsReplacedInPlace) {
  const TemporaryFolder folder;
  const std::string room = example().dump() + std::string(100, ' ');
  for (const auto header : {::da3::testing::ZipHeader::kPlain, ::da3::testing::ZipHeader::kDescriptor}) {
    const auto path = write_file(folder.path() / "m.pt",
                                 zip_bytes({{"m/extra/da3.json", room}, {"m/data/0", "1234"}}, header));
    ModelSpec spec = read_record(path);
    spec.sha256 = std::string(64, 'b');
    spec.licence_attribution = "another";
    replace_record(path, spec);
    const ModelSpec again = read_record(path);
    EXPECT_EQ(again.sha256, std::string(64, 'b'));
    EXPECT_EQ(again.licence_attribution, "another");
    EXPECT_EQ(std::filesystem::file_size(path),
              zip_bytes({{"m/extra/da3.json", room}, {"m/data/0", "1234"}}, header).size());
  }
}

TEST(RecordInArchive, IsNotReplacedByALongerOne) {
  const TemporaryFolder folder;
  const auto path = write_file(folder.path() / "m.pt", zip_bytes({{"m/extra/da3.json", example().dump()}}));
  ModelSpec spec = read_record(path);
  spec.licence_attribution.append(1000, 'x');
  EXPECT_EQ(thrown_by([&] { replace_record(path, spec); }).code, ErrorCode::kInternal);
}

TEST(RecordFault, BracketsWithoutEndAreAnErrorNotAnOverflow) {
  for (const std::size_t depth : {65U, 100000U}) {
    const std::string nested = std::string(depth, '[') + std::string(depth, ']');
    const auto thrown = thrown_by([&] { parse_record("{\"schema\":1,\"name\":" + nested + "}", "d.json"); });
    EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
    EXPECT_THAT(thrown.message, HasSubstr("deeper than 64"));
  }
}

TEST(RecordInArchiveFault, SaysWhatToTryWhenThereIsNone) {
  const TemporaryFolder folder;
  const auto path =
      write_file(folder.path() / "m.pt", zip_bytes({{"m/data.pkl", "x"}, {"m/code/__torch__.py", "x"}}));
  const auto thrown = thrown_by([&] { read_record(path); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  EXPECT_THAT(thrown.message, HasSubstr("da3.json"));
  EXPECT_THAT(thrown.message, HasSubstr("--describe"));
}

TEST(RecordInArchiveFault, IsDamagedWhenItsBytesChanged) {
  const TemporaryFolder folder;
  std::string bytes = zip_bytes({{"m/extra/da3.json", example().dump()}});
  bytes[bytes.find("da3-base")] = 'D';
  const auto path = write_file(folder.path() / "m.pt", bytes);
  EXPECT_EQ(thrown_by([&] { read_record(path); }).code, ErrorCode::kModelDamaged);
}

TEST(RecordInArchiveFault, FileThatIsNoArchiveIsDamaged) {
  const TemporaryFolder folder;
  const auto path = write_file(folder.path() / "m.pt", std::string(4000, 'x'));
  EXPECT_EQ(thrown_by([&] { read_record(path); }).code, ErrorCode::kModelDamaged);
  EXPECT_EQ(thrown_by([&] { read_record(folder.path() / "none.pt"); }).code, ErrorCode::kModelNotFound);
}

}  // namespace
}  // namespace da3::weights
