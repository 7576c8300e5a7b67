# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# While installing: every shared library that da3 needs besides LibTorch and the C library, with its notice.
# DA3_EXECUTABLES, DA3_LIBRARY: what needs them; DA3_TORCH_LIB_DIR: LibTorch's folder; DA3_DESTINATION, DA3_NOTICES: the
# folders to install to; DA3_WORK: a folder for the list of them.
cmake_policy(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/CopyNotices.cmake")
string(REGEX REPLACE "[][+.*()^$?|\\]" "\\\\\\0" torch_pattern "${DA3_TORCH_LIB_DIR}")
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${DA3_EXECUTABLES} LIBRARIES "${DA3_LIBRARY}"
  RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing DIRECTORIES "${DA3_TORCH_LIB_DIR}"
  PRE_EXCLUDE_REGEXES "^(ld-linux.*|linux-vdso|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl)[.]so"
  POST_EXCLUDE_REGEXES "^${torch_pattern}/")
if(missing)
  message(FATAL_ERROR "not found: ${missing}")
endif()
set(taken "")
foreach(library IN LISTS found) # Under the name that is asked for, once; what LibTorch brings (libgomp) is its own
  get_filename_component(name "${library}" NAME)
  if(EXISTS "${DA3_TORCH_LIB_DIR}/${name}")
    continue()
  endif()
  file(REAL_PATH "${library}" real)
  file(INSTALL DESTINATION "${DA3_DESTINATION}" TYPE FILE RENAME "${name}" FILES "${real}" MESSAGE_NEVER)
  list(APPEND taken "${library}")
endforeach()
da3_copy_notices("${DA3_NOTICES}" "${DA3_WORK}/libraries.txt" ${taken})
