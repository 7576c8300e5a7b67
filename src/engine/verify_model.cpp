// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include <da3/error.hpp>

#include <core/stored_zip.hpp>
#include <engine/engine.hpp>
#include <engine/selftest.hpp>
#include <weights/identity.hpp>
#include <weights/model_file.hpp>
#include <weights/recipe.hpp>

namespace da3::engine {
namespace {

/// The record's tolerance is for float32. The others follow from the spacing of their numbers, 2^-11 and
/// 2^-8, with room for the depth of the network.
double tolerance_in(Precision precision, double fp32) {
  constexpr double kFp16 = 0.01;
  constexpr double kBf16 = 0.05;
  constexpr double kInt8 = 0.1;
  switch (precision) {
    case Precision::kFp32:
      return fp32;
    case Precision::kFp16:
      return std::max(fp32, kFp16);
    case Precision::kBf16:
      return std::max(fp32, kBf16);
    case Precision::kInt8:
      return std::max(fp32, kInt8);
  }
  return fp32;
}

Selftest run_selftest(predict::DepthModel& model, const Selftest& expected) {
  const auto picture = weights::selftest_picture(expected.height, expected.width, expected.seed);
  predict::Request request;
  request.size = {expected.height, expected.width};
  request.pictures = {picture};
  return selftest_statistics(expected, model.predict(request).depth);
}

}  // namespace

VerifyReport verify_model(const std::filesystem::path& file, const LoadOptions& options) {
  VerifyReport report;
  report.computed_sha256 = weights::weights_sha256(weights::open_model_file(file));
  LoadOptions unchecked = options;
  // The hash is this function's own result, not a reason to stop before the self-test.
  unchecked.identity_folder.reset();
  // Every part is built, so that its tensors are looked at, too.
  unchecked.parts = parts_in(options.describe ? *options.describe : read_spec(file));
  const auto model = load_model(file, unchecked);
  report.spec = model->spec();
  report.hash_matches = report.computed_sha256 == report.spec.sha256;
  // Changed weights may give anything, so what the network makes of them says nothing more.
  if (!report.hash_matches || !report.spec.selftest) return report;
  report.tolerance = tolerance_in(model->precision(), report.spec.selftest->tolerance);
  try {
    report.selftest_worst_error =
        selftest_error(run_selftest(*model, *report.spec.selftest), *report.spec.selftest);
  } catch (const Error& error) {
    // Depth that is not finite is a failed self-test, such as of a precision that overflows.
    if (error.code() != ErrorCode::kPredictionInvalid) throw;
    report.selftest_worst_error = std::numeric_limits<double>::infinity();
  }
  report.selftest_passed = report.selftest_worst_error <= report.tolerance;
  return report;
}

}  // namespace da3::engine
