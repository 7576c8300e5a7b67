// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <testing/temporary_folder.hpp>
#include <testing/zip_writer.hpp>
#include <weights/stored_tensors.hpp>

// Pickles written by hand, instruction by instruction.
namespace da3::weights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::little;

std::string text(const std::string& value) {
  return std::string("X") + little(value.size(), 4) + value;
}

std::string number(std::int64_t value) {
  return std::string("\x8a\x08") + little(static_cast<std::uint64_t>(value), 8);
}

std::string numbers(const std::vector<std::int64_t>& values) {
  std::string group = "(";
  for (const std::int64_t value : values) group += number(value);
  return group + "t";
}

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::string record = "0";
  std::int64_t offset = 0;
  std::string type = "FloatStorage";
};

std::string tensor(const Tensor& of) {
  const std::string storage = std::string("(") + text("storage") + "ctorch\n" + of.type + "\n" +
                              text(of.record) + text("cpu") + "K\x01" + "tQ";
  return std::string("ctorch._utils\n_rebuild_tensor_v2\n(") + storage + number(of.offset) +
         numbers(of.shape) + numbers(of.strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

/// An object with these attributes, which are keys and values.
std::string object(const std::string& attributes) {
  return std::string("c__torch__.toy\nNetwork\n)\x81}(") + attributes + "ub";
}

std::string pickle(const std::string& value) {
  return std::string("\x80\x02") + value + ".";
}

class StoredTensors : public ::testing::Test {
 protected:
  /// What is read of an archive with this pickle and the records 0 of 64 bytes, 1 of 8 and 2 of none.
  std::vector<StoredTensor> read(const std::string& bytes) {
    archives_.push_back(core::StoredZip::open(
        folder_.write("model.pt", testing::zip_bytes({{"m/data.pkl", bytes},
                                                      {"m/data/0", std::string(64, 'a')},
                                                      {"m/data/1", std::string(8, 'b')},
                                                      {"m/data/2", ""}}))));
    return stored_tensors(archives_.back());
  }

  /// The message with which a pickle is refused.
  std::string refusal(const std::string& bytes) {
    try {
      read(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModelDamaged) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("model.pt"));
      return error.what();
    }
    ADD_FAILURE() << "read";
    return "";
  }

  std::string refusal_of(const Tensor& of) { return refusal(pickle(object(text("weight") + tensor(of)))); }

  testing::TemporaryFolder folder_;
  std::vector<core::StoredZip> archives_;
};

TEST_F(StoredTensors, HavePathTypePlaceAndLayout) {
  const std::string inner = object(text("weight") + tensor({{2, 3}, {1, 2}, "0", 4}));
  const auto found = read(pickle(
      object(text("training") + "\x89" + text("scale") + "G\x3f\xf0" + std::string(6, '\0') + text("inner") +
             inner + text("sizes") + "](K\x01K\x02" + "e" + text("bits") +
             tensor({{8}, {1}, "1", 0, "CharStorage"}) + text("none") + tensor({{0, 3}, {3, 1}, "2"}))));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].path, "inner.weight");
  EXPECT_EQ(found[0].type, Dtype::kF32);
  EXPECT_EQ(found[0].record->name, "m/data/0");
  EXPECT_EQ(found[0].offset, 4);
  EXPECT_THAT(found[0].shape, ElementsAre(2, 3));
  EXPECT_THAT(found[0].strides, ElementsAre(1, 2));
  EXPECT_EQ(found[1].path, "bits");
  EXPECT_EQ(found[1].type, Dtype::kI8);
  EXPECT_EQ(found[1].record->name, "m/data/1");
  EXPECT_EQ(found[2].record, nullptr);
  EXPECT_THAT(found[2].shape, ElementsAre(0, 3));
}

TEST_F(StoredTensors, NamesThatAreKeptAreTheSameWhereTheyAreTaken) {
  const auto found = read(pickle(object(text("a") + "q" + '\0' + tensor({{2}, {1}, "0"}) + text("inner") +
                                        object(std::string("h") + '\0' + tensor({{2}, {1}, "1"})))));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "a");
  EXPECT_EQ(found[1].path, "inner.a");
}

TEST_F(StoredTensors, LieWithinTheirRecords) {
  EXPECT_EQ(read(pickle(object(text("all") + tensor({{4, 4}, {4, 1}})))).size(), 1U);
  const std::string past = "tensor weight reaches past its record of 64 bytes";
  EXPECT_THAT(refusal_of({{17}, {1}}), HasSubstr(past));
  EXPECT_THAT(refusal_of({{16}, {1}, "0", 1}), HasSubstr(past));
  EXPECT_THAT(refusal_of({{4, 4}, {5, 1}}), HasSubstr(past));
  EXPECT_THAT(refusal_of({{9}, {1}, "0", 0, "DoubleStorage"}), HasSubstr(past));
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  EXPECT_THAT(refusal_of({{kHuge, 8}, {0, 0}}), HasSubstr(past));
  EXPECT_THAT(refusal_of({{3}, {kHuge * 1}, "0", kHuge}), HasSubstr(past));
  EXPECT_THAT(refusal_of({{1}, {1}, "7"}), HasSubstr("record 7 is missing"));
}

TEST_F(StoredTensors, TakeNoMoreThanTheirFile) {
  EXPECT_THAT(refusal_of({{16384, 16384}, {0, 0}}), HasSubstr("reaches past its record"));
  EXPECT_THAT(refusal(pickle(object(text("a") + tensor({{16}, {1}}) + text("b") + tensor({{16}, {1}})))),
              HasSubstr("tensor b shares its record"));
}

TEST_F(StoredTensors, ShapesAndTypesAreThoseOfWeights) {
  EXPECT_THAT(refusal_of({{-1}, {1}}), HasSubstr("tensor weight has an offset, a size or a stride"));
  EXPECT_THAT(refusal_of({{2}, {-1}}), HasSubstr("tensor weight has an offset, a size or a stride"));
  EXPECT_THAT(refusal_of({{2}, {1, 1}}), HasSubstr("other strides than dimensions"));
  EXPECT_THAT(refusal_of({std::vector<std::int64_t>(9, 1), std::vector<std::int64_t>(9, 1)}),
              HasSubstr("no readable shape"));
  EXPECT_THAT(refusal_of({{1}, {1}, "0", 0, "QInt8Storage"}),
              HasSubstr("tensor weight has the type QInt8Storage"));
}

TEST_F(StoredTensors, NestingTakesNoStack) {
  constexpr std::size_t kDeep = 1'000'000;
  const std::string tuples = std::string(")") + std::string(kDeep, '\x85');
  EXPECT_THAT(read(pickle(object(text("deep") + tuples))), IsEmpty());
  std::string lists;
  for (std::size_t i = 0; i < kDeep; ++i) lists += "](";
  EXPECT_THAT(read(pickle(object(text("deep") + lists + std::string(kDeep, 'e')))), IsEmpty());
  std::string modules = object("");
  for (int i = 0; i < 200; ++i) modules = object(text("a") + modules);
  EXPECT_THAT(refusal(pickle(modules)), HasSubstr("nest too deep"));
}

TEST_F(StoredTensors, ModulesAreATree) {
  // The second holds the first twice.
  const std::string twice = object(text("a") + object("") + "q" + '\0' + text("b") + "h" + '\0');
  EXPECT_THAT(refusal(pickle(twice)), HasSubstr("a module is in two places"));
  // One that holds itself.
  const std::string itself =
      std::string("c__torch__.toy\nNetwork\n)\x81q") + '\0' + "}(" + text("a") + "h" + '\0' + "ub";
  EXPECT_THAT(refusal(pickle(itself)), HasSubstr("a module is in two places"));
}

TEST_F(StoredTensors, NumbersInAPickleTakeNoMemory) {
  EXPECT_THAT(refusal(pickle(object(text("a") + "r" + little(0x28000000, 4) + "N"))),
              HasSubstr("keeps a value in place 671088640"));
  EXPECT_THAT(refusal(pickle(std::string("X") + little(0xfffffff0, 4) + "a")), HasSubstr("is cut short"));
  EXPECT_THAT(refusal(std::string(5 << 20, 'N')), HasSubstr("too many for a module"));
}

TEST_F(StoredTensors, WhatNoModuleHasIsRefused) {
  for (const std::string bytes : {"",
                                  ".",
                                  "N",
                                  "NN.",
                                  "(.",
                                  "t.",
                                  "R.",
                                  "NR.",
                                  "b.",
                                  "Nb.",
                                  "Q.",
                                  "u.",
                                  "}(Nu.",
                                  "}(NNu(NNu.",
                                  "hN.",
                                  "c__torch__\nA",
                                  "\x81.",
                                  "N\x81.",
                                  "(N\x85\x86.",
                                  "\x8a\x01\x01.",
                                  "I1\n.",
                                  "\x95........N."}) {
    EXPECT_NE(refusal(bytes), "") << bytes;
  }
  EXPECT_THAT(refusal("N."), HasSubstr("holds no module"));
  EXPECT_THAT(refusal("I1\n."), HasSubstr("at byte 0 the instruction 73"));
  EXPECT_THAT(refusal(pickle(object("K\x01N"))), HasSubstr("has no name"));
}

}  // namespace
}  // namespace da3::weights
