# Language, warnings and hardening, the same for every target of ours.

option(TALLY_BUILD_TESTS "Build tests and benchmarks" ON)
option(TALLY_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)
option(TALLY_COVERAGE "Instrument for coverage" OFF)
set(TALLY_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)  # kernels must keep their own flags

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

# Line tables only: a third faster to compile than full debug information, and
# stack traces still name file and line.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

find_program(TALLY_CCACHE ccache)
if(TALLY_CCACHE)
  # Paths relative to the checkout, so that every build folder shares the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
      CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 ${TALLY_CCACHE})
endif()

# The sources of a room are compiled several at a time where the preset says so
# (CMAKE_UNITY_BUILD; docs/adr/0004-unity-builds.md): most of the time of a
# compiler run is headers.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# Every target of ours links this.
add_library(tally_flags INTERFACE)
target_compile_options(tally_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wundef -Werror
  "$<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>"
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=." "-ffile-prefix-map=${CMAKE_BINARY_DIR}=build"
  -ffunction-sections -fdata-sections)
# In a unity build a private type of a .cc is a type of an included file, which
# g++ takes for a header.
target_compile_options(tally_flags INTERFACE
  "$<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<CXX_COMPILER_ID:GNU>>:-Wno-subobject-linkage>")
target_compile_definitions(tally_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(TALLY_SANITIZE)
  target_compile_options(tally_flags INTERFACE
    "-fsanitize=${TALLY_SANITIZE}" -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(tally_flags INTERFACE "-fsanitize=${TALLY_SANITIZE}")
else()
  target_compile_options(tally_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(TALLY_FUZZ)
  # The libraries report their edges too; only fuzz targets link the fuzzer.
  target_compile_options(tally_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TALLY_COVERAGE)
  target_compile_options(tally_flags INTERFACE --coverage -O0)
  target_link_options(tally_flags INTERFACE --coverage)
endif()
# A program holds only the functions that it can reach, however its libraries
# are cut into objects: what a party must not know is not in its program.
target_link_options(tally_flags INTERFACE
  -Wl,--gc-sections
  -fuse-ld=lld -Wl,-z,relro,-z,now -Wl,-z,noexecstack)

# Test code is compiled for the wait of whoever runs it; what it tests is not.
add_library(tally_test_flags INTERFACE)
target_link_libraries(tally_test_flags INTERFACE tally_flags)
if(NOT TALLY_COVERAGE)
  target_compile_options(tally_test_flags INTERFACE -O0 -U_FORTIFY_SOURCE)
endif()
