// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>

#include <commands/commands.hpp>
#include <commands/console.hpp>
#include <commands/interrupts.hpp>
#include <commands/log.hpp>
#include <commands/text.hpp>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <da3/error.hpp>

#include <core/text.hpp>
#include <engine/engine.hpp>
#include <hub/catalogue.hpp>
#include <hub/model_store.hpp>
#include <hub/pull.hpp>
#include <hub/pull_lock.hpp>

namespace da3::commands {
namespace {

// What users type for it later: the catalogue's name, else the repository's own in small letters.
std::string installed_name(const std::string& name_or_repository) {
  if (const hub::CatalogueEntry* entry = hub::find_in_catalogue(name_or_repository)) return entry->name;
  return core::lower_case(name_or_repository.substr(name_or_repository.rfind('/') + 1));
}

bool confirm(const hub::PullPlan& plan, const cli::ModelPull& options, Console& console) {
  const std::string licence = !plan.licence.empty() ? "licence " + plan.licence
                              : plan.licence_known  ? "no licence stated"
                                                    : "licence not known";
  console.line("da3: " + plan.repository + " at " + plan.commit.substr(0, 10) + ", " + licence + ", " +
               bytes_text(plan.total_bytes) +
               (plan.bytes_here > 0 ? " (" + bytes_text(plan.bytes_here) + " already here)" : "") +
               (plan.checked ? "" : ", not checked: nothing tells its SHA-256"));
  if (!plan.has_to_be_accepted() || options.accept_license) return true;
  if (::isatty(STDIN_FILENO) != 1 || !Console::is_terminal()) return false;
  std::cerr << (plan.non_commercial ? "This licence forbids commercial use. Type yes to accept it: "
                                    : "Read it on the model's page. Type yes to accept it: ")
            << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

void show(const hub::PullProgress& progress, Console& console) {
  if (!Console::is_terminal()) return;
  console.status(progress.file + "  " + bytes_text(progress.done_bytes) + " of " +
                 bytes_text(progress.total_bytes));
}

std::string to_text(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_installed(const std::string& name, const std::filesystem::path& file,
                     const cli::ModelPull& options) {
  const std::string text = options.json ? to_text({{"name", name}, {"file", file.string()}}) : file.string();
  std::printf("%s\n", text.c_str());
}

/// Of the files of a download config.json alone has no checksum: the next call gets one anew that cannot be
/// used.
engine::ExportReport exported(const engine::ExportSource& source, const std::filesystem::path& file,
                              const hub::PulledFiles& files) {
  try {
    return engine::export_model(source, file);
  } catch (const Error&) {
    std::error_code ignored;
    if (files.downloaded) std::filesystem::remove(files.folder / "config.json", ignored);
    throw;
  }
}

int pull_and_export(const cli::ModelPull& options) {
  Console console;
  const Interrupts interrupts(
      [console](int) { console.line("da3: stopping; the same command goes on later"); });
  const auto log = make_logger(options.verbosity, console);
  const hub::Folders folders = hub::Folders::from_environment();
  hub::HubAccess access = hub::HubAccess::from_environment();
  access.offline = access.offline || options.offline;

  if (folders.home.empty()) {
    throw Error(ErrorCode::kModelFetch,
                "there is no folder for models, because HOME is not set; set HOME or DA3_HOME");
  }
  const std::string name = installed_name(options.model);
  const std::filesystem::path file = folders.models() / (name + ".pt");
  const hub::CatalogueEntry* const entry = hub::find_in_catalogue(options.model);
  const bool asks = entry != nullptr && entry->non_commercial() && !options.accept_license;

  hub::PullCallbacks callbacks;
  callbacks.confirm = [&](const hub::PullPlan& plan) { return confirm(plan, options, console); };
  callbacks.progress = [&](const hub::PullProgress& progress) { show(progress, console); };
  hub::PulledFiles files;
  std::optional<hub::PullLock> lock;
  try {
    const auto since = std::filesystem::file_time_type::clock::now();
    lock.emplace(
        folders.home / "downloads" / ("." + name + ".lock"),
        [&] { console.line("da3: another da3 gets " + name + "; waiting for it"); }, interrupts.token());
    std::error_code ignored;
    if (lock->waited() && !asks && std::filesystem::last_write_time(file, ignored) >= since && !ignored) {
      print_installed(name, file, options);
      console.line("da3: " + name + " is installed (by another da3)");
      return 0;
    }
    files = hub::pull(options.model, folders.home / "downloads", access, callbacks, interrupts.token());
  } catch (const Error& error) {
    console.status("");
    if (error.code() == ErrorCode::kInterrupted && interrupts.exit_code() != 0) return interrupts.exit_code();
    throw;
  }
  console.status("");
  log->info("{} in {}", files.repository, files.folder.string());

  engine::ExportSource source;
  source.folder = files.folder;
  source.name = name;
  source.depth_only = options.depth_only;
  source.origin_text = files.repository + "@" + files.commit + "/model.safetensors";
  source.licence_spdx = files.licence;
  source.licence_attribution = "https://huggingface.co/" + files.repository;
  std::error_code problem;
  std::filesystem::create_directories(folders.models(), problem);
  if (problem) {
    throw Error(ErrorCode::kOutputFailed, folders.models().string() + ": cannot be made (" +
                                              problem.message() + "); give another folder with DA3_HOME");
  }
  const engine::ExportReport report = exported(source, file, files);
  for (const std::string& warning : report.warnings) log->warn("{}", warning);
  // The model file holds all that is needed; the download would double the disk space.
  if (files.downloaded) std::filesystem::remove_all(files.folder, problem);
  print_installed(name, file, options);
  console.line("da3: " + source.name + " is installed (" + bytes_text(report.file_bytes) + ")");
  return 0;
}

}  // namespace

int model_pull(const cli::ModelPull& options) {
  try {
    return pull_and_export(options);
  } catch (const Error& error) {
    if (options.json) {
      const std::string code(error_name(error.code()));
      std::printf("%s\n", to_text({{"error", {{"code", code}, {"message", error.what()}}}}).c_str());
    }
    throw;
  }
}

}  // namespace da3::commands
