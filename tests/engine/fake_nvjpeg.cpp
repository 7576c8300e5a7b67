// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// A library with nvJPEG's functions for tests. A "file" is: width, height, components, status of decoding (a
// byte each), rubbish, FF D9. Decoding gives red = column, green = row, blue = 7, in memory of the host.
#include <cstddef>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {
int handle = 0;
int states = 0;
}  // namespace

struct Planes {
  unsigned char* channel[4];
  std::size_t pitch[4];
};

EXPORTED int nvjpegCreateSimple(void** out) {
  *out = &handle;
  return 0;
}

EXPORTED int nvjpegDestroy(void* /*handle*/) {
  return states == 0 ? 0 : 8;
}

EXPORTED int nvjpegJpegStateCreate(void* /*handle*/, void** out) {
  ++states;
  *out = new int(0);
  return 0;
}

EXPORTED int nvjpegJpegStateDestroy(void* state) {
  --states;
  delete static_cast<int*>(state);
  return 0;
}

EXPORTED int nvjpegGetImageInfo(void* /*handle*/, const unsigned char* data, std::size_t length,
                                int* components, int* /*subsampling*/, int* widths, int* heights) {
  if (length < 6) return 3;
  widths[0] = data[0];
  heights[0] = data[1];
  *components = data[2];
  return 0;
}

EXPORTED int nvjpegDecode(void* /*handle*/, void* /*state*/, const unsigned char* data,
                          std::size_t /*length*/, int format, Planes* planes, void* /*stream*/) {
  if (format != 5) return 2;
  if (data[3] != 0) return data[3];
  for (int row = 0; row < data[1]; ++row) {
    for (int column = 0; column < data[0]; ++column) {
      unsigned char* const pixel =
          planes->channel[0] + static_cast<std::size_t>(row) * planes->pitch[0] + column * 3;
      pixel[0] = static_cast<unsigned char>(column);
      pixel[1] = static_cast<unsigned char>(row);
      pixel[2] = 7;
    }
  }
  return 0;
}
