// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <testing/files.hpp>
#include <weights/safetensors.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::TemporaryFolder;
using ::da3::testing::thrown_by;
using ::da3::testing::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string file_bytes(const std::string& header, std::size_t num_data_bytes) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i) & 0xffU);
  bytes += header;
  for (std::size_t i = 0; i < num_data_bytes; ++i) bytes += static_cast<char>(i);
  return bytes;
}

const std::string kTwoTensors =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
    R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[8,14]}})";

class SafetensorsFile : public ::testing::Test {
 protected:
  Safetensors open(const std::string& bytes) {
    return Safetensors::open(write_file(folder_.path() / "model.safetensors", bytes));
  }
  TemporaryFolder folder_;
};

using SafetensorsReader = SafetensorsFile;
using SafetensorsFault = SafetensorsFile;

TEST_F(SafetensorsReader, GivesNamesShapesTypesAndBytes) {
  const Safetensors file = open(file_bytes(kTwoTensors, 14));
  ASSERT_EQ(file.tensors().size(), 2U);
  const TensorView* const b = file.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dtype, Dtype::kBf16);
  EXPECT_EQ(to_string(b->dtype), "BF16");
  EXPECT_THAT(b->shape, ElementsAre(3));
  EXPECT_EQ(b->num_elements(), 3);
  EXPECT_THAT(b->data, ElementsAre(std::byte(8), std::byte(9), std::byte(10), std::byte(11), std::byte(12),
                                   std::byte(13)));
  EXPECT_THAT(file.metadata(), ElementsAre(std::pair<const std::string, std::string>("format", "pt")));
  EXPECT_EQ(file.find("c"), nullptr);
}

TEST_F(SafetensorsReader, SortsTensorsByTheirData) {
  const Safetensors file = open(file_bytes(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},)"
                                           R"("b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                                           3));
  EXPECT_EQ(file.tensors()[0].name, "b");
  EXPECT_EQ(file.tensors()[0].num_elements(), 1);
  EXPECT_EQ(file.tensors()[1].name, "a");
}

TEST_F(SafetensorsReader, AcceptsEmptyTensorsAndAnEmptyFile) {
  EXPECT_EQ(open(file_bytes(R"({"a":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]}})", 0))
                .find("a")
                ->data.size(),
            0U);
  EXPECT_TRUE(open(file_bytes("{}", 0)).tensors().empty());
}

TEST_F(SafetensorsReader, KeepsTheMappingAliveThroughItsHandle) {
  std::shared_ptr<void> handle;
  std::span<const std::byte> data;
  {
    const Safetensors file = open(file_bytes(kTwoTensors, 14));
    handle = file.handle();
    data = file.find("a")->data;
  }
  EXPECT_EQ(data[7], std::byte(7));
}

TEST_F(SafetensorsReader, MapsPagesThatCanBeWrittenWithoutChangingTheFile) {
  const std::string bytes = file_bytes(kTwoTensors, 14);
  const Safetensors file = open(bytes);
  const_cast<std::byte&>(file.find("a")->data[0]) = std::byte(99);
  EXPECT_EQ(file.find("a")->data[0], std::byte(99));
  EXPECT_EQ(::da3::testing::read_file(file.path()), bytes);
}

TEST_F(SafetensorsReader, ReadsWhatTheWriterWrote) {
  const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
  const std::array<std::uint8_t, 3> bytes{7, 8, 9};
  const std::vector<TensorView> tensors{
      {.name = "z", .dtype = Dtype::kU8, .shape = {3}, .data = std::as_bytes(std::span(bytes))},
      {.name = "a\"\\\xc3\xa4",
       .dtype = Dtype::kF32,
       .shape = {2, 3},
       .data = std::as_bytes(std::span(values))}};
  const auto path = folder_.path() / "written.safetensors";
  write_safetensors(path, tensors, {{"format", "pt"}});

  const Safetensors file = Safetensors::open(path);
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "z");
  const TensorView* const floats = file.find("a\"\\\xc3\xa4");
  ASSERT_NE(floats, nullptr);
  EXPECT_THAT(floats->shape, ElementsAre(2, 3));
  EXPECT_EQ(std::memcmp(floats->data.data(), values.data(), sizeof(values)), 0);
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST_F(SafetensorsReader, WriterRefusesDataThatDoesNotFitItsShape) {
  const std::array<float, 6> values{};
  const std::vector<TensorView> tensors{
      {.name = "a", .shape = {7}, .data = std::as_bytes(std::span(values))}};
  const auto path = folder_.path() / "written.safetensors";
  EXPECT_EQ(thrown_by([&] { write_safetensors(path, tensors); }).code, ErrorCode::kInternal);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SafetensorsFault, WriterNamesAFolderThatDoesNotExist) {
  const auto path = folder_.path() / "nowhere" / "written.safetensors";
  const auto thrown = thrown_by([&] { write_safetensors(path, {}); });
  EXPECT_EQ(thrown.code, ErrorCode::kOutputFailed);
  EXPECT_THAT(thrown.message, HasSubstr(path.string()));
}

TEST_F(SafetensorsFault, NamesAMissingFile) {
  const auto thrown = thrown_by([&] { Safetensors::open(folder_.path() / "none.safetensors"); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelNotFound);
  EXPECT_THAT(thrown.message, HasSubstr("none.safetensors"));
}

TEST_F(SafetensorsFault, RefusesAFolder) {
  EXPECT_EQ(thrown_by([&] { Safetensors::open(folder_.path()); }).code, ErrorCode::kModelDamaged);
}

struct Lie {
  const char* what;
  std::string bytes;
  const char* message;
};

class SafetensorsLie : public SafetensorsFile, public ::testing::WithParamInterface<Lie> {};

TEST_P(SafetensorsLie, IsNamed) {
  const auto thrown = thrown_by([&] { open(GetParam().bytes); });
  EXPECT_EQ(thrown.code, ErrorCode::kModelDamaged);
  EXPECT_THAT(thrown.message, HasSubstr(GetParam().message));
  EXPECT_THAT(thrown.message, HasSubstr("model.safetensors"));
}

std::string one_tensor(const std::string& entry) {
  return "{\"weight\":" + entry + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Each, SafetensorsLie,
    ::testing::Values(
        Lie{"EmptyFile", "", "truncated"}, Lie{"ShorterThanItsLength", "1234567", "truncated"},
        Lie{"HeaderLongerThanFile", file_bytes(kTwoTensors, 0).substr(0, 60), "header of"},
        Lie{"HugeHeader", std::string(8, '\xff') + "{}", "at most 100000000"},
        Lie{"HeaderLengthNearOverflow", std::string("\xf8\xff\xff\xff\xff\xff\xff\xff{}", 10), "at most"},
        Lie{"NotJson", file_bytes("{\"a\":", 4), "not valid JSON"},
        Lie{"NoHeader", file_bytes("", 4), "not valid JSON"},
        Lie{"InvalidUtf8", file_bytes("{\"\xff\":1}", 4), "not valid JSON"},
        Lie{"NotAnObject", file_bytes("[1]", 4), "expected a JSON object"},
        Lie{"DeeplyNested", file_bytes(std::string(100000, '['), 0), "brackets deeper"},
        Lie{"TruncatedData", file_bytes(kTwoTensors, 13), "truncated"},
        Lie{"NoData", file_bytes(kTwoTensors, 0), "truncated"},
        Lie{"TrailingData", file_bytes(kTwoTensors, 15), "but the file has 15 bytes"},
        Lie{"Overlap",
            file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})",
                       6),
            "inside the one before"},
        Lie{"SameRange",
            file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                       4),
            "inside the one before"},
        Lie{"Gap",
            file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})",
                       12),
            "gap"},
        Lie{"GapAtTheStart", file_bytes(one_tensor(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})"), 2),
            "gap"},
        Lie{"BeyondTheFile",
            file_bytes(one_tensor(R"({"dtype":"F32","shape":[1000],"data_offsets":[0,4000]})"), 8),
            "truncated"},
        Lie{"SizeMismatch", file_bytes(one_tensor(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"), 8),
            "does not fit"},
        Lie{"WrongType", file_bytes(one_tensor(R"({"dtype":"F16","shape":[2],"data_offsets":[0,8]})"), 8),
            "does not fit"},
        Lie{"ReversedOffsets",
            file_bytes(one_tensor(R"({"dtype":"U8","shape":[1],"data_offsets":[1,0]})"), 8), "does not fit"},
        Lie{"ShapeOverflow",
            file_bytes(one_tensor(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"),
                       0),
            "does not fit"},
        Lie{"ElementOverflow",
            file_bytes(one_tensor(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})"),
                       0),
            "does not fit"},
        Lie{"ExtentBeyondInt64",
            file_bytes(one_tensor(R"({"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,0]})"),
                       0),
            "whole numbers"},
        Lie{"NegativeExtent",
            file_bytes(one_tensor(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})"), 1),
            "whole numbers"},
        Lie{"FractionalExtent",
            file_bytes(one_tensor(R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})"), 1),
            "whole numbers"},
        Lie{"NegativeOffset",
            file_bytes(one_tensor(R"({"dtype":"U8","shape":[1],"data_offsets":[-1,0]})"), 1),
            "whole numbers"},
        Lie{"ThreeOffsets", file_bytes(one_tensor(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1,2]})"), 1),
            "two offsets"},
        Lie{"UnknownType", file_bytes(one_tensor(R"({"dtype":"F33","shape":[1],"data_offsets":[0,4]})"), 4),
            "unknown type 'F33'"},
        Lie{"TypeNotText", file_bytes(one_tensor(R"({"dtype":4,"shape":[1],"data_offsets":[0,4]})"), 4),
            "'dtype'"},
        Lie{"NoShape", file_bytes(one_tensor(R"({"dtype":"F32","data_offsets":[0,4]})"), 4), "'shape'"},
        Lie{"NoOffsets", file_bytes(one_tensor(R"({"dtype":"F32","shape":[1]})"), 4), "'data_offsets'"},
        Lie{"TensorNotObject", file_bytes(one_tensor("7"), 4), "tensor 'weight'"},
        Lie{"DuplicateName",
            file_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                       4),
            "names 'a' twice"},
        Lie{"DuplicateField",
            file_bytes(one_tensor(R"({"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]})"), 4),
            "names 'shape' twice"},
        Lie{"MetadataNotObject", file_bytes(R"({"__metadata__":[]})", 0), "__metadata__"},
        Lie{"MetadataNotText", file_bytes(R"({"__metadata__":{"a":1}})", 0), "__metadata__"}),
    [](const auto& each) { return std::string(each.param.what); });

TEST_F(SafetensorsFault, NeverFailsButByAnErrorWhateverByteIsChanged) {
  const std::string good = file_bytes(kTwoTensors, 14);
  std::size_t num_refused = 0;
  for (std::size_t at = 0; at < good.size() - 14; ++at) {
    for (const unsigned flip : {0x01U, 0x02U, 0x10U, 0x20U, 0x80U, 0xffU}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ flip);
      try {
        // What is accepted must be readable to its last byte.
        unsigned sum = 0;
        const Safetensors file = open(bytes);
        for (const TensorView& tensor : file.tensors()) {
          ASSERT_EQ(tensor.data.size(),
                    static_cast<std::size_t>(tensor.num_elements()) * element_size(tensor.dtype));
          for (const std::byte byte : tensor.data) sum += std::to_integer<unsigned>(byte);
        }
        ASSERT_LE(sum, 14U * 255U);
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::kModelDamaged);
        ++num_refused;
      }
    }
  }
  EXPECT_GT(num_refused, good.size());
}

TEST_F(SafetensorsFault, RefusesEveryShorterFile) {
  const std::string good = file_bytes(kTwoTensors, 14);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(thrown_by([&] { open(good.substr(0, size)); }).code, ErrorCode::kModelDamaged) << size;
  }
}

}  // namespace
}  // namespace da3::weights
