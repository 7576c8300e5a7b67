// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <codec/samples.hpp>

#include <da3/image.hpp>

namespace da3::testing {

/// A file that is a picture, however odd.
struct OddPicture {
  std::string name;
  Bytes bytes;
  Size size;           ///< Upright
  bool exact = false;  ///< Holds the pixels of `odd_pictures_reference`
};

/// The picture that the exact ones hold.
Image odd_pictures_reference();

/// Valid files of every format that is read: all EXIF orientations, CMYK, 16 bits, palettes, alpha,
/// interlaced, progressive, one pixel, long and thin ones, several pages, names that lie, names of odd bytes.
std::vector<OddPicture> odd_pictures();

/// A file that is no usable picture, and the code by which it must be refused.
struct UnusableFile {
  std::string name;
  Bytes bytes;
  std::vector<std::string> codes;  ///< Any of these
};

/// Cut, damaged, lying and foreign files.
std::vector<UnusableFile> unusable_files();

}  // namespace da3::testing
