// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// Photos of one place become cameras and points: where each camera stands, and files for viewers.
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <da3/model.hpp>
#include <da3/scene.hpp>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s MODEL.pt FOLDER PHOTO...\n", argv[0]);
    return 2;
  }
  try {
    const da3::Model model = da3::Model::load(argv[1]);
    const std::filesystem::path folder = argv[2];
    const std::vector<std::filesystem::path> photos(argv + 3, argv + argc);
    da3::Scene scene = da3::predict_scene(model, std::span(photos));
    for (const da3::SceneView& view : scene.views) {
      // x_camera = R x_world + t, so the camera stands at -R' t.
      const auto& m = view.camera.camera_from_world;
      const auto centre = [&](int axis) {
        return -(m[axis] * m[3] + m[4 + axis] * m[7] + m[8 + axis] * m[11]);
      };
      std::printf("%s at (%.3f, %.3f, %.3f)\n", view.name.c_str(), centre(0), centre(1), centre(2));
    }
    da3::PointOptions sparse;
    sparse.max_points = 200'000;
    scene.cloud = da3::point_cloud(scene.views, sparse);
    da3::write_glb(scene, folder / "scene.glb");
    da3::write_ply(scene, folder / "points.ply");
    da3::write_cameras(scene, folder / "cameras.json");
    std::printf("%zu points\n", scene.cloud.points.size());
    for (const da3::SceneWarning& warning : scene.warnings) std::printf("%s\n", warning.message.c_str());
    return 0;
  } catch (const da3::Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(da3::error_name(error.code())).c_str(), error.what());
    return da3::exit_code(error.code());
  }
}
