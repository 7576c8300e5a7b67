// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iterator>
#include <string>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/serialization/import.h>

#include <da3/error.hpp>

#include <engine/libtorch_setup.hpp>
#include <engine/model_archive.hpp>
#include <engine/operators/cpu_allocator.hpp>
#include <testing/temporary_folder.hpp>
#include <testing/zip_writer.hpp>

#include "toy_network.hpp"

namespace da3::engine {
namespace {

using ::testing::HasSubstr;
using testing::kGoodForward;
using testing::save;
using testing::toy_module;
using testing::toy_spec;

class ModelArchive : public ::testing::Test {
 protected:
  ModelArchive() { set_up_libtorch(); }

  std::filesystem::path file() const { return folder_.path() / "toy.pt"; }

  /// A module whose tensors have unusual layouts and types.
  static torch::jit::Module odd_module() {
    auto module = toy_module(kGoodForward);
    module.register_parameter("base", numbered(), false);
    module.register_parameter("turned", numbered().t(), false);
    module.register_parameter("part", numbered().narrow(1, 2, 3), false);
    module.register_buffer("bytes", at::arange(7, at::kByte));
    module.register_buffer("empty", at::empty({0, 3}));
    module.register_buffer("scalar", at::scalar_tensor(5.0F));
    module.register_buffer("half", at::arange(4, at::kHalf));
    torch::jit::Module inner(c10::QualifiedName("__torch__.toy.Inner"), module._ivalue()->compilation_unit());
    inner.register_parameter("weight", at::ones({2, 2}), false);
    module.register_module("inner", inner);
    return module;
  }

  static at::Tensor numbered() { return at::arange(24, at::kFloat).view({4, 6}); }

  /// file() with one more entry, 64 MiB of zeros that lie compressed in some kilobytes and that nothing uses.
  std::filesystem::path with_large_entry() const {
    save(toy_module(kGoodForward), toy_spec(), file());
    const auto large = folder_.path() / "large.pt";
    caffe2::serialize::PyTorchStreamReader reader(file().string());
    caffe2::serialize::PyTorchStreamWriter writer(large.string());
    for (const std::string& name : reader.getAllRecords()) {
      if (name.starts_with(".data/") || name == "version" || name == "byteorder") continue;  // Its own
      const auto [data, size] = reader.getRecord(name);
      writer.writeRecord(name, data.get(), size);
    }
    const std::vector<char> zeros(std::size_t{1} << 26);
    writer.writeRecord("code/unused.py", zeros.data(), zeros.size(), true);
    writer.writeEndOfFile();
    return large;
  }

  da3::testing::TemporaryFolder folder_;
};

void expect_same(const at::Tensor& actual, const at::Tensor& expected, const std::string& name) {
  EXPECT_EQ(actual.sizes(), expected.sizes()) << name;
  EXPECT_EQ(actual.strides(), expected.strides()) << name;
  EXPECT_EQ(actual.scalar_type(), expected.scalar_type()) << name;
  EXPECT_TRUE(at::equal(actual, expected)) << name;
}

TEST_F(ModelArchive, EveryTensorIsReadWithValuesAndLayout) {
  const auto module = odd_module();
  save(module, toy_spec(), file());
  const auto tensors = read_tensors(core::StoredZip::open(file()));
  std::size_t count = 0;
  for (const auto& attribute : module.named_attributes()) {
    if (!attribute.value.isTensor()) continue;
    ++count;
    ASSERT_TRUE(tensors.contains(attribute.name)) << attribute.name;
    expect_same(tensors.at(attribute.name), attribute.value.toTensor(), attribute.name);
  }
  EXPECT_EQ(tensors.size(), count);
  EXPECT_EQ(count, 9U);
}

TEST_F(ModelArchive, TensorsOfOneRecordStayTogetherInAForeignFileAlone) {
  auto module = toy_module(kGoodForward);
  const at::Tensor base = numbered();
  module.register_parameter("base", base, false);
  module.register_parameter("turned", base.t(), false);
  save(module, toy_spec(), file());
  const auto mapped = load_mapped(core::StoredZip::open(file()));
  EXPECT_TRUE(mapped.attr("base").toTensor().is_alias_of(mapped.attr("turned").toTensor()));
  EXPECT_THROW(read_tensors(core::StoredZip::open(file())), Error);
}

TEST_F(ModelArchive, WeightsLieInTheFileNotInMemory) {
  auto module = toy_module(kGoodForward);
  module.register_parameter("large", at::zeros({1 << 20}), false);
  save(module, toy_spec(), file());
  const std::uint64_t before = cpu_memory().in_use_bytes;
  const auto tensors = read_tensors(core::StoredZip::open(file()));
  EXPECT_EQ(tensors.at("large").numel(), 1 << 20);
  const auto mapped = load_mapped(core::StoredZip::open(file()));
  EXPECT_EQ(mapped.attr("large").toTensor().numel(), 1 << 20);
  EXPECT_LT(cpu_memory().in_use_bytes - before, 4096U);
}

TEST_F(ModelArchive, WritingToAMappedTensorLeavesTheFileAlone) {
  save(odd_module(), toy_spec(), file());
  const c10::InferenceMode inference;
  const auto first = read_tensors(core::StoredZip::open(file()));
  first.at("base").fill_(9);
  const auto second = read_tensors(core::StoredZip::open(file()));
  EXPECT_EQ(second.at("base")[0][1].item<float>(), 1.0F);
}

TEST_F(ModelArchive, TensorsOutliveTheArchive) {
  save(odd_module(), toy_spec(), file());
  at::Tensor kept;
  {
    kept = read_tensors(core::StoredZip::open(file())).at("turned");
  }
  EXPECT_EQ(kept[1][0].item<float>(), 1.0F);
}

TEST_F(ModelArchive, MappedModuleGivesTheBitsOfLibTorchsOwnLoader) {
  save(odd_module(), toy_spec(), file());
  auto mapped = load_mapped(core::StoredZip::open(file()));
  auto copied = torch::jit::load(file().string(), c10::Device(at::kCPU));
  for (const auto& attribute : copied.named_attributes()) {
    if (!attribute.value.isTensor()) continue;
    std::string name = attribute.name;
    torch::jit::Module at = mapped;
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
      at = at.attr(name.substr(0, dot)).toModule();
      name.erase(0, dot + 1);
    }
    expect_same(at.attr(name).toTensor(), attribute.value.toTensor(), attribute.name);
  }
  const at::Tensor image = at::rand({1, 1, 3, 4, 4});
  EXPECT_TRUE(at::equal(mapped.forward({image}).toGenericDict().at("depth").toTensor(),
                        copied.forward({image}).toGenericDict().at("depth").toTensor()));
}

TEST_F(ModelArchive, TensorConstantsInTheCodeAreMappedToo) {
  auto module = toy_module(R"(
def forward(self, image: Tensor) -> Dict[str, Tensor]:
    return {'depth': image.mean(2) * 2}
)");
  auto graph = torch::jit::toGraphFunction(module.get_method("forward").function()).graph();
  for (torch::jit::Node* const node : graph->nodes()) {
    if (node->kind() != c10::Symbol::fromQualString("aten::mul")) continue;
    const torch::jit::WithInsertPoint here(node);
    node->replaceInput(1, graph->insertConstant(at::tensor({3.0F, 4.0F})));
  }
  save(module, toy_spec(), file());
  ASSERT_NE(core::StoredZip::open(file()).find("constants/0"), nullptr);
  auto mapped = load_mapped(core::StoredZip::open(file()));
  const at::Tensor depth = mapped.forward({at::ones({1, 1, 3, 2, 2})}).toGenericDict().at("depth").toTensor();
  EXPECT_EQ(depth.flatten()[0].item<float>(), 3.0F);
  EXPECT_EQ(depth.flatten()[1].item<float>(), 4.0F);
}

TEST_F(ModelArchive, CompressedCodeThatWouldFillMemoryIsNotUnpacked) {
  std::string bytes =
      da3::testing::zip_bytes({{"toy/code/x.py", "packed"}}, da3::testing::ZipHeader::kPlain, 8);
  // The size without compression in the directory.
  bytes.replace(bytes.find("PK\x01\x02") + 24, 4, da3::testing::little(0x40000000, 4));
  try {
    check_compressed(core::StoredZip::open(folder_.write("bomb.pt", bytes)));
    FAIL() << "unpacked";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelDamaged);
    EXPECT_THAT(error.what(), HasSubstr("compressed code of 1073741824 bytes"));
  }
}

TEST_F(ModelArchive, TensorThatReachesPastItsRecordIsDamaged) {
  auto module = toy_module(kGoodForward);
  module.register_parameter("long", at::zeros({200}), false);
  save(module, toy_spec(), file());
  std::ifstream in(file(), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  // The pickle's shape (200,): MARK, BININT1 200, TUPLE.
  const auto at = bytes.find("(K\xc8t");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 2] = '\xc9';
  const auto forged = folder_.write("forged.pt", bytes);
  try {
    read_tensors(core::StoredZip::open(forged));
    FAIL() << "read";
  } catch (const Error& error) {
    // Which of LibTorch and da3 finds it depends on LibTorch's version, and so does the rest of the message.
    EXPECT_EQ(error.code(), ErrorCode::kModelDamaged);
    EXPECT_THAT(error.what(), HasSubstr("forged.pt"));
  }
  EXPECT_ANY_THROW(load_mapped(core::StoredZip::open(forged)));
}

TEST_F(ModelArchive, ACompressedEntryIsComparedInPieces) {
  const auto large = with_large_entry();
  EXPECT_LT(std::filesystem::file_size(large), std::uintmax_t{1} << 20);
  empty_cpu_cache();
  const std::uint64_t before = cpu_memory().in_use_bytes + cpu_memory().cached_bytes;
  EXPECT_NO_THROW(check_compressed(core::StoredZip::open(large)));
  // What was taken at once stays in the cache.
  EXPECT_LT(cpu_memory().in_use_bytes + cpu_memory().cached_bytes - before, 1U << 20);
}

TEST_F(ModelArchive, ACompressedEntryWithoutItsChecksumIsDamaged) {
  const auto large = with_large_entry();
  const core::StoredZip archive = core::StoredZip::open(large);
  const core::ZipEntry* const entry = archive.find("code/unused.py");
  ASSERT_NE(entry, nullptr);
  ASSERT_NE(entry->method, 0);
  std::ifstream in(large, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  // The CRC in the directory: APPNOTE 4.3.12.
  bytes[entry->central_offset + 16] = static_cast<char>(bytes[entry->central_offset + 16] ^ 1);
  const auto forged = folder_.write("forged.pt", bytes);
  try {
    check_compressed(core::StoredZip::open(forged));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelDamaged);
    EXPECT_THAT(error.what(), HasSubstr("code/unused.py"));
  }
}

}  // namespace
}  // namespace da3::engine
