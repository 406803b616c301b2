#!/bin/sh
# hardening_test.sh PROGRAM...: every program is position independent, has full
# RELRO, no executable stack, no writable code, stack protectors, fortified calls
# and marks for control-flow protection in our own objects.
set -u
failed=0
fail() {
  echo "$name: $*"
  failed=1
}
for program in "$@"; do
  name=$(basename "$program")
  header=$(readelf -hW "$program") || {
    failed=1
    continue
  }
  segments=$(readelf -lW "$program")
  dynamic=$(readelf -dW "$program")
  symbols=$(readelf -sW --dyn-syms "$program")
  printf '%s\n' "$header" | grep -q 'Type: *DYN' || fail "is not position independent"
  printf '%s\n' "$dynamic" | grep -q 'FLAGS_1.*PIE' || fail "is not marked as PIE"
  printf '%s\n' "$segments" | grep -q 'GNU_RELRO' || fail "has no RELRO"
  printf '%s\n' "$dynamic" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW' || fail "binds lazily"
  printf '%s\n' "$segments" | grep 'GNU_STACK' | grep -q 'RWE' && fail "has an executable stack"
  printf '%s\n' "$segments" | grep -q 'GNU_STACK' || fail "does not say that its stack is not executable"
  printf '%s\n' "$segments" | grep 'LOAD' | grep -q 'RWE' && fail "has memory that is writable and executable"
  printf '%s\n' "$dynamic" | grep -Eq 'RPATH|TEXTREL' && fail "has RPATH or TEXTREL"
  printf '%s\n' "$symbols" | grep -q '__stack_chk_fail' || fail "has no stack protector"
  printf '%s\n' "$symbols" | grep -Eq '__(memcpy|memmove|memset|snprintf|vsnprintf|read|pread|fprintf|vfprintf|printf|poll|fdelt)_chk' ||
    fail "has no fortified call"
  # objdump names the instruction that -fcf-protection puts at each entry.
  objdump -d --no-show-raw-insn --disassemble=main "$program" 2>/dev/null |
    grep -q endbr64 || fail "main does not begin with endbr64"
done
[ "$failed" -ne 0 ] || echo "$# programs are hardened"
exit $failed
