# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# da3_find_cuda_headers(): sets DA3_CUDA_INCLUDE_DIRS to the folders of the CUDA runtime's headers, or to an empty string.
#
# Wanted only with a LibTorch for CUDA. Searched: CUDAToolkit_ROOT, CUDA_HOME, CUDA_PATH, next to LibTorch where pip puts
# them (nvidia-cuda-runtime; its folder crt comes with nvidia-cuda-crt, for CUDA 12 with nvidia-cuda-nvcc-cu12),
# /usr/local/cuda, the system. LibTorch's header must compile with them.
set(DA3_CUDA_GRAPHS AUTO CACHE STRING "Record CUDA work at small batches: AUTO (where CUDA's headers are found), ON, OFF")
set_property(CACHE DA3_CUDA_GRAPHS PROPERTY STRINGS AUTO ON OFF)

function(da3_find_cuda_headers)
  set(found "")
  if(NOT DA3_CUDA_GRAPHS STREQUAL "OFF" AND DA3_TORCH_CUDA_LIBRARY)
    get_filename_component(packages "${DA3_TORCH_LIB_DIR}/../.." ABSOLUTE)
    file(GLOB pip_folders "${packages}/nvidia/cuda_runtime/include" "${packages}/nvidia/cuda_nvcc/include"
         "${packages}/nvidia/cu[0-9]*/include")
    set(places HINTS "$ENV{CUDAToolkit_ROOT}/include" "${CUDAToolkit_ROOT}/include" "$ENV{CUDA_HOME}/include"
               "$ENV{CUDA_PATH}/include" ${pip_folders} PATHS /usr/local/cuda/include)
    find_path(DA3_CUDA_HEADERS cuda_runtime_api.h ${places})
    find_path(DA3_CUDA_CRT_HEADERS crt/host_config.h ${places})
    mark_as_advanced(DA3_CUDA_HEADERS DA3_CUDA_CRT_HEADERS)
    if(DA3_CUDA_HEADERS AND DA3_CUDA_CRT_HEADERS)
      set(folders "${DA3_CUDA_HEADERS}" "${DA3_CUDA_CRT_HEADERS}")
      list(REMOVE_DUPLICATES folders)
      set(CMAKE_REQUIRED_INCLUDES "${DA3_TORCH_INCLUDE_DIR}" "${DA3_TORCH_INCLUDE_DIR}/torch/csrc/api/include" ${folders})
      set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
      include(CheckCXXSourceCompiles)
      check_cxx_source_compiles("#include <ATen/cuda/CUDAGraph.h>
        int main() { return 0; }" DA3_CUDA_HEADERS_COMPILE)
      if(DA3_CUDA_HEADERS_COMPILE)
        set(found "${folders}")
      endif()
    endif()
  endif()
  if(DA3_CUDA_GRAPHS STREQUAL "ON" AND NOT found)
    message(FATAL_ERROR "DA3_CUDA_GRAPHS=ON needs a LibTorch with CUDA and the headers of its CUDA runtime "
                        "(cuda_runtime_api.h and crt/host_config.h, with which LibTorch's ATen/cuda/CUDAGraph.h compiles); "
                        "give their folder with CUDAToolkit_ROOT")
  endif()
  set(DA3_CUDA_INCLUDE_DIRS "${found}" PARENT_SCOPE)
endfunction()
