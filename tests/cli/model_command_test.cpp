// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/program.hpp>
#include <testing/zip_writer.hpp>

namespace da3::testing {
namespace {

using ::testing::HasSubstr;

/// One exported model for all tests: the real architecture of da3-small, weights by recipe.
class ModelCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new Workplace;
    exported = new Ended(place->run({"model", "export", "da3-small", "--synthetic", "1", "-o", "small.pt"}));
    ASSERT_EQ(exported->code, 0) << exported->err;
    std::filesystem::create_directory(*place / "full");
  }
  static void TearDownTestSuite() {
    delete exported;
    delete place;
  }
  static Workplace* place;
  static Ended* exported;
};
Workplace* ModelCommand::place = nullptr;
Ended* ModelCommand::exported = nullptr;

TEST_F(ModelCommand, ExportWritesAWholeFileAndDescribesIt) {
  EXPECT_THAT(exported->out, HasSubstr("da3-small"));
  EXPECT_THAT(exported->out, HasSubstr("synthetic, seed 1"));
  EXPECT_GT(std::filesystem::file_size(*place / "small.pt"), 90'000'000U);
  for (const auto& entry : std::filesystem::directory_iterator(place->folder())) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
}

TEST_F(ModelCommand, ExportOntoAFullDiskSaysSoAndLeavesNothing) {
  for (const std::uint64_t bytes : {4096U, 500'000U, 90'000'000U}) {
    const Ended ended = place->run({"model", "export", "da3-small", "--synthetic", "1", "-o", "full/x.pt"},
                                   Circumstances{.file_bytes = bytes});
    EXPECT_EQ(ended.code, 6) << ended.err;
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    EXPECT_TRUE(std::filesystem::is_empty(*place / "full"));
  }
}

TEST_F(ModelCommand, ReplacesModelFilesAndNothingElse) {
  const std::string checkpoint = zip_bytes({{"m/data.pkl", "x"}, {"m/data/0", "1234"}});
  const std::string archive = zip_bytes({{"m/notes.txt", "x"}});
  for (const std::string& mine : {checkpoint, archive, std::string("text")}) {
    std::ofstream(*place / "mine.pt", std::ios::binary) << mine;
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"model", "export", "da3-small", "--synthetic", "1", "-o", "mine.pt"},
          std::vector<std::string>{"model", "calibrate", "small.pt", "mine.pt", "-o", "mine.pt"}}) {
      const Ended ended = place->run(arguments);
      EXPECT_EQ(ended.code, 2) << ended.err;
      EXPECT_THAT(ended.err, HasSubstr("no model file"));
      EXPECT_EQ(read_file(*place / "mine.pt"), mine);
    }
  }
}

TEST_F(ModelCommand, AnExportedFileSaysTheFoldersNameNotWhereItIs) {
  const std::filesystem::path source = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";
  ASSERT_EQ(place->run({"model", "export", source.string() + "/", "-o", "tiny.pt"}).code, 0);
  const nlohmann::json info = nlohmann::json::parse(place->run({"model", "info", "tiny.pt", "--json"}).out);
  EXPECT_EQ(info.at("record").at("weights").at("source"), "tiny");
  EXPECT_EQ(read_file(*place / "tiny.pt").find(source.string()), std::string::npos);
}

TEST_F(ModelCommand, CalibrateTellsWhatItChangedAndItsFileRuns) {
  const std::filesystem::path tiny = std::filesystem::path(DA3_TEST_DATA_DIR) / "golden" / "tiny";
  const std::string photos = (std::filesystem::path(DA3_SOURCE_DIR) / "examples").string();
  ASSERT_EQ(place->run({"model", "export", tiny.string(), "-o", "plain.pt"}).code, 0);
  const Ended ended =
      place->run({"model", "calibrate", "plain.pt", photos, "--photos", "2", "-o", "fitted.pt", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json told = nlohmann::json::parse(ended.out);
  EXPECT_EQ(told.at("photos"), 2);
  EXPECT_LE(told.at("estimated_layer_error").at("after"), told.at("estimated_layer_error").at("before"));
  EXPECT_GT(told.at("difference_to_fp32").at("after").get<double>(), 0);
  EXPECT_EQ(told.at("bytes"), std::filesystem::file_size(*place / "fitted.pt"));
  const nlohmann::json info = nlohmann::json::parse(place->run({"model", "info", "fitted.pt", "--json"}).out);
  EXPECT_EQ(info.at("record").at("weights").at("sha256"), told.at("sha256"));
  EXPECT_EQ(place->run({"model", "verify", "fitted.pt", "--precision", "int8"}).code, 0);

  const auto code_of = [&](const std::string& model, const std::string& photo, const std::string& output) {
    return place->run({"model", "calibrate", model, photo, "-o", output}).code;
  };
  // The reduced network has no channels far above the others, so that nothing is gained: it is not replaced.
  const std::string plain = read_file(*place / "plain.pt");
  const Ended in_place =
      place->run({"model", "calibrate", "plain.pt", photos, "--photos", "2", "-o", "plain.pt"});
  EXPECT_EQ(in_place.code, 2);
  EXPECT_THAT(in_place.err, HasSubstr("the model stays as it was"));
  EXPECT_EQ(read_file(*place / "plain.pt"), plain);

  // What killed processes left goes.
  const auto is_temporary = [](const std::filesystem::directory_entry& entry) {
    return entry.path().extension() == ".tmp";
  };
  std::ofstream(*place / ".da3-999999-0.tmp") << "as large as a model";
  EXPECT_EQ(code_of("plain.pt", photos, "plain.pt"), 2);
  EXPECT_EQ(std::ranges::count_if(std::filesystem::directory_iterator(*place / "."), is_temporary), 0);

  EXPECT_EQ(code_of("nowhere.pt", photos, "x.pt"), 3);
  EXPECT_EQ(code_of("plain.pt", "nowhere.jpg", "x.pt"), 2);
  EXPECT_EQ(code_of("plain.pt", photos, "no/such/folder/x.pt"), 6);
  if (std::filesystem::exists("/proc/self")) {
    EXPECT_EQ(code_of("plain.pt", photos, "/proc/x.pt"), 6);
  }
  EXPECT_FALSE(std::filesystem::exists(*place / "x.pt"));

  // Nothing but a model is replaced.
  EXPECT_EQ(code_of("plain.pt", photos, "x.jpg"), 2);
  std::ofstream(*place / "notes.pt") << "notes";
  EXPECT_EQ(code_of("plain.pt", photos, "notes.pt"), 2);
  EXPECT_EQ(read_file(*place / "notes.pt"), "notes");

  // Damage gets no new hash.
  std::string bytes = read_file(*place / "plain.pt");
  const std::size_t record = bytes.find("/data/100");
  ASSERT_NE(record, std::string::npos);
  bytes[record + 200] ^= 0x41;
  std::ofstream(*place / "damaged.pt", std::ios::binary) << bytes;
  const Ended damaged = place->run({"model", "calibrate", "damaged.pt", photos, "-o", "y.pt"});
  EXPECT_EQ(damaged.code, 3) << damaged.err;
  EXPECT_FALSE(std::filesystem::exists(*place / "y.pt"));
}

TEST_F(ModelCommand, InfoReadsTheRecord) {
  const Ended text = place->run({"model", "info", "small.pt"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("relative, larger is farther"));
  const nlohmann::json info = nlohmann::json::parse(place->run({"model", "info", "small.pt", "--json"}).out);
  const nlohmann::json& record = info.at("record");
  EXPECT_EQ(record.at("name"), "da3-small");
  EXPECT_EQ(record.at("process_res"), 504);
  EXPECT_EQ(record.at("weights").at("origin"), "synthetic");
  EXPECT_EQ(record.at("weights").at("sha256").get<std::string>().size(), 64U);
  EXPECT_EQ(info.at("bytes"), std::filesystem::file_size(*place / "small.pt"));
}

TEST_F(ModelCommand, InfoCountsPartsOperationsAndMemory) {
  const nlohmann::json info = nlohmann::json::parse(place->run({"model", "info", "small.pt", "--json"}).out);
  const nlohmann::json& facts = info.at("facts");
  std::int64_t parameters = 0;
  for (const nlohmann::json& part : facts.at("parts"))
    parameters += part.at("parameters").get<std::int64_t>();
  EXPECT_EQ(parameters, info.at("record").at("parameters"));
  EXPECT_EQ(facts.at("parts").at(0).at("name"), "backbone");
  EXPECT_EQ(facts.at("size"), nlohmann::json({{"height", 378}, {"width", 504}}));
  EXPECT_GT(facts.at("flops").get<double>(), 1e10);
  EXPECT_GT(facts.at("memory_bytes").get<std::uint64_t>(), 4 * static_cast<std::uint64_t>(parameters));
  EXPECT_THAT(place->run({"model", "info", "small.pt"}).out, HasSubstr("GFLOP at 504x378"));
}

TEST_F(ModelCommand, VerifyChecksHashAndSelfTest) {
  const Ended ended = place->run({"model", "verify", "small.pt", "--device", "cpu", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json report = nlohmann::json::parse(ended.out);
  EXPECT_TRUE(report.at("hash_matches").get<bool>());
  EXPECT_TRUE(report.at("selftest").at("present").get<bool>());
  EXPECT_TRUE(report.at("selftest").at("passed").get<bool>());
}

TEST_F(ModelCommand, VerifyFindsChangedWeights) {
  const std::filesystem::path changed = *place / "changed.pt";
  std::filesystem::copy_file(*place / "small.pt", changed);
  {
    std::fstream file(changed, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(changed) / 2));
    file.write("\x7f\x7f\x7f\x7f", 4);
  }
  const Ended ended = place->run({"model", "verify", "changed.pt", "--device", "cpu"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("changed.pt"));
  std::filesystem::remove(changed);
}

TEST_F(ModelCommand, FilesThatAreNoModelExitWithThree) {
  std::ofstream(*place / "text.pt") << "not a model";
  EXPECT_EQ(place->run({"model", "info", "text.pt"}).code, 3);
  EXPECT_EQ(place->run({"model", "verify", "text.pt"}).code, 3);
  const Ended missing = place->run({"model", "info", "nothing.pt"});
  EXPECT_EQ(missing.code, 3);
  EXPECT_THAT(missing.err, HasSubstr("nothing.pt"));
  const Ended unknown = place->run({"model", "export", "da3-huge", "--synthetic", "1", "-o", "x.pt"});
  EXPECT_NE(unknown.code, 0);
  EXPECT_FALSE(std::filesystem::exists(*place / "x.pt"));
  const Ended folder = place->run({"model", "export", "da3-small", "-o", "x.pt"});
  EXPECT_EQ(folder.code, 3);
  EXPECT_THAT(folder.err, HasSubstr("--synthetic"));
  const Ended named =
      place->run({"model", "export", "da3-small", "--synthetic", "1", "--name", "mine", "-o", "x.pt"});
  EXPECT_EQ(named.code, 2);
  EXPECT_THAT(named.err, HasSubstr("--name mine"));
}

TEST_F(ModelCommand, AnInstalledModelIsListedByName) {
  std::filesystem::create_directories(*place / "home/models");
  std::filesystem::create_symlink(*place / "small.pt", *place / "home/models/mine.pt");
  const nlohmann::json list = nlohmann::json::parse(place->run({"model", "list", "--json"}).out);
  bool found = false;
  for (const nlohmann::json& model : list.at("models"))
    found = found || (model.at("name") == "mine" && model.at("installed"));
  EXPECT_TRUE(found) << list;
  EXPECT_EQ(place->run({"model", "info", "mine"}).code, 0);
}

TEST_F(ModelCommand, ListShowsWhatCanBePulledWithSizeAndLicence) {
  const nlohmann::json list = nlohmann::json::parse(place->run({"model", "list", "--json"}).out);
  std::map<std::string, nlohmann::json> available;
  for (const nlohmann::json& model : list.at("models")) {
    if (!model.at("installed").get<bool>()) available[model.at("name")] = model;
  }
  for (const char* const name : {"da3-small", "da3-base", "da3-large-1.1", "da3-giant-1.1", "da3mono-large",
                                 "da3metric-large", "da3nested-giant-large-1.1"}) {
    ASSERT_TRUE(available.contains(name)) << name;
    EXPECT_GT(available[name].at("download_bytes").get<std::int64_t>(), 100'000'000) << name;
    EXPECT_FALSE(available[name].at("licence").get<std::string>().empty()) << name;
  }
  EXPECT_FALSE(available["da3-base"].at("non_commercial").get<bool>());
  EXPECT_TRUE(available["da3-giant-1.1"].at("non_commercial").get<bool>());

  const Ended table = place->run({"model", "list"});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, ::testing::ContainsRegex("da3-base +available +[0-9.]+ MB +relative +Apache-2.0"));
}

TEST_F(ModelCommand, PullNeverOpensASocketOffline) {
  const Ended ended = place->run({"model", "pull", "da3-base", "--offline"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("offline"));
}

TEST_F(ModelCommand, DoctorIsValidJsonAndNamesTheCpu) {
  const Ended ended = place->run({"doctor", "--json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const nlohmann::json report = nlohmann::json::parse(ended.out);
  EXPECT_EQ(report.at("devices").back().at("id"), "cpu");
  EXPECT_GE(report.at("threads").at("usable_cores"), 1);
  // Bounded before LibTorch starts, unless the caller has a wish.
  EXPECT_THAT(report.at("threads").at("waiting").get<std::string>(), HasSubstr("GOMP_SPINCOUNT="));
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  const nlohmann::json wished = nlohmann::json::parse(place->run({"doctor", "--json"}).out);
  ::unsetenv("OMP_WAIT_POLICY");
  EXPECT_EQ(wished.at("threads").at("waiting"), "OMP_WAIT_POLICY=passive");
  // As on clusters, where OpenMP would leave the main thread one core.
  for (const char* variable : {"OMP_PROC_BIND", "OMP_PLACES"}) {
    ::setenv(variable, variable == std::string_view("OMP_PLACES") ? "cores" : "true", 1);
    const nlohmann::json bound = nlohmann::json::parse(place->run({"doctor", "--json"}).out);
    ::unsetenv(variable);
    EXPECT_EQ(bound.at("threads").at("usable_cores"), report.at("threads").at("usable_cores")) << variable;
  }
  EXPECT_EQ(place->run({"doctor"}).code, 0);
}

TEST_F(ModelCommand, DoctorTriesWhetherFoldersTakeFiles) {
  if (!std::filesystem::exists("/proc/self")) GTEST_SKIP() << "/proc (Linux) is needed, which takes no files";
  const auto output =
      nlohmann::json::parse(place->run({"doctor", "--json", "-o", "/proc/x"}).out).at("output");
  EXPECT_EQ(output.at("writable"), false);
  EXPECT_EQ(nlohmann::json::parse(place->run({"doctor", "--json"}).out).at("output").at("writable"), true);
  const nlohmann::json report = nlohmann::json::parse(
      place->run({"doctor", "--json"}, Circumstances{.environment = {"HOME="}, .without_folders = true}).out);
  EXPECT_EQ(report.at("cache").at("writable"), false);
  EXPECT_TRUE(report.at("cache").at("free_bytes").is_null());
}

}  // namespace
}  // namespace da3::testing
