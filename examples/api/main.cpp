// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
// The smallest program that uses da3 as a library: depth of one photo, printed as a few numbers.
#include <algorithm>
#include <cstdio>
#include <string>

#include <da3/model.hpp>
#include <da3/photo.hpp>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODEL.pt PHOTO\n", argv[0]);
    return 2;
  }
  try {
    const da3::Model model = da3::Model::load(argv[1]);
    const da3::Photo photo = da3::read_photo(argv[2]);
    const da3::Prediction prediction = model.predict(photo);
    const auto [least, most] =
        std::minmax_element(prediction.depth.values.begin(), prediction.depth.values.end());
    std::printf("%s on %s: %d x %d pixels, depth %.4g to %.4g%s\n", model.spec().name.c_str(),
                da3::to_string(model.device()).c_str(), prediction.depth.size.width,
                prediction.depth.size.height, *least, *most,
                prediction.kind == da3::DepthKind::kMetric ? " m" : "");
    return 0;
  } catch (const da3::Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(da3::error_name(error.code())).c_str(), error.what());
    return da3::exit_code(error.code());
  }
}
