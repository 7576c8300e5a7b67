# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# FindOpenCV: the targets opencv_core and opencv_imgproc, from their headers and libraries alone.
#
# OpenCV's own CMake package is not used: distributions put it into the package of the whole library, which needs GDAL,
# VTK, Qt and MPI, and it refuses where one module is missing. OpenCV_ROOT or CMAKE_PREFIX_PATH name another place.
find_path(OpenCV_INCLUDE_DIR opencv2/imgproc.hpp PATH_SUFFIXES opencv4 include/opencv4)
find_library(OpenCV_core_LIBRARY opencv_core)
find_library(OpenCV_imgproc_LIBRARY opencv_imgproc)

set(OpenCV_VERSION "")
if(EXISTS "${OpenCV_INCLUDE_DIR}/opencv2/core/version.hpp")
  file(STRINGS "${OpenCV_INCLUDE_DIR}/opencv2/core/version.hpp" _lines REGEX "define CV_VERSION_(MAJOR|MINOR|REVISION) ")
  string(REGEX REPLACE ".*MAJOR +([0-9]+).*MINOR +([0-9]+).*REVISION +([0-9]+).*" "\\1.\\2.\\3" OpenCV_VERSION "${_lines}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenCV
  REQUIRED_VARS OpenCV_core_LIBRARY OpenCV_imgproc_LIBRARY OpenCV_INCLUDE_DIR VERSION_VAR OpenCV_VERSION)
mark_as_advanced(OpenCV_INCLUDE_DIR OpenCV_core_LIBRARY OpenCV_imgproc_LIBRARY)

if(OpenCV_FOUND AND NOT TARGET opencv_core)
  foreach(_module core imgproc)
    add_library(opencv_${_module} UNKNOWN IMPORTED)
    set_target_properties(opencv_${_module} PROPERTIES
      IMPORTED_LOCATION "${OpenCV_${_module}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${OpenCV_INCLUDE_DIR}")
  endforeach()
  target_link_libraries(opencv_imgproc INTERFACE opencv_core)
endif()
