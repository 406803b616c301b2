# Libraries of others. Each one is Debian 12's package, except DuckDB
# (FindDuckDB.cmake). docs/dependencies.md says what each is for.
include(FindPkgConfig)

find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL ${TALLY_MIN_OPENSSL} REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(DuckDB REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET "libsodium>=${TALLY_MIN_LIBSODIUM}")
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)
find_program(TALLY_GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# SOCI has no CMake configuration in Debian.
find_library(SOCI_CORE soci_core REQUIRED)
find_path(SOCI_INCLUDE soci/soci.h REQUIRED)
add_library(tally_soci INTERFACE)
target_include_directories(tally_soci SYSTEM INTERFACE "${SOCI_INCLUDE}")
target_link_libraries(tally_soci INTERFACE "${SOCI_CORE}")
if(TALLY_SANITIZE MATCHES "undefined")
  # The check of dynamic types needs type information that the library hides.
  target_compile_options(tally_soci INTERFACE -fno-sanitize=vptr)
endif()

# Of CLP's own list (bz2, lapack, ...) its shared libraries bring what they need.
pkg_check_modules(CLP REQUIRED clp)
find_library(CLP_LIBRARY Clp HINTS ${CLP_LIBRARY_DIRS} REQUIRED)
find_library(COINUTILS_LIBRARY CoinUtils HINTS ${CLP_LIBRARY_DIRS} REQUIRED)
add_library(tally_clp INTERFACE)
target_include_directories(tally_clp SYSTEM INTERFACE ${CLP_INCLUDE_DIRS})
target_link_libraries(tally_clp INTERFACE
  "${CLP_LIBRARY}" "${COINUTILS_LIBRARY}")

if(TALLY_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
  # GPL: an independent oracle for tests, never in a program (TallyLayers).
  find_library(GLPK_LIBRARY glpk REQUIRED)
  find_path(GLPK_INCLUDE glpk.h REQUIRED)
  add_library(tally_glpk INTERFACE)
  target_include_directories(tally_glpk SYSTEM INTERFACE "${GLPK_INCLUDE}")
  target_link_libraries(tally_glpk INTERFACE "${GLPK_LIBRARY}")
endif()
