// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <predict/depth_model.hpp>
#include <predict/memory_probe.hpp>

#include <da3/device.hpp>
#include <da3/image.hpp>
#include <da3/model_spec.hpp>

#include <engine/parts.hpp>

// The engine's face: no LibTorch type appears here.
namespace da3::engine {

/// Where bytes become the network's normalised input.
enum class NormaliseOn {
  kDevice,  ///< Bytes are uploaded, a quarter of the numbers
  kHost,    ///< Numbers are uploaded; the same values to 1e-6 before the network
};

struct LoadOptions {
  DeviceId device;
  std::optional<Precision> precision;  ///< None: the default of the device (docs/performance.md)
  std::optional<Attention> attention;  ///< None: the faster one by the table of operators
  int threads = 0;          ///< Threads of one forward on a CPU; 0: physical cores within the cgroup
  bool own_kernels = true;  ///< da3's CPU operators where they exist (docs/performance.md); false: LibTorch's
  NormaliseOn normalise = NormaliseOn::kDevice;
  /// What is to be asked of the model besides depth; the rest stays on the disk.
  Parts parts;
  bool map_weights = true;            ///< Map the file instead of reading it (CPU)
  std::optional<ModelSpec> describe;  ///< Record for a file without `da3.json`
  /// Where checked files are remembered. Set: a file that is new or changed since is hashed in full and
  /// compared with its record (docs/model-format.md, Identity). None: the record is trusted.
  std::optional<std::filesystem::path> identity_folder;
  /// The model that comes with da3: a file of its bytes is trusted, and known by its weights alone.
  std::filesystem::path starter;
  bool refuse_code = false;  ///< Throw Error kModelUntrusted for a file that runs its own code
};

/// The model in a TorchScript file, ready to predict. A file of a network that this build knows gives only
/// its tensors: the module is built from the program's own text, in the variant for the device. Other files
/// run their own code.
/// Precision: fp32 on CPU and MPS; on CUDA bf16 (fp16 before compute capability 8.0) for the backbone of
/// known networks, fp32 for all else.
/// Threads: a forward on the CPU uses `threads` OpenMP threads; call predict from one thread.
/// On a CPU the weights may stay in the file: predict throws Error kModelDamaged once it was written to.
/// Throws: Error kModelNotFound, kModelDamaged, kModelContract (also for parts that the file does not have),
/// kDeviceUnavailable, kPrecisionUnsupported, kOutOfMemory.
std::unique_ptr<predict::DepthModel> load_model(const std::filesystem::path& file,
                                                const LoadOptions& options);

/// How a model runs.
struct Modes {
  Precision precision = Precision::kFp32;
  Attention attention = Attention::kSdpa;
};

/// The precision of da3's own networks on a device where nobody names one.
Precision default_precision(const DeviceId& device);

/// What load_model takes where `options` have no wish, and the wishes themselves elsewhere. A foreign network
/// without attention of its own runs as kFixed all the same. Throws: Error kPrecisionUnsupported.
Modes modes_of(const ModelSpec& spec, const LoadOptions& options);

/// Devices that this LibTorch can use now, best first; the CPU is always the last.
std::vector<DeviceId> available_devices();

/// Returns if the device is there. Throws: Error kDeviceUnavailable with the reason and what would work:
/// LibTorch built without it, no driver, no device seen, index out of range.
void check_device(const DeviceId& device);

/// Free memory of devices and host.
std::unique_ptr<predict::MemoryProbe> make_memory_probe();

/// Where exported weights come from.
struct ExportSource {
  std::filesystem::path folder;         ///< Published layout: config.json and model.safetensors; or empty
  std::string name;                     ///< Catalogue name for synthetic weights, or to override the folder's
  std::optional<std::uint64_t> seed;    ///< Set: weights by the recipe of docs/model-format.md
  std::optional<DepthKind> depth_kind;  ///< Of a mono or metric network; none: by its name
  bool depth_only = false;              ///< Without the parts of parts.hpp, for a smaller file
  std::string origin_text;              ///< Such as "depth-anything/DA3-BASE@main/model.safetensors"
  std::string licence_spdx;
  std::string licence_attribution;
};

struct ExportReport {
  ModelSpec spec;
  std::vector<std::string> warnings;  ///< Such as tensors that the network does not know
  std::uint64_t file_bytes = 0;
};

/// Writes a model file, whole or not at all (temporary name, then rename).
/// Throws: Error kModelNotFound, kModelDamaged, kModelContract, kOutputFailed, kUsage.
ExportReport export_model(const ExportSource& source, const std::filesystem::path& file);

struct CalibrationReport {
  ModelSpec spec;
  int layers = 0;  ///< Whose inputs were smoothed
  /// Root mean square over all layers of the estimated relative rounding error of their 8-bit products.
  double error_before = 0;
  double error_after = 0;
  std::uint64_t file_bytes = 0;
};

/// Sees what the linear layers of a network multiply, in float32 on the CPU, and chooses what 8-bit products
/// are to multiply their inputs by (docs/parity.md, int8).
class Calibration {
 public:
  /// Of a file of a known network in the tensor layouts 2 and 3. `threads`: 0: physical cores. Throws: as
  /// load_model; Error kModelContract for other files.
  Calibration(const std::filesystem::path& model, int threads);
  ~Calibration();
  Calibration(const Calibration&) = delete;
  Calibration& operator=(const Calibration&) = delete;

  const ModelSpec& spec() const;

  /// A forward pass over one picture whose sides are multiples of the patch. Throws: Error.
  void see(const Image& picture);

  /// The model with the factors that fit all pictures so far, whole or not at all; `file` may be the model
  /// itself. Throws: Error kUsage if nothing was seen, kOutputFailed.
  CalibrationReport write(const std::filesystem::path& file) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct VerifyReport {
  ModelSpec spec;
  std::string computed_sha256;      ///< Of the weight records as they are now
  bool hash_matches = false;        ///< computed_sha256 is the record's
  double selftest_worst_error = 0;  ///< Relative; 0 without a self-test in the record
  double tolerance = 0;             ///< The record's, wider in precisions below fp32
  bool selftest_passed = false;     ///< False if it was not run: hash wrong, or no self-test in the record
};

/// Recomputes the hash and runs the self-test. Throws: as load_model.
VerifyReport verify_model(const std::filesystem::path& file, const LoadOptions& options);

/// Whether a file with this record runs code that it brings, which may do anything that this process may;
/// else the network is da3's own, and the file gives nothing but numbers.
bool runs_its_own_code(const ModelSpec& spec);

/// What the model of `file` with the record `spec` is known by: the hash of its weights as the record has it,
/// and for a file that runs its own code a hash of weights, code and record. Throws: Error kModelNotFound,
/// kModelDamaged.
std::string identity_of(const std::filesystem::path& file, const ModelSpec& spec);

/// The file's record without LibTorch's start-up. Throws: Error kModelNotFound, kModelDamaged,
/// kModelContract.
ModelSpec read_spec(const std::filesystem::path& file);

/// The parts that a file with this record has.
Parts parts_in(const ModelSpec& spec);

/// Whether the file was made without any, though its network may have some.
bool is_depth_only(const ModelSpec& spec);

/// A part of a known network and how many parameters it has in the file.
struct ModelPart {
  /// "backbone", "camera decoder", "camera encoder", "head", "ray head", "Gaussian head"; in a nested network
  /// also "metric backbone" ...
  std::string name;
  std::int64_t parameters = 0;
  bool on_demand = false;  ///< One of parts.hpp: neither loaded nor computed unless asked for
};

/// The parts of the network that `spec` describes; their sum is spec.parameters. Empty for networks that this
/// build does not know.
std::vector<ModelPart> model_parts(const ModelSpec& spec);

}  // namespace da3::engine
