// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <core/media_names.hpp>
#include <core/text.hpp>

namespace da3::core {
namespace {

TEST(MediaNames, AreKnownByTheirEndingInAnyCase) {
  for (const char* name : {"v.avi", "a/v.AVI", "v.Gif", "x.m2ts", "x.jpeg", "x.EXR", "x.npz"})
    EXPECT_TRUE(is_media_name(name)) << name;
  for (const char* name : {"", "depth", "v.mp4.depth", "v.avi/", "avi", "a.v1", "x.jsonl"})
    EXPECT_FALSE(is_media_name(name)) << name;
}

TEST(MediaNames, LettersBeyondAsciiKeepTheirCase) {
  EXPECT_EQ(lower_case("\xC3\x84-V.MP4"), "\xC3\x84-v.mp4");
}

}  // namespace
}  // namespace da3::core
