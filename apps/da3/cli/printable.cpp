// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdio>

#include <da3/error.hpp>

#include <cli/printable.hpp>
#include <core/text_encoding.hpp>

namespace da3::cli {

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(core::utf8_sequence(text), 1));
    if (core::is_control(sequence) && sequence != "\n" && sequence != "\t") {
      result += '?';
    } else {
      result += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return result;
}

void put_on_stdout(std::string_view text) {
  const std::string shown = printable(text);
  if (std::fwrite(shown.data(), 1, shown.size(), stdout) != shown.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorCode::kOutputFailed, "standard output could not be written; is the disk full?");
  }
}

}  // namespace da3::cli
