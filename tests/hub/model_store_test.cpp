// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <hub/model_store.hpp>

namespace da3::hub {
namespace {
namespace fs = std::filesystem;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255U);
}

/// A zip archive with one stored entry, enough to be a model file for the store.
void write_archive(const fs::path& path, const std::string& name, const std::string& content) {
  std::string local("PK\x03\x04", 4);
  std::string common;
  put(common, 20, 2), put(common, 0, 2), put(common, 0, 2), put(common, 0, 4);
  put(common, core::crc32(std::as_bytes(std::span(content.data(), content.size()))), 4);
  put(common, content.size(), 4), put(common, content.size(), 4), put(common, name.size(), 2),
      put(common, 0, 2);
  local += common + name + content;
  std::string central("PK\x01\x02", 4);
  put(central, 20, 2);
  central += common;
  put(central, 0, 2), put(central, 0, 2), put(central, 0, 2), put(central, 0, 4), put(central, 0, 4);
  central += name;
  std::string end("PK\x05\x06", 4);
  put(end, 0, 4), put(end, 1, 2), put(end, 1, 2), put(end, central.size(), 4), put(end, local.size(), 4),
      put(end, 0, 2);
  std::ofstream(path, std::ios::binary) << local << central << end;
}

class ModelStore : public ::testing::Test {
 protected:
  ModelStore()
      : models_(
            fs::temp_directory_path() /
            (std::string("da3_store_") + ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(models_);
    fs::create_directories(models_);
  }
  ~ModelStore() override { fs::remove_all(models_); }

  void install(const std::string& name, const std::string& origin) {
    const std::string seed = origin == "synthetic" ? "1" : "null";
    write_archive(models_ / (name + ".pt"), name + "/extra/da3.json",
                  R"({"schema":1,"name":")" + name + R"(","family":"da3",
          "network":{"id":"da3-anyview","layout":1,"config":{"model_name":"da3-base"}},"parameters":5,"patch":14,
          "mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225],"input_range":[0,1],"process_res":504,
          "resize_method":"upper_bound_resize","depth":{"kind":"relative","unit":null,"larger_is_farther":true},
          "outputs":["depth","depth_conf"],"attention":["sdpa","manual"],
          "weights":{"origin":")" +
                      origin + R"(","seed":)" + seed + R"(,"source":"test","source_sha256":null,
                     "sha256":")" +
                      std::string(64, 'a') + R"("},
          "selftest":{"height":70,"width":98,"seed":1,
                      "depth":{"mean":1.5,"p2":0.25,"median":1.25,"p98":3.0,"tolerance":1e-4}},
          "licence":{"spdx":"MIT","attribution":"Somebody"},"da3_version":"0.1.0"})");
  }

  fs::path models_;
};

TEST_F(ModelStore, ListsWhatEachFileSaysAboutItself) {
  install("b", "published");
  install("a", "synthetic");
  std::ofstream(models_ / "broken.pt") << "not an archive";
  std::ofstream(models_ / "notes.txt") << "not a model";
  const auto models = installed_models(models_);
  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].name, "a");
  EXPECT_EQ(models[0].origin, "synthetic");
  EXPECT_EQ(models[1].licence, "MIT");
  EXPECT_EQ(models[1].parameters, 5);
  EXPECT_TRUE(models[2].problem.has_value());
}

TEST_F(ModelStore, AFolderThatDoesNotExistHoldsNothing) {
  EXPECT_TRUE(installed_models(models_ / "none").empty());
}

TEST_F(ModelStore, TheDefaultIsTheFirstRealModelInOrder) {
  EXPECT_FALSE(default_model(models_).has_value());
  install("da3-base", "synthetic");
  EXPECT_FALSE(default_model(models_).has_value());
  install("da3-large", "published");
  EXPECT_EQ(default_model(models_)->name, "da3-large");
  install("da3-small", "published");
  EXPECT_EQ(default_model(models_)->name, "da3-small");
}

TEST_F(ModelStore, ADamagedDefaultIsNotPassedOver) {
  install("da3-small", "published");
  std::ofstream(models_ / "da3-large.pt") << "junk";
  EXPECT_EQ(default_model(models_)->name, "da3-small") << "one behind it is never looked at";
  std::ofstream(models_ / "da3-base.pt") << "junk";
  try {
    default_model(models_);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelDamaged);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("da3 model pull da3-base"));
  }
}

TEST_F(ModelStore, ANameThatIsNotInstalledSaysHowToGetIt) {
  install("da3-small", "published");
  EXPECT_EQ(resolve_model("da3-small", models_), models_ / "da3-small.pt");
  EXPECT_EQ(resolve_model((models_ / "da3-small.pt").string(), models_), models_ / "da3-small.pt");
  const auto message = [&](const std::string& name) {
    try {
      resolve_model(name, models_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModelNotFound);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message("da3-base"), ::testing::HasSubstr("da3 model pull da3-base"));
  EXPECT_THAT(message("da3-bose"), ::testing::HasSubstr("did you mean da3-base?"));
  EXPECT_THAT(message("something-else"), ::testing::HasSubstr("one of da3-small"));
  EXPECT_THAT(message("./x.pt"), ::testing::HasSubstr("no such model file"));
}

TEST_F(ModelStore, ANameNeverMeansAFileInTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::create_directories(models_ / "here");
  fs::current_path(models_ / "here");
  std::ofstream("da3-small") << "somebody else's";
  try {
    resolve_model("da3-small", models_);
    ADD_FAILURE() << "found";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModelNotFound);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("write ./da3-small"));
  }
  EXPECT_EQ(resolve_model("./da3-small", models_), "./da3-small");
  install("da3-small", "published");
  EXPECT_EQ(resolve_model("da3-small", models_), models_ / "da3-small.pt");
  fs::current_path(before);
}

/// Sets or removes an environment variable until the end of its scope.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~Variable() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST_F(ModelStore, WithoutAHomeFolderThereIsNoModelFolder) {
  const Variable home("HOME", nullptr);
  const Variable data("XDG_DATA_HOME", nullptr);
  const Variable cache("XDG_CACHE_HOME", nullptr);
  const Variable own("DA3_HOME", nullptr);
  const Variable model("DA3_MODEL", nullptr);
  const Folders folders = Folders::from_environment();
  EXPECT_TRUE(folders.home.empty());
  EXPECT_TRUE(folders.models().empty());
  EXPECT_TRUE(folders.cache.empty());
  EXPECT_TRUE(folders.learned_batches().empty());
  EXPECT_TRUE(installed_models(folders.models()).empty());
  std::ofstream(models_ / "starter.pt") << "x";
  EXPECT_TRUE(choose_model("", folders.models(), models_ / "starter.pt").is_starter);
  try {
    resolve_model("da3-base", folders.models());
    ADD_FAILURE() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("HOME is not set"));
  }
}

TEST_F(ModelStore, RelativeFoldersOfTheEnvironmentAreIgnoredAsTheirSpecificationSays) {
  const Variable home("HOME", nullptr);
  const Variable data("XDG_DATA_HOME", "data");
  const Variable own("DA3_HOME", nullptr);
  EXPECT_TRUE(Folders::from_environment().home.empty());
}

}  // namespace
}  // namespace da3::hub
