// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <core/sha256.hpp>

namespace da3::core {
namespace {

std::string hash(std::string_view text) {
  return sha256_hex(std::as_bytes(std::span(text.data(), text.size())));
}

// Vectors of FIPS 180-4 / NIST CAVP.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheHashOfTheWhole) {
  std::string text(1000, '\0');
  std::mt19937 random(1);
  for (char& c : text) c = static_cast<char>(random());
  for (const std::size_t piece : {1U, 3U, 55U, 56U, 63U, 64U, 65U, 200U}) {
    Sha256 pieces;
    for (std::size_t at = 0; at < text.size(); at += piece)
      pieces.update(std::string_view(text).substr(at, piece));
    EXPECT_EQ(pieces.finish(), hash(text)) << "pieces of " << piece;
  }
}

}  // namespace
}  // namespace da3::core
