# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# da3_package(): the component `libraries`, every shared library that da3 needs besides LibTorch and the C library; and
# CPack's settings for the archive (TZST) and the Debian packages (DEB) of scripts/package.
function(da3_package)
  # DT_RPATH instead of DT_RUNPATH: it also holds for what the libraries themselves need.
  foreach(target IN ITEMS da3-run da3_api)
    target_link_options(${target} PRIVATE LINKER:--disable-new-dtags)
  endforeach()
  target_link_options(da3 PRIVATE -static-libstdc++ -static-libgcc)

  set(collect "${PROJECT_BINARY_DIR}/collect_libraries.cmake")
  file(GENERATE OUTPUT "${collect}" CONTENT "
set(destination \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/da3\")
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES \"$<TARGET_FILE:da3-run>\" LIBRARIES \"$<TARGET_FILE:da3_api>\"
  RESOLVED_DEPENDENCIES_VAR found UNRESOLVED_DEPENDENCIES_VAR missing DIRECTORIES \"${DA3_TORCH_LIB_DIR}\"
  PRE_EXCLUDE_REGEXES \"^(ld-linux.*|linux-vdso|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl)[.]so\"
  POST_EXCLUDE_REGEXES \"^${DA3_TORCH_LIB_DIR}/\")
if(missing)
  message(FATAL_ERROR \"not found: \${missing}\")
endif()
file(MAKE_DIRECTORY \"\${destination}\")
foreach(library IN LISTS found) # Under the name that is asked for, once
  get_filename_component(name \"\${library}\" NAME)
  file(COPY_FILE \"\${library}\" \"\${destination}/\${name}\" ONLY_IF_DIFFERENT)
endforeach()
")
  install(SCRIPT "${collect}" COMPONENT libraries)
  if(SKBUILD)
    return()
  endif()
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/README.txt" DESTINATION . COMPONENT libraries)
  # What Debian wants of every package.
  find_program(GZIP gzip REQUIRED)
  install(CODE "file(GLOB pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/man/man1/*.1\")
execute_process(COMMAND \"${GZIP}\" -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)" COMPONENT runtime)
  foreach(component IN ITEMS runtime development)
    set(name da3)
    if(component STREQUAL "development")
      set(name libda3-dev)
    endif()
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/copyright" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component})
    add_custom_command(OUTPUT "${PROJECT_BINARY_DIR}/${name}/changelog.gz" DEPENDS "${PROJECT_SOURCE_DIR}/CHANGELOG.md"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/${name}"
      COMMAND "${GZIP}" -9nc "${PROJECT_SOURCE_DIR}/CHANGELOG.md" > "${PROJECT_BINARY_DIR}/${name}/changelog.gz")
    add_custom_target(da3_changelog_${component} ALL DEPENDS "${PROJECT_BINARY_DIR}/${name}/changelog.gz")
    install(FILES "${PROJECT_BINARY_DIR}/${name}/changelog.gz" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${name}" COMPONENT ${component})
  endforeach()

  set(CPACK_PACKAGE_NAME da3)
  set(CPACK_PACKAGE_VENDOR "The da3 authors")
  set(CPACK_PACKAGE_CONTACT "The da3 authors <da3@localhost>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
  set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
  string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
  set(CPACK_PACKAGE_FILE_NAME "da3-${PROJECT_VERSION}-${system}-${CMAKE_SYSTEM_PROCESSOR}")
  set(CPACK_PACKAGE_DIRECTORY "${PROJECT_SOURCE_DIR}/build/packages")
  set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/PackageGenerators.cmake")
  set(CPACK_STRIP_FILES ON)
  set(CPACK_THREADS 0)
  set(CPACK_VERBATIM_VARIABLES ON)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  # xz takes ten minutes for LibTorch; dpkg of Debian 12 and Ubuntu 22.04 read zstd.
  set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
  set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://arxiv.org/abs/2511.10647")
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME da3)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${DA3_TORCH_LIB_DIR}")
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libda3-dev)
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "da3 (= ${PROJECT_VERSION})")
  set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
      "The program da3 and the library libda3, with LibTorch for the CPU\nand a small bundled model.")
  set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "C and C++ headers of the library libda3, and its CMake package.")
  set(CPACK_COMPONENTS_ALL runtime development libraries)
  include(CPack)
endfunction()
