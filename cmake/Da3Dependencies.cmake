# SPDX-FileCopyrightText: 2026 The da3 authors
# SPDX-License-Identifier: Apache-2.0
# Third-party libraries. Each is linked only by the module that owns it (docs/architecture.md). What is missing is named
# in one message, with its reason and its packages.
find_package(Threads REQUIRED)
if(NOT DA3_FUZZ)
  find_package(LibTorch 2.10 REQUIRED)
endif()

set(_missing "")
set(_debian "")
set(_brew "")
# da3_need(FOUND NAME WHY DEBIAN BREW): notes NAME as missing unless FOUND.
macro(da3_need found name why debian brew)
  if(NOT ${found})
    string(APPEND _missing "\n  ${name}: ${why}")
    string(APPEND _debian " ${debian}")
    string(APPEND _brew " ${brew}")
  endif()
endmacro()

if(DA3_DEPS_DIR)
  list(PREPEND CMAKE_PREFIX_PATH "${DA3_DEPS_DIR}")
  include(Da3HeaderOnly)
else()
  find_package(CLI11 QUIET)
  find_package(spdlog QUIET)
  find_package(nlohmann_json 3.10 QUIET)
  da3_need(CLI11_FOUND CLI11 "reads the command line" libcli11-dev cli11)
  da3_need(spdlog_FOUND spdlog "writes the log" libspdlog-dev spdlog)
  da3_need(nlohmann_json_FOUND "nlohmann_json 3.10" "records, reports, published configurations" nlohmann-json3-dev
           nlohmann-json)
endif()

if(NOT DA3_ENGINE_ONLY)
  find_package(OpenCV 4.5 QUIET)
  find_package(PNG QUIET)
  find_package(JPEG QUIET)
  find_package(TIFF QUIET)
  find_package(ZLIB QUIET)
  find_package(CURL QUIET)
  find_package(Eigen3 3.4 QUIET)
  da3_need(OpenCV_FOUND "OpenCV 4.5 (core, imgproc)" "resizes photos" "libopencv-core-dev libopencv-imgproc-dev" opencv)
  da3_need(PNG_FOUND libpng "reads and writes PNG" libpng-dev libpng)
  da3_need(JPEG_FOUND libjpeg-turbo "reads and writes JPEG" libjpeg-dev jpeg-turbo)
  da3_need(TIFF_FOUND libtiff "reads TIFF" libtiff-dev libtiff)
  da3_need(ZLIB_FOUND zlib "unpacks EXIF data of PNG" zlib1g-dev zlib)
  da3_need(CURL_FOUND libcurl "downloads models" libcurl4-openssl-dev curl)
  da3_need(Eigen3_FOUND "Eigen 3.4" "cameras of a scene" libeigen3-dev eigen)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(OpenEXR QUIET IMPORTED_TARGET OpenEXR)
    pkg_check_modules(libwebp QUIET IMPORTED_TARGET libwebp)
    pkg_check_modules(libzip QUIET IMPORTED_TARGET libzip)
    pkg_check_modules(libisal QUIET IMPORTED_TARGET libisal)
    # HEIC, HEIF and AVIF pictures are told how to be converted where it is missing.
    pkg_check_modules(libheif QUIET IMPORTED_TARGET libheif>=1.12)
  endif()
  da3_need(PkgConfig_FOUND pkg-config "finds the next four" pkg-config pkgconf)
  da3_need(OpenEXR_FOUND OpenEXR "writes exr" libopenexr-dev openexr)
  da3_need(libwebp_FOUND libwebp "reads WebP" libwebp-dev webp)
  da3_need(libzip_FOUND libzip "writes npz, reads cameras from npz" libzip-dev libzip)
  da3_need(libisal_FOUND ISA-L "packs PNG and npz" libisal-dev isa-l)
endif()

# FFmpeg, for da3-run-video alone (docs/video.md).
if(NOT DA3_ENGINE_ONLY AND DA3_VIDEO)
  set(_required "")
  if(DA3_VIDEO STREQUAL "ON")
    set(_required REQUIRED)
  endif()
  pkg_check_modules(libav ${_required} IMPORTED_TARGET libavformat>=58.76 libavcodec libavutil libswscale)
endif()

if(DA3_BUILD_TESTS)
  if(NOT TARGET GTest::gtest)
    find_package(GTest QUIET)
    da3_need(GTest_FOUND GoogleTest "runs the tests (-DDA3_BUILD_TESTS=OFF builds none)" "libgtest-dev libgmock-dev" googletest)
  endif()
  include(GoogleTest)
endif()
if(DA3_BUILD_BENCHMARKS)
  find_package(benchmark QUIET)
  da3_need(benchmark_FOUND "Google Benchmark" "runs the micro-benchmarks (-DDA3_BUILD_BENCHMARKS=OFF builds none)"
           libbenchmark-dev google-benchmark)
endif()

if(_missing)
  message(FATAL_ERROR "da3 needs libraries that were not found:${_missing}\n"
    "scripts/setup installs them. By hand:\n"
    "  Debian, Ubuntu: apt-get install --no-install-recommends${_debian}\n"
    "  Homebrew: brew install${_brew}\n"
    "elsewhere name their prefixes in CMAKE_PREFIX_PATH and PKG_CONFIG_PATH.")
endif()
