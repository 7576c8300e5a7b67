// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <da3/error.hpp>

#include <run/sink.hpp>

namespace da3::run {

DrawnSet Sink::draw_set(const Options&, const Settings&, int, const std::stop_token&) {
  throw Error(ErrorCode::kUsage, "one range for all results is for results that are kept in a folder");
}

}  // namespace da3::run
