# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Read by CPack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  # Picture libraries and FFmpeg are Debian's own packages.
  set(CPACK_COMPONENTS_ALL runtime development ${CPACK_DA3_VIDEO})
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
else()
  set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
  set(CPACK_PACKAGING_INSTALL_PREFIX "")
endif()
