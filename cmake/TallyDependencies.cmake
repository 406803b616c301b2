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

if(TALLY_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
  include(GoogleTest)
endif()
