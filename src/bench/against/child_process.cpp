// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <da3/error.hpp>

#include <bench/against/child_process.hpp>
#include <core/text.hpp>

extern char** environ;  // NOLINT(readability-redundant-declaration): not declared by every system

namespace da3::bench {
namespace {

// A pipe whose ends other children do not inherit.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) {
    throw Error(ErrorCode::kInternal, std::string("a pipe could not be made: ") + std::strerror(errno));
  }
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  return ends;
}

bool names_one_of(const char* setting, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::strncmp(setting, name.c_str(), name.size()) == 0 && setting[name.size()] == '=';
  });
}

// What a new process begins with. SIGTERM reaches it even where this program blocks it.
class Spawning {
 public:
  Spawning() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes_);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    posix_spawnattr_setsigmask(&attributes_, &blocked);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~Spawning() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  /// The system's error number, or 0 and the process in `pid`.
  int start(const std::vector<std::string>& command, const std::vector<std::string>& without,
            pid_t& pid) const {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (char** setting = environ; *setting != nullptr; ++setting) {
      if (!names_one_of(*setting, without)) environment.push_back(*setting);
    }
    environment.push_back(nullptr);
    return posix_spawnp(&pid, command[0].c_str(), &actions, &attributes_, arguments.data(),
                        environment.data());
  }

  posix_spawn_file_actions_t actions{};

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::vector<std::string>& without,
                           std::chrono::milliseconds patience)
    : name_(command.at(0)), patience_(patience) {
  const std::array<int, 2> input = make_pipe();
  const std::array<int, 2> output = make_pipe();
  Spawning spawning;
  posix_spawn_file_actions_adddup2(&spawning.actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&spawning.actions, output[1], STDOUT_FILENO);
  const int problem = spawning.start(command, without, pid_);
  close(input[0]);
  close(output[1]);
  to_child_ = input[1];
  from_child_ = output[0];
  if (problem == 0) return;
  close(to_child_);
  close(from_child_);
  throw Error(ErrorCode::kUsage, name_ + " could not be started: " + std::strerror(problem) +
                                     "; give the path of a da3 program");
}

ChildProcess::~ChildProcess() {
  close(to_child_);
  close(from_child_);
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (wait()) return;
    kill(pid_, signal);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

bool ChildProcess::wait() {
  constexpr std::chrono::milliseconds kStep(5);
  for (std::chrono::milliseconds waited(0);; waited += kStep) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno != EINTR)) return true;
    if (waited >= patience_) return false;
    std::this_thread::sleep_for(kStep);
  }
}

void ChildProcess::fail(const std::string& what) {
  throw Error(ErrorCode::kUsage, name_ + " " + what + "; run it by hand to see why");
}

std::string ChildProcess::read_line() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> piece{};
    const ssize_t got = read(from_child_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("ended without an answer");
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

std::string ChildProcess::ask(const std::string& line) {
  const std::string text = line + "\n";
  // A child that died must be an error here, not the end of this program.
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t put = write(to_child_, text.data() + sent, text.size() - sent);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) break;
    sent += static_cast<std::size_t>(put);
  }
  sigaction(SIGPIPE, &before, nullptr);
  if (sent < text.size()) fail("ended before it was asked");
  return read_line();
}

void run_to_end(const std::vector<std::string>& command) {
  Spawning spawning;
  posix_spawn_file_actions_addopen(&spawning.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawning.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  if (const int problem = spawning.start(command, {}, pid); problem != 0)
    throw Error(ErrorCode::kUsage, command[0] + " could not be started: " + std::strerror(problem));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw Error(ErrorCode::kUsage,
              core::joined(command, " ") +
                  (WIFEXITED(status) ? " ended with " + std::to_string(WEXITSTATUS(status))
                                     : " was ended by signal " + std::to_string(WTERMSIG(status))));
}

}  // namespace da3::bench
