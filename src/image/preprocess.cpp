// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <image/preprocess.hpp>
#include <image/resample.hpp>

namespace da3::image {
namespace {

void check(Size size, const ResizePolicy& policy) {
  if (policy.patch < 1 || policy.process_res < policy.patch || policy.process_res > 1 << 14) {
    throw Error(ErrorCode::kUsage, "processing size " + std::to_string(policy.process_res) +
                                       " with patches of " + std::to_string(policy.patch) +
                                       ": expected a size from one patch to 16384");
  }
  if (size.height < 1 || size.width < 1) {
    throw Error(ErrorCode::kUsage, "a picture of " + core::size_text(size) +
                                       " pixels cannot be processed: both sides must be at least 1");
  }
}

bool bounds_longer_side(ResizeMethod method) {
  return method == ResizeMethod::kUpperBoundResize || method == ResizeMethod::kUpperBoundCrop;
}

bool crops(ResizeMethod method) {
  return method == ResizeMethod::kUpperBoundCrop || method == ResizeMethod::kLowerBoundCrop;
}

int to_side(double side) {
  // Wider than this no network could take it, and an integer neither.
  constexpr double kLargest = 1 << 24;
  return std::max(1, static_cast<int>(std::nearbyint(std::min(side, kLargest))));  // Ties to even
}

/// First step: one side becomes process_res, the other keeps the aspect ratio.
Size bounded_size(Size original, const ResizePolicy& policy) {
  const int side = bounds_longer_side(policy.method) ? std::max(original.height, original.width)
                                                     : std::min(original.height, original.width);
  if (side == policy.process_res) return original;
  const double scale = policy.process_res / static_cast<double>(side);
  return {to_side(original.height * scale), to_side(original.width * scale)};
}

/// The nearest multiple of the patch, ties upwards; never below one patch, where the original tool fails.
int nearest_multiple(int side, int patch) {
  const int down = side / patch * patch;
  const int up = down + patch;
  return std::max(patch, up - side <= side - down ? up : down);
}

/// Second step of the resizing methods.
Size patched_size(Size bounded, int patch) {
  return {nearest_multiple(bounded.height, patch), nearest_multiple(bounded.width, patch)};
}

/// Second step of the cropping methods. A side below one patch cannot be cut, it grows.
Size cropped_size(Size bounded, int patch) {
  return {std::max(patch, bounded.height / patch * patch), std::max(patch, bounded.width / patch * patch)};
}

Image crop_centre(const Image& picture, Size size) {
  const std::size_t top = static_cast<std::size_t>((picture.size.height - size.height) / 2);
  const std::size_t left = static_cast<std::size_t>((picture.size.width - size.width) / 2);
  const std::size_t in_stride = static_cast<std::size_t>(picture.size.width) * 3;
  const std::size_t out_stride = static_cast<std::size_t>(size.width) * 3;
  Image result{size, std::vector<std::uint8_t>(size.area() * 3)};
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    std::memcpy(result.rgb.data() + y * out_stride, picture.rgb.data() + (top + y) * in_stride + left * 3,
                out_stride);
  }
  return result;
}

bool grows(Size from, Size to) {
  return to.height > from.height || to.width > from.width;
}

Image resize_to(const Image& picture, Size size) {
  return resample(picture, size, grows(picture.size, size) ? Resampling::kCubic : Resampling::kArea);
}

/// The picture, or what `made` holds once a step has made another.
class Step {
 public:
  explicit Step(const Image& photo) : current_(&photo) {}
  const Image& get() const { return *current_; }
  void replace(Image next) {
    made_ = std::move(next);
    current_ = &made_;
  }
  Image take() { return current_ == &made_ ? std::move(made_) : *current_; }

 private:
  Image made_;
  const Image* current_;
};

}  // namespace

Size processed_size(Size original, const ResizePolicy& policy) {
  check(original, policy);
  const Size bounded = bounded_size(original, policy);
  const Size size =
      crops(policy.method) ? cropped_size(bounded, policy.patch) : patched_size(bounded, policy.patch);
  constexpr std::size_t kMostPixels = std::size_t{1} << 28;
  if (size.area() > kMostPixels) {
    throw Error(ErrorCode::kImageTooLarge, "a picture of " + core::size_text(original) +
                                               " pixels would be processed at " + core::size_text(size) +
                                               "; use upper_bound_resize for such a narrow one");
  }
  return size;
}

Scale processed_scale(Size original, const ResizePolicy& policy) {
  const Size final_size = processed_size(original, policy);
  Size scaled = final_size;
  if (crops(policy.method)) {
    const Size bounded = bounded_size(original, policy);
    scaled = {std::max(bounded.height, final_size.height), std::max(bounded.width, final_size.width)};
  }
  return {static_cast<double>(scaled.height) / original.height,
          static_cast<double>(scaled.width) / original.width};
}

Image preprocess(const Image& photo, const ResizePolicy& policy) {
  return preprocess_to(photo, policy, processed_size(photo.size, policy));
}

Image preprocess_to(const Image& photo, const ResizePolicy& policy, Size final_size) {
  check(photo.size, policy);
  check(final_size, policy);
  Step step(photo);
  const Size bounded = bounded_size(photo.size, policy);
  if (bounded != photo.size) step.replace(resize_to(photo, bounded));
  if (crops(policy.method)) {
    const Size room{std::max(bounded.height, final_size.height), std::max(bounded.width, final_size.width)};
    if (room != bounded) step.replace(resize_to(step.get(), room));
    if (room != final_size) step.replace(crop_centre(step.get(), final_size));
  } else if (final_size != bounded) {
    step.replace(resize_to(step.get(), final_size));
  }
  return step.take();
}

Image preprocess_fixed(const Image& photo, Size size) {
  if (size.height < 1 || size.width < 1 || photo.size.area() == 0) {
    throw Error(ErrorCode::kUsage, "a picture of " + core::size_text(photo.size) + " pixels cannot become " +
                                       core::size_text(size));
  }
  return photo.size == size ? photo : resize_to(photo, size);
}

}  // namespace da3::image
