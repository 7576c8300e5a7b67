// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::suites {

/// A photo and the depth that was measured for it.
struct MeasuredPhoto {
  std::filesystem::path photo;
  std::filesystem::path depth;
};

/// A folder with ground truth: `colour/` (or `color/`) with photos, `depth/` with a 16-bit grey PNG of the
/// same stem for each, `scale.txt` with the number of units that make a metre (1000: millimetres), and for
/// models that need it `focal.txt` with the focal length in pixels of the photos.
struct Dataset {
  std::filesystem::path folder;
  double units_per_metre = 1000;
  std::optional<double> focal_px;
  std::vector<MeasuredPhoto> photos;  ///< By name
};

/// Looks through the folder; reads no picture. Throws: Error kUsage that names the file or folder which is
/// missing, alone or cannot be read.
Dataset open_dataset(const std::filesystem::path& folder);

/// (H0, W0) float32 metres, 0 where nothing was measured. Throws: Error kImageUnsupported if the file is no
/// 16-bit grey PNG; as codec::decode_file.
DepthMap read_measured_depth(const Dataset& dataset, const MeasuredPhoto& photo);

}  // namespace da3::suites
