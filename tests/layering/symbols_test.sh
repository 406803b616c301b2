#!/bin/sh
# symbols_test.sh PROGRAM...: no program holds a symbol or needs a library that
# the rules (rules.sh) forbid it. Looks at unstripped files.
set -u
here=$(dirname "$0")
# shellcheck source=tests/layering/rules.sh
. "$here/rules.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
for program in "$@"; do
  name=$(basename "$program")
  if [ ! -f "$program" ]; then
    echo "$program is not built"
    failed=1
    continue
  fi
  nm -C "$program" 2>/dev/null | sed 's/^[0-9a-f ]* [A-Za-z] //' >"$work/symbol"
  readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$work/library"
  # A stripped file would pass every rule.
  if [ "$(wc -l <"$work/symbol")" -lt 50 ]; then
    echo "$name has no symbols: look at an unstripped file"
    failed=1
    continue
  fi
  rules "$name" >"$work/rules"
  tab=$(printf '\t')
  while IFS="$tab" read -r kind pattern; do
    if grep -Eq -e "$pattern" "$work/$kind"; then
      echo "$name: $kind matches '$pattern':"
      grep -E -e "$pattern" "$work/$kind" | head -n 5 | cut -c 1-160 | sed 's/^/  /'
      failed=1
    fi
  done <"$work/rules"
  echo "$name: $(wc -l <"$work/rules") rules over $(wc -l <"$work/symbol") symbols"
done
exit $failed
