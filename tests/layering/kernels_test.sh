#!/bin/sh
# kernels_test.sh ARCHIVE: the objects that are compiled for one kind of CPU
# define their table of functions and nothing else that another object could
# take: a template or an inline function of theirs would crash older CPUs.
set -u
archive=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { # object, the symbol it defines
  (cd "$work" && ar x "$archive" "$1") || {
    echo "$archive has no $1"
    failed=1
    return
  }
  # Everything that is not local: global, weak, unique.
  others=$(nm --defined-only "$work/$1" | awk '$2 !~ /^[a-tv-z]$/ || $2 ~ /^[vw]$/ { print $3 }' |
    c++filt | grep -vxF -e "tally::crypto::kernels::$2")
  if [ -n "$others" ]; then
    echo "$1 defines more than $2:"
    printf '%s\n' "$others" | head -n 5 | cut -c 1-160 | sed 's/^/  /'
    failed=1
  fi
  nm --defined-only "$work/$1" | c++filt | grep -qF -e " D tally::crypto::kernels::$2" || {
    echo "$1 does not define $2"
    failed=1
  }
}
if [ "${2:-}" = --self-test ]; then # COMPILER: a template must be found
  printf '%s\n' 'template <typename T> __attribute__((noinline)) T Twice(T a) { return a + a; }' \
    'int Use(int a) { return Twice(a); }' >"$work/avx2.cc"
  "$3" -c -o "$work/avx2.cc.o" "$work/avx2.cc" && ar r "$work/lib.a" "$work/avx2.cc.o" 2>/dev/null
  sh "$0" "$work/lib.a" >"$work/log" 2>&1
  grep -q 'avx2.cc.o defines more' "$work/log" && grep -q 'int Twice<int>(int)' "$work/log" && exit 0
  echo "a template was not found:"
  cat "$work/log"
  exit 1
fi
check avx2.cc.o kAvx2Ops
check avx512ifma.cc.o kAvx512IfmaOps
[ "$failed" -ne 0 ] || echo "2 objects define nothing that others could take"
exit $failed
