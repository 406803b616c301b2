#!/bin/sh
# compile_case.sh COMPILER FLAGS FILE: FILE must compile as it is, and with
# TALLY_BAD must fail with the error that its line `// expect: REGEX` names.
set -u
compiler=$1 flags=$2 file=$3
expect=$(sed -n 's|^// expect: ||p' "$file")
if [ -z "$expect" ]; then
  echo "$file has no line '// expect: REGEX'"
  exit 1
fi
compile() { "$compiler" "@$flags" -std=c++20 -fsyntax-only "$@" "$file" 2>&1; }
if ! output=$(compile); then
  echo "the good form does not compile:"
  echo "$output"
  exit 1
fi
if output=$(compile -DTALLY_BAD); then
  echo "the bad form compiles"
  exit 1
fi
if ! printf '%s\n' "$output" | grep 'error' | grep -qE -e "$expect"; then
  echo "the bad form fails for another reason than '$expect':"
  echo "$output"
  exit 1
fi
