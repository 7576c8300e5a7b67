// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include <bench/measure/page_cache.hpp>
#include <suites/cases.hpp>
#include <suites/context.hpp>
#include <suites/estimate.hpp>

namespace da3::suites {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kDropped = 0.05;  // of the file may be left for it to count as cold

// Asks the system to forget the file's pages. Pages that a process has mapped stay.
void drop_from_page_cache(const std::filesystem::path& file) {
#ifdef POSIX_FADV_DONTNEED
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  // Pages that were never written back cannot be dropped.
  if (fsync(descriptor) == 0) posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  close(descriptor);
#else
  static_cast<void>(file);
#endif
}

// A process that runs through one start of the program.
struct Start {
  std::unique_ptr<bench::Worker> worker;
  double cached_share = 0;  // Of the model file when the process began
};

}  // namespace

std::vector<bench::PlannedGroup> expand_load(const bench::PlanOptions& options,
                                             const bench::PlanFacts& facts) {
  std::vector<bench::PlannedGroup> groups;
  for (const Base& base : bases(options, facts)) {
    // A process that holds the model keeps its file in the page cache, so `hit` never runs next to `cold`.
    bench::PlannedGroup fresh{bench::SuiteName::kLoad, {}};
    bench::PlannedGroup held{bench::SuiteName::kLoad, {}};
    for (const auto& precision : precisions_of(options, facts, base.device)) {
      for (const char* cache : {"cold", "warm", "hit"}) {
        bench::Fields settings =
            start(base, facts, precision, modes_of(options, facts, base.model, {Attention::kSdpa}).front());
        settings.set("cache", std::string(cache));
        set_shape(settings,
                  facts.processed_size(base.model, photos_of(options).front(), options.process_res.front()));
        add(std::string_view(cache) == "hit" ? held : fresh, std::move(settings), base.threads);
      }
    }
    groups.push_back(std::move(fresh));
    groups.push_back(std::move(held));
  }
  return groups;
}

double estimate_load(const bench::Fields& settings, double gflops) {
  constexpr double kStartSeconds = 0.5;  // A process and its model
  return 2 * forward_seconds(settings, gflops) + (settings.text("cache") == "hit" ? 0 : kStartSeconds);
}

PreparedCase prepare_load(const bench::Fields& settings, const Context& context, GroupModels& /*models*/) {
  const std::filesystem::path file = context.model_file(settings.text("model")).file;
  const std::string cache = settings.text("cache");
  const auto start = std::make_shared<Start>();
  const auto start_worker = context.start_worker;

  PreparedCase prepared;
  prepared.facts = {{"file_bytes", static_cast<std::int64_t>(std::filesystem::file_size(file))}};
  prepared.workload.prepare = [=] {
    if (cache == "hit") {
      if (start->worker != nullptr) return;
      start->worker = start_worker();
      start->worker->load(settings);
      start->worker->predict();
      return;
    }
    if (cache == "cold") {
      drop_from_page_cache(file);
    } else {
      bench::read_into_page_cache(file);
    }
    start->cached_share = bench::cached_share(file).value_or(kUnknown);
  };
  if (cache != "hit") {
    prepared.workload.steps.push_back({"start_ms", [=] {
                                         start->worker = start_worker();
                                         return bench::Parts{{"cached_share", start->cached_share}};
                                       }});
  }
  prepared.workload.steps.push_back({"load_ms", [=] {
                                       start->worker->load(settings);
                                       return bench::Parts{};
                                     }});
  prepared.workload.steps.push_back({"first_ms", [=] {
                                       start->worker->predict();
                                       return bench::Parts{};
                                     }});
  prepared.workload.total_metric = "total_ms";
  // A process that holds the model keeps its file's pages, so none may live on into a cold start of this
  // group.
  if (cache != "hit") prepared.workload.release = [=] { start->worker.reset(); };
  prepared.finish = [cache](bench::CaseResult& result) {
    if (cache == "hit") {
      result.set("start_ms", bench::Missing{"the process runs already"});
      result.set("cached_share", bench::Missing{"the model is loaded"});
    } else if (cache == "cold") {
      const auto share = result.number("cached_share");
      if (share) result.facts.set("page_cache_dropped", *share < kDropped);
    }
  };
  return prepared;
}

}  // namespace da3::suites
