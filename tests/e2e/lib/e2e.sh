# shellcheck shell=sh
# Common to the end-to-end tests: a folder of its own for each, one or more
# trial worlds in it (demo/world.sh), and words for what was found.
#
#   . "$(dirname "$0")/lib/e2e.sh"
#   e2e_begin "$@"
#
# Processes are ended by the ids that are kept in $E2E/pids.

# e2e_begin [BUILD-FOLDER]: sets ROOT, BIN, E2E (the folder) and WORLD.
e2e_begin() {
  ROOT=$(cd "$(dirname "$0")/../.." && pwd)
  BIN=$(cd "$ROOT" && cd "${1:-build/dev}/bin" && pwd)
  E2E=$(mktemp -d "${TMPDIR:-/tmp}/tally-e2e-XXXXXX")
  E2E_BEGAN=$(date +%s)
  E2E_CHECKS=0
  : >"$E2E/pids"
  trap 'e2e_end $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  e2e_world world
}

# e2e_world NAME: from here on, the world of this name.
e2e_world() {
  WORLD=$E2E/$1
  mkdir -p "$WORLD/log"
  # shellcheck source=demo/world.sh
  . "$ROOT/demo/world.sh"
}

# Everything ends here. A failed world is kept if TALLY_KEEP is set.
e2e_end() { # EXIT-CODE
  trap - EXIT
  set +e
  cat "$E2E"/*/hub/pid >>"$E2E/pids" 2>/dev/null
  while read -r pid; do kill -KILL "$pid" 2>/dev/null; done <"$E2E/pids"
  wait 2>/dev/null
  if mountpoint -q "$E2E/small" 2>/dev/null; then umount -l "$E2E/small"; fi
  if [ "$1" -ne 0 ] && [ -n "${TALLY_KEEP:-}" ]; then
    echo "kept: $E2E"
  else
    rm -rf "$E2E"
  fi
  case $1 in
    0) echo "passed: $E2E_CHECKS checks in $(($(date +%s) - E2E_BEGAN)) s" ;;
    77) ;;
    *) echo "FAILED after $E2E_CHECKS checks, exit code $1" ;;
  esac
  exit "$1"
}

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# One more thing that was looked at and found right.
ok() {
  E2E_CHECKS=$((E2E_CHECKS + 1))
  printf 'ok  %s\n' "$*"
}

# same WHAT EXPECTED FOUND
same() {
  [ "$2" = "$3" ] || fail "$1: expected $2, found $3"
  ok "$1: $3"
}

# same_files WHAT EXPECTED-FILE FOUND-FILE
same_files() {
  cmp -s "$2" "$3" || {
    diff "$2" "$3" | head -n 20
    fail "$1: < expected, > found"
  }
  ok "$1: $(wc -l <"$3") lines"
}

# A population of the given size, in $E2E/population.
e2e_population() { # PEOPLE [FLAG]
  "$BIN/tally-population" generate "$E2E/population" --people "$1" --progress none ${2:+"$2"} ||
    fail "tally-population"
}

# Hub, parties and factors. The hub keeps its first port, so that a push finds
# it again after a stop.
e2e_up() {
  world_certificates
  world_ceremony || fail "the ceremony"
  world_hub_start
  hub_port=$(cat "$WORLD/hub/port")
  sed -i "s/127\.0\.0\.1:0\"/127.0.0.1:${hub_port##*:}\"/" "$WORLD/hub/hub.toml"
  world_factors || fail "importing the factors"
}

# Ends the hub with a signal and waits for it; its exit code is in hub_code.
e2e_hub_signal() { # SIGNAL
  hub_pid=$(cat "$WORLD/hub/pid")
  rm -f "$WORLD/hub/pid"
  kill "-$1" "$hub_pid" 2>/dev/null || true
  hub_code=0
  wait "$hub_pid" 2>/dev/null || hub_code=$?
}

# A field of a CSV file of the truth: the value of a line of dimensions.
e2e_truth() { # FILE DIMENSIONS
  awk -F, -v key="$2" '$1 == key { found = $2 } END { print found + 0 }' "$E2E/population/truth/$1.csv"
}

# The counts of receipts as lines `source extract what dataset reason count`,
# sorted; opted out as the receipt has it.
e2e_receipt_counts() { # RECEIPT...
  for receipt in "$@"; do
    sed -e 's/.*"extract":"sources\/\([^/]*\)\/extracts\/\([^"]*\)".*/@\1 \2/' "$receipt"
    tr '{[,' '\n\n\n' <"$receipt" | tr -d '"}]'
  done | awk '
    /^@/ { name = substr($0, 2); next }
    { colon = index($0, ":"); key = substr($0, 1, colon - 1); value = substr($0, colon + 1) }
    key == "dataset" { dataset = value; part = "" }
    key == "dropped" || key == "unlinked" { part = key; next }
    key == "rows" || key == "rowsUnlinked" {
      if (value > 0) print name, key, dataset, "-", value
      part = ""
      next
    }
    key == "persons" || key == "optedOut" || key == "epoch" || key == "state" { print name, key, "-", "-", value; next }
    key ~ /^[A-Z][A-Z_]*$/ && part != "" && value ~ /^[0-9]+$/ { print name, part, dataset, key, value }
  ' | sort
}

# The same lines from the truth, for all extracts: everything but optedOut.
e2e_truth_counts() {
  for pair in rows_sent:rows rows_unlinked:unlinked rows_dropped:dropped persons_sent:persons; do
    awk -F, -v what="${pair#*:}" '
      NR > 1 && $2 > 0 {
        source = extract = dataset = reason = "-"
        parts = split($1, part, ";")
        for (i = 1; i <= parts; i++) {
          split(part[i], kv, "=")
          if (kv[1] == "source") source = kv[2]
          if (kv[1] == "extract") extract = kv[2]
          if (kv[1] == "dataset") dataset = kv[2]
          if (kv[1] == "reason") reason = kv[2]
        }
        print source, extract, what, dataset, reason, $2
        if (what == "unlinked") {
          sum[source " " extract " rowsUnlinked " dataset " -"] += $2
        }
      }
      END { for (key in sum) print key, sum[key] }
    ' "$E2E/population/truth/${pair%:*}.csv"
  done | sort
}

# An agreement about everything that the trial population can be judged by.
e2e_agreement() { # PROJECT
  valid_from=$(date -u +%Y-%m-01)
  expires=$(date -u -d "$valid_from +1 year -1 day" +%Y-%m-%d)
  cat <<TOML
project = { id = "$1", agreement = "v1", title = "$1", purpose = "A trial with made-up people" }
authority = { controller = "Example ICB", legal_basis = "None: nobody in these data exists", domain = "commissioning" }
term = { valid_from = $valid_from, expires = $expires, retention_after_expiry = "30d" }
analysts = ["spiffe://example.test/analyst/r-okoro"]
population = "${2:-gp-patient}"
rows_without_person = "keep"
tiers = ["nhs_number"]
date_grain = "day"
geography = ["imd_decile", "practice"]
ethnicity = "16"
disclosure = { profile = "nhs-subnational", min_k = 1, max_relinked_share = 1.0 }
dataset = [
  { id = "gp-patient", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["nhs_number_status", "year_of_birth", "sex", "ethnic_category", "imd_decile", "practice_code", "registration_start", "registration_end", "death_month"] },
  { id = "gp-event", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["event_date", "cluster_id", "value1", "practice_code"] },
  { id = "sus-apc", sources = ["national-apc"], columns = ["admission_date", "discharge_date", "diag_01", "provider_code", "mff"] },
  { id = "gp-prescription", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["issue_date", "bnf_code", "items", "nic_pence", "prescriber_org"] },
  { id = "sus-op", sources = ["national-apc"], columns = ["appointment_date", "attendance_type", "attended", "practice_code"] },
  { id = "ecds", sources = ["national-apc"], columns = ["attendance_id", "arrival_date", "department_type", "attendance_category", "dur_departure", "practice_code"] },
  { id = "ons-death", sources = ["national-apc"], columns = ["date_of_death", "practice_code"] },
  { id = "community-contact", sources = ["national-apc"], columns = ["contact_date", "dataset", "attended", "practice_code"] },
  { id = "gos-claim", sources = ["national-apc"], columns = ["service_date", "claim_type", "eligibility"] },
]
TOML
}

# A release of a project, approved by two people and pulled by the analyst.
e2e_release() { # PROJECT [POPULATION]
  e2e_agreement "$1" "${2:-gp-patient}" >"$WORLD/$1.toml"
  e2e_release_of "$1" "$WORLD/$1.toml"
}

# The same by an agreement that is there.
e2e_release_of() { # PROJECT FILE
  project=$1
  file=$2
  world_run j-price world_operator j-price project create "$project" --title "$project" >/dev/null &&
    world_run j-price world_operator j-price agreement add "$project" "$file" >/dev/null || return 1
  for person in j-price a-khan; do
    world_run "$person" world_operator "$person" agreement approve "$project/v1" --file "$file" >/dev/null || return 1
  done
  world_run j-price world_operator j-price release create "$project" --agreement v1 --id r2026-10 >/dev/null || return 1
  world_run j-price world_operator j-price release get "$project/r2026-10" --wait >/dev/null || return 1
  digest=$(world_operator j-price release list "$project" --format csv 2>>"$WORLD/log/j-price.err" |
    sed -n 's/.*,\([0-9a-f]\{64\}\)$/\1/p')
  for person in j-price a-khan; do
    world_run "$person" world_operator "$person" release approve "$project/r2026-10" --manifest "$digest" >/dev/null || return 1
  done
  world_run analyst world_analyst login --yes >/dev/null || return 1
  world_run analyst world_analyst pull "projects/$project/releases/r2026-10" --csv none >/dev/null || return 1
  world_run analyst world_analyst verify "projects/$project/releases/r2026-10" >/dev/null
}

# What a statement says of a pulled release, without the header line.
e2e_sql() { # PROJECT STATEMENT
  world_run analyst world_analyst sql --release "projects/$1/releases/r2026-10" --format csv "$2" | tail -n +2
}
