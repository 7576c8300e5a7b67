// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/error.hpp>

namespace da3 {

std::string_view error_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
      return "usage";
    case ErrorCode::kNoInput:
      return "input.none";
    case ErrorCode::kInputNotFound:
      return "input.not_found";
    case ErrorCode::kInputUnreadable:
      return "input.unreadable";
    case ErrorCode::kInputNotRegular:
      return "input.not_regular";
    case ErrorCode::kImageUnsupported:
      return "image.unsupported";
    case ErrorCode::kImageTruncated:
      return "image.truncated";
    case ErrorCode::kImageCorrupt:
      return "image.corrupt";
    case ErrorCode::kImageTooLarge:
      return "image.too_large";
    case ErrorCode::kFocalMissing:
      return "focal.missing";
    case ErrorCode::kPredictionInvalid:
      return "prediction.invalid";
    case ErrorCode::kVideoNone:
      return "video.none";
    case ErrorCode::kVideoUnsupported:
      return "video.unsupported";
    case ErrorCode::kVideoDamaged:
      return "video.damaged";
    case ErrorCode::kVideoTruncated:
      return "video.truncated";
    case ErrorCode::kVideoUnavailable:
      return "video.unavailable";
    case ErrorCode::kEncoderUnavailable:
      return "encoder.unavailable";
    case ErrorCode::kSceneCameras:
      return "scene.cameras";
    case ErrorCode::kSceneAlignment:
      return "scene.alignment";
    case ErrorCode::kModelNotFound:
      return "model.not_found";
    case ErrorCode::kModelDamaged:
      return "model.damaged";
    case ErrorCode::kModelContract:
      return "model.contract";
    case ErrorCode::kModelSelftest:
      return "model.selftest";
    case ErrorCode::kModelSynthetic:
      return "model.synthetic";
    case ErrorCode::kModelUntrusted:
      return "model.untrusted";
    case ErrorCode::kModelFetch:
      return "model.fetch";
    case ErrorCode::kModelLicence:
      return "model.licence";
    case ErrorCode::kDeviceUnavailable:
      return "device.unavailable";
    case ErrorCode::kPrecisionUnsupported:
      return "precision.unsupported";
    case ErrorCode::kOutOfMemory:
      return "memory.exhausted";
    case ErrorCode::kOutputExists:
      return "output.exists";
    case ErrorCode::kOutputCollision:
      return "output.collision";
    case ErrorCode::kOutputName:
      return "output.name";
    case ErrorCode::kOutputFailed:
      return "output.failed";
    case ErrorCode::kOutputLocked:
      return "output.locked";
    case ErrorCode::kPipeClosed:
      return "pipe.closed";
    case ErrorCode::kBenchRegression:
      return "bench.regression";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kNoInput:
    case ErrorCode::kSceneCameras:
    case ErrorCode::kOutputLocked:
    case ErrorCode::kVideoUnavailable:
    case ErrorCode::kEncoderUnavailable:
      return 2;
    case ErrorCode::kInputNotFound:
    case ErrorCode::kInputUnreadable:
    case ErrorCode::kInputNotRegular:
    case ErrorCode::kImageUnsupported:
    case ErrorCode::kImageTruncated:
    case ErrorCode::kImageCorrupt:
    case ErrorCode::kImageTooLarge:
    case ErrorCode::kFocalMissing:
    case ErrorCode::kVideoNone:
    case ErrorCode::kVideoUnsupported:
    case ErrorCode::kVideoDamaged:
    case ErrorCode::kVideoTruncated:
    case ErrorCode::kPredictionInvalid:
    case ErrorCode::kSceneAlignment:
    case ErrorCode::kOutputExists:
    case ErrorCode::kOutputCollision:
    case ErrorCode::kOutputName:
      return 1;
    case ErrorCode::kModelNotFound:
    case ErrorCode::kModelDamaged:
    case ErrorCode::kModelContract:
    case ErrorCode::kModelSelftest:
    case ErrorCode::kModelSynthetic:
    case ErrorCode::kModelUntrusted:
    case ErrorCode::kModelFetch:
    case ErrorCode::kModelLicence:
      return 3;
    case ErrorCode::kDeviceUnavailable:
    case ErrorCode::kPrecisionUnsupported:
    case ErrorCode::kOutOfMemory:
      return 4;
    case ErrorCode::kBenchRegression:
      return 5;
    case ErrorCode::kOutputFailed:
    case ErrorCode::kPipeClosed:
      return 6;
    case ErrorCode::kInterrupted:
      return 130;
    case ErrorCode::kInternal:
      return 70;
  }
  return 70;
}

}  // namespace da3
