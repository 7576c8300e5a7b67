// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// write_scene_files FOLDER [ROWS COLUMNS VIEWS]: the files of an invented scene, for other programs to read,
// with the time that each took to be made.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include <codec/jpeg_encode.hpp>
#include <formats/gallery_picture.hpp>
#include <formats/html/gallery.hpp>
#include <formats/html/scene_page.hpp>
#include <formats/scene/scene_files.hpp>

#include "scene_fixture.hpp"

namespace {

using da3::formats::Bytes;

da3::Image picture(da3::Size size, std::uint8_t blue) {
  da3::Image image{size, {}};
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      image.rgb.insert(image.rgb.end(), {static_cast<std::uint8_t>(255 * x / size.width),
                                         static_cast<std::uint8_t>(255 * y / size.height), blue});
    }
  }
  return image;
}

std::vector<da3::scene::Gaussian> gaussians(std::size_t count) {
  std::vector<da3::scene::Gaussian> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float f = static_cast<float>(i) / static_cast<float>(count);
    all[i] = {.mean = {f, 2 * f, 3 * f},
              .scale = {0.1F + f, 0.2F, 0.3F},
              .rotation = {0.5F, 0.5F, -0.5F, 0.5F},
              .opacity = 0.1F + 0.8F * f};
    for (std::size_t k = 0; k < all[i].harmonics.size(); ++k) all[i].harmonics[k] = f * static_cast<float>(k);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 5) {
    std::cerr << "usage: write_scene_files FOLDER [ROWS COLUMNS VIEWS]\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const int rows = argc > 2 ? std::atoi(argv[2]) : 30;
  const int columns = argc > 2 ? std::atoi(argv[3]) : 40;
  const std::size_t views = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[4])) : 3;
  const auto scene = da3::testing::wall_scene(views, rows, columns);
  std::filesystem::create_directories(folder / "sparse/0");
  const auto timed = [](const std::string& name, const auto& make) {
    const auto begin = std::chrono::steady_clock::now();
    auto result = make();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    std::cout << name << " " << took.count() << " ms\n";
    return result;
  };
  const auto write = [&](const std::string& name, const Bytes& bytes) {
    std::ofstream(folder / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  };
  const auto make = [&](const std::string& name, const std::function<Bytes()>& bytes) {
    write(name, timed(name, bytes));
  };
  make("scene.glb", [&] { return da3::formats::encode_glb(scene); });
  make("points.ply", [&] { return da3::formats::encode_points_ply(scene, true); });
  make("gaussians.ply", [&] { return da3::formats::encode_gaussians_ply(gaussians(100), 1).bytes; });
  make("cameras.json", [&] { return da3::formats::encode_cameras_json(scene); });
  make("transforms.json",
       [&] { return da3::formats::encode_transforms_json(scene, {.points = "points.ply", .depth = {}}); });
  for (const auto& [name, bytes] : timed("colmap", [&] { return da3::formats::encode_colmap(scene); }))
    write("sparse/0/" + name, bytes);
  std::filesystem::create_directories(folder / "text");
  for (const auto& [name, bytes] :
       timed("colmap text", [&] { return da3::formats::encode_colmap(scene, true); }))
    write("text/" + name, bytes);

  da3::formats::ScenePage page;
  page.title = "Invented </script> scene & more";
  page.facts = {{"Model", "none"}, {"Unit", "relative"}};
  for (std::size_t i = 0; i < views; ++i) {
    da3::formats::PageView view;
    view.photo = da3::codec::encode_jpeg(scene.views[i].input, 85);
    view.depth = view.photo;
    view.points = scene.views[i].depth.size();
    view.statistics = da3::formats::DepthStatistics{1, 1, 3, 4, 5};
    page.views.push_back(std::move(view));
  }
  make("scene.npz", [&] { return da3::formats::encode_scene_npz(scene); });
  make("index.html", [&] { return da3::formats::encode_scene_page(scene, page); });

  // 200 entries of one picture with an awkward name.
  std::filesystem::create_directories(folder / "gallery/50% #1");
  const da3::Image photo = picture({rows * 10, columns * 10}, 20);
  da3::Image depth = photo;
  for (std::size_t i = 0; i < depth.rgb.size(); i += 3) depth.rgb[i] = 255;
  write("gallery/50% #1/caf\u00e9?.view.jpg",
        timed("gallery picture", [&] { return da3::formats::encode_gallery_picture(photo, depth); }));
  std::vector<da3::formats::GalleryEntry> entries;
  for (int i = 0; i < 200; ++i) {
    entries.push_back({"photo <" + std::to_string(i) + ">.jpg", "50% #1/caf\u00e9?.view.jpg", photo.size,
                       std::pair(0.5, 2.5 + i), "m"});
  }
  make("gallery/index.html", [&] { return da3::formats::encode_gallery(entries); });
  return 0;
}
