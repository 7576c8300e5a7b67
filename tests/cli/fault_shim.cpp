// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// Preloaded into the program: calls to the system on files below a folder fail, as disks do.
//   DA3_FAULT_DIR    the folder; nothing happens without it
//   DA3_FAULT_CALLS  which calls, parted by commas: read write fsync close rename open create mkdir unlink
//   mmap
//                    flock
//   DA3_FAULT_RATE   how often, 0 to 1
//   DA3_FAULT_ERRNO  with which error
//   DA3_FAULT_SEED   of the random numbers
//   DA3_FAULT_NAME   instead: names with this text cannot be made, with that error
namespace {

struct Plan {
  std::string folder = text("DA3_FAULT_DIR");
  std::string calls = "," + text("DA3_FAULT_CALLS") + ",";
  std::string refused_name = text("DA3_FAULT_NAME");
  double rate = std::atof(text("DA3_FAULT_RATE").c_str());
  int error = std::atoi(text("DA3_FAULT_ERRNO").c_str());
  std::uint64_t seed = std::strtoull(text("DA3_FAULT_SEED").c_str(), nullptr, 10);

  static std::string text(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
  }
};

const Plan& plan() {
  static const Plan only;
  return only;
}

/// Uniform in [0, 1), by SplitMix64.
double next_number() {
  static std::atomic<std::uint64_t> state{plan().seed * 0x9E3779B97F4A7C15U};
  std::uint64_t x = state.fetch_add(0x9E3779B97F4A7C15U);
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
  x = (x ^ x >> 27) * 0x94D049BB133111EBU;
  return static_cast<double>((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

bool is_below(const char* path) {
  if (plan().folder.empty() || path == nullptr) return false;
  std::string whole = path;
  if (path[0] != '/') {
    char working[4096];
    if (getcwd(working, sizeof(working)) == nullptr) return false;
    whole = std::string(working) + "/" + path;
  }
  return whole.starts_with(plan().folder);
}

bool is_below(int descriptor) {
  if (plan().folder.empty()) return false;
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = readlink(link.c_str(), path, sizeof(path) - 1);
  return length > 0 && std::string(path, static_cast<std::size_t>(length)).starts_with(plan().folder);
}

template <typename Place>
bool fails(const char* call, Place place) {
  const int before = errno;
  const bool is_chosen = plan().calls.find("," + std::string(call) + ",") != std::string::npos;
  const bool result = is_chosen && is_below(place) && next_number() < plan().rate;
  errno = result ? plan().error : before;
  return result;
}

bool refuses_name(const char* path) {
  if (plan().refused_name.empty() || !is_below(path)) return false;
  const char* const slash = std::strrchr(path, '/');
  if (std::strstr(slash == nullptr ? path : slash, plan().refused_name.c_str()) == nullptr) return false;
  errno = plan().error;
  return true;
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

int open_real(const char* name, const char* path, int flags, mode_t mode) {
  if (fails((flags & O_CREAT) != 0 ? "create" : "open", path)) return -1;
  if ((flags & O_CREAT) != 0 && refuses_name(path)) return -1;
  return real<int (*)(const char*, int, ...)>(name)(path, flags, mode);
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, std::size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, std::size_t)>("write");
  if (fails("write", file)) {
    // Half of it is there already.
    if (size > 1) static_cast<void>(next(file, bytes, size / 2));
    errno = plan().error;
    return -1;
  }
  return next(file, bytes, size);
}

ssize_t read(int file, void* bytes, std::size_t size) {
  static const auto next = real<ssize_t (*)(int, void*, std::size_t)>("read");
  return fails("read", file) ? -1 : next(file, bytes, size);
}

int fsync(int file) {
  return fails("fsync", file) ? -1 : real<int (*)(int)>("fsync")(file);
}

int flock(int file, int operation) noexcept {
  return fails("flock", file) ? -1 : real<int (*)(int, int)>("flock")(file, operation);
}

int close(int file) {
  static const auto next = real<int (*)(int)>("close");
  if (!fails("close", file)) return next(file);
  const int error = errno;
  next(file);
  errno = error;
  return -1;
}

void* mmap(void* address, std::size_t length, int protection, int flags, int file, off_t offset) noexcept {
  static const auto next = real<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  if (file >= 0 && fails("mmap", file)) return MAP_FAILED;
  return next(address, length, protection, flags, file, offset);
}

int rename(const char* from, const char* to) noexcept {
  if (refuses_name(to) || fails("rename", to)) return -1;
  return real<int (*)(const char*, const char*)>("rename")(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (refuses_name(to) || fails("rename", to)) return -1;
  return real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from,
                                                                                  to_folder, to, flags);
}

int link(const char* from, const char* to) noexcept {
  if (refuses_name(to) || fails("rename", to)) return -1;
  return real<int (*)(const char*, const char*)>("link")(from, to);
}

int unlink(const char* path) noexcept {
  return fails("unlink", path) ? -1 : real<int (*)(const char*)>("unlink")(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (refuses_name(path) || fails("mkdir", path)) return -1;
  return real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
  va_end(rest);
  return open_real("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(rest, unsigned)) : 0;
  va_end(rest);
  return open_real("open64", path, flags, mode);
}

}  // extern "C"
