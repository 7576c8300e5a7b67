# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# FindLibTorch: the target da3::libtorch from any LibTorch folder (official zip, inside a pip wheel, distribution).
#
# Searched in this order: DA3_TORCH_DIR (variable or environment), CMAKE_PREFIX_PATH, .deps/libtorch, the system.
# Torch's own CMake package is not used: of a CUDA build it demands a CUDA toolkit that da3 does not need.
set(DA3_TORCH_DIR "" CACHE PATH "LibTorch folder (with include/ and lib/)")
set(_hints ${DA3_TORCH_DIR} $ENV{DA3_TORCH_DIR})
foreach(_prefix IN LISTS CMAKE_PREFIX_PATH)
  # torch.utils.cmake_prefix_path ends in share/cmake.
  list(APPEND _hints "${_prefix}" "${_prefix}/../..")
endforeach()
list(APPEND _hints "${PROJECT_SOURCE_DIR}/.deps/libtorch")

# Another folder than last time: nothing of the old one may stay, its CUDA neither.
if(DA3_TORCH_DIR AND DA3_TORCH_INCLUDE_DIR AND NOT DA3_TORCH_INCLUDE_DIR STREQUAL "${DA3_TORCH_DIR}/include")
  foreach(_found IN ITEMS DA3_TORCH_INCLUDE_DIR DA3_TORCH_CPU_LIBRARY DA3_TORCH_C10_LIBRARY DA3_TORCH_CUDA_LIBRARY
                          DA3_TORCH_C10_CUDA_LIBRARY DA3_CUDA_HEADERS DA3_CUDA_CRT_HEADERS DA3_CUDA_HEADERS_COMPILE)
    unset(${_found} CACHE)
  endforeach()
endif()
find_path(DA3_TORCH_INCLUDE_DIR ATen/ATen.h HINTS ${_hints} PATH_SUFFIXES include)
get_filename_component(_root "${DA3_TORCH_INCLUDE_DIR}" DIRECTORY)
find_library(DA3_TORCH_CPU_LIBRARY torch_cpu HINTS "${_root}" ${_hints} PATH_SUFFIXES lib)
find_library(DA3_TORCH_C10_LIBRARY c10 HINTS "${_root}" ${_hints} PATH_SUFFIXES lib)

set(LibTorch_VERSION "")
foreach(_header torch/headeronly/version.h torch/version.h torch/csrc/api/include/torch/version.h)
  if(EXISTS "${DA3_TORCH_INCLUDE_DIR}/${_header}")
    file(STRINGS "${DA3_TORCH_INCLUDE_DIR}/${_header}" _lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
    if(_lines)
      string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" LibTorch_VERSION "${_lines}")
      break()
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS DA3_TORCH_INCLUDE_DIR DA3_TORCH_CPU_LIBRARY DA3_TORCH_C10_LIBRARY
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Run scripts/setup, or give a LibTorch 2.10 or later with -DDA3_TORCH_DIR=FOLDER")

if(LibTorch_FOUND AND NOT TARGET da3::libtorch)
  get_filename_component(_libdir "${DA3_TORCH_CPU_LIBRARY}" DIRECTORY)
  add_library(da3_libtorch INTERFACE)
  add_library(da3::libtorch ALIAS da3_libtorch)
  target_include_directories(da3_libtorch SYSTEM INTERFACE
    "${DA3_TORCH_INCLUDE_DIR}" "${DA3_TORCH_INCLUDE_DIR}/torch/csrc/api/include")
  target_link_libraries(da3_libtorch INTERFACE "${DA3_TORCH_CPU_LIBRARY}" "${DA3_TORCH_C10_LIBRARY}" Threads::Threads)
  # Accelerator libraries register themselves when loaded; nothing of ours refers to their symbols.
  find_library(DA3_TORCH_CUDA_LIBRARY torch_cuda HINTS "${_libdir}" NO_DEFAULT_PATH)
  find_library(DA3_TORCH_C10_CUDA_LIBRARY c10_cuda HINTS "${_libdir}" NO_DEFAULT_PATH)
  if(DA3_TORCH_CUDA_LIBRARY AND DA3_TORCH_C10_CUDA_LIBRARY)
    target_link_options(da3_libtorch INTERFACE
      "LINKER:--push-state,--no-as-needed" "${DA3_TORCH_CUDA_LIBRARY}" "${DA3_TORCH_C10_CUDA_LIBRARY}" "LINKER:--pop-state")
  endif()
  set(DA3_TORCH_LIB_DIR "${_libdir}")
endif()
mark_as_advanced(DA3_TORCH_INCLUDE_DIR DA3_TORCH_CPU_LIBRARY DA3_TORCH_C10_LIBRARY DA3_TORCH_CUDA_LIBRARY
                 DA3_TORCH_C10_CUDA_LIBRARY)
