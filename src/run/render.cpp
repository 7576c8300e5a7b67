// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <formats/depth_statistics.hpp>
#include <formats/encode.hpp>
#include <formats/format_table.hpp>
#include <formats/read_result.hpp>
#include <journal/records.hpp>
#include <journal/result_folder.hpp>
#include <options/validate.hpp>

#include <da3/version.hpp>

#include <core/host/host_memory.hpp>
#include <core/text.hpp>
#include <run/input_source.hpp>
#include <run/names.hpp>
#include <run/render.hpp>
#include <run/stored_results.hpp>

namespace da3::run {
namespace {

using Clock = std::chrono::steady_clock;

/// What each worker needs to know.
struct Work {
  ReadBack wanted;
  formats::EncodeOptions encode;
};

journal::RunRecord header(const RenderOptions& options, const StoredResults& results, const Work& work) {
  journal::RunRecord record = results.run;
  record.tool_version = version();
  record.tool_commit = commit();
  record.range_of_set = options.range_of_set;
  record.options = {
      {"command", "render"},
      {"format", formats::format_list(work.wanted.formats)},
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

/// Whose the files of `result` are: where an earlier run read the same result from a file of another format,
/// they are still those of that file.
std::string owner_of(const StoredResult& result, const journal::ResultFolder& folder) {
  const std::string path = result.file.string();
  const auto owner = folder.manifest().index().owner_of(result.stem);
  if (!owner) return path;
  const auto plain = [](const std::string& name) {
    std::error_code failed;  // Without a working folder paths are absolute
    return std::filesystem::absolute(name, failed).lexically_normal();
  };
  const std::string stem = path.substr(0, path.size() - formats::suffix(result.format).size());
  const bool same = std::ranges::any_of(formats::kAllFormats, [&](formats::Format format) {
    return formats::is_readable(format) &&
           plain(stem + std::string(formats::suffix(format))) == plain(std::string(*owner));
  });
  return same ? std::string(*owner) : path;
}

/// Renders one result; its record.
journal::ImageRecord render_one(const StoredResult& result, const Work& work, journal::ResultFolder& folder) {
  const auto start = Clock::now();
  journal::ImageRecord record;
  record.path = result.file.string();
  record.identity = input_identity(record.path);
  try {
    if (!record.identity) {
      throw Error(ErrorCode::kInputNotFound,
                  record.path + ": the manifest names this file, but it is not there");
    }
    require_same_photo(result, work.wanted.formats);
    if (auto finished = folder.finished(record.path, result.stem, *record.identity))
      return std::move(*finished);
    formats::OutputSet set = load(result, work.wanted);
    record.input = set.depth.size;
    record.depth = formats::summarise(set, work.wanted.formats);
    record.depth_unit = set.unit;
    record.camera = set.camera;
    const formats::EncodedSet encoded = formats::encode(set, work.wanted.formats, work.encode);
    record.png16 = encoded.png16;
    record.outputs = folder.write(owner_of(result, folder), result.stem, record.identity, encoded);
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

Work make_work(const RenderOptions& options, const StoredResults& results) {
  Work work;
  work.wanted = read_back_of(results.run, formats::parse_formats(options.formats));
  work.encode = formats::encode_options(options);
  work.wanted.longest = options.longest;
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
                    ": the rendered files go into a separate folder; give another with --output");
  }
  StoredResults results = read_results(options.input);
  if (callbacks.on_note) {
    for (const std::string& line : left_out(results, options.input)) callbacks.on_note({true, line});
  }
  if (options.shard) {
    std::erase_if(results.list, [&](const StoredResult& result) {
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
