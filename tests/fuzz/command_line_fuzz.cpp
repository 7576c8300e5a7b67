// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <fuzz/fuzz.hpp>

#include <cli/parse.hpp>

// Words are parted by line ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace da3;  // NOLINT(google-build-using-namespace)
  std::vector<std::string> words{"da3", ""};
  for (const char c : fuzz::text_of(data, size)) {
    if (c == '\n' || c == '\0') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  constexpr std::size_t kMostWords = 40;
  if (words.size() > kMostWords) return -1;
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  try {
    cli::parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const Error& error) {
    DA3_MUST(error.code() == ErrorCode::kUsage || error.code() == ErrorCode::kNoInput);
  }
  return 0;
}
