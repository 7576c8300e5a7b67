// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <suites/context.hpp>

namespace da3::suites {
namespace {

// Asks the system to forget the file's pages. False where that is not possible.
bool drop_from_page_cache(const std::filesystem::path& file) {
#ifdef POSIX_FADV_DONTNEED
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // Pages that were never written back cannot be dropped.
  const bool dropped = fsync(descriptor) == 0 && posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0;
  close(descriptor);
  return dropped;
#else
  static_cast<void>(file);
  return false;
#endif
}

void read_once(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  std::vector<char> block(1U << 20U);
  while (read(descriptor, block.data(), block.size()) > 0) {
  }
  close(descriptor);
}

// A process that runs through one start of the program.
struct Start {
  std::unique_ptr<bench::Worker> worker;
};

}  // namespace

PreparedCase prepare_load(const bench::Fields& settings, const Context& context) {
  const std::filesystem::path file = context.model_file(settings.text("model")).file;
  const std::string cache = settings.text("cache");
  const auto start = std::make_shared<Start>();
  const auto start_worker = context.start_worker;
  const bool droppable = drop_from_page_cache(file);

  PreparedCase prepared;
  prepared.facts = {{"file_bytes", static_cast<std::int64_t>(std::filesystem::file_size(file))}};
  if (cache == "cold") prepared.facts.set("page_cache_dropped", droppable);
  prepared.workload.prepare = [=] {
    if (cache == "hit") {
      if (start->worker != nullptr) return;
      start->worker = start_worker();
      start->worker->load(settings);
      start->worker->predict();
      return;
    }
    start->worker.reset();
    if (cache == "cold") {
      drop_from_page_cache(file);
    } else {
      read_once(file);
    }
  };
  if (cache != "hit") {
    prepared.workload.steps.push_back({"start_ms", [=] {
                                         start->worker = start_worker();
                                         return bench::Parts{};
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
  prepared.finish = [cache](bench::CaseResult& result) {
    if (cache == "hit") result.set("start_ms", bench::Missing{"the process runs already"});
  };
  return prepared;
}

}  // namespace da3::suites
