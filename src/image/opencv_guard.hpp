// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>

#include <opencv2/core.hpp>

#include <da3/error.hpp>

namespace da3::image {

/// Runs `work`, translating OpenCV's exceptions. OpenCV's own threads are switched off at the first use:
/// pictures are worked on side by side, one a thread, and inference needs the cores.
template <typename Work>
auto with_opencv(const Work& work) {
  static std::once_flag once;
  std::call_once(once, [] { cv::setNumThreads(1); });
  try {
    return work();
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem)
      throw Error(ErrorCode::kOutOfMemory, "not enough memory to resize a picture");
    throw Error(ErrorCode::kInternal, std::string("OpenCV: ") + error.what());
  }
}

}  // namespace da3::image
