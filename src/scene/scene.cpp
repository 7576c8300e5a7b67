// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <scene/linear_algebra.hpp>
#include <scene/scene.hpp>

namespace da3::scene {

Camera camera_of_photo(const Camera& camera, const Placement& place) {
  Camera whole = camera;
  const double x = static_cast<double>(place.photo_size.width) / place.resized.width;
  const double y = static_cast<double>(place.photo_size.height) / place.resized.height;
  whole.intrinsics[0] *= x;
  whole.intrinsics[1] *= x;
  whole.intrinsics[2] = (whole.intrinsics[2] + place.left) * x;
  whole.intrinsics[3] *= y;
  whole.intrinsics[4] *= y;
  whole.intrinsics[5] = (whole.intrinsics[5] + place.top) * y;
  return whole;
}

Camera camera_of_input(const Camera& camera, const Placement& place) {
  Camera input = camera;
  const double x = static_cast<double>(place.resized.width) / place.photo_size.width;
  const double y = static_cast<double>(place.resized.height) / place.photo_size.height;
  input.intrinsics[0] *= x;
  input.intrinsics[1] *= x;
  input.intrinsics[2] = input.intrinsics[2] * x - place.left;
  input.intrinsics[3] *= y;
  input.intrinsics[4] *= y;
  input.intrinsics[5] = input.intrinsics[5] * y - place.top;
  return input;
}

std::array<double, 3> centre_of(const Camera& camera) {
  return array_of(pose_of(camera).centre());
}

}  // namespace da3::scene

namespace da3 {

std::string_view to_string(SceneUnit unit) {
  switch (unit) {
    case SceneUnit::kRelative:
      return "relative";
    case SceneUnit::kMetres:
      return "m";
    case SceneUnit::kGiven:
      return "given";
  }
  return "relative";
}

std::string_view to_string(PoseSource source) {
  switch (source) {
    case PoseSource::kDecoder:
      return "decoder";
    case PoseSource::kRays:
      return "rays";
    case PoseSource::kGiven:
      return "given";
  }
  return "decoder";
}

Camera SceneView::photo_camera() const {
  return scene::camera_of_photo(camera, place);
}

std::array<double, 2> SceneView::photo_position(double x, double y) const {
  return {(x + place.left) * place.photo_size.width / place.resized.width,
          (y + place.top) * place.photo_size.height / place.resized.height};
}

}  // namespace da3
