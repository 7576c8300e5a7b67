// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <benchmarks/run_benchmarks.hpp>

int main(int argc, char** argv) {
  da3::benchmarks::ProgramFacts facts;
#ifdef DA3_OPENCV_VERSION
  facts.libraries.opencv = DA3_OPENCV_VERSION;
#endif
  return da3::benchmarks::run_benchmarks(argc, argv, facts);
}
