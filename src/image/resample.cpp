// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include <opencv2/imgproc.hpp>

#include <image/area.hpp>
#include <image/cubic.hpp>
#include <image/opencv_guard.hpp>
#include <image/resample.hpp>

namespace da3::image {

Image resample(const Image& picture, Size size, Resampling method) {
  if (picture.size == size) return picture;
  if (method == Resampling::kCubic) return resize_cubic(picture, size);
  if (std::optional<Image> smaller = shrink_by_area(picture, size)) return *std::move(smaller);
  return with_opencv([&] {
    Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
    // cv::Mat has no constant form; the source is only read.
    const cv::Mat in(picture.size.height, picture.size.width, CV_8UC3,
                     const_cast<std::uint8_t*>(picture.rgb.data()));
    cv::Mat out(size.height, size.width, CV_8UC3, result.rgb.data());
    cv::resize(in, out, out.size(), 0, 0, cv::INTER_AREA);
    return result;
  });
}

}  // namespace da3::image
