# How targets are declared. One static library per room; headers under
# include/, sources and private headers under src/.

# tally_stable_batches(TARGET): in a build that joins files, those of one folder
# and a like name form a batch (a measure with its pictures; tests by their first
# two letters), so that a new file leaves the other batches as they are.
function(tally_stable_batches target)
  if(NOT CMAKE_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_source_file_property(alone "${source}" SKIP_UNITY_BUILD_INCLUSION)
    if(NOT source MATCHES "[.]cc$" OR alone)
      continue()
    endif()
    cmake_path(GET source STEM name)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME folder)
    string(SUBSTRING "${name}" 0 2 letters)
    string(REGEX MATCH "^[cd][0-9][0-9]_" measure "${name}")
    if(measure AND NOT target MATCHES "^unit_")
      set(letters "${measure}")
    elseif(NOT measure)
      string(SUBSTRING "${letters}" 0 1 letters)
    endif()
    set_source_files_properties("${source}" PROPERTIES
      UNITY_GROUP "${folder}_${letters}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()

# tally_library(NAME tally_x SRCS a.cc ... [DEPS ...] [PRIVATE_DEPS ...] [ROOT dir])
# ROOT: the folder that has include/ and src/; default is the current one.
function(tally_library)
  cmake_parse_arguments(ARG "" "NAME;ROOT" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  if(NOT ARG_ROOT)
    set(ARG_ROOT "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${ARG_ROOT}/include/*.h")
  add_library(${ARG_NAME} STATIC ${ARG_SRCS})
  target_sources(${ARG_NAME} PUBLIC FILE_SET HEADERS
    BASE_DIRS "${ARG_ROOT}/include" FILES ${headers})
  target_include_directories(${ARG_NAME} PRIVATE "${ARG_ROOT}/src")
  target_link_libraries(${ARG_NAME}
    PUBLIC ${ARG_DEPS} PRIVATE tally_flags ${ARG_PRIVATE_DEPS})
endfunction()

# tally_binary(NAME program SRCS main.cc ... DEPS ...)
function(tally_binary)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  set_target_properties(${ARG_NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  target_link_libraries(${ARG_NAME} PRIVATE tally_flags ${ARG_DEPS})
endfunction()

# tally_test(NAME unit_x SRCS ... DEPS ... [LABELS ...] [TIMEOUT s])
# One test binary per component; every case is one CTest test.
function(tally_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${ARG_NAME} ${ARG_SRCS})
  set_target_properties(${ARG_NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_include_directories(${ARG_NAME} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(${ARG_NAME} PRIVATE
    TALLY_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    TALLY_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE tally_test_flags ${ARG_DEPS}
    GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${ARG_NAME} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# tally_skipped_test(NAME "reason"): stands for a test that this machine cannot
# build: it is named among the skipped ones, with the reason.
function(tally_skipped_test name reason)
  add_test(NAME ${name}
    COMMAND sh -c "echo \"$1\"; exit 77" sh "${reason}")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# tally_bench(NAME bench_x SRCS ... DEPS ...)
function(tally_bench)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  set_target_properties(${ARG_NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
  target_include_directories(${ARG_NAME} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(${ARG_NAME} PRIVATE
    TALLY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${ARG_NAME} PRIVATE tally_flags ${ARG_DEPS})
endfunction()

# tally_bench_test(Bench.x bench_x [ARGUMENTS...]): a small run of a benchmark as
# a test, for it checks its answers. A bar that is missed (1) is no failure: how
# fast it is, scripts/bench says.
function(tally_bench_test test program)
  add_test(NAME ${test} COMMAND
    sh -c "\"$0\" \"$@\" || [ $? -eq 1 ]" $<TARGET_FILE:${program}> ${ARGN})
  set_tests_properties(${test} PROPERTIES TIMEOUT 120 LABELS bench)
endfunction()

# tally_fuzz(NAME fuzz_x SRCS x_fuzz.cc DEPS ... CORPUS dir)
# With TALLY_FUZZ a libFuzzer target; otherwise a program that replays the
# corpus, run as a test, so that targets cannot rot.
function(tally_fuzz)
  cmake_parse_arguments(ARG "" "NAME;CORPUS" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  set_target_properties(${ARG_NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  target_include_directories(${ARG_NAME} PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${ARG_NAME} PRIVATE tally_test_flags ${ARG_DEPS})
  if(TALLY_FUZZ)
    target_compile_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
    target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  else()
    # One main for all of them, compiled once.
    if(NOT TARGET tally_fuzz_replay)
      add_library(tally_fuzz_replay OBJECT
        "${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc")
      target_link_libraries(tally_fuzz_replay PRIVATE tally_test_flags)
    endif()
    target_link_libraries(${ARG_NAME} PRIVATE tally_fuzz_replay)
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} "${ARG_CORPUS}")
    set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 120 LABELS fuzz)
  endif()
endfunction()

# All targets that `target` reaches through its link libraries, private ones
# and $<LINK_ONLY:...> included.
function(tally_reach target out)
  set(seen "")
  set(todo ${target})
  while(todo)
    list(POP_FRONT todo item)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" item "${item}")
    if(item IN_LIST seen)
      continue()
    endif()
    list(APPEND seen "${item}")
    if(TARGET ${item})
      get_target_property(aliased ${item} ALIASED_TARGET)
      if(aliased)
        list(APPEND todo ${aliased})
      endif()
      foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
        get_target_property(libs ${item} ${property})
        if(libs)
          list(APPEND todo ${libs})
        endif()
      endforeach()
    endif()
  endwhile()
  set(${out} "${seen}" PARENT_SCOPE)
endfunction()

# tally_forbid(target FORBIDDEN regex ...): stops the configure step when
# `target` reaches a library whose name matches one of the expressions.
function(tally_forbid target)
  cmake_parse_arguments(ARG "" "" "FORBIDDEN" ${ARGN})
  if(NOT TARGET ${target})
    message(FATAL_ERROR "layer rule names a target that does not exist: ${target}")
  endif()
  tally_reach(${target} reached)
  list(REMOVE_ITEM reached ${target})
  foreach(item IN LISTS reached)
    foreach(pattern IN LISTS ARG_FORBIDDEN)
      if(item MATCHES "${pattern}")
        message(FATAL_ERROR
          "layer rule broken: ${target} must not reach ${item} (rule ${pattern}); "
          "see docs/architecture.md")
      endif()
    endforeach()
  endforeach()
endfunction()
