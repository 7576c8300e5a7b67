# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# get_test_python: a Python in .deps/python that builds and tests the Python package, if this machine can have one, with
# the programs that read what da3 writes (tests/formats).
kPythonPackages=('nanobind>=2.4' 'numpy>=1.23' 'pytest>=7' pillow)
kRayPackages=('ray[data]>=2.30' 'pyarrow>=17' boto3 'moto[server,s3]')
kReaderPackages=(trimesh pygltflib plyfile pycolmap tifffile imagecodecs OpenEXR playwright axe-playwright-python)

# Without them tests are skipped by name.
get_readers() {
  local folder="$1" log="$2"
  [ ! -e "$folder/readers" ] || return 0
  say "Readers of files and pages for the tests, in .deps/python: ${kReaderPackages[*]}"
  if "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${kReaderPackages[@]}" >>"$log" 2>&1; then
    touch "$folder/readers"
  else
    say "tests by other readers are skipped: pip could not get these ($(tail -n 1 "$log"))"
  fi
}

# get_ray: Ray and a pretended S3 into that Python, for the tests with the label ray.
get_ray() {
  local folder="$DA3_ROOT/.deps/python"
  [ -e "$folder/ready" ] || fail "the tests of da3.ray need the Python of the tests; see above why it is not there"
  [ ! -e "$folder/ray" ] || return 0
  say "Ray for the tests of several machines, in .deps/python: ${kRayPackages[*]}"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${kRayPackages[@]}" >>"$DA3_ROOT/.deps/python.log" 2>&1 ||
    fail "pip could not get Ray ($(tail -n 1 "$DA3_ROOT/.deps/python.log"))"
  touch "$folder/ray"
}

get_test_python() {
  local folder="$DA3_ROOT/.deps/python" log="$DA3_ROOT/.deps/python.log"
  if [ -e "$folder/ready" ]; then
    get_readers "$folder" "$log"
    return 0
  fi
  if ! python3 -c 'import ensurepip, os, sys, sysconfig, venv
sys.exit(sys.version_info < (3, 10) or not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' 2>/dev/null; then
    say "tests of the Python package are left out: they want Python 3.10 or later with venv and headers (Debian: apt-get install python3-venv python3-dev)"
    return 0
  fi
  say "Python for the tests of the package, in .deps/python: ${kPythonPackages[*]}"
  rm -rf "$folder"
  if python3 -m venv "$folder" >"$log" 2>&1 &&
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${kPythonPackages[@]}" >>"$log" 2>&1; then
    touch "$folder/ready"
    get_readers "$folder" "$log"
  else
    say "tests of the Python package are left out: pip could not get these ($(tail -n 1 "$log"))"
    rm -rf "$folder"
  fi
}
