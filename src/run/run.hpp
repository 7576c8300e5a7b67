// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <journal/records.hpp>
#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <da3/error.hpp>
#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <run/options.hpp>
#include <run/sink.hpp>
#include <run/source.hpp>

// Many photos in, files out. Nothing here prints; what happens is told through `Callbacks`.
namespace da3::run {

enum class Stage { kScan, kDecode, kPreprocess, kForward, kResize, kWrite };
inline constexpr std::size_t kNumStages = 6;
std::string_view to_string(Stage stage);

/// Seconds that each stage was busy, added over its threads; index with `Stage`.
using StageSeconds = std::array<double, kNumStages>;

using journal::ImageStatus;

/// One finished input, in the order of completion.
struct ImageEvent {
  std::string path;  ///< As given or found; bytes untouched
  ImageStatus status = ImageStatus::kDone;
  std::optional<ErrorCode> error;     ///< Set if failed
  std::string message;                ///< Of the error; begins with the path
  std::vector<std::string> warnings;  ///< Such as a focal length taken from EXIF
  std::string json;                   ///< The record of docs/cli.md: one line of JSON without its newline
};

/// Where the run stands.
struct Progress {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::optional<std::size_t> total;   ///< Known once scanning has ended
  std::size_t found = 0;              ///< By the scan so far
  double images_per_s = 0;            ///< Forwarded images over the last 10 s
  std::optional<double> remaining_s;  ///< Known once `total` is
  double elapsed_s = 0;
  int batch = 0;  ///< Images of the latest forward
  StageSeconds busy_s{};
};

/// A line for the log: why a batch has its size, that memory ran out, a file that could not be kept.
struct Note {
  bool warning = false;  ///< Worth showing without -v
  std::string text;
};

/// All are called from the thread that called `run`, one at a time; any may be empty. A callback that throws
/// ends the run with that exception, finished results whole.
struct Callbacks {
  std::function<void(const ImageEvent&)> on_image;
  std::function<void(const Progress&)> on_progress;  ///< About ten times a second
  std::function<void(const Note&)> on_note;
};

/// Memory that was predicted for a batch of one shape, and what was used.
struct ShapeSummary {
  Size size;  ///< Processed
  std::size_t images = 0;
  int batch = 0;       ///< Largest that ran
  std::string reason;  ///< Why not larger, such as "3 % rule", "memory", "few images"
  std::optional<std::uint64_t> predicted_bytes;  ///< For the largest batch, before it ran
  std::optional<std::uint64_t> measured_bytes;   ///< Its highest tensor memory
};

struct Summary {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t folders_not_entered = 0;  ///< Below folders that were named, for want of Options::recursive
  bool in_folders = false;              ///< A result lies in a folder of its own below the output
  bool interrupted = false;             ///< The stop token was set before all was done
  double elapsed_s = 0;
  StageSeconds busy_s{};
  Stage slowest = Stage::kForward;    ///< The stage that bounds the run: most busy time per thread it may use
  std::size_t largest_in_flight = 0;  ///< Most images held at a time
  std::uint64_t largest_held_bytes = 0;  ///< Most bytes of pictures and results held at a time, as accounted
  std::vector<ShapeSummary> shapes;
};

/// What `run` works with besides options. All are the caller's and outlive the call.
struct Environment {
  std::shared_ptr<predict::DepthModel> model;
  predict::MemoryProbe* memory = nullptr;
  int cores = 0;  ///< Cores that the host stages may count on; 0: core::usable_cores()
};

/// Depth for all inputs. Returns when all is done or, once `stop` is requested, when the forward and the
/// writes in progress have ended. Threads: one runs forward passes (`concurrency()` of them on an
/// accelerator), `decode_threads` the rest. Throws: Error kUsage (options; another model or other options
/// than in the manifest), kNoInput, kOutputLocked, kOutputFailed (disk full, no right; the message counts
/// what is missing), kDeviceUnavailable, model errors. An input that fails is an ImageEvent, never an
/// exception.
Summary run(const Options& options, const Environment& environment, const Callbacks& callbacks = {},
            std::stop_token stop = {});

/// The same for another source of inputs; `options.inputs` only names them in messages and must not be empty.
Summary run(std::unique_ptr<Source> source, const Options& options, const Environment& environment,
            const Callbacks& callbacks = {}, std::stop_token stop = {});

/// The same into another sink than `options.output_dir`.
Summary run(std::unique_ptr<Source> source, const MakeSink& make_sink, const Options& options,
            const Environment& environment, const Callbacks& callbacks = {}, std::stop_token stop = {});

/// One shape of a plan.
struct PlannedShape {
  Size size;  ///< Processed
  std::size_t images = 0;
  int batch = 1;                                 ///< First that would run; `auto` may change it while it runs
  std::optional<std::uint64_t> predicted_bytes;  ///< Of that batch; none before it was ever measured
  std::string reason;
};

/// What a run would do (`--dry-run`); no inference, nothing is written.
struct Plan {
  std::size_t inputs = 0;
  std::size_t finished = 0;          ///< Would be skipped
  std::vector<ImageEvent> unusable;  ///< Inputs whose header already says that they fail
  std::vector<PlannedShape> shapes;  ///< Most images first
  std::uint64_t free_bytes = 0;      ///< Of the device now
  std::uint64_t allowed_bytes = 0;   ///< memory_fraction of it
};

/// The plan for these options. `model` need not be loaded. Throws: as `run`.
Plan plan(const Options& options, const ModelSpec& model, const DeviceId& device, Precision precision,
          Attention attention, predict::MemoryProbe& memory, std::stop_token stop = {});

/// Who gets the machine's cores.
struct ThreadPlan {
  int inference = 1;       ///< Threads of one forward, for engine::LoadOptions::threads
  int host = 1;            ///< Threads that decode, render and write
  bool alternate = false;  ///< Forward passes and host work take turns on all cores instead of overlapping
};

/// The division of `cores` for a device. `threads` and `decode_threads` of 0 mean: choose.
ThreadPlan plan_threads(DeviceKind device, int cores, int threads = 0, int decode_threads = 0);

/// True if results of these options need to know the camera, so that a network's own cameras may be asked
/// for. Throws: Error kUsage for a format that does not exist.
bool needs_cameras(const Options& options);

/// As many of `host` threads as `descriptors` that are free allow, at least one: each may hold an input that
/// waits for memory and write a result.
int host_threads_within(int host, std::size_t descriptors);

}  // namespace da3::run
