// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <testing/files.hpp>
#include <weights/model_config.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::read_file;
using ::da3::testing::thrown_by;
using nlohmann::json;
using ::testing::HasSubstr;

const std::filesystem::path kKeys = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "keys";

json published(const std::string& name) {
  return json::parse(read_file(kKeys / (name + ".config.json")));
}

class PublishedConfig : public ::testing::TestWithParam<std::string_view> {};

TEST_P(PublishedConfig, EqualsTheCatalogue) {
  const std::string name(GetParam());
  const NetworkConfig config = read_config(kKeys / (name + ".config.json"));
  EXPECT_EQ(config.model_name, name);
  EXPECT_TRUE(config.same_network(catalogue_config(name)));
}

TEST_P(PublishedConfig, NeedsNoMoreThanItsName) {
  const std::string name(GetParam());
  const NetworkConfig config = parse_config(json{{"model_name", name}}.dump(), "config.json");
  EXPECT_TRUE(config.same_network(read_config(kKeys / (name + ".config.json"))));
}

TEST_P(PublishedConfig, NeedsNoName) {
  json document = published(std::string(GetParam()));
  document.erase("model_name");
  EXPECT_TRUE(parse_config(document.dump(), "config.json").same_network(catalogue_config(GetParam())));
}

TEST_P(PublishedConfig, SurvivesBeingWritten) {
  const NetworkConfig config = catalogue_config(GetParam());
  const NetworkConfig again = parse_config(config_text(config), "record");
  EXPECT_TRUE(again.same_network(config));
  EXPECT_EQ(again.model_name, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, PublishedConfig,
                         ::testing::ValuesIn(catalogue_names().begin(), catalogue_names().end()),
                         [](const auto& each) {
                           std::string name(each.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(ModelConfig, ReadsTheSizesOfReducedModels) {
  const NetworkConfig config = read_config(kKeys / "tiny-swiglu.config.json");
  EXPECT_EQ(config.main.backbone.embed_dim, 64);
  EXPECT_EQ(config.main.backbone.depth, 10);
  EXPECT_EQ(config.main.backbone.num_heads, 2);
  EXPECT_EQ(config.main.backbone.head_dim(), 32);
  EXPECT_EQ(config.main.backbone.feed_forward, FeedForward::kSwiGlu);
  EXPECT_EQ(config.main.backbone.hidden_dim(), 88);  // int(64 * 2) * 2 / 3 = 85, up to a multiple of 8
  EXPECT_EQ(config.main.backbone.feature_dim(), 128);
  EXPECT_EQ(config.main.camera_encoder->trunk_depth, 1);
  EXPECT_TRUE(parse_config(config_text(config), "record").same_network(config));
}

TEST(ModelConfig, TellsMonoFromAnyView) {
  const NetworkConfig mono = read_config(kKeys / "tiny-mono.config.json");
  EXPECT_EQ(mono.main.head.kind, HeadKind::kDpt);
  EXPECT_TRUE(mono.main.head.use_sky_head);
  EXPECT_FALSE(mono.main.head.pos_embed);
  EXPECT_FALSE(mono.main.camera_decoder.has_value());
  const NetworkConfig tiny = read_config(kKeys / "tiny.config.json");
  EXPECT_EQ(tiny.main.head.kind, HeadKind::kDualDpt);
  EXPECT_TRUE(tiny.main.head.pos_embed);
  const NetworkConfig nested = read_config(kKeys / "tiny-nested.config.json");
  ASSERT_TRUE(nested.nested());
  EXPECT_EQ(nested.metric->head.kind, HeadKind::kDpt);
}

TEST(ModelConfig, KnowsThePublishedSpellings) {
  EXPECT_EQ(catalogue_name("depth-anything/DA3-LARGE-1.1"), "da3-large");
  EXPECT_EQ(catalogue_name("DA3MONO-LARGE"), "da3mono-large");
  EXPECT_EQ(catalogue_name("da3nested-giant-large"), "da3nested-giant-large");
  EXPECT_EQ(catalogue_name("da3-huge"), "");
  EXPECT_EQ(catalogue_name(""), "");
}

TEST(ModelConfigFault, UnknownNameListsTheKnownOnes) {
  const auto thrown = thrown_by([] { catalogue_config("da3-huge"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  EXPECT_THAT(thrown.message, HasSubstr("da3metric-large"));
}

TEST(ModelConfigFault, NamesAMissingFile) {
  EXPECT_EQ(thrown_by([] { read_config(kKeys / "none.json"); }).code, ErrorCode::kModelNotFound);
}

struct Change {
  const char* what;
  const char* pointer;
  json value;
  const char* message;
};

class ConfigChange : public ::testing::TestWithParam<Change> {};

TEST_P(ConfigChange, IsRefusedByTheNameOfItsField) {
  json document = published("tiny");
  document[json::json_pointer(GetParam().pointer)] = GetParam().value;
  const auto thrown = thrown_by([&] { parse_config(document.dump(), "config.json"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelContract);
  EXPECT_THAT(thrown.message, HasSubstr(GetParam().message));
  EXPECT_THAT(thrown.message, HasSubstr("config.json"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, ConfigChange,
    ::testing::Values(
        Change{"UnknownBackbone", "/config/net/name", "vith", "'config.net.name'"},
        Change{"HeadsDoNotDivide", "/config/net/num_heads", 3, "'config.net.num_heads'"},
        Change{"OddRotaryHeads", "/config/net/num_heads", 32, "'config.net.num_heads'"},
        Change{"NoHeads", "/config/net/num_heads", 0, "'config.net.num_heads'"},
        Change{"LayerBeyondDepth", "/config/net/out_layers", {3, 5, 7, 10}, "'config.net.out_layers'"},
        Change{"LayersNotAscending", "/config/net/out_layers", {3, 7, 7, 9}, "'config.net.out_layers'"},
        Change{"ThreeLayers", "/config/net/out_layers", {3, 5, 9}, "'config.net.out_layers'"},
        Change{"StartBeyondDepth", "/config/net/alt_start", 10, "'config.net.alt_start'"},
        Change{"HugeDepth", "/config/net/depth", 1e18, "'config.net.depth'"},
        Change{"TextAsNumber", "/config/net/embed_dim", "64", "'config.net.embed_dim'"},
        Change{"NumberAsBoolean", "/config/net/cat_token", 1, "'config.net.cat_token'"},
        Change{"NegativeRatio", "/config/net/mlp_ratio", -1, "'config.net.mlp_ratio'"},
        Change{"UnknownKey", "/config/net/num_register_tokens", 4, "'config.net.num_register_tokens'"},
        Change{"HeadWidth", "/config/head/dim_in", 64, "'config.head.dim_in'"},
        Change{"HeadClass", "/config/head/__object__/name", "Linear", "'config.head'"},
        Change{"Activation", "/config/head/activation", "sigmoid", "'config.head.activation'"},
        Change{"DecoderWidth", "/config/cam_dec/dim_in", 64, "'config.cam_dec.dim_in'"},
        Change{"EncoderWidth", "/config/cam_enc/dim_out", 32, "'config.cam_enc.dim_out'"},
        Change{"EncoderHeadsDoNotDivide", "/config/cam_enc/num_heads", 3, "'config.cam_enc.num_heads'"},
        Change{"RotaryWithoutViews", "/config/net/alt_start", -1, "'config.net.alt_start'"},
        Change{"NoTokensOfTwoKinds", "/config/net/cat_token", false, "'config.net.cat_token'"},
        Change{"NetNotObject", "/config/net", 4, "'config.net'"},
        Change{"HalfNested", "/config/anyview", json::object(), "'config.metric'"},
        Change{"NameOfAnotherNetwork", "/model_name", "da3-small", "another network"},
        Change{"NameNotText", "/model_name", 3, "'model_name'"}),
    [](const auto& each) { return std::string(each.param.what); });

TEST(ModelConfigFault, RefusesTextWithoutNameAndConfig) {
  for (const char* const text : {"{}", R"({"model_name":"mine"})", "[]", "{", "", R"({"model_name":null})"}) {
    EXPECT_EQ(thrown_by([&] { parse_config(text, "config.json"); }).code, ErrorCode::kModelContract) << text;
  }
}

TEST(ModelConfigFault, NeverFailsButByAnErrorWhateverByteIsChanged) {
  const std::string good = published("tiny").dump();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x08U, 0x80U}) {
      std::string text = good;
      text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ flip);
      try {
        EXPECT_GT(parse_config(text, "config.json").main.backbone.depth, 0);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kModelContract);
      }
    }
  }
}

}  // namespace
}  // namespace da3::weights
