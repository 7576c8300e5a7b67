// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <opencv2/imgproc.hpp>

#include <da3/error.hpp>

#include <image/opencv_guard.hpp>
#include <image/preprocess.hpp>

namespace da3::image {

DepthMap resize_map(const DepthMap& map, Size size, std::vector<float> room) {
  if (map.size == size) return map;
  if (size.height < 1 || size.width < 1 || map.size.area() == 0) {
    throw Error(ErrorCode::kUsage, "a depth map cannot be resized from or to nothing");
  }
  return with_opencv([&] {
    if (room.size() != size.area()) room = std::vector<float>(size.area());
    DepthMap result{size, std::move(room)};
    // cv::Mat has no constant form; the source is only read.
    const cv::Mat in(map.size.height, map.size.width, CV_32F, const_cast<float*>(map.values.data()));
    cv::Mat out(size.height, size.width, CV_32F, result.values.data());
    cv::resize(in, out, out.size(), 0, 0, cv::INTER_LINEAR);
    return result;
  });
}

}  // namespace da3::image
