#!/bin/sh
# hardening_self_test.sh COMPILER: the hardening check passes a hardened program
# and refuses one for each flag that is left out.
set -u
compiler=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/main.cc" <<'END'
#include <cstdio>
#include <cstring>
int main(int argc, char** argv) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%s", argv[0]);
  std::memcpy(buffer, argv[0], static_cast<unsigned>(argc));
  return buffer[0];
}
END
all="-O2 -fPIE -pie -fstack-protector-strong -fcf-protection=full -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now -Wl,-z,noexecstack"
failed=0
try() { # pass or fail, what, flags
  # shellcheck disable=SC2086  # a list of flags
  "$compiler" -w $3 -o "$work/program" "$work/main.cc" || failed=1
  if sh "$here/hardening_test.sh" "$work/program" >"$work/log" 2>&1; then result=pass; else result=fail; fi
  if [ "$result" != "$1" ]; then
    echo "$2: the check says $result, expected $1"
    cat "$work/log"
    failed=1
  fi
}
try pass "all flags" "$all"
try fail "no PIE" "$all -fno-PIE -no-pie"
try fail "lazy binding" "$all -Wl,-z,lazy"
try fail "no RELRO" "$all -Wl,-z,norelro"
try fail "executable stack" "$all -Wl,-z,execstack"
try fail "no stack protector" "$all -fno-stack-protector"
try fail "no fortification" "$all -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0"
try fail "no control-flow protection" "$all -fcf-protection=none"
exit $failed
