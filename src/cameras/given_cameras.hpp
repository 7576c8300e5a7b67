// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <da3/image.hpp>

namespace da3::cameras {

/// A camera as its file tells it, brought to one convention: x = intrinsics * camera_from_world * (X, Y, Z,
/// 1), row-major; axes x right, y down, z forward; pixels from the outer corner.
struct GivenCamera {
  std::string photo;         ///< Name in the file; empty in all of them: they are in the order of the photos
  std::optional<Size> size;  ///< Of the picture that `intrinsics` belong to; none: the photo's own
  std::array<double, 12> camera_from_world{};
  std::array<double, 9> intrinsics{};
  std::string distortion;  ///< Name of the lens model that `intrinsics` leave out; empty for a pinhole
};

struct GivenCameras {
  std::filesystem::path source;  ///< For messages
  std::filesystem::path
      folder;        ///< That names of photos are relative to; for COLMAP below `images`, wherever that is
  std::string unit;  ///< "m" if the file says so, else "given"
  std::vector<GivenCamera> cameras;
  std::vector<std::filesystem::path> files;  ///< That they were read from
};

enum class Distortion { kRefuse, kIgnore };

/// The cameras of a COLMAP model's folder (binary or text, also `sparse/0` below it), a transforms.json
/// (nerfstudio, instant-ngp), a cameras.json of da3, or an .npz file with `extrinsics` (S, 3 or 4, 4),
/// `intrinsics` (S, 3, 3) and perhaps `photo`. Throws: Error kSceneCameras for a file that cannot be used,
/// with the reason, kUsage where nothing is and for lens distortion unless it is to be ignored.
GivenCameras read_cameras(const std::filesystem::path& path, Distortion distortion = Distortion::kRefuse);

/// The cameras with rotations that are ones to the last digit, each the nearest to what its file rounded, and
/// centres (-R^-1 t) where they were. Throws: Error kSceneCameras that names a camera which is none, kUsage
/// for lens distortion unless it is to be ignored.
GivenCameras sound(GivenCameras given, Distortion distortion = Distortion::kRefuse);

struct CameraMatches {
  std::vector<std::size_t> camera_of_photo;  ///< Index into GivenCameras::cameras for each photo
  std::size_t unused = 0;                    ///< Cameras without a photo
};

/// Which camera belongs to which photo: that whose name is the end of the photo's path, the longest such name
/// first; else that of the same file name, if there is one of it; else the same with the names that da3's own
/// files have for the photos (`written`, one a photo or none), which differ where two photos share a stem or
/// one was written upright. A name that is not UTF-8 may have U+FFFD in the file. Cameras without any names
/// are those of the photos in their order. Throws: Error kUsage that lists photos without a camera or with
/// several, and where only some cameras have names.
CameraMatches match_cameras(const GivenCameras& given, std::span<const std::filesystem::path> photos,
                            std::span<const std::string> written = {});

/// True if a photo is the camera's picture resized: ratios of width and height at most 0.5 % apart, or the
/// rounding of one side.
bool is_same_shape(Size picture, Size photo);

/// True if a lens may have these focal lengths, in pixels of a photo of that size. Those in parts of the
/// picture's side are none.
bool is_possible_view(double fx, double fy, Size photo);

/// What to say of a camera whose view is none, behind its name.
std::string impossible_view_text(double fx, double fy, Size photo);

/// The camera's intrinsics in pixels of the upright photo. Throws: Error kUsage for a photo of another shape
/// and for focal lengths that no lens has.
std::array<double, 9> intrinsics_for(const GivenCamera& camera, Size photo);

}  // namespace da3::cameras
