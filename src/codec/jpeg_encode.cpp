// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <codec/jpeg_encode.hpp>
#include <jpeglib.h>

#include <da3/error.hpp>

#include <core/text.hpp>

namespace da3::codec {
namespace {

// libjpeg's error callback must not return; it jumps out of C code, never over a C++ object.
struct Session {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  std::jmp_buf out;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
};

void leave(j_common_ptr common) {
  std::longjmp(static_cast<Session*>(common->client_data)->out, 1);
}

bool compress(Session& session, const Image& picture, int quality) {
  session.jpeg.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = leave;
  session.jpeg.client_data = &session;
  if (setjmp(session.out) != 0) return false;
  jpeg_create_compress(&session.jpeg);
  jpeg_mem_dest(&session.jpeg, &session.bytes, &session.size);
  session.jpeg.image_width = static_cast<JDIMENSION>(picture.size.width);
  session.jpeg.image_height = static_cast<JDIMENSION>(picture.size.height);
  session.jpeg.input_components = 3;
  session.jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&session.jpeg);
  jpeg_set_quality(&session.jpeg, quality, TRUE);
  jpeg_start_compress(&session.jpeg, TRUE);
  const std::size_t stride = static_cast<std::size_t>(picture.size.width) * 3;
  while (session.jpeg.next_scanline < session.jpeg.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(picture.rgb.data() + session.jpeg.next_scanline * stride);
    jpeg_write_scanlines(&session.jpeg, &row, 1);
  }
  jpeg_finish_compress(&session.jpeg);
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Image& picture, int quality) {
  if (picture.size.height < 1 || picture.size.width < 1 || picture.size.height > JPEG_MAX_DIMENSION ||
      picture.size.width > JPEG_MAX_DIMENSION || picture.rgb.size() != picture.size.area() * 3) {
    throw Error(ErrorCode::kUsage,
                "a picture of " + core::size_text(picture.size) + " cannot be written as JPEG");
  }
  Session session;
  const bool done = compress(session, picture, quality);
  jpeg_destroy_compress(&session.jpeg);
  std::vector<std::uint8_t> bytes;
  if (done) bytes.assign(session.bytes, session.bytes + session.size);
  std::free(session.bytes);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg allocated it
  if (!done) throw Error(ErrorCode::kInternal, "libjpeg could not write a picture");
  return bytes;
}

}  // namespace da3::codec
