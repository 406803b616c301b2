#!/bin/sh
# forbid_self_test.sh CMAKE MODULE_FOLDER COMPILER: tally_forbid stops the
# configure step of a small project that breaks a rule: directly, through a
# private link, through an alias, through three rooms; and lets a good one pass.
set -u
cmake=$1 modules=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int f() { return 0; }' >"$work/a.cc"
failed=0
try() { # pass or fail, what, links
  rm -rf "$work/build"
  cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(layers LANGUAGES CXX)
include("$modules/TallyTargets.cmake")
foreach(room base crypto engine analytics middle)
  add_library(room_\${room} STATIC a.cc)
endforeach()
add_library(room::crypto ALIAS room_crypto)
add_library(secret INTERFACE)
$3
tally_forbid(room_analytics FORBIDDEN "room_crypto" "secret")
END
  if "$cmake" -S "$work" -B "$work/build" -DCMAKE_CXX_COMPILER="$compiler" \
    >"$work/log" 2>&1; then
    result=pass
  else
    result=fail
    grep -q 'layer rule broken' "$work/log" || result="another error"
  fi
  if [ "$result" != "$1" ]; then
    echo "$2: configuring says $result, expected $1"
    cat "$work/log"
    failed=1
  fi
}
try pass "no forbidden link" "target_link_libraries(room_analytics PUBLIC room_engine PRIVATE room_base)"
try fail "a public link" "target_link_libraries(room_analytics PUBLIC room_crypto)"
try fail "a private link" "target_link_libraries(room_analytics PRIVATE room_crypto)"
try fail "an interface link" "target_link_libraries(room_analytics INTERFACE room_crypto)"
try fail "a private link of a linked room" "target_link_libraries(room_engine PRIVATE room_crypto)
target_link_libraries(room_analytics PUBLIC room_engine)"
try fail "LINK_ONLY by hand" "target_link_libraries(room_analytics PRIVATE \$<LINK_ONLY:room_crypto>)"
try fail "three rooms away, privately each" "target_link_libraries(room_middle PRIVATE room_crypto)
target_link_libraries(room_engine PRIVATE room_middle)
target_link_libraries(room_analytics PRIVATE room_engine)"
try fail "an alias" "target_link_libraries(room_analytics PRIVATE room::crypto)"
try fail "an interface library" "target_link_libraries(room_base INTERFACE secret)
target_link_libraries(room_analytics PRIVATE room_base)"
try pass "a circle without a forbidden room" "target_link_libraries(room_engine PUBLIC room_base)
target_link_libraries(room_base PUBLIC room_engine)
target_link_libraries(room_analytics PUBLIC room_engine)"
exit $failed
