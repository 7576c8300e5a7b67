// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>
#include <variant>

#include <core/text.hpp>
#include <run/flow.hpp>

// Forward passes: choosing a batch, running it, going on after it failed.
namespace da3::run {
namespace {

predict::Request make_request(const BatchWindow::Batch& batch, Size size, const predict::Wanted& wanted) {
  predict::Request request;
  request.scenes = static_cast<int>(batch.size());
  request.size = size;
  request.wanted = wanted;
  for (const Prepared& prepared : batch) request.pictures.emplace_back(prepared.input.rgb);
  return request;
}

/// True for errors that one picture of a batch may have brought about.
bool concerns_a_picture(ErrorCode code) {
  return code == ErrorCode::kPredictionInvalid || code == ErrorCode::kUsage;
}

}  // namespace

/// What came of a forward pass.
struct Flow::Forwarded {
  std::vector<std::variant<Predicted, Outcome>> results;  ///< Of each image; empty where it failed
  double seconds = 0;
  std::optional<std::uint64_t> peak_bytes;
  std::optional<Error> error;
  std::uint64_t free_bytes = 0;  ///< Of the device, where it ran out of memory
};

ForwardStep Flow::forward_step_locked() const {
  Load load = load_locked();
  load.full_batch = ready_.choose([this](Size size) { return wanted(size); }, false).has_value();
  return next_forward_step(load, limits_);
}

void Flow::run_forwards() {
  Lock lock(mutex_);
  for (;;) {
    const ForwardStep step = forward_step_locked();
    if (step == ForwardStep::kEndTurn) {
      forwards_turn_ = false;
      kick_locked();
      continue;
    }
    if (step == ForwardStep::kWait) {
      if (closing_) return;
      forward_wake_.wait(lock);
      continue;
    }
    const auto free_bytes = without_lock(lock, [this] { return parts_.planner.free_bytes(); });
    // Meanwhile another thread may have taken what was ready.
    if (!free_bytes || forward_step_locked() != ForwardStep::kForward) continue;
    if (limits_.alternate && !forwards_turn_) {
      forwards_turn_ = true;
      turn_start_ = Clock::now();
    }
    const Size size = *ready_.choose([this](Size each) { return wanted(each); }, true);
    const int count = parts_.planner.next_batch(size, *free_bytes);
    largest_wanted_ = std::max(largest_wanted_, wanted(size));
    forward(lock, ready_.take(size, count), size);
    kick_locked();
    caller_wake_.notify_all();
  }
}

void Flow::forward(Lock& lock, BatchWindow::Batch batch, Size size) {
  const int count = static_cast<int>(batch.size());
  ShapeSummary& shape = shapes_[size];
  shape.size = size;
  if (count > shape.batch) shape.predicted_bytes = parts_.planner.predicted_bytes(size, count);
  const Counted counted(at_work_.forwarding, batch.size());
  kick_locked();
  auto forwarded = without_lock(lock, [&] { return predict(batch, size); });
  if (!forwarded) return;
  busy_[static_cast<std::size_t>(Stage::kForward)] += forwarded->seconds;
  if (forwarded->error) return recover_locked(std::move(batch), size, *forwarded);
  accept_locked(std::move(*forwarded), size);
}

/// Runs the forward pass; `batch` is used up where it succeeds.
Flow::Forwarded Flow::predict(BatchWindow::Batch& batch, Size size) const {
  const int count = static_cast<int>(batch.size());
  Forwarded forwarded;
  forwarded.results.reserve(batch.size());
  const Clock::time_point start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  try {
    const predict::Result result = parts_.model.predict(make_request(batch, size, parts_.settings.wanted));
    forwarded.seconds = seconds();
    forwarded.peak_bytes = result.peak_bytes;
    for (int index = 0; index < count; ++index) {
      Prepared& prepared = batch[static_cast<std::size_t>(index)];
      forwarded.results.push_back(take_result(std::move(prepared), result, index, count, forwarded.seconds));
    }
    return forwarded;
  } catch (const Error& caught) {
    forwarded.error = caught;
  } catch (const std::bad_alloc&) {
    forwarded.error =
        Error(ErrorCode::kOutOfMemory, "forward of " + std::to_string(count) + " images: memory ran out");
  }
  forwarded.seconds = seconds();
  if (forwarded.error->code() == ErrorCode::kOutOfMemory) forwarded.free_bytes = parts_.planner.free_bytes();
  return forwarded;
}

void Flow::accept_locked(Forwarded forwarded, Size size) {
  constexpr double kMsPerS = 1e3;
  const std::size_t images = forwarded.results.size();
  const int batch = static_cast<int>(images);
  ShapeSummary& shape = shapes_[size];
  shape.images += images;
  if (batch >= shape.batch && forwarded.peak_bytes) {
    shape.measured_bytes =
        std::max(batch > shape.batch ? 0 : shape.measured_bytes.value_or(0), *forwarded.peak_bytes);
  }
  shape.batch = std::max(shape.batch, batch);
  last_batch_ = batch;
  rate_.add(Clock::now(), images);
  if (parts_.planner.succeeded(size, batch, forwarded.seconds * kMsPerS, forwarded.peak_bytes)) {
    note_locked(false, core::size_text(size) + ": batches of " +
                           std::to_string(parts_.planner.shape(size).batch) + " pay");
  }
  for (std::variant<Predicted, Outcome>& result : forwarded.results) {
    if (auto* const outcome = std::get_if<Outcome>(&result)) {
      end_locked(std::move(*outcome));
    } else {
      predicted_.push_back(std::get<Predicted>(std::move(result)));
    }
  }
}

void Flow::recover_locked(BatchWindow::Batch batch, Size size, const Forwarded& forwarded) {
  const int count = static_cast<int>(batch.size());
  const Error& error = *forwarded.error;
  const bool out_of_memory = error.code() == ErrorCode::kOutOfMemory;
  if (!out_of_memory && !concerns_a_picture(error.code()))
    return fail_run_locked(std::make_exception_ptr(error));
  if (out_of_memory) parts_.planner.ran_out_of_memory(size, count, forwarded.free_bytes);
  if (count == 1) {
    Ticket& ticket = batch.front().ticket;
    const Error own(error.code(), ticket.item.path + ": " + error.what());
    return end_locked(failure(std::move(ticket), own));
  }
  if (out_of_memory) {
    note_locked(true, core::size_text(size) + ": memory ran out with " + std::to_string(count) +
                          " images in a forward; going on with " + std::to_string(wanted(size)));
  }
  ready_.put_back(std::move(batch), /*alone=*/!out_of_memory);
}

void Flow::note_locked(bool warning, std::string text) {
  notes_.push_back({warning, std::move(text)});
}

}  // namespace da3::run
