// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <string>

#include <commands/log.hpp>
#include <spdlog/sinks/base_sink.h>

namespace da3::commands {
namespace {

class ConsoleSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(Console& console) : console_(console) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string line(text.data(), text.size());
    while (line.ends_with('\n')) line.pop_back();
    console_.line(line);
  }
  void flush_() override {}

 private:
  Console& console_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(const cli::Verbosity& verbosity, Console& console) {
  auto logger = std::make_shared<spdlog::logger>("da3", std::make_shared<ConsoleSink>(console));
  if (verbosity.quiet) {
    logger->set_level(spdlog::level::err);
  } else if (verbosity.verbose == 0) {
    logger->set_level(spdlog::level::warn);
  } else {
    logger->set_level(verbosity.verbose == 1 ? spdlog::level::info : spdlog::level::debug);
  }
  logger->set_pattern(verbosity.verbose == 0 ? "da3: %v" : "[%H:%M:%S.%e] %l: %v");
  return logger;
}

}  // namespace da3::commands
