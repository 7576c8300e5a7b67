// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <exception>
#include <filesystem>
#include <mutex>

#include <formats/encode.hpp>

#include <da3/error.hpp>

#include <run/input_source.hpp>
#include <run/set_range.hpp>
#include <run/stored_results.hpp>

namespace da3::run {
namespace {

std::vector<formats::Format> pictures_of(const StoredResult& result) {
  std::vector<formats::Format> pictures;
  for (const auto& [format, path] : result.outputs) {
    if (formats::has_range(format)) pictures.push_back(format);
  }
  return pictures;
}

/// True for what `shard` recorded, and for what it takes of results of a run without shards or of other ones.
bool is_of_shard(const Shard& shard, const journal::LastRecord& last) {
  const journal::Shard own{shard.index, shard.count};
  const std::string manifest = std::filesystem::path(last.manifest).filename().string();
  if (manifest == journal::manifest_name(own)) return true;
  if (last.image.stem.empty() || journal::is_sister(manifest, own)) return false;
  // Inputs are divided by names without their extension, which results may have kept.
  Item item;
  const std::filesystem::path photo = std::filesystem::path(last.path).filename();
  item.path = (std::filesystem::path(last.image.stem).parent_path() / photo).string();
  return takes(shard, item);
}

}  // namespace

DrawnSet draw_with_range_of_set(const Options& options, const Settings& settings,
                                journal::ResultFolder& folder, int threads, const std::stop_token& stop) {
  const StoredResults results = read_results(folder.folder(), [&](const journal::LastRecord& last) {
    // Others' records would go on to name pictures that their options did not make.
    return last.image.results_digest == folder.digest() &&
           (!options.shard || is_of_shard(*options.shard, last));
  });
  DrawnSet drawn;
  drawn.left_out = left_out(results, folder.folder());
  drawn.range = range_of_all(results.list, threads, stop);
  if (!drawn.range) return drawn;
  formats::EncodeOptions encode = settings.encode;
  encode.vis.range = drawn.range;
  std::mutex mutex;
  const std::exception_ptr thrown = on_threads(results.list.size(), threads, stop, [&](std::size_t index) {
    const StoredResult& result = results.list[index];
    const std::vector<formats::Format> pictures = pictures_of(result);
    if (pictures.empty()) return;
    try {
      const formats::OutputSet set = load(result, read_back_of(results.run, pictures));
      for (const formats::EncodedFile& file : formats::encode(set, pictures, encode).files) {
        folder.replace(result.stem, file);
      }
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kOutputFailed || error.code() == ErrorCode::kInternal) throw;
      const std::lock_guard lock(mutex);
      drawn.not_drawn.emplace_back(error.what());
    }
  });
  if (thrown) std::rethrow_exception(thrown);
  return drawn;
}

}  // namespace da3::run
