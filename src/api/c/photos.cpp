// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <api/c/call.hpp>
#include <api/c/handles.hpp>
#include <core/text.hpp>

namespace da3::api::c {

Photo photo_of(const da3_image& given) {
  const da3_image image = read(&given, da3_image DA3_IMAGE_INIT, "image");
  require(image.rgb, "image.rgb");
  if (image.height <= 0 || image.width <= 0) {
    throw Error(ErrorCode::kUsage, "image: expected a width and height above 0, found " +
                                       core::size_text({image.height, image.width}));
  }
  Photo photo;
  photo.image.size = {image.height, image.width};
  const std::size_t row = std::size_t{3} * static_cast<std::size_t>(image.width);
  const std::size_t step = image.row_bytes == 0 ? row : image.row_bytes;
  if (step < row) {
    throw Error(ErrorCode::kUsage, "image.row_bytes: expected 3 bytes a pixel, " + std::to_string(row) +
                                       " or more, found " + std::to_string(step));
  }
  photo.image.rgb.reserve(row * static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(image.height); ++y) {
    photo.image.rgb.insert(photo.image.rgb.end(), image.rgb + y * step, image.rgb + y * step + row);
  }
  if (image.focal_px > 0) {
    photo.focal_px = image.focal_px;
    photo.focal_source = text(image.focal_source);
  }
  return photo;
}

std::vector<Photo> copies_of(const da3_image* images, std::size_t count) {
  if (count > 0) require(images, "images");
  std::vector<Photo> photos;
  photos.reserve(count);
  // The caller's structs may be larger or smaller than this library's.
  const std::size_t step = count > 0 ? images->struct_size : 0;
  const auto* at = reinterpret_cast<const std::uint8_t*>(images);
  for (std::size_t i = 0; i < count; ++i) {
    photos.push_back(photo_of(*reinterpret_cast<const da3_image*>(at + i * step)));
  }
  return photos;
}

}  // namespace da3::api::c

using namespace da3::api::c;  // NOLINT(google-build-using-namespace)

extern "C" {

da3_status da3_photo_read(const char* path, da3_photo** photo) {
  return call([&] {
    require(path, "path");
    require(photo, "photo");
    *photo = std::make_unique<da3_photo>(da3_photo{da3::read_photo(path)}).release();
  });
}

da3_status da3_photo_decode(const void* bytes, size_t size, da3_photo** photo) {
  return call([&] {
    require(photo, "photo");
    if (size > 0) require(bytes, "bytes");
    *photo =
        std::make_unique<da3_photo>(da3_photo{da3::decode_photo({static_cast<const uint8_t*>(bytes), size})})
            .release();
  });
}

da3_status da3_photo_image(const da3_photo* photo, da3_image* image) {
  return call([&] {
    require(photo, "photo");
    const da3::Photo& from = photo->photo;
    da3_image result = DA3_IMAGE_INIT;
    result.rgb = from.image.rgb.data();
    result.height = from.image.size.height;
    result.width = from.image.size.width;
    result.row_bytes = std::size_t{3} * static_cast<std::size_t>(result.width);
    result.focal_px = from.focal_px.value_or(0);
    if (from.focal_px) result.focal_source = from.focal_source.c_str();
    write(result, image, "image");
  });
}

void da3_photo_free(da3_photo* photo) {
  delete photo;
}
}
