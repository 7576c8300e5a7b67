// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>

#include <codec/decode.hpp>
#include <codec/file_bytes.hpp>
#include <formats/read_result.hpp>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <image/preprocess.hpp>
#include <image/resample.hpp>
#include <run/names.hpp>
#include <run/source.hpp>
#include <run/stored_results.hpp>

namespace da3::run {
namespace {

/// None where no file of it can be read back.
std::optional<StoredResult> result_of(const std::filesystem::path& folder,
                                      const journal::ImageRecord& record) {
  std::vector<formats::Format> there;
  for (const auto& [format, path] : record.outputs) there.push_back(format);
  const auto best = formats::best_readable(there);
  if (!best) return std::nullopt;
  const auto output = std::find_if(record.outputs.begin(), record.outputs.end(),
                                   [&](const auto& each) { return each.first == *best; });
  StoredResult result;
  result.file = folder / output->second;
  result.stem = output->second.substr(0, output->second.size() - suffix(*best).size());
  result.format = *best;
  result.outputs = record.outputs;
  result.depth = record.depth;
  result.photo = record.path;
  result.photo_identity = record.identity;
  result.photo_size = record.input;
  result.processed = record.processed;
  result.camera = record.camera;
  // Of a camera that a file described it is the mean alone.
  if (record.focal && record.focal->source != "intrinsics") result.focal_px = record.focal->px;
  return result;
}

bool is_same_model(const journal::RunRecord& a, const journal::RunRecord& b) {
  // The kind as well: `--describe` may say another of the same file.
  return a.model_sha256 == b.model_sha256 && a.model_kind == b.model_kind && a.model_unit == b.model_unit;
}

/// The last record of one input that is done.
struct Done {
  std::shared_ptr<const journal::RunRecord> run;
  std::optional<StoredResult> result;
};

/// None for a record that says nothing of its results.
std::optional<Done> done_of(const std::filesystem::path& folder, const journal::LastRecord& last,
                            journal::RecordReader& reader) {
  if (!last.run) return std::nullopt;
  try {
    const journal::ImageRecord record = reader.read(last);
    // Where the units differ, the header of the record's own run was damaged.
    if (record.depth && record.depth_unit != last.run->model_unit) return std::nullopt;
    return Done{last.run, result_of(folder, record)};
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kOutputFailed) throw;
    return std::nullopt;
  }
}

/// Sorts what is done of the model of the last run into `results`.
void add_results(std::vector<Done> all, StoredResults& results) {
  for (Done& done : all) {
    if (!is_same_model(*done.run, results.run)) {
      ++results.other_model;
    } else if (!done.result) {
      ++results.pictures_only;
    } else {
      done.result->run = std::move(done.run);
      results.list.push_back(std::move(*done.result));
    }
  }
  std::sort(results.list.begin(), results.list.end(),
            [](const StoredResult& a, const StoredResult& b) { return natural_compare(a.stem, b.stem) < 0; });
}

/// Why nothing of a folder can be read back.
std::string nothing_text(const StoredResults& results) {
  if (results.pictures_only > 0) {
    return "its results are pictures only; da3 infer with -f " + formats::readable_names() +
           " makes files that can be rendered";
  }
  if (results.failed_since > 0) return "all its photos failed in the last run; the same da3 infer says why";
  return "no results of da3 infer are here (manifest.jsonl names none)";
}

}  // namespace

StoredResults read_results(const std::filesystem::path& folder, const WantedRecord& wanted) {
  std::error_code failed;
  if (!std::filesystem::is_directory(folder, failed)) {
    throw Error(ErrorCode::kNoInput,
                folder.string() + ": no such folder; give the folder that da3 infer wrote");
  }
  const journal::ManifestIndex index =
      journal::read_manifests(folder, std::nullopt, journal::Foreign::kPassOver);
  journal::RecordReader reader;
  StoredResults results;
  results.damaged_records = index.damaged_lines();
  std::vector<Done> all;
  std::optional<journal::RecordPlace> last_place;
  bool others = false;
  index.for_each_last([&](const journal::LastRecord& last) {
    const bool is_done = last.image.status == journal::ImageStatus::kDone;
    if (is_done && last.run && (!last_place || last.place > *last_place)) {
      last_place = last.place;
      results.run = *last.run;
    }
    if (wanted && !wanted(last)) {
      others = others || is_done;
    } else if (!is_done) {
      results.failed_since += last.image.stem.empty() ? 0 : 1;
    } else if (auto done = done_of(folder, last, reader)) {
      all.push_back(std::move(*done));
    } else {
      ++results.damaged_records;
    }
  });
  add_results(std::move(all), results);
  if (results.list.empty() && !others)
    throw Error(ErrorCode::kNoInput, folder.string() + ": " + nothing_text(results));
  return results;
}

ReadBack read_back_of(const journal::RunRecord& run, std::vector<formats::Format> formats) {
  ReadBack wanted;
  wanted.kind = run.model_unit ? DepthKind::kMetric : DepthKind::kRelative;
  wanted.unit = run.model_unit;
  wanted.formats = std::move(formats);
  return wanted;
}

namespace {

/// How the photo became the network's input, where results have that one's size; none for results of the
/// photo's size.
struct NetworkInput {
  std::optional<image::ResizePolicy> policy;  ///< None: of a network that takes one size
};

std::optional<NetworkInput> network_input_of(const journal::RunRecord& run) {
  const auto option = [&](const char* name) {
    const auto found = run.options.find(name);
    return found == run.options.end() ? std::string() : found->second;
  };
  if (option("size") != "model") return std::nullopt;
  const std::string side = option("process-res");
  if (side == "fixed") return NetworkInput{};
  image::ResizePolicy policy;
  policy.patch = 1;  // Known by the size that it gave
  std::from_chars(side.data(), side.data() + side.size(), policy.process_res);
  policy.method = parse_resize_method(option("resize-method"));
  return NetworkInput{policy};
}

bool crops(const NetworkInput& input) {
  return input.policy && (input.policy->method == ResizeMethod::kUpperBoundCrop ||
                          input.policy->method == ResizeMethod::kLowerBoundCrop);
}

/// Of the result's files, as far as its record tells.
std::optional<Size> recorded_size(const StoredResult& result) {
  return network_input_of(*result.run) ? result.processed : result.photo_size;
}

bool is_recorded_depth(const StoredResult& result, const formats::OutputSet& set) {
  const auto size = recorded_size(result);
  if (size && *size != set.depth.size) return false;
  if (!result.depth) return true;
  std::optional<std::pair<float, float>> ends;
  if (const auto& values = result.depth->values)
    ends = {static_cast<float>(values->min), static_cast<float>(values->max)};
  return formats::has_ends(set, result.format, read_back_of(*result.run, {}).kind, ends);
}

/// Throws: Error kImageCorrupt for a file that another run has written since, which was cut off before its
/// record.
void require_recorded_depth(const StoredResult& result, const formats::OutputSet& set) {
  if (is_recorded_depth(result, set)) return;
  throw Error(
      ErrorCode::kImageCorrupt,
      result.file.string() +
          ": its depth is not that of its record, as after a run that was cut off; remove it, and the "
          "same da3 infer makes it again");
}

/// The file as it was recorded. Throws: Error of what cannot be read; as require_recorded_depth.
formats::OutputSet read_recorded(const StoredResult& result) {
  formats::OutputSet set =
      formats::read_result(codec::read_file(result.file), result.format, result.file.string());
  require_recorded_depth(result, set);
  return set;
}

/// The photo with the pixels that depth of `size` was made of.
Image photo_of(const StoredResult& result, Size size) {
  // It was read below the limit of the run that made the result, and has not changed since.
  codec::DecodeOptions decode;
  if (result.photo_size)
    decode.max_pixels = std::max<std::uint64_t>(decode.max_pixels, result.photo_size->area());
  Image photo = codec::decode_file(result.photo, decode).image;
  const auto input = network_input_of(*result.run);
  if (!input || !result.processed || *result.processed != size) return photo;
  return input->policy ? image::preprocess_to(photo, *input->policy, size)
                       : image::preprocess_fixed(photo, size);
}

/// The camera in pixels of depth of `size` that the record tells.
std::optional<image::Intrinsics> recorded_camera(const StoredResult& result, Size size) {
  if (result.camera) return result.camera;
  if (!result.focal_px || !result.photo_size) return std::nullopt;
  // Records of an older da3 do not tell how much of the photo was left.
  const auto input = network_input_of(*result.run);
  if (input && crops(*input)) return std::nullopt;
  return image::resized(image::centred(*result.focal_px, *result.photo_size), *result.photo_size, size);
}

}  // namespace

void require_same_photo(const StoredResult& result, const std::vector<formats::Format>& formats) {
  if (std::ranges::none_of(formats, formats::shows_photo)) return;
  const auto now = input_identity(result.photo);
  if (!now || !result.photo_identity || *now == *result.photo_identity) return;
  throw Error(ErrorCode::kInputNotFound,
              result.photo +
                  ": this photo has changed since its depth was made (size or modification time); "
                  "the same da3 infer makes both anew");
}

formats::OutputSet load(const StoredResult& result, const ReadBack& wanted) {
  const std::string name = result.file.string();
  formats::OutputSet set = read_recorded(result);
  set.kind = wanted.kind;
  set.unit = wanted.unit;
  const Size stored = set.depth.size;
  if (!set.camera) set.camera = recorded_camera(result, stored);
  const int longer = std::max(set.depth.size.height, set.depth.size.width);
  if (wanted.longest && longer > *wanted.longest) {
    const auto scaled = [&](int side) {
      return std::max(1, static_cast<int>(std::int64_t{side} * *wanted.longest / longer));
    };
    const Size size{scaled(set.depth.size.height), scaled(set.depth.size.width)};
    if (set.camera) set.camera = image::resized(*set.camera, set.depth.size, size);
    set.depth = image::resize_map(set.depth, size);
    if (set.confidence) set.confidence = image::resize_map(*set.confidence, size);
    if (set.sky) set.sky = image::resize_map(*set.sky, size);
  }
  if (std::any_of(wanted.formats.begin(), wanted.formats.end(), formats::needs_camera) && !set.camera) {
    throw Error(ErrorCode::kFocalMissing,
                name +
                    ": ply needs a focal length, and neither the file nor its record has one; make the "
                    "result again with da3 infer and --focal, --hfov or --intrinsics");
  }
  if (std::any_of(wanted.formats.begin(), wanted.formats.end(), formats::shows_photo)) {
    require_same_photo(result, wanted.formats);
    set.photo = photo_of(result, stored);
    if (set.photo->size != set.depth.size) {
      set.photo = image::resample(*set.photo, set.depth.size, image::Resampling::kArea);
    }
  }
  return set;
}

std::exception_ptr on_threads(std::size_t count, int threads, const std::stop_token& stop,
                              const std::function<void(std::size_t)>& work) {
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

std::optional<image::DepthRange> range_of_all(const std::vector<StoredResult>& list, int threads,
                                              const std::stop_token& stop) {
  image::NearnessHistogram all;
  std::mutex mutex;
  const std::exception_ptr error = on_threads(list.size(), threads, stop, [&](std::size_t index) {
    image::NearnessHistogram one;
    try {
      one.add(read_recorded(list[index]).depth);
    } catch (const Error&) {
      return;
    }
    const std::lock_guard lock(mutex);
    all.add(one);
  });
  if (error) std::rethrow_exception(error);
  return image::range_of(all);
}

}  // namespace da3::run
