// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cli/program.hpp>

namespace da3::testing {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    read = ends[0];
    write = ends[1];
  }
};

// Replaces the child by the program; never returns.
[[noreturn]] void become_program(const std::filesystem::path& folder, const std::vector<std::string>& args,
                                 const Pipe& in, const Pipe& out, const Pipe& err,
                                 const Circumstances& circumstances) {
  ::dup2(in.read, STDIN_FILENO);
  ::dup2(out.write, STDOUT_FILENO);
  ::dup2(err.write, STDERR_FILENO);
  for (const int end : {in.read, in.write, out.read, out.write, err.read, err.write}) ::close(end);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::setenv("DA3_HOME", (folder / "home").c_str(), 1);
  ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  if (circumstances.without_folders) {
    ::unsetenv("DA3_HOME");
    ::unsetenv("XDG_CACHE_HOME");
  }
  if (circumstances.folder_is_gone) {
    const std::filesystem::path gone = folder / "gone";
    if (::mkdir(gone.c_str(), 0700) != 0 || ::chdir(gone.c_str()) != 0 || ::rmdir(gone.c_str()) != 0)
      ::_exit(126);
  }
  ::unsetenv("DA3_MODEL");
  std::vector<char*> argv;
  std::string program = "da3";
  argv.push_back(program.data());
  std::vector<std::string> copies = args;
  for (std::string& arg : copies) argv.push_back(arg.data());
  argv.push_back(nullptr);
  ::execv(DA3_PROGRAM, argv.data());
  ::_exit(127);
}

// Reads both until both are closed.
void drain(int out, int err, Ended& ended, const std::function<void(std::string_view)>& on_output) {
  std::array<pollfd, 2> ends = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  int open = 2;
  while (open > 0) {
    if (::poll(ends.data(), ends.size(), -1) < 0) continue;
    for (pollfd& end : ends) {
      if (end.fd < 0 || end.revents == 0) continue;
      std::array<char, 65536> piece{};
      const ssize_t got = ::read(end.fd, piece.data(), piece.size());
      if (got <= 0) {
        ::close(end.fd);
        end.fd = -1;
        --open;
        continue;
      }
      const bool is_out = &end == &ends[0];
      (is_out ? ended.out : ended.err).append(piece.data(), static_cast<std::size_t>(got));
      if (is_out && on_output) on_output({piece.data(), static_cast<std::size_t>(got)});
    }
  }
}

/// Sends a signal to a process some time after its start; not after the end of this object.
class Signaller {
 public:
  Signaller(pid_t process, int signal, std::chrono::microseconds after) {
    if (signal == 0) return;
    thread_ = std::thread([this, process, signal, after] {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, after, [this] { return ended_; })) ::kill(process, signal);
    });
  }
  ~Signaller() {
    {
      const std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  Signaller(const Signaller&) = delete;
  Signaller& operator=(const Signaller&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

Ended wait_for(pid_t child, Ended ended) {
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
#ifdef __APPLE__
  constexpr std::uint64_t kUnit = 1;
#else
  constexpr std::uint64_t kUnit = 1024;
#endif
  ended.peak_resident_bytes = kUnit * static_cast<std::uint64_t>(usage.ru_maxrss);
  ended.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ended;
}

template <typename Resource>
void limit_to(Resource resource, rlim_t value) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) != 0) ::_exit(126);
}

Ended start(const std::filesystem::path& folder, const std::vector<std::string>& args,
            const std::string& input, const Circumstances& circumstances) {
  const Pipe in;
  const Pipe out;
  const Pipe err;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) {
    if (circumstances.address_space_bytes > 0) limit_to(RLIMIT_AS, circumstances.address_space_bytes);
    if (!circumstances.standard_output.empty()) {
      const int file = ::open(circumstances.standard_output.c_str(), O_WRONLY | O_CREAT, 0600);
      if (file < 0 || ::dup2(file, out.write) < 0) ::_exit(126);
      ::close(file);
    }
    for (const std::string& each : circumstances.environment) {
      const std::size_t equals = each.find('=');
      ::setenv(each.substr(0, equals).c_str(), each.substr(equals + 1).c_str(), 1);
    }
    if (circumstances.file_bytes > 0) limit_to(RLIMIT_FSIZE, circumstances.file_bytes);
    if (circumstances.descriptors > 0) {
      // What this process was given open does not count.
      for (int inherited = STDERR_FILENO + 1; inherited < 1024; ++inherited)
        ::fcntl(inherited, F_SETFD, FD_CLOEXEC);
      limit_to(RLIMIT_NOFILE, static_cast<rlim_t>(circumstances.descriptors));
    }
    if (circumstances.stack_bytes > 0) limit_to(RLIMIT_STACK, circumstances.stack_bytes);
    if (circumstances.threads > 0) {
      constexpr uid_t kNobody = 65534;
      limit_to(RLIMIT_NPROC, static_cast<rlim_t>(circumstances.threads));
      if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(126);
    }
    become_program(folder, args, in, out, err, circumstances);
  }
  for (const int end : {in.read, out.write, err.write}) ::close(end);
  // Inputs of the tests fit a pipe's buffer.
  std::signal(SIGPIPE, SIG_IGN);
  if (!input.empty() && ::write(in.write, input.data(), input.size()) < 0)
    throw std::runtime_error("no input");
  ::close(in.write);
  Ended ended;
  {
    // Gone before the process is waited for, so that no other process can have its number.
    const Signaller signaller(child, circumstances.signal, circumstances.signal_after);
    std::function<void(std::string_view)> on_arrival;
    if (circumstances.on_output) {
      on_arrival = [&](std::string_view arrived) { circumstances.on_output(child, arrived); };
    }
    drain(out.read, err.read, ended, on_arrival);
  }
  return wait_for(child, std::move(ended));
}

}  // namespace

Workplace::Workplace() {
  std::string name = (std::filesystem::temp_directory_path() / "da3-cli-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
}

Workplace::~Workplace() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Ended Workplace::run(const std::vector<std::string>& args, const std::string& input) const {
  return start(folder_, args, input, {});
}

Ended Workplace::run(const std::vector<std::string>& args, const Circumstances& circumstances) const {
  return start(folder_, args, "", circumstances);
}

void write_picture(const std::filesystem::path& file, int width, int height, int seed) {
  std::ofstream out(file, std::ios::binary);
  out << "P6\n" << width << " " << height << "\n255\n";
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out.put(static_cast<char>((x * 3 + seed * 40) % 256));
      out.put(static_cast<char>((y * 5 + seed * 7) % 256));
      out.put(static_cast<char>((x + y + seed) % 256));
    }
  }
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> files_below(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && entry.path().filename().string().front() != '.') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace da3::testing
