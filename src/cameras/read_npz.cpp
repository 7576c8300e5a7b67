// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include <cameras/readers.hpp>
#include <zip/archive.hpp>

#include <core/npy.hpp>

namespace da3::cameras {
namespace {

NpyView array_of(const std::string& name, Bytes bytes) {
  try {
    return parse_npy(bytes);
  } catch (const UnreadableNpy& error) {
    refuse(name + ": " + error.what());
  }
}

template <typename Number>
Number number_at(Bytes data, std::size_t index) {
  std::array<std::uint8_t, sizeof(Number)> raw{};
  std::memcpy(raw.data(), data.data() + index * sizeof(Number), sizeof(Number));
  if constexpr (std::endian::native == std::endian::big) std::reverse(raw.begin(), raw.end());
  return std::bit_cast<Number>(raw);
}

std::vector<double> doubles_of(const std::string& name, const NpyView& array) {
  if (array.type != "<f4" && array.type != "<f8") refuse(name + " is not of float32 or float64");
  if (array.num_values == 0 || !array.is_whole())
    refuse(name + " has no values, or not as many as its shape says");
  std::vector<double> values(array.num_values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = array.type == "<f8" ? number_at<double>(array.data, i)
                                    : static_cast<double>(number_at<float>(array.data, i));
  }
  return values;
}

void append_utf8(std::string& text, std::uint32_t point) {
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += {static_cast<char>(0xC0U | point >> 6U), static_cast<char>(0x80U | (point & 0x3FU))};
  } else if (point < 0x10000) {
    text += {static_cast<char>(0xE0U | point >> 12U), static_cast<char>(0x80U | (point >> 6U & 0x3FU)),
             static_cast<char>(0x80U | (point & 0x3FU))};
  } else {
    text +=
        {static_cast<char>(0xF0U | (point >> 18U & 7U)), static_cast<char>(0x80U | (point >> 12U & 0x3FU)),
         static_cast<char>(0x80U | (point >> 6U & 0x3FU)), static_cast<char>(0x80U | (point & 0x3FU))};
  }
}

/// NumPy's texts of fixed length: "<U12" in UTF-32, "|S12" in bytes; both end at zeros.
std::vector<std::string> texts_of(const NpyView& array) {
  const bool wide = array.type.starts_with("<U");
  if ((!wide && !array.type.starts_with("|S")) || array.shape.size() != 1)
    refuse("photo is no list of texts");
  if (!array.is_whole()) refuse("photo has not as many texts as its shape says");
  const std::size_t length = array.value_bytes / (wide ? 4 : 1);
  std::vector<std::string> texts(array.shape[0]);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t k = 0; k < length; ++k) {
      const std::uint32_t point =
          wide ? number_at<std::uint32_t>(array.data, i * length + k) : array.data[i * length + k];
      if (point == 0) break;
      if (wide) {
        append_utf8(texts[i], point);
      } else {
        texts[i] += static_cast<char>(point);
      }
    }
  }
  return texts;
}

std::vector<GivenCamera> cameras_of(Bytes bytes) {
  const zip::Archive archive = zip::open_bytes(bytes);
  std::map<std::string, std::vector<std::uint8_t>> entries;
  std::map<std::string, NpyView> arrays;
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 28U;  // A million cameras have 150 MB
  constexpr std::uint64_t kHeader = 1024;                      // Of depth only the shape is read
  for (const auto& [name, most] : {std::pair{"extrinsics", kLargest},
                                   {"intrinsics", kLargest},
                                   {"photo", kLargest},
                                   {"crop", kLargest},
                                   {"depth", kHeader}}) {
    if (auto entry = zip::read_entry(archive.get(), std::string(name) + ".npy", bytes.size(), most)) {
      entries[name] = std::move(*entry);
      arrays[name] = array_of(name, entries[name]);
    }
  }
  if (!arrays.contains("extrinsics") || !arrays.contains("intrinsics")) {
    refuse("cameras need both arrays, `extrinsics` (S, 3, 4) and `intrinsics` (S, 3, 3)");
  }
  const NpyView& e = arrays["extrinsics"];
  const NpyView& k = arrays["intrinsics"];
  const bool fits = e.shape.size() == 3 && (e.shape[1] == 3 || e.shape[1] == 4) && e.shape[2] == 4 &&
                    k.shape.size() == 3 && k.shape[1] == 3 && k.shape[2] == 3 && k.shape[0] == e.shape[0];
  if (!fits) refuse("extrinsics are not (S, 3, 4) or intrinsics not (S, 3, 3)");
  const std::vector<double> poses = doubles_of("extrinsics", e);
  const std::vector<double> lenses = doubles_of("intrinsics", k);
  std::vector<GivenCamera> given(e.shape[0]);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto pose = poses.begin() + static_cast<std::ptrdiff_t>(i * e.shape[1] * 4);
    std::copy_n(pose, 12, given[i].camera_from_world.begin());
    if (e.shape[1] == 4) require_last_row({pose[12], pose[13], pose[14], pose[15]});
    std::copy_n(lenses.begin() + static_cast<std::ptrdiff_t>(i * 9), 9, given[i].intrinsics.begin());
  }
  if (arrays.contains("photo")) {
    const std::vector<std::string> names = texts_of(arrays["photo"]);
    if (names.size() != given.size()) refuse("photo names another number of cameras than extrinsics");
    for (std::size_t i = 0; i < given.size(); ++i) given[i].photo = names[i];
  }
  // A scene.npz has its intrinsics in processed pixels: the maps' size is the cameras', unless they are of a
  // part of the photo.
  if (arrays.contains("crop") && arrays["crop"].type == "<i4") {
    for (std::size_t i = 0; i + 1 < arrays["crop"].data.size() / 4; i += 4) {
      if (number_at<std::int32_t>(arrays["crop"].data, i) != 0 ||
          number_at<std::int32_t>(arrays["crop"].data, i + 1) != 0) {
        refuse("its cameras are of cut photos; give the cameras.json next to it");
      }
    }
  }
  if (arrays.contains("depth") && arrays["depth"].shape.size() == 3) {
    const std::vector<std::size_t>& shape = arrays["depth"].shape;
    const Size size = size_of(static_cast<double>(shape[1]), static_cast<double>(shape[2]));
    for (GivenCamera& camera : given) camera.size = size;
  }
  return given;
}

}  // namespace

std::vector<GivenCamera> read_npz(Bytes bytes) {
  try {
    return cameras_of(bytes);
  } catch (const zip::Unreadable& error) {
    refuse(error.what());
  }
}

}  // namespace da3::cameras
