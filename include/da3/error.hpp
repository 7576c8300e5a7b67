// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <da3/export.hpp>

namespace da3 {

/// What went wrong, one line of meaning each. Names as users see them: `error_name`.
enum class ErrorCode {
  // Usage: the call itself is wrong.
  kUsage,    ///< An option or argument cannot be used as given.
  kNoInput,  ///< No input was found, so there is nothing to do.
  // One input; the others go on.
  kInputNotFound,      ///< The path does not exist.
  kInputUnreadable,    ///< The path exists but cannot be read.
  kInputNotRegular,    ///< A FIFO, socket or device file, which is never read.
  kImageUnsupported,   ///< Not a picture format this build decodes.
  kImageTruncated,     ///< The file ends before the picture does.
  kImageCorrupt,       ///< The file is damaged.
  kImageTooLarge,      ///< More pixels than allowed.
  kFocalMissing,       ///< A metric model without a focal length.
  kPredictionInvalid,  ///< The network's output has a wrong shape or values that are not finite.
  // Videos.
  kVideoNone,           ///< The file has no moving pictures.
  kVideoUnsupported,    ///< A codec or kind of video that this build does not decode.
  kVideoDamaged,        ///< A frame, or the whole file, cannot be decoded.
  kVideoTruncated,      ///< The video ends before it should.
  kVideoUnavailable,    ///< This installation has no FFmpeg.
  kEncoderUnavailable,  ///< No encoder for what was asked for.
  // Scenes.
  kSceneCameras,    ///< A file of given cameras cannot be used.
  kSceneAlignment,  ///< The network's cameras cannot be brought onto the given ones.
  // Models.
  kModelNotFound,   ///< No such file or installed name.
  kModelDamaged,    ///< The file cannot be read or its hash is wrong.
  kModelContract,   ///< The file can be read but does not keep the contract of docs/model-format.md.
  kModelSelftest,   ///< The self-test stored in the file fails on this device.
  kModelSynthetic,  ///< Synthetic weights, refused unless allowed.
  kModelUntrusted,  ///< It brings code of its own, and nobody said that it may run.
  kModelFetch,      ///< It could not be downloaded.
  kModelLicence,    ///< Its licence was not accepted.
  // Device.
  kDeviceUnavailable,     ///< The device is absent, busy or too small.
  kPrecisionUnsupported,  ///< The precision or attention mode cannot run on this device.
  kOutOfMemory,           ///< Memory ran out.
  // Output.
  kOutputExists,     ///< A file that is not ours is in the way.
  kOutputCollision,  ///< Two inputs want the same result name.
  kOutputName,       ///< The file system does not take a result's name (too long, forbidden characters).
  kOutputFailed,     ///< Disk full, no right to write, or any other failed write.
  kOutputLocked,     ///< Another run uses the output folder.
  kPipeClosed,       ///< The program that read our standard output went away.
  // Benchmarks.
  kBenchRegression,  ///< A benchmark is slower than its limit.
  kInterrupted,      ///< Stopped by a signal.
  kInternal,         ///< A bug in da3.
};

/// The stable name of a code, such as "image.truncated".
DA3_API std::string_view error_name(ErrorCode code);

/// The exit code of the program for an error that ends it (docs/cli.md).
DA3_API int exit_code(ErrorCode code);

/// The one exception of this library. `what()` names the subject, what was expected, what was found, what to
/// try.
class DA3_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace da3
