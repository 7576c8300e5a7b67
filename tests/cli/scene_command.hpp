// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cli/json_lines.hpp>
#include <cli/program.hpp>

namespace da3::testing {

/// Small pictures of one "place" through da3-small with recipe weights, at a size that takes milliseconds.
class SceneCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    place = new Workplace;
    const Ended exported = place->run({"model", "export", "da3-small", "--synthetic", "1", "-o", "small.pt"});
    ASSERT_EQ(exported.code, 0) << exported.err;
    std::filesystem::create_directories(*place / "photos");
    write_picture(*place / "photos/a.ppm", 80, 60, 1);
    write_picture(*place / "photos/b9.ppm", 80, 60, 2);
    write_picture(*place / "photos/b10.ppm", 80, 60, 3);
    write_picture(*place / "tall.ppm", 60, 80, 4);
  }
  static void TearDownTestSuite() { delete place; }

  static std::vector<std::string> scene(const std::vector<std::string>& more) {
    std::vector<std::string> args = {"scene",     "-m", "small.pt",      "--allow-synthetic",
                                     "--threads", "1",  "--process-res", "56",
                                     "--device",  "cpu"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  static nlohmann::json json_file(const std::string& name) {
    return nlohmann::json::parse(read_file(*place / name));
  }
  static inline Workplace* place = nullptr;
};

}  // namespace da3::testing
