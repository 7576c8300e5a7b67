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

// Of a record's source, "OWNER/REPO@COMMIT/model.safetensors"; empty: the weights come from elsewhere.
std::string repository_in(const std::string& source) {
  const std::size_t at = source.find('@');
  return at == std::string::npos ? std::string() : core::lower_case(source.substr(0, at));
}

// Null: there is none, or it is damaged, which a new download mends.
std::optional<ModelSpec> installed_spec(const std::filesystem::path& file) {
  try {
    return engine::read_spec(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Throws: Error kUsage where `repository`, which is not of the catalogue, has the name of a model that is:
/// every command that runs that model would run this one.
void refuse_published_name(const std::string& repository, const std::string& name) {
  const hub::CatalogueEntry* const published = hub::find_in_catalogue(name);
  if (published == nullptr) return;
  throw Error(ErrorCode::kUsage, repository + ": its model would be installed as " + name +
                                     ", which is the name of " + published->repository +
                                     "; download it yourself, and give 'da3 model export FOLDER -o FILE.pt' "
                                     "another name");
}

/// Throws: Error kUsage if the model of that name is not of that repository.
void refuse_other_model(const std::filesystem::path& file, const std::string& repository, bool published) {
  const std::optional<ModelSpec> spec = installed_spec(file);
  if (!spec || spec->origin == WeightsOrigin::kSynthetic) return;
  const std::string installed = repository_in(spec->source);
  if (installed == core::lower_case(repository) || (installed.empty() && published)) return;
  const std::string of = spec->source.empty() ? "another source" : spec->source;
  throw Error(ErrorCode::kUsage, file.string() + ": this model is of " + of + ", and that of " + repository +
                                     " would replace it; move it away first");
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

/// Whether the model that another da3 has just installed is the one that is asked for.
bool is_wanted(const std::filesystem::path& file, const std::string& repository,
               const cli::ModelPull& options) {
  const std::optional<ModelSpec> spec = installed_spec(file);
  return spec && repository_in(spec->source) == core::lower_case(repository) &&
         engine::is_depth_only(*spec) == options.depth_only;
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
  const std::string repository = entry != nullptr ? entry->repository : options.model;
  if (entry == nullptr) refuse_published_name(repository, name);
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
    refuse_other_model(file, repository, entry != nullptr);
    std::error_code ignored;
    if (lock->waited() && !asks && std::filesystem::last_write_time(file, ignored) >= since && !ignored &&
        is_wanted(file, repository, options)) {
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
