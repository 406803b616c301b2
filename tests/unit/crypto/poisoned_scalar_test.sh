#!/bin/sh
# poisoned_scalar_test.sh PROGRAM WHAT: no branch and no address depends on a
# key or a number that valgrind takes for undefined; `leak_*` must be found.
# 77: skipped.
set -u
program=$1 what=$2
here=$(dirname "$0")
command -v valgrind >/dev/null 2>&1 || {
  echo "valgrind is not installed: scripts/deps test"
  exit 77
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
valgrind --quiet --error-exitcode=99 --suppressions="$here/poisoned_scalar.supp" \
  "$program" "$what" >"$log" 2>&1
code=$?
case $what in
leak_*)
  [ "$code" -eq 99 ] && exit 0
  echo "a branch on the secret was not reported (exit $code)"
  code=1
  ;;
esac
[ "$code" -eq 0 ] || [ "$code" -eq 77 ] || cat "$log"
exit "$code"
