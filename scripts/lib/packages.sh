# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# install_packages: system packages that are missing, by apt or Homebrew; elsewhere it names what to install.

# A tool counts as there whoever installed it (cmake and ninja often come from pip): "command:package".
kAptTools=(cmake:cmake ninja:ninja-build g++:g++ git:git pkg-config:pkg-config)
kAptLibraries=(libopencv-core-dev libopencv-imgproc-dev libcli11-dev libspdlog-dev nlohmann-json3-dev libgtest-dev libgmock-dev libbenchmark-dev
  libeigen3-dev libopenexr-dev libzip-dev libcurl4-openssl-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev
  libisal-dev zlib1g-dev libheif-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev)
kBrewTools=(cmake:cmake ninja:ninja git:git pkg-config:pkgconf)
kBrewLibraries=(opencv cli11 spdlog nlohmann-json googletest google-benchmark
  eigen openexr libzip curl jpeg-turbo libpng libtiff
  webp isa-l libheif ffmpeg libomp)
# By pkg-config, where neither is.
kModules=(eigen3 OpenEXR libzip libcurl libjpeg libpng libtiff-4 libwebp libisal zlib)

# missing_tools PAIR...: packages of the commands that are not there, one a line.
missing_tools() {
  local pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || echo "${pair#*:}"
  done
}

# missing_apt_libraries: of kAptLibraries, those not installed, one a line.
missing_apt_libraries() {
  local installed package
  # dpkg-query fails if one is unknown, and still names the others.
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${kAptLibraries[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
  for package in "${kAptLibraries[@]}"; do
    grep -qx -- "$package" <<<"$installed" || echo "$package"
  done
}

install_with_apt() {
  local missing=() as_root=()
  mapfile -t missing < <(missing_tools "${kAptTools[@]}"; missing_apt_libraries)
  # LibTorch comes by pip, or as a zip that cmake unpacks.
  if [ ${#missing[@]} -eq 0 ]; then
    say "    all there"
    return
  fi
  say "    missing: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then
      fail "these packages have to be installed by an administrator; run this, then the same command again:
    sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
    as_root=(sudo -n)
  fi
  local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
  say "    ${install[*]}"
  if ! "${install[@]}" >&2; then
    say "    trying again with fresh package lists"
    "${as_root[@]}" apt-get update >&2
    "${install[@]}" >&2 || fail "apt-get could not install: ${missing[*]} (its reason is above)"
  fi
}

install_with_brew() {
  command -v brew >/dev/null 2>&1 ||
    fail "Homebrew is missing; get it from https://brew.sh, then run the same command again, or install by hand: ${kBrewLibraries[*]}"
  local missing=() package pair installed
  for pair in "${kBrewTools[@]}"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair#*:}")
  done
  installed=$(brew list --formula -1)
  for package in "${kBrewLibraries[@]}"; do
    grep -qx -- "$package" <<<"$installed" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "    all there"
    return
  fi
  say "    brew install ${missing[*]}"
  HOMEBREW_NO_AUTO_UPDATE=1 brew install "${missing[@]}" >&2 || fail "brew could not install: ${missing[*]} (its reason is above)"
}

# On other systems the libraries are found by pkg-config, CMake names the rest.
name_packages() {
  local missing=() module
  mapfile -t missing < <(missing_tools "${kAptTools[@]}")
  if command -v pkg-config >/dev/null 2>&1; then
    for module in "${kModules[@]}"; do
      pkg-config --exists "$module" || missing+=("$module (development files)")
    done
  fi
  [ ${#missing[@]} -eq 0 ] || fail "install with your system's package manager: $(printf '%s, ' "${missing[@]}")and the development files of OpenCV (core, imgproc), CLI11, spdlog, nlohmann_json, googletest, Google Benchmark"
  say "    no apt and no Homebrew here: tools and picture libraries are there, CMake will name what else is missing"
}

# missing_for_library: what all but the tests lacks here, one a line, for those who bring their own CMake and Ninja.
missing_for_library() {
  {
    if [ "$(uname -s)" = Darwin ]; then
      brew list --formula -1 2>/dev/null | grep -vxFf - <(printf '%s\n' "${kBrewLibraries[@]}") || true
    elif command -v dpkg-query >/dev/null 2>&1; then
      missing_tools "${kAptTools[@]}"
      missing_apt_libraries
    else
      missing_tools "${kAptTools[@]}"
      local module
      for module in "${kModules[@]}"; do
        pkg-config --exists "$module" 2>/dev/null || echo "$module"
      done
    fi
  } | grep -vxE 'cmake|ninja(-build)?|libgtest-dev|libgmock-dev|libbenchmark-dev|googletest|google-benchmark' || true
}

# The system's CMake, or one below .deps where that is too old, such as Ubuntu 22.04's 3.22.
check_cmake() {
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
  [ "$(printf '%s\n3.25\n' "$version" | sort -V | head -n 1)" != 3.25 ] || return 0
  say "    CMake $version is too old (3.25 or later is needed): getting one with pip into $DA3_ROOT/.deps/cmake"
  if ! python3 -m pip install --quiet --disable-pip-version-check --target "$DA3_ROOT/.deps/cmake" 'cmake>=3.25,<4' >&2; then
    fail "pip could not get a CMake (its reason is above); install one of 3.25 or later yourself and put it first on PATH"
  fi
}

install_packages() {
  if [ "$(uname -s)" = Darwin ]; then
    install_with_brew
  elif command -v apt-get >/dev/null 2>&1; then
    install_with_apt
  else
    name_packages
  fi
  check_cmake
}
