#!/bin/sh
# check_pages.sh PAGE.html: runs the browser checks, or says why it cannot and
# ends with 77 (skipped).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
third_party="$here/../../build/third-party"
browser=${TALLY_CHROMIUM:-/usr/bin/chromium}
skip() {
  echo "skipped: $1"
  exit 77
}
command -v node >/dev/null 2>&1 || skip "node is not installed"
[ -x "$browser" ] || skip "chromium is not installed"
[ -f "$third_party/playwright/index.js" ] || skip "scripts/deps test has not run"
[ -f "$third_party/axe/axe.min.js" ] || skip "scripts/deps test has not run"
exec node "$here/check_pages.mjs" "$1"
