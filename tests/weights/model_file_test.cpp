// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <testing/files.hpp>
#include <testing/zip_writer.hpp>
#include <weights/model_file.hpp>
#include <weights/record.hpp>

namespace da3::weights {
namespace {

using ::da3::testing::TemporaryFolder;
using ::da3::testing::thrown_by;
using ::da3::testing::write_file;
using ::da3::testing::zip_bytes;
using ::testing::HasSubstr;

struct Mistake {
  const char* name;
  std::string bytes;
  const char* kind;
  const char* advice;
};

std::string safetensors() {
  const std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  return ::da3::testing::little(header.size(), 8) + header + std::string(4, '\0');
}

const std::vector<Mistake> kMistakes{
    {"pointer.pt", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 400\n", "Git LFS pointer",
     "git lfs pull"},
    {"model.safetensors", safetensors(), "safetensors file", "da3 model export"},
    {"old.pth", std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8P\x19.", 15),
     "checkpoint of an old PyTorch", "TorchScript"},
    {"list.pkl", std::string("\x80\x04]\x94.", 5), "Python pickle", "TorchScript"},
    {"net.onnx", std::string("\x08\x07\x12\x04pytorch", 11), "ONNX", "TorchScript"},
    {"page.pt", "\n <!DOCTYPE html><html>Sign in</html>", "web page", "address"},
    {"checkpoint.pt", zip_bytes({{"m/data.pkl", "x"}, {"m/data/0", "1234"}}), "checkpoint of torch.save",
     "da3 model export"},
    {"program.pt2", zip_bytes({{"m/archive_format", "pt2"}, {"m/models/model.json", "{}"}}), "torch.export",
     "TorchScript"},
    {"photos.zip", zip_bytes({{"m/a.jpg", "x"}}), "zip archive without", "TorchScript"},
};

TEST(ModelFileFault, FilesGivenByMistakeAreToldWhatTheyAreAndWhatToDo) {
  const TemporaryFolder folder;
  for (const Mistake& mistake : kMistakes) {
    const auto path = write_file(folder.path() / mistake.name, mistake.bytes);
    const auto thrown = thrown_by([&] { read_record(path); });
    EXPECT_EQ(thrown.code, ErrorCode::kModelContract) << mistake.name;
    EXPECT_THAT(thrown.message, HasSubstr(mistake.name));
    EXPECT_THAT(thrown.message, HasSubstr(mistake.kind));
    EXPECT_THAT(thrown.message, HasSubstr(mistake.advice));
    EXPECT_EQ(thrown.message.find('\n'), std::string::npos);
  }
}

TEST(ModelFileFault, AFolderAsPublishedIsToldHowToExportIt) {
  const TemporaryFolder folder;
  EXPECT_THAT(thrown_by([&] { read_record(folder.path()); }).message, HasSubstr("is a folder"));
  write_file(folder.path() / "config.json", "{}");
  EXPECT_THAT(thrown_by([&] { read_record(folder.path()); }).message, HasSubstr("da3 model export"));
}

TEST(ModelFileFault, OtherBytesAreDamagedOrNoModel) {
  const TemporaryFolder folder;
  const auto path = write_file(folder.path() / "x.pt", std::string(300, 'x'));
  EXPECT_EQ(thrown_by([&] { read_record(path); }).code, ErrorCode::kModelDamaged);
}

}  // namespace
}  // namespace da3::weights
