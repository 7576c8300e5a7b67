# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Targets from DA3_DEPS_DIR: include/{CLI,spdlog,nlohmann}, include/fmt where spdlog wants it, and googletest/ (its source
# tree). `scripts/gpu-check pack` gathers them.
foreach(header CLI/CLI.hpp spdlog/spdlog.h nlohmann/json.hpp)
  if(NOT EXISTS "${DA3_DEPS_DIR}/include/${header}")
    message(FATAL_ERROR "DA3_DEPS_DIR=${DA3_DEPS_DIR} has no include/${header}: copy the header-only "
                        "libraries CLI11, spdlog and nlohmann_json there")
  endif()
endforeach()
foreach(name CLI11::CLI11 nlohmann_json::nlohmann_json spdlog::spdlog)
  add_library(${name} INTERFACE IMPORTED)
  target_include_directories(${name} SYSTEM INTERFACE "${DA3_DEPS_DIR}/include")
endforeach()
# Distributions' spdlog takes fmt from outside.
if(EXISTS "${DA3_DEPS_DIR}/include/fmt")
  target_compile_definitions(spdlog::spdlog INTERFACE FMT_HEADER_ONLY)
endif()
if(DA3_BUILD_TESTS)
  if(NOT EXISTS "${DA3_DEPS_DIR}/googletest/CMakeLists.txt")
    message(FATAL_ERROR "DA3_DEPS_DIR=${DA3_DEPS_DIR} has no googletest/CMakeLists.txt: copy GoogleTest's source there")
  endif()
  block()
    set(INSTALL_GTEST OFF)
    # It still supports versions of CMake that CMake warns of, and that CMake 4 refuses.
    set(CMAKE_POLICY_VERSION_MINIMUM 3.10)
    add_subdirectory("${DA3_DEPS_DIR}/googletest" googletest EXCLUDE_FROM_ALL)
  endblock()
  foreach(lib gtest gtest_main gmock gmock_main)
    if(TARGET ${lib} AND NOT TARGET GTest::${lib})
      add_library(GTest::${lib} ALIAS ${lib})
    endif()
  endforeach()
endif()
