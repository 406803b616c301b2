#!/bin/sh
# failpoint_test.sh PROGRAM: the program dies by SIGKILL (137) exactly at the
# hit that TALLY_FAILPOINT names, and never otherwise.
set -u
failed=0
expect() { # setting, exit code, last line
  output=$(TALLY_FAILPOINT="$1" "$program" 2>/dev/null)
  code=$?
  last=$(printf '%s\n' "$output" | tail -n 1)
  if [ "$code" -ne "$2" ] || [ "$last" != "$3" ]; then
    echo "TALLY_FAILPOINT=$1: exit $code, last line '$last'; expected $2, '$3'"
    failed=1
  fi
}
program=$1
expect journal.write:1 137 ""
expect journal.write:3 137 "passed 2"
expect journal.write:6 0 "end"
expect journal.write 137 ""
expect other:1 137 "passed 5"
expect another:1 0 "end"
expect "" 0 "end"
exit $failed
