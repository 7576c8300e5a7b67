// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <utility>

namespace da3::core {

/// An open file descriptor, closed at the end. -1: none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  void reset();

 private:
  int descriptor_ = -1;
};

/// What came of asking for a lock on a whole file. It belongs to the open file and goes with it, however the
/// process ends.
enum class Lock { kTaken, kHeldByAnother, kUnsupported };

/// Asks for the exclusive (or shared) lock without waiting.
Lock try_lock(const FileDescriptor& file, bool shared = false);

/// The same, asked again until another lets it go; kHeldByAnother if that one still has it after `patience`.
Lock wait_for_lock(const FileDescriptor& file, std::chrono::milliseconds patience);

}  // namespace da3::core
