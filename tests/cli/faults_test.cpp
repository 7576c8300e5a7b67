// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cli/program.hpp>

// The program on disks that fail, and with outputs that are no files. The bundled starter makes the results.
namespace da3::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class Faults : public ::testing::Test {
 protected:
  Faults() {
    fs::create_directories(place_ / "in");
    for (int i = 0; i < 6; ++i) write_picture(place_ / ("in/" + std::to_string(i) + ".ppm"), 48, 32, i);
  }

  /// The shim's settings for files below out.
  std::vector<std::string> shim(const std::vector<std::string>& settings) const {
    std::vector<std::string> all{"LD_PRELOAD=" DA3_FAULT_SHIM, "DA3_FAULT_DIR=" + (place_ / "out").string()};
    all.insert(all.end(), settings.begin(), settings.end());
    return all;
  }

  Ended infer(const std::vector<std::string>& options, const Circumstances& circumstances = {}) const {
    std::vector<std::string> args{"infer", "in", "-o", "out", "--progress", "never"};
    args.insert(args.end(), options.begin(), options.end());
    return place_.run(args, circumstances);
  }

  /// Contents by name, without the manifest.
  std::map<std::string, std::string> results() const {
    std::map<std::string, std::string> all;
    if (!fs::exists(place_ / "out")) return all;  // Making it may have failed
    for (const std::string& name : files_below(place_ / "out")) {
      if (!name.starts_with("manifest")) all[name] = read_file(place_ / ("out/" + name));
    }
    return all;
  }

  Workplace place_;
};

TEST_F(Faults, AFullStandardOutputIsExitCodeSix) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "the device /dev/full (Linux) is needed";
  const Circumstances full{.standard_output = "/dev/full"};
  for (const auto& args :
       std::vector<std::vector<std::string>>{{"--version"},
                                             {"--help"},
                                             {"model", "list"},
                                             {"doctor", "--json"},
                                             {"infer", "in", "-o", "out", "-f", "none", "--json"},
                                             {"infer", "in", "-o", "out", "--dry-run"}}) {
    const Ended ended = place_.run(args, full);
    EXPECT_EQ(ended.code, 6) << args.front() << " " << args.back() << ": " << ended.err;
  }
  const Ended ended = infer({"-f", "npy", "--overwrite", "--json"}, full);
  EXPECT_EQ(ended.code, 6);
  EXPECT_THAT(ended.err, HasSubstr("standard output cannot be written"));
  EXPECT_EQ(results().size(), 6U) << "the results are made all the same";
}

TEST_F(Faults, ANameThatTheFileSystemRefusesFailsThatInputAlone) {
  write_picture(place_ / "in/at 12:30.ppm", 48, 32, 7);
  // exFAT by FUSE, shared folders of VirtualBox, others.
  for (const int error : {ENOENT, EPROTO, EINVAL, EILSEQ, ENXIO}) {
    const Ended ended =
        infer({"-f", "npy", "--json"},
              {.environment = shim({"DA3_FAULT_NAME=:", "DA3_FAULT_ERRNO=" + std::to_string(error)})});
    EXPECT_EQ(ended.code, 1) << error << ": " << ended.err;
    EXPECT_EQ(results().size(), 6U) << error;
    EXPECT_THAT(ended.out, HasSubstr(R"("code":"output.name")")) << error;
    fs::remove_all(place_ / "out");
  }
  fs::create_directories(place_ / "in/at 12:40");
  write_picture(place_ / "in/at 12:40/a.ppm", 48, 32, 8);
  const Ended ended =
      infer({"-r", "-f", "npy", "--json"},
            {.environment = shim({"DA3_FAULT_NAME=:", "DA3_FAULT_ERRNO=" + std::to_string(ENOENT)})});
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(results().size(), 6U) << "a folder of that name: " << ended.err << ended.out;
  for (const auto& [name, bytes] : results()) EXPECT_EQ(name.find(':'), std::string::npos) << name;
}

TEST_F(Faults, AFileSystemWithoutLocksIsToldAndUsedAllTheSame) {
  const std::string error = "DA3_FAULT_ERRNO=" + std::to_string(ENOLCK);
  const Ended ended =
      infer({"-f", "npy"}, {.environment = shim({"DA3_FAULT_CALLS=flock", "DA3_FAULT_RATE=1", error})});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("out: its file system has no locks"));
  EXPECT_EQ(results().size(), 6U);
  EXPECT_THAT(infer({"-f", "npy"}).err, Not(HasSubstr("locks")));
}

TEST_F(Faults, AReportReplacesNoDeviceNoFifoAndNoLink) {
  const auto bench = [&](const std::string& output) {
    return place_
        .run({"bench", "--suite", "preprocess", "--image-size", "64x48", "--runs", "1", "--rounds", "1", "-q",
              "-o", output})
        .code;
  };
  const auto type = [&](const std::string& name) { return fs::symlink_status(place_ / name).type(); };
  ASSERT_EQ(mkfifo((place_ / "pipe.json").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(place_ / "pipe.json"); });
  EXPECT_EQ(bench("pipe.json"), 0);
  reader.join();
  EXPECT_EQ(type("pipe.json"), fs::file_type::fifo);
  EXPECT_EQ(nlohmann::json::parse(got).at("schema"), 1) << "one whole report";

  std::ofstream(place_ / "target.json") << "# Benchmark report\n";
  fs::create_symlink("target.json", place_ / "link.json");
  EXPECT_EQ(bench("link.json"), 0);
  EXPECT_EQ(type("link.json"), fs::file_type::symlink);
  EXPECT_THAT(read_file(place_ / "target.json"), HasSubstr("\"schema\""));
  fs::create_symlink("new.json", place_ / "dangling.json");
  EXPECT_EQ(bench("dangling.json"), 0);
  EXPECT_TRUE(fs::is_regular_file(place_ / "new.json"));

  if (mknod((place_ / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0)
    GTEST_SKIP() << "the right to make a device (CAP_MKNOD: root) is needed";
  EXPECT_EQ(bench("null"), 0);
  EXPECT_EQ(type("null"), fs::file_type::character);
  const Ended exported = place_.run({"model", "export", "da3-small", "--synthetic", "1", "-o", "null"});
  EXPECT_NE(exported.code, 0) << "a model is no stream";
  EXPECT_EQ(type("null"), fs::file_type::character);
}

TEST_F(Faults, AReportNamesNoFolderOfTheMachine) {
  const std::string output = (place_ / "report.json").string();
  ASSERT_EQ(place_
                .run({"bench", "--suite", "preprocess", "--image-size", "64x48", "--runs", "1", "--rounds",
                      "1", "-q", "-o", output})
                .code,
            0);
  EXPECT_THAT(read_file(output), Not(HasSubstr(place_.folder().string())));
}

TEST_F(Faults, OfAnyCallLoseNothingThatTheSameCommandDoesNotMakeGood) {
  // Another batch may round otherwise.
  const std::vector<std::string> options{"-f", "png16,exr,npz,npy,pfm,vis,side", "--batch", "1"};
  ASSERT_EQ(infer(options).code, 0);
  const std::map<std::string, std::string> expected = results();
  ASSERT_EQ(expected.size(), 42U);
  constexpr std::array<const char*, 6> kCalls{
      "write",         "write,close,fsync",
      "rename,unlink", "create,open,mkdir",
      "read,mmap",     "write,read,close,rename,create,open,mkdir,unlink,fsync,mmap"};
  constexpr std::array<int, 4> kErrors{EIO, ENOSPC, EACCES, ENOENT};
  const char* const wanted = std::getenv("DA3_TEST_FAULT_RUNS");
  const int runs = wanted == nullptr ? 12 : std::atoi(wanted);
  for (int run = 0; run < runs; ++run) {
    fs::remove_all(place_ / "out");
    const auto at = static_cast<std::size_t>(run);
    const std::vector<std::string> settings =
        shim({std::string("DA3_FAULT_CALLS=") + kCalls[at % kCalls.size()],
              "DA3_FAULT_ERRNO=" + std::to_string(kErrors[at / kCalls.size() % kErrors.size()]),
              "DA3_FAULT_RATE=" + std::string(run % 2 == 0 ? "0.05" : "0.3"),
              "DA3_FAULT_SEED=" + std::to_string(run)});
    const auto place = [&] { return "run " + std::to_string(run) + " " + settings[2] + " " + settings[3]; };
    const Ended failed = infer(options, {.environment = settings});
    EXPECT_THAT((std::array{0, 1, 6}), ::testing::Contains(failed.code)) << place() << ": " << failed.err;
    for (const auto& [name, contents] : results()) {
      EXPECT_TRUE(contents == expected.at(name)) << place() << ": " << name << " is wrong";
    }
    const Ended whole = infer(options);
    EXPECT_EQ(whole.code, 0) << place() << ": " << whole.err;
    EXPECT_EQ(results().size(), expected.size()) << place();
    EXPECT_TRUE(results() == expected) << place();
    for (const auto& entry : fs::directory_iterator(place_ / "out")) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".da3-")) << place() << ": " << entry.path();
    }
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace da3::testing
