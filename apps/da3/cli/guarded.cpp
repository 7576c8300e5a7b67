// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <new>

#include <da3/error.hpp>

#include <cli/guarded.hpp>

namespace da3::cli {

int guarded(const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& error) {
    std::fprintf(stderr, "da3: %s\n", error.what());
    return exit_code(error.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "da3: memory ran out; try a smaller --batch or --process-res, or a smaller model\n");
    return exit_code(ErrorCode::kOutOfMemory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "da3: %s\nThis is a bug in da3; please report it with the command that shows it.\n",
                 error.what());
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace da3::cli
