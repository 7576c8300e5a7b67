// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <codec/decode.hpp>
#include <codec/file_bytes.hpp>
#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <formats/read_result.hpp>
#include <journal/records.hpp>
#include <journal/result_folder.hpp>
#include <options/validate.hpp>

#include <da3/version.hpp>

#include <core/host/host_memory.hpp>
#include <core/text.hpp>
#include <image/nearness_histogram.hpp>
#include <image/preprocess.hpp>
#include <image/resample.hpp>
#include <run/input_source.hpp>
#include <run/job.hpp>
#include <run/names.hpp>
#include <run/render.hpp>

namespace da3::run {
namespace {

using Clock = std::chrono::steady_clock;

/// One input of the earlier run and the best file that it left.
struct Result {
  std::filesystem::path file;
  std::string stem;
  formats::Format format = formats::Format::kPng16;
  std::string photo;
  std::optional<Size> photo_size;
  std::optional<double> focal_px;
};

struct Results {
  std::vector<Result> list;  ///< In natural order of their stems
  journal::RunRecord run;
};

std::vector<std::filesystem::path> manifests_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("manifest.") && name.ends_with("jsonl")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<Result> result_of(const std::filesystem::path& folder, const journal::ImageRecord& record) {
  std::vector<formats::Format> there;
  for (const auto& [format, path] : record.outputs) there.push_back(format);
  const auto best = formats::best_readable(there);
  if (!best) return std::nullopt;
  const auto output = std::find_if(record.outputs.begin(), record.outputs.end(),
                                   [&](const auto& each) { return each.first == *best; });
  Result result;
  result.file = folder / output->second;
  result.stem = output->second.substr(0, output->second.size() - suffix(*best).size());
  result.format = *best;
  result.photo = record.path;
  result.photo_size = record.input;
  if (record.focal) result.focal_px = record.focal->px;
  return result;
}

Results read_results(const std::filesystem::path& folder) {
  std::error_code failed;
  if (!std::filesystem::is_directory(folder, failed)) {
    throw Error(ErrorCode::kNoInput,
                folder.string() + ": no such folder; give the folder that da3 infer wrote");
  }
  Results results;
  std::map<std::string, std::optional<Result>> by_path;
  std::optional<journal::RunRecord> run;
  for (const std::filesystem::path& file : manifests_of(folder)) {
    std::ifstream stream(file, std::ios::binary);
    for (std::string line; std::getline(stream, line);) {
      try {
        if (line.starts_with(R"({"type":"run")")) run = journal::run_from_json(line);
        if (!line.starts_with(R"({"type":"image")")) continue;
        const journal::ImageRecord record = journal::image_from_json(line);
        if (record.status == journal::ImageStatus::kDone) by_path[record.path] = result_of(folder, record);
      } catch (const Error&) {
        continue;  // Torn by the end of a run, as when it goes on
      }
    }
  }
  bool unreadable = false;
  for (auto& [path, result] : by_path) {
    unreadable = unreadable || !result;
    if (result) results.list.push_back(std::move(*result));
  }
  if (!run || results.list.empty()) {
    throw Error(
        ErrorCode::kNoInput,
        folder.string() +
            (unreadable
                 ? ": its results are pictures only; da3 infer with -f npz, exr, npy, pfm, tiff or png16 "
                   "makes files that can be rendered"
                 : ": no results of da3 infer are here (manifest.jsonl names none)"));
  }
  results.run = *run;
  std::sort(results.list.begin(), results.list.end(),
            [](const Result& a, const Result& b) { return natural_compare(a.stem, b.stem) < 0; });
  return results;
}

/// What each worker needs to know.
struct Work {
  std::vector<formats::Format> formats;
  formats::EncodeOptions encode;
  std::optional<int> longest;
  DepthKind kind = DepthKind::kRelative;
  std::optional<std::string> unit;
};

formats::OutputSet load(const Result& result, const Work& work) {
  const std::string name = result.file.string();
  formats::OutputSet set = formats::read_result(codec::read_file(result.file).bytes, result.format, name);
  set.kind = work.kind;
  set.unit = work.unit;
  if (!set.camera && result.focal_px && result.photo_size) {
    set.camera = image::resized(image::centred(*result.focal_px, *result.photo_size), *result.photo_size,
                                set.depth.size);
  }
  const int longer = std::max(set.depth.size.height, set.depth.size.width);
  if (work.longest && longer > *work.longest) {
    const auto scaled = [&](int side) {
      return std::max(1, static_cast<int>(std::int64_t{side} * *work.longest / longer));
    };
    const Size size{scaled(set.depth.size.height), scaled(set.depth.size.width)};
    if (set.camera) set.camera = image::resized(*set.camera, set.depth.size, size);
    set.depth = image::resize_map(set.depth, size);
    if (set.confidence) set.confidence = image::resize_map(*set.confidence, size);
    if (set.sky) set.sky = image::resize_map(*set.sky, size);
  }
  if (std::any_of(work.formats.begin(), work.formats.end(), formats::needs_camera) && !set.camera) {
    throw Error(ErrorCode::kFocalMissing,
                name +
                    ": ply needs a focal length, and neither the file nor its record has one; make the "
                    "result again with da3 infer and --focal, --hfov or --intrinsics");
  }
  if (std::any_of(work.formats.begin(), work.formats.end(), formats::shows_photo)) {
    set.photo = codec::decode_file(result.photo).image;
    if (set.photo->size != set.depth.size) {
      set.photo = image::resample(*set.photo, set.depth.size, image::Resampling::kArea);
    }
  }
  return set;
}

/// Runs `work(index)` for all indices on `threads` threads until it throws or `stop` is set; what it threw.
template <typename Function>
std::exception_ptr on_threads(std::size_t count, int threads, const std::stop_token& stop,
                              const Function& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  std::mutex mutex;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      while (!failed && !stop.stop_requested()) {
        const std::size_t index = next++;
        if (index >= count) return;
        try {
          work(index);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!failed.exchange(true)) error = std::current_exception();
        }
      }
    });
  }
  workers.clear();
  return error;
}

/// One range for all results; those that cannot be read fail later, with their record.
std::optional<image::DepthRange> range_of_all(const std::vector<Result>& list, int threads,
                                              const std::stop_token& stop) {
  image::NearnessHistogram all;
  std::mutex mutex;
  const std::exception_ptr error = on_threads(list.size(), threads, stop, [&](std::size_t index) {
    image::NearnessHistogram one;
    try {
      const Result& result = list[index];
      one.add(formats::read_result(codec::read_file(result.file).bytes, result.format, result.file.string())
                  .depth);
    } catch (const Error&) {
      return;
    }
    const std::lock_guard lock(mutex);
    all.add(one);
  });
  if (error) std::rethrow_exception(error);
  return image::range_of(all);
}

journal::RunRecord header(const RenderOptions& options, const Results& results, const Work& work) {
  journal::RunRecord record = results.run;
  record.tool_version = version();
  record.tool_commit = commit();
  record.pid = 0;
  record.host.clear();
  record.options = {
      {"command", "render"},
      {"format", formats::format_list(work.formats)},
      {"colormap", options.colormap},
      {"exr-channels", options.exr_channels},
      {"exr-compression", options.exr_compression.empty() ? "default" : options.exr_compression},
      {"longest", options.longest ? std::to_string(*options.longest) : "input"},
      {"preview", options.preview ? std::to_string(*options.preview) : "off"},
      {"range", work.encode.vis.range ? core::exact_text(work.encode.vis.range->first) + "," +
                                            core::exact_text(work.encode.vis.range->second)
                                      : "image"}};
  return record;
}

/// Renders one result; its record.
journal::ImageRecord render_one(const Result& result, const Work& work, journal::ResultFolder& folder) {
  const auto start = Clock::now();
  journal::ImageRecord record;
  record.path = result.file.string();
  record.identity = input_identity(record.path);
  try {
    if (!record.identity) {
      throw Error(ErrorCode::kInputNotFound,
                  record.path + ": the manifest names this file, but it is not there");
    }
    if (auto finished = folder.finished(record.path, result.stem, *record.identity))
      return std::move(*finished);
    const formats::OutputSet set = load(result, work);
    record.input = set.depth.size;
    record.depth = formats::summarise(set.depth);
    record.depth_unit = set.unit;
    const formats::EncodedSet encoded = formats::encode(set, work.formats, work.encode);
    record.png16 = encoded.png16;
    record.outputs = folder.write(record.path, result.stem, record.identity, encoded);
    record.status = journal::ImageStatus::kDone;
    record.ms = {{"render", std::chrono::duration<double, std::milli>(Clock::now() - start).count()}};
    return record;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kInternal) throw;
    journal::ImageRecord failed = journal::failed_record(record.path, error);
    failed.identity = record.identity;
    return failed;
  }
}

ImageEvent event_of(const journal::ImageRecord& record) {
  ImageEvent event;
  event.path = record.path;
  event.status = record.status;
  if (record.error) event.message = record.error->message;
  event.json = journal::to_json(record);
  return event;
}

Work make_work(const RenderOptions& options, const Results& results) {
  Work work;
  work.formats = formats::parse_formats(options.formats);
  work.encode.vis = {options.colormap, options.vis_range};
  work.encode.preview = options.preview;
  if (!options.exr_compression.empty())
    work.encode.exr_compression = formats::parse_exr_compression(options.exr_compression);
  work.encode.exr_channels = formats::parse_exr_channels(options.exr_channels);
  work.longest = options.longest;
  // What comes of inverse depth is depth, of unknown scale and shift.
  work.kind = results.run.model_unit ? DepthKind::kMetric : DepthKind::kRelative;
  work.unit = results.run.model_unit;
  return work;
}

}  // namespace

Summary render(const RenderOptions& options, const Callbacks& callbacks, std::stop_token stop) {
  const auto start = Clock::now();
  options::validate(options);
  std::error_code failed;
  if (std::filesystem::equivalent(options.input, options.output, failed)) {
    throw Error(ErrorCode::kUsage,
                options.output.string() +
                    ": the rendered files go into a folder of their own; give another with --output");
  }
  Results results = read_results(options.input);
  if (options.shard) {
    std::erase_if(results.list, [&](const Result& result) {
      Item item;
      item.path = result.stem + ".x";
      return !takes(*options.shard, item);
    });
  }
  if (options.limit && results.list.size() > *options.limit) results.list.resize(*options.limit);
  const int threads = options.threads > 0 ? options.threads : core::usable_cores();
  Work work = make_work(options, results);
  if (options.range_of_set) work.encode.vis.range = range_of_all(results.list, threads, stop);
  Summary summary;
  if (stop.stop_requested()) {
    summary.interrupted = true;
    return summary;
  }
  journal::ResultFolderOptions folder_options;
  folder_options.shard = options.shard;
  folder_options.overwrite = options.overwrite;
  journal::ResultFolder folder(options.output, header(options, results, work), folder_options);

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<journal::ImageRecord> ready;
  bool ended = false;
  std::exception_ptr error;
  std::stop_source halt;
  const std::stop_callback forward(stop, [&] { halt.request_stop(); });
  std::jthread runner([&] {
    const std::exception_ptr thrown =
        on_threads(results.list.size(), threads, halt.get_token(), [&](std::size_t index) {
          journal::ImageRecord record = render_one(results.list[index], work, folder);
          folder.record(record);
          const std::lock_guard lock(mutex);
          ready.push_back(std::move(record));
          changed.notify_one();
        });
    const std::lock_guard lock(mutex);
    error = thrown;
    ended = true;
    changed.notify_one();
  });
  try {
    std::unique_lock lock(mutex);
    while (!ended || !ready.empty()) {
      changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return ended || !ready.empty(); });
      std::deque<journal::ImageRecord> records = std::exchange(ready, {});
      lock.unlock();
      for (const journal::ImageRecord& record : records) {
        const ImageEvent event = event_of(record);
        (event.status == ImageStatus::kDone      ? summary.done
         : event.status == ImageStatus::kSkipped ? summary.skipped
                                                 : summary.failed)++;
        if (callbacks.on_image) callbacks.on_image(event);
      }
      Progress progress;
      progress.done = summary.done;
      progress.skipped = summary.skipped;
      progress.failed = summary.failed;
      progress.total = progress.found = results.list.size();
      progress.elapsed_s = std::chrono::duration<double>(Clock::now() - start).count();
      progress.images_per_s =
          progress.elapsed_s > 0 ? static_cast<double>(summary.done) / progress.elapsed_s : 0;
      if (callbacks.on_progress) callbacks.on_progress(progress);
      lock.lock();
    }
  } catch (...) {
    halt.request_stop();
    throw;
  }
  runner.join();
  if (error) std::rethrow_exception(error);
  folder.close();
  summary.elapsed_s = std::chrono::duration<double>(Clock::now() - start).count();
  summary.interrupted =
      stop.stop_requested() && summary.done + summary.skipped + summary.failed < results.list.size();
  return summary;
}

}  // namespace da3::run
