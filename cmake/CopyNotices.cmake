# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# What installing asks of dpkg about other people's work in a package.
cmake_policy(VERSION 3.25)
find_program(DA3_DPKG_QUERY dpkg-query)

# da3_find_owner(OUT FILE): the Debian package that a file is of; empty if it is of none.
function(da3_find_owner out file)
  set(${out} "" PARENT_SCOPE)
  if(NOT DA3_DPKG_QUERY)
    return()
  endif()
  file(REAL_PATH "${file}" real)
  # /lib and /usr/lib are one folder; dpkg knows the name that the package was made with.
  string(REGEX REPLACE "^/usr/lib" "/lib" short "${real}")
  string(REGEX REPLACE "^/lib" "/usr/lib" long "${real}")
  execute_process(COMMAND "${DA3_DPKG_QUERY}" -S "${short}" "${long}" OUTPUT_VARIABLE owners ERROR_QUIET)
  if(owners MATCHES "^([a-z0-9][-+.a-z0-9]+)[^/\n]*: /")
    set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# da3_copy_licences(DESTINATION NOTICE): the texts that a notice only names, as they are on Debian.
function(da3_copy_licences destination notice)
  file(STRINGS "${notice}" lines REGEX "common-licenses/")
  string(REGEX MATCHALL "common-licenses/[-.A-Za-z0-9]*[A-Za-z0-9]" names "${lines}")
  list(TRANSFORM names REPLACE "^common-licenses/" "")
  if("LGPL-3" IN_LIST names OR "LGPL" IN_LIST names)
    list(APPEND names GPL-3) # Which it is an addition to
  endif()
  list(REMOVE_DUPLICATES names)
  foreach(name IN LISTS names)
    if(EXISTS "/usr/share/common-licenses/${name}")
      file(REAL_PATH "/usr/share/common-licenses/${name}" text)
      file(INSTALL DESTINATION "${destination}" TYPE FILE RENAME "${name}" FILES "${text}" MESSAGE_NEVER)
    endif()
  endforeach()
endfunction()

# da3_copy_notices(DESTINATION LIST FILE...): the notice of each file's Debian package as DESTINATION/PACKAGE/copyright,
# the licences that these name in DESTINATION/common-licenses, and beside them the list, which says what each file is
# of. LIST is where that is written first.
function(da3_copy_notices destination list)
  set(lines "")
  set(packages "")
  set(without "")
  foreach(file IN LISTS ARGN)
    da3_find_owner(package "${file}")
    if(NOT package OR NOT EXISTS "/usr/share/doc/${package}/copyright")
      list(APPEND without "${file}")
      continue()
    endif()
    list(APPEND packages "${package}")
    execute_process(COMMAND "${DA3_DPKG_QUERY}" -W -f "\${Version}, source \${source:Package} \${source:Version}\n" "${package}"
                    OUTPUT_VARIABLE versions COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX REPLACE "\n.*" "" version "${versions}") # One line for each architecture
    get_filename_component(name "${file}" NAME)
    string(APPEND lines "${name}: ${package} ${version}\n")
  endforeach()
  list(REMOVE_DUPLICATES packages)
  foreach(package IN LISTS packages)
    file(REAL_PATH "/usr/share/doc/${package}/copyright" notice)
    file(INSTALL DESTINATION "${destination}/${package}" TYPE FILE RENAME copyright FILES "${notice}" MESSAGE_NEVER)
    da3_copy_licences("${destination}/common-licenses" "${notice}")
  endforeach()
  file(WRITE "${list}" "${lines}")
  file(INSTALL DESTINATION "${destination}" TYPE FILE FILES "${list}")
  if(without)
    list(JOIN without "\n  " without)
    message(WARNING "Of no Debian package; add their notices before you pass the result on:\n  ${without}")
  endif()
endfunction()
