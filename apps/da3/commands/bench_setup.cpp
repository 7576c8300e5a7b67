// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <commands/bench_setup.hpp>
#include <commands/model_choice.hpp>
#include <commands/text.hpp>
#include <stdlib.h>

#include <da3/error.hpp>

#include <cli/program_location.hpp>
#include <core/host/host_memory.hpp>
#include <engine/bench_workloads.hpp>
#include <engine/device/system_info.hpp>
#include <engine/engine.hpp>
#include <suites/estimate.hpp>
#ifdef DA3_WITH_PICTURES
#include <commands/video_library.hpp>
#endif
#include <weights/model_config.hpp>
#ifdef DA3_WITH_HUB
#include <hub/model_store.hpp>
#endif
#ifdef DA3_WITH_PICTURES
#include <image/preprocess.hpp>
#include <suites/dataset.hpp>
#endif

namespace da3::commands {
namespace {

constexpr std::uint64_t kSyntheticSeed = 1;

std::filesystem::path cache_folder() {
#ifdef DA3_WITH_HUB
  return hub::Folders::from_environment().cache;
#else
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != 0) {
    return std::filesystem::path(xdg) / "da3";
  }
  const char* home = std::getenv("HOME");
  return home == nullptr || *home != '/' ? std::filesystem::path()
                                         : std::filesystem::path(home) / ".cache" / "da3";
#endif
}

// The file that a name means without making one; empty: none.
std::filesystem::path existing_file(const std::string& model) {
  if (model.ends_with(".pt") || model.find('/') != std::string::npos) return model;
#ifdef DA3_WITH_HUB
  const std::filesystem::path models = hub::Folders::from_environment().models();
  for (const hub::InstalledModel& each : hub::installed_models(models)) {
    if (each.name == model && !each.problem) return each.file;
  }
#endif
  return {};
}

Size size_for(const suites::ModelFile* file, Size photo, int process_res) {
  if (file != nullptr && file->spec.fixed_size) {
    return {file->spec.fixed_size->at(0), file->spec.fixed_size->at(1)};
  }
#ifdef DA3_WITH_PICTURES
  image::ResizePolicy policy;
  policy.process_res = process_res;
  if (file != nullptr) {
    policy.patch = file->spec.patch;
    policy.method = file->spec.resize_method;
  }
  return image::processed_size(photo, policy);
#else
  // The published models' policy (docs/model-format.md): longest side to process_res, then multiples of the
  // patch.
  const double scale = static_cast<double>(process_res) / std::max(photo.height, photo.width);
  const auto side = [&](int pixels) {
    const int scaled = static_cast<int>(std::nearbyint(pixels * scale));
    return std::max(1, (scaled + weights::kPatchSize / 2) / weights::kPatchSize) * weights::kPatchSize;
  };
  return {side(photo.height), side(photo.width)};
#endif
}

double calibrate(const suites::Context& context, const DeviceId& device) {
  const engine::MatmulWorkload work = context.matmul(device, Precision::kFp32, 0);
  double best = 0;
  for (int i = 0; i < 4; ++i) {
    const bench::Nanoseconds start = context.clock->now();
    work.run();
    work.synchronize();
    const double seconds = 1e-3 * bench::milliseconds(context.clock->now() - start);
    if (seconds > 0) best = std::max(best, work.flops / seconds * 1e-9);
  }
  return best;
}

// "2024.2" of "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build ...".
std::string short_version(const std::string& text) {
  constexpr std::string_view kMark = "Version ";
  const std::size_t mark = text.find(kMark);
  if (mark == std::string::npos) return text;
  const std::size_t start = mark + kMark.size();
  return text.substr(start, text.find_first_of(" -", start) - start);
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::error_code missing;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(missing);
  if (missing)
    throw Error(ErrorCode::kOutputFailed,
                "TMPDIR: expected a folder, found none (" + missing.message() + ")");
  std::string name = (parent / "da3-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(ErrorCode::kOutputFailed,
                name + " could not be made: " + std::strerror(errno) + "; set TMPDIR");
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

BenchSetup::BenchSetup(Console& console) : console_(console), memory_(engine::make_memory_probe()) {
  context_.model_file = [this](const std::string& model) { return model_file(model); };
  context_.load = [](const suites::ModelFile& file, const suites::LoadRequest& request) {
    engine::LoadOptions load;
    load.device = request.device;
    load.precision = request.precision;
    load.attention = request.attention;
    load.threads = request.threads;
    load.parts.cameras = request.cameras;
    return std::shared_ptr<predict::DepthModel>(engine::load_model(file.file, load));
  };
  context_.matmul = engine::make_matmul_workload;
  context_.attention = engine::make_attention_workload;
  context_.input = engine::make_input_workload;
  context_.gpu_jpeg = engine::load_gpu_jpeg;
  context_.start_worker = [] { return std::make_unique<bench::Worker>(own_program()); };
  context_.run_program = [](std::vector<std::string> command) {
    command.insert(command.begin(), own_program());
    bench::run_to_end(command);
  };
  context_.memory = memory_.get();
  context_.clock = &clock_;
  context_.peak_memory = &peak_memory_;
  context_.scratch = scratch_.path();
#ifdef DA3_WITH_PICTURES
  context_.video_library = video_library();
#endif
  context_.slowdown = slowdown_from_environment();
}

suites::ModelFile BenchSetup::model_file(const std::string& model) {
  std::filesystem::path file = existing_file(model);
  if (file.empty()) file = synthetic_file(model);
  return {file, engine::read_spec(file)};
}

void check_models(const std::vector<std::string>& models, bool trust_code, Console& console) {
  for (const std::string& model : models) {
    const std::filesystem::path file = existing_file(model);
    if (file.empty() && !weights::catalogue_name(model).empty()) continue;
    // For its message where there is no such model.
    const ChosenModel chosen = file.empty() ? choose_model(model) : ChosenModel{file};
    const DescribedModel described = read_description(chosen.file, "");
    if (const std::string notice = check_code(chosen, described, trust_code); !notice.empty()) {
      console.line("da3: " + notice);
    }
  }
}

std::filesystem::path BenchSetup::synthetic_file(const std::string& model) {
  const std::string name = weights::catalogue_name(model);
  if (name.empty()) {
    throw Error(
        ErrorCode::kModelNotFound,
        "no model called '" + model + "' is installed or published; see da3 model list, or name a .pt file");
  }
  // Without a home folder it is made for this call alone.
  const std::filesystem::path cache = cache_folder();
  const std::filesystem::path file =
      (cache.empty() ? scratch_.path() : cache) / "synthetic" / (name + "-seed1.pt");
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) return file;
  std::filesystem::create_directories(file.parent_path(), ignored);
  console_.line("da3: " + name + " is not installed: making it with synthetic weights in " + file.string() +
                " (once; timings are the same, depth means nothing)");
  engine::ExportSource source;
  source.name = name;
  source.seed = kSyntheticSeed;
  const engine::ExportReport made = engine::export_model(source, file);
  console_.line("da3: " + file.string() + " has " + bytes_text(made.file_bytes));
  return file;
}

bench::PlanFacts BenchSetup::plan_facts(const bench::PlanOptions& options, bool estimates) {
  bench::PlanFacts facts;
  facts.weights = [](const std::string& model) {
    const std::filesystem::path file = existing_file(model);
    return file.empty() ? std::string("synthetic") : std::string(to_string(engine::read_spec(file).origin));
  };
  facts.offers_attention = [](const std::string& model) {
    const std::filesystem::path file = existing_file(model);
    return file.empty() || !engine::read_spec(file).attention.empty();
  };
  facts.default_precision = [](const DeviceId& device) { return engine::default_precision(device); };
  facts.default_threads = [](const DeviceId&) { return core::usable_cores(); };
  facts.processed_size = [](const std::string& model, Size photo, int process_res) {
    const std::filesystem::path file = existing_file(model);
    if (file.empty()) return size_for(nullptr, photo, process_res);
    const suites::ModelFile found{file, engine::read_spec(file)};
    return size_for(&found, photo, process_res);
  };
#ifdef DA3_WITH_PICTURES
  facts.dataset_photos = [](const std::string& folder) {
    return static_cast<int>(suites::open_dataset(folder).photos.size());
  };
#else
  facts.dataset_photos = [](const std::string&) -> int {
    throw Error(ErrorCode::kUsage, "--dataset: this build of da3 has no picture formats (preset engine)");
  };
#endif
  facts.strategies = [](const DeviceId& device) {
    std::vector<std::string> strategies{"cpu", "device"};
    if (engine::load_gpu_jpeg(device).decoder) strategies.emplace_back("nvjpeg");
    return strategies;
  };
  if (estimates) {
    const double gflops = calibrate(context_, options.devices.empty() ? DeviceId{} : options.devices.front());
    facts.run_seconds = [gflops](const bench::PlannedCase& each) {
      return suites::estimate_run_seconds(each, gflops);
    };
  }
  return facts;
}

bench::Environment bench_environment() {
  bench::Environment environment = bench::capture_environment({});
  const engine::SystemInfo system = engine::system_info();
  environment.threads = system.threads;
  environment.libraries.libtorch = system.libtorch_version;
  environment.libraries.blas = system.blas;
  if (!system.mkl_version.empty()) {
    environment.libraries.blas.append(" ").append(short_version(system.mkl_version));
  }
  environment.libraries.onednn = system.onednn_version;
#ifdef DA3_OPENCV_VERSION
  environment.libraries.opencv = DA3_OPENCV_VERSION;
#endif
  for (const engine::DeviceInfo& device : system.devices) {
    bench::ReportedDevice info{to_string(device.id), device.name, "", std::nullopt};
    if (device.memory) info.memory_bytes = device.memory->total_bytes;
    if (device.id.kind == DeviceKind::kCuda) info.driver = "CUDA " + system.cuda_version;
    environment.devices.push_back(std::move(info));
  }
  return environment;
}

std::string own_program() {
  return (cli::prefix_of_program(2) / "bin" / "da3").string();
}

double slowdown_from_environment() {
  const char* text = std::getenv("DA3_BENCH_SLOWDOWN");
  if (text == nullptr || *text == 0) return 1;
  double factor = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, factor);
  if (error != std::errc() || rest != end || !(factor >= 1 && factor <= 100)) {
    throw Error(ErrorCode::kUsage,
                std::string("DA3_BENCH_SLOWDOWN is '") + text + "'; give a factor of 1 to 100 or unset it");
  }
  return factor;
}

std::string progress_text(const bench::PlannedGroup& group, std::size_t number, std::size_t groups,
                          double elapsed_s) {
  std::string text("[");
  text.append(std::to_string(number)).append("/").append(std::to_string(groups)).append(", ");
  text.append(seconds_text(elapsed_s)).append("] ").append(bench::to_string(group.suite)).append(" ");
  text.append(bench::to_text(group.cases.front().settings, {"weights", "views"})).append(", ");
  return text.append(count_of(group.cases.size(), "case"));
}

}  // namespace da3::commands
