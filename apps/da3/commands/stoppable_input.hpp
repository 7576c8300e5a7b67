// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <istream>
#include <stop_token>
#include <streambuf>
#include <utility>
#include <vector>

namespace da3::commands {

/// What a descriptor gives, up to its end or until it is asked to stop: a pipe may give nothing for ever. A
/// stream of it is bad where reading fails.
class StoppableInput : public std::streambuf {
 public:
  StoppableInput(int descriptor, std::stop_token stop);

 protected:
  int_type underflow() override;
  std::streamsize xsgetn(char* to, std::streamsize count) override;

 private:
  /// Bytes read, at least one; 0 at the end, and once it is asked to stop. Throws: std::ios_base::failure.
  std::size_t read_some(char* to, std::size_t most) const;

  int descriptor_;
  std::stop_token stop_;
  std::vector<char> buffer_;
};

/// A stream that owns what it reads from.
class StoppableStream : public std::istream {
 public:
  StoppableStream(int descriptor, std::stop_token stop)
      : std::istream(nullptr), input_(descriptor, std::move(stop)) {
    rdbuf(&input_);
  }

 private:
  StoppableInput input_;
};

}  // namespace da3::commands
