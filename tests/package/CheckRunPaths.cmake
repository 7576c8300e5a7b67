# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Every program and library below FOLDER names only absolute folders, or folders relative to itself, in its run path:
# an empty or relative element means the caller's current folder, from which anybody's library would be loaded.
# -DREADELF=program -DFOLDER=build tree
set(checked 0)
file(GLOB files "${FOLDER}/bin/*" "${FOLDER}/libexec/da3/*" "${FOLDER}/lib/*.so*")
foreach(file IN LISTS files)
  if(IS_DIRECTORY "${file}" OR IS_SYMLINK "${file}")
    continue()
  endif()
  execute_process(COMMAND "${READELF}" -d "${file}" OUTPUT_VARIABLE text RESULT_VARIABLE failed ERROR_QUIET)
  if(failed)
    continue() # No ELF file
  endif()
  math(EXPR checked "${checked} + 1")
  if(NOT text MATCHES "\\(R(UN)?PATH\\)[^[]*\\[([^]]*)\\]")
    continue()
  endif()
  set(run_path "${CMAKE_MATCH_2}") # The next match empties it
  if(":${run_path}:" MATCHES "::|:[^/$:]")
    message(SEND_ERROR "${file}: run path with an empty or relative element: [${run_path}]")
  endif()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no program was found below ${FOLDER}")
endif()
message(STATUS "${checked} files checked")
