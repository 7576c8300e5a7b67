// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/npy.hpp>

namespace da3 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::uint8_t> npy(const std::string& header, const std::string& data = "", char version = 1) {
  std::string file = std::string("\x93NUMPY") + version + '\0';
  const std::size_t bytes_of_length = version == 1 ? 2 : 4;
  for (std::size_t i = 0; i < bytes_of_length; ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFFU);
  file += header + data;
  return {file.begin(), file.end()};
}

std::string header_of(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }   \n";
}

std::string refused(const std::vector<std::uint8_t>& file) {
  try {
    parse_npy(file);
    return "";
  } catch (const UnreadableNpy& error) {
    return error.what();
  }
}

TEST(Npy, GivesTypeShapeAndTheBytesAfterTheHeader) {
  const auto file = npy(header_of("<f4", "13, 7"), "data");
  const NpyView array = parse_npy(file);
  EXPECT_EQ(array.type, "<f4");
  EXPECT_EQ(array.value_bytes, 4U);
  EXPECT_THAT(array.shape, ElementsAre(13, 7));
  EXPECT_EQ(array.num_values, 91U);
  EXPECT_EQ(std::string(array.data.begin(), array.data.end()), "data");
  EXPECT_FALSE(array.is_whole());
  const auto scalar = npy(header_of("|u1", ""), "1");
  EXPECT_THAT(parse_npy(scalar).shape, IsEmpty());
  EXPECT_TRUE(parse_npy(scalar).is_whole());
  const auto texts = npy(header_of("<U12", "3,"));
  EXPECT_EQ(parse_npy(texts).value_bytes, 48U);
  EXPECT_THAT(parse_npy(texts).shape, ElementsAre(3));
}

TEST(Npy, ReadsLaterVersionsMembersInAnyOrderAndHeadersOfAnyLength) {
  const std::string any = "{'shape':(2,),'fortran_order':False,'descr':'<f8'}" + std::string(1 << 20, ' ');
  for (const char version : {'\2', '\3'}) {
    const auto file = npy(any, "", version);
    EXPECT_THAT(parse_npy(file).shape, ElementsAre(2));
    EXPECT_EQ(parse_npy(file).type, "<f8");
  }
}

TEST(Npy, NamesWhatIsWrong) {
  EXPECT_EQ(refused({}), "no npy array");
  EXPECT_EQ(refused({'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "no npy array");
  auto cut = npy(header_of("<f4", "13, 7"));
  cut.resize(cut.size() - 1);
  EXPECT_EQ(refused(cut), "it ends within its header");
  EXPECT_EQ(refused(npy("{'descr': '<f4', 'shape': (2,)}")), "its header has no 'fortran_order'");
  EXPECT_THAT(refused(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}")),
              ::testing::HasSubstr("Fortran"));
  for (const char* const type : {"|O", "<M8[ns]", "<f", "<U123456789", ""})
    EXPECT_EQ(refused(npy(header_of(type, "2,"))), "its values are no numbers or texts") << type;
  EXPECT_EQ(refused(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}")),
            "its values are no numbers or texts");
  EXPECT_EQ(refused(npy(header_of("<U0", "2,"))), "its values have no bytes");
}

// Products that would wrap to a small number of bytes.
TEST(Npy, RefusesShapesThatNoMemoryHolds) {
  for (const char* const shape :
       {"-1,", "x", "2,,3", "2", "18446744073709551616,", "18446744073709551615,", "4611686018427387904, 4",
        "12297829382473034411, 3, 4", "6148914691236517206, 3"}) {
    const std::string header = shape == std::string("2")
                                   ? "{'descr': '<f8', 'fortran_order': False, 'shape': (2"
                                   : header_of("<f8", shape);
    EXPECT_EQ(refused(npy(header)), "its shape makes no sense") << shape;
  }
  EXPECT_EQ(refused(npy(header_of("<U99999999", "99999999999"))), "its shape makes no sense");
}

}  // namespace
}  // namespace da3
