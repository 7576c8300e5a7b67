// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <engine/engine.hpp>
#include <testing/temporary_folder.hpp>

#include "toy_network.hpp"

namespace da3::engine {
namespace {

using ::testing::HasSubstr;
using testing::ToyRequest;

/// A network without `use_sdpa`, whose pixels attend to each other with the arguments `more`.
std::string attending(const std::string& more) {
  return R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    B, S, C, H, W = image.shape
    x = (image.flatten(3).transpose(2, 3) * 4).contiguous()
    if H > 0:
        x = torch.scaled_dot_product_attention(x, x * 2, x)" +
         more + R"()
    return {'depth': x.mean(-1).view(B, S, H, W)}
)";
}

class AttentionMode : public ::testing::Test {
 protected:
  std::unique_ptr<predict::DepthModel> load(const std::string& source, std::optional<Attention> attention) {
    LoadOptions options;
    options.attention = attention;
    const auto file =
        testing::save(testing::toy_module(source), testing::toy_spec(), folder_.path() / "toy.pt");
    return load_model(file, options);
  }

  da3::testing::TemporaryFolder folder_;
};

TEST_F(AttentionMode, CallsInAForeignFileAreWrittenOutOnRequest) {
  // 1024 tokens: the N x N matrix alone takes 4 MiB, which SDPA never builds.
  const ToyRequest toy(1, 1, {32, 32});
  constexpr std::uint64_t kMatrixBytes = 4 << 20;
  for (const char* const more : {"", ", scale=0.3"}) {
    const auto sdpa = load(attending(more), Attention::kSdpa);
    const auto manual = load(attending(more), Attention::kManual);
    EXPECT_EQ(sdpa->attention(), Attention::kSdpa);
    EXPECT_EQ(manual->attention(), Attention::kManual);
    const predict::Result expected = sdpa->predict(toy.request);
    const predict::Result actual = manual->predict(toy.request);
    EXPECT_LT(*expected.peak_bytes, kMatrixBytes) << more;
    EXPECT_GT(*actual.peak_bytes, kMatrixBytes) << more;
    for (std::size_t i = 0; i < expected.depth.size(); ++i) {
      // Sums of 1024 weights that are rounded in another order.
      ASSERT_NEAR(actual.depth[i], expected.depth[i], 1e-5F * std::abs(expected.depth[i]))
          << more << " " << i;
    }
  }
}

TEST_F(AttentionMode, ForeignFileKeepsItsOwnCallsUnlessAsked) {
  EXPECT_EQ(load(attending(""), std::nullopt)->attention(), Attention::kSdpa);
}

TEST_F(AttentionMode, CausalCallsCannotBeWrittenOutAndAreNotPassedOver) {
  try {
    load(attending(", is_causal=True"), Attention::kManual);
    FAIL() << "loaded";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPrecisionUnsupported);
    EXPECT_THAT(error.what(), HasSubstr("1 of 1 calls"));
  }
}

TEST_F(AttentionMode, SwitchOfTheFileIsSet) {
  const auto file = folder_.path() / "switch.pt";
  auto module = testing::toy_module("");
  module.register_attribute("use_sdpa", c10::BoolType::get(), true);
  module.define(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': image.mean(2) * 0 + int(self.use_sdpa)}
)");
  testing::save(module, testing::toy_spec(), file);
  for (const Attention mode : {Attention::kSdpa, Attention::kManual}) {
    LoadOptions options;
    options.attention = mode;
    const auto model = load_model(file, options);
    EXPECT_EQ(model->attention(), mode);
    EXPECT_EQ(model->predict(ToyRequest(1, 1, {2, 2}).request).depth[0],
              mode == Attention::kSdpa ? 1.0F : 0.0F);
  }
}

}  // namespace
}  // namespace da3::engine
