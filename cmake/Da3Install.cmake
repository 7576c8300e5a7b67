# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where: bin/da3, libexec/da3/da3-run, lib/libda3, include/da3, lib/cmake/da3, share/da3.
# Run paths lead to the installed libda3, to a bundled LibTorch, then to the LibTorch of this build.
option(DA3_BUNDLE_LIBTORCH "Install LibTorch's libraries as well, so that the tree can be moved to another machine" OFF)
option(DA3_PACKAGE "For packages: what da3 needs lies next to it, found by relative run paths alone (scripts/package)" OFF)
if(DA3_PACKAGE AND NOT SKBUILD)
  set(DA3_BUNDLE_LIBTORCH ON)
endif()
if(DA3_PACKAGE OR SKBUILD)
  set(CMAKE_INSTALL_LIBDIR lib)
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME runtime)

if(APPLE)
  set(_origin "@loader_path")
else()
  set(_origin "$ORIGIN")
endif()
set(DA3_RUNNER_DIR libexec/da3)
set(_torch_dirs "")
if(DA3_TORCH_LIB_DIR AND NOT DA3_PACKAGE)
  set(_torch_dirs "${DA3_TORCH_LIB_DIR}")
endif()
# The build tree's files have these as well (BUILD_WITH_INSTALL_RPATH): to a run path that installing will change CMake
# adds colons, and an empty element means the current folder.
set(DA3_INSTALL_RPATH_OF_LIBRARY "${_origin}" "${_origin}/da3" ${_torch_dirs})
set(DA3_INSTALL_RPATH_OF_RUNNER "${_origin}/../../${CMAKE_INSTALL_LIBDIR}/da3" ${_torch_dirs})
if(SKBUILD)
  # Everything is in site-packages/da3, LibTorch in site-packages/torch/lib.
  set(DA3_INSTALL_RPATH_OF_LIBRARY "${_origin}/da3" "${_origin}/../../torch/lib")
  set(DA3_INSTALL_RPATH_OF_RUNNER "${_origin}/../../lib/da3" "${_origin}/../../../torch/lib")
endif()

# Called at the end of the top-level file, when every target is known.
function(da3_install)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/da3" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
  if(TARGET da3_api)
    install(TARGETS da3_api EXPORT da3Targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
            NAMELINK_COMPONENT development)
    install(EXPORT da3Targets NAMESPACE da3:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/da3" COMPONENT development)
    configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/da3Config.cmake.in"
      "${PROJECT_BINARY_DIR}/da3Config.cmake" INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/da3")
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/da3ConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
    install(FILES "${PROJECT_BINARY_DIR}/da3Config.cmake" "${PROJECT_BINARY_DIR}/da3ConfigVersion.cmake"
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/da3" COMPONENT development)
  endif()
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/da3")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/models/starter" DESTINATION "${CMAKE_INSTALL_DATADIR}/da3/models"
          PATTERN "*.py" EXCLUDE)
  # A build tree looks like an installed one to the program.
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/share/da3/models")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/models/starter" "${PROJECT_BINARY_DIR}/share/da3/models/starter" SYMBOLIC)
  if(DA3_BUNDLE_LIBTORCH)
    file(GLOB libraries "${DA3_TORCH_LIB_DIR}/*${CMAKE_SHARED_LIBRARY_SUFFIX}*")
    install(FILES ${libraries} DESTINATION "${CMAKE_INSTALL_LIBDIR}/da3")
  endif()
  if(DA3_PACKAGE)
    include(Da3Package)
    da3_package()
  elseif(DA3_BUNDLE_LIBTORCH)
    add_subdirectory(packaging)
  endif()
endfunction()
