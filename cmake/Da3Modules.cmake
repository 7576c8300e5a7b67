# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)

# da3_add_module(NAME SOURCES ... [PUBLIC target...] [PRIVATE target...] [EXACT])
# One folder of src/ as the static library da3_NAME with the alias da3::NAME. EXACT: no product is fused with a sum, so
# that every instruction set rounds alike (core/vector_clones.hpp).
function(da3_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "EXACT" "" "SOURCES;PUBLIC;PRIVATE")
  add_library(da3_${name} STATIC ${arg_SOURCES})
  add_library(da3::${name} ALIAS da3_${name})
  target_include_directories(da3_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(da3_${name} PUBLIC ${arg_PUBLIC} PRIVATE da3_settings ${arg_PRIVATE})
  if(arg_EXACT)
    target_compile_options(da3_${name} PRIVATE -ffp-contract=off)
  endif()
endfunction()

# da3_add_test(NAME SOURCES ... LINK target... LABELS label... [WHOLE] [FILTER gtest filter] [TIMEOUT seconds] [COST seconds])
# A GoogleTest program. Each of its tests (of FILTER) is a CTest test, or with WHOLE the program is one: for programs that
# take longer to start than to test, as those with LibTorch (0.3 s) and OpenCV (0.07 s). COST, of a program that is one
# test: what it takes, from some seconds on, so that `ctest --parallel` starts the longest first and ends with short ones.
function(da3_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE" "FILTER;TIMEOUT;COST" "SOURCES;LINK;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE da3_settings ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    DA3_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data" DA3_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(arg_WHOLE)
    list(TRANSFORM arg_FILTER PREPEND "--gtest_filter=")
    add_test(NAME ${name} COMMAND ${name} ${arg_FILTER})
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
    if(arg_COST)
      set_tests_properties(${name} PROPERTIES COST ${arg_COST})
    endif()
    # LibTorch's threads wait for each other without spinning: tests run next to others. Programs that a test starts by
    # the launcher do as they do for a user.
    if(arg_LINK MATCHES "da3::(engine|libtorch|da3)")
      set_tests_properties(${name} PROPERTIES ENVIRONMENT OMP_WAIT_POLICY=passive)
    endif()
  else()
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
      TEST_FILTER "${arg_FILTER}" PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()

# da3_embed_text(TARGET HEADER NAMESPACE file...)
# Makes the generated header HEADER in which each file is a `inline constexpr std::string_view` named after it.
function(da3_embed_text target header namespace)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/generated/${header}")
  list(TRANSFORM ARGN PREPEND "" OUTPUT_VARIABLE files)
  list(JOIN files "|" joined)
  add_custom_command(OUTPUT "${out}"
    COMMAND "${CMAKE_COMMAND}" "-DOUT=${out}" "-DNAMESPACE=${namespace}" "-DFILES=${joined}"
            -P "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
  target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
endfunction()
