# DuckDB through its C API: one header, one shared library.
# -DTALLY_DUCKDB_ROOT=DIR takes both from DIR; otherwise scripts/deps has put
# them into build/third-party/duckdb.
set(TALLY_DUCKDB_ROOT "${CMAKE_SOURCE_DIR}/build/third-party/duckdb"
    CACHE PATH "Folder with duckdb.h and libduckdb.so")
find_path(DUCKDB_INCLUDE duckdb.h PATHS "${TALLY_DUCKDB_ROOT}" NO_DEFAULT_PATH)
find_library(DUCKDB_LIBRARY duckdb PATHS "${TALLY_DUCKDB_ROOT}" NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(DuckDB
  REASON_FAILURE_MESSAGE "run scripts/deps build first"
  REQUIRED_VARS DUCKDB_LIBRARY DUCKDB_INCLUDE)
if(DuckDB_FOUND AND NOT TARGET tally::duckdb)
  add_library(tally_duckdb_imported SHARED IMPORTED GLOBAL)
  set_target_properties(tally_duckdb_imported PROPERTIES
    IMPORTED_LOCATION "${DUCKDB_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${DUCKDB_INCLUDE}")
  add_library(tally::duckdb ALIAS tally_duckdb_imported)
endif()
