#!/bin/sh
# symbols_self_test.sh COMPILER: the symbol check finds what it is for, in small
# programs that break a rule each, and passes one that breaks none.
set -u
compiler=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
# Enough symbols that the file does not look stripped.
{
  i=0
  while [ "$i" -lt 60 ]; do
    echo "int filler_$i() { return $i; }"
    i=$((i + 1))
  done
} >"$work/filler.cc"

try() { # program name, pass or fail, source
  printf '%s\nint main() { return 0; }\n' "$3" >"$work/main.cc"
  if ! "$compiler" -o "$work/$1" "$work/main.cc" "$work/filler.cc" 2>"$work/log"; then
    cat "$work/log"
    failed=1
    return
  fi
  if sh "$here/symbols_test.sh" "$work/$1" >"$work/log" 2>&1; then result=pass; else result=fail; fi
  if [ "$result" != "$2" ]; then
    echo "$1 with '$3': the check says $result, expected $2"
    cat "$work/log"
    failed=1
  fi
}

try commissioning pass 'namespace tally::analytics { int Measure() { return 1; } }'
try commissioning fail 'extern "C" int sodium_init() { return 0; }'
try commissioning fail 'extern "C" int crypto_core_ristretto255_add() { return 0; }'
try commissioning fail 'namespace tally::crypto { int Open() { return 0; } }'
try commissioning fail 'namespace tally::linkage { int Merge() { return 0; } }'
try pseudonymiser pass 'namespace tally::pseudonymiser { int Push() { return 0; } }'
try pseudonymiser fail 'extern "C" int duckdb_open() { return 0; }'
try custodian fail 'namespace grpc { int Start() { return 0; } }'
try custodian fail 'namespace tally::transport { int Dial() { return 0; } }'
try linkage-hub fail 'namespace tally::pseudonymiser { int Read() { return 0; } }'
try linkage pass 'namespace tally::linkage { int List() { return 0; } }'
try linkage fail 'namespace tally::internal { void HitFailpoint(const char*) {} }'
"$compiler" -s -o "$work/commissioning" "$work/main.cc" "$work/filler.cc"
if sh "$here/symbols_test.sh" "$work/commissioning" >/dev/null 2>&1; then
  echo "a stripped program passes"
  failed=1
fi
exit $failed
