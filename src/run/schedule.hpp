// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// What a run does next, as functions of what is under way: no files, no threads, no clock.
namespace da3::run {

/// Bytes of the host's memory that one input takes at most.
struct Need {
  std::uint64_t decoding = 0;   ///< While it is decoded and prepared, its file included
  std::uint64_t waiting = 0;    ///< From then on until its results are written
  std::uint64_t finishing = 0;  ///< On top of that while its results are made

  /// At its highest, with what the allocator and the forward pass take on top of it.
  std::uint64_t peak() const;
};

/// How much may be under way at a time.
struct Limits {
  int host_threads = 1;
  bool alternate = false;   ///< Forward passes and host work alternate instead of overlapping
  std::size_t images = 0;   ///< Inputs under way; 0: from the batches that pay
  std::uint64_t bytes = 0;  ///< Of pictures and results
};

/// What is under way: how many inputs are where, and what they hold.
struct Load {
  // In the order of an input's way. What is being worked on is counted apart from what waits.
  bool found = false;  ///< The source has given an input that nobody has taken
  std::size_t inspecting = 0;
  std::size_t inspected = 0;  ///< Their headers are known; they wait for memory
  std::size_t preparing = 0;
  std::size_t ready = 0;  ///< For a forward pass
  std::size_t forwarding = 0;
  std::size_t predicted = 0;  ///< Wait to be finished
  std::size_t finishing = 0;
  std::size_t ended = 0;  ///< Wait until their records are kept and told, or just are

  Need next_inspected{};                   ///< Of the first of them
  std::uint64_t next_inspected_bytes = 0;  ///< That it holds already
  Need next_predicted{};
  std::uint64_t held_bytes = 0;
  std::uint64_t largest_finishing = 0;  ///< The most that finishing any input from `preparing` on will take

  int largest_batch = 1;       ///< Of all shapes seen, the most images that are worth a forward pass
  bool full_batch = false;     ///< Of one shape as many are ready as are worth a forward pass
  bool stopping = false;       ///< Nothing new begins
  bool forwards_turn = false;  ///< Alternating: the host's work rests
  double turn_s = 0;           ///< How long that has lasted

  std::size_t under_way() const;
  /// That a host thread works on.
  std::size_t at_host() const { return inspecting + preparing + finishing; }
};

/// Most inputs that may be under way.
std::size_t window(const Load& load, const Limits& limits);

enum class HostStep {
  kNone,     ///< There is nothing to do, or no memory for it
  kTake,     ///< Take an input from the source and look at its header
  kPrepare,  ///< Decode and prepare the first inspected one
  kFinish,   ///< Make and write the results of the first predicted one
};

/// What a free host thread does. Finishing comes first, for it frees memory; an input goes to work only where
/// its bytes fit next to what is held, with room to finish the largest, or alone.
HostStep next_host_step(const Load& load, const Limits& limits);

enum class ForwardStep {
  kWait,
  kForward,  ///< Run a batch: a full one where there is one
  kEndTurn,  ///< Let the host work again
};

/// What a free inference thread does. Overlapping: full batches, others only once nothing more can be
/// prepared. Alternating: a turn begins when the host can do nothing more, and ends when nothing is worth a
/// forward pass, or after a second as soon as every host thread has results to write, so that these do not
/// wait long.
ForwardStep next_forward_step(const Load& load, const Limits& limits);

/// True if an input is so large that one looks whether the host has memory for it before it is decoded. Next
/// to others the limit decides.
bool is_worth_a_look_at_memory(const Load& load, const Need& need);

}  // namespace da3::run
