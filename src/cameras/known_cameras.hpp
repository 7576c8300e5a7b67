// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cameras/photo_names.hpp>

#include <da3/image.hpp>

#include <image/intrinsics.hpp>

namespace da3::cameras {

/// A calibrated camera as a file says it.
struct KnownCamera {
  image::Intrinsics intrinsics;  ///< In pixels of `size`, of the whole picture where the file names none
  std::optional<Size> size;      ///< Of the pictures that it was calibrated for
};

/// The cameras of `--intrinsics FILE`: one for all photos, or one for each by its name and as many folders
/// before it as the file's name for it has in common with the photo's path.
class KnownCameras {
 public:
  /// Reads COLMAP's cameras.txt (with images.txt next to it where it has more than one camera), OpenCV's YAML
  /// (camera_matrix, image_width, image_height) or JSON: {"fx", "fy", "cx", "cy"} with "width" and "height",
  /// Open3D's {"intrinsic_matrix"}, transforms.json, da3's cameras.json, or an object of such objects by
  /// photo name. Lens distortion is passed over. Throws: Error kUsage with what is wrong in it
  /// or that it cannot be read.
  static KnownCameras read(const std::filesystem::path& file);

  /// The camera of a photo of `original`, scaled to that size; none if the file has no camera for its name.
  /// Throws: Error kUsage if the photo's shape is another than the camera's, if no lens has its focal
  /// lengths, or if several cameras have the photo's name and no folder tells whose it is.
  std::optional<image::Intrinsics> find(std::string_view photo, Size original) const;

  /// Why the camera that find() gives may be another photo's, as a sentence: the file calls it by other
  /// folders and no other name fits better.
  std::optional<std::string> doubt(std::string_view photo) const;

  /// SHA-256 of all that was read: the file, and images.txt where it says which photo has which camera.
  const std::string& sha256() const { return sha256_; }

 private:
  std::string file_;
  std::string sha256_;
  std::optional<KnownCamera> for_all_;
  std::vector<KnownCamera> named_;
  PhotoNames names_;  ///< Of `named_`
};

}  // namespace da3::cameras
