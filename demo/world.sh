# shellcheck shell=sh
# A whole trial world on this machine, as functions for scripts/demo and the
# end-to-end tests: keys, certificates, configurations, hub, sources, operators
# and an analyst, all in the example environment.
#
# Source it after setting:
#   WORLD   folder of the world (made if need be)
#   BIN     folder of the programs
#   ROOT    the checkout
# Every function is idempotent: run again, it finds what is there.

WORLD_SOURCES=${WORLD_SOURCES:-"gp-supplier-a gp-supplier-b national-apc"}

world_say() { printf '%s\n' "$*" >&2; }

# Ends with exit code 1, naming what was tried and its log.
world_fail() {
  world_say "failed: $*"
  exit 1
}

# Runs a command with its stderr in $WORLD/log/NAME.err; shows it on failure.
world_run() { # NAME command...
  world_log=$WORLD/log/$1.err
  shift
  world_code=0
  "$@" 2>>"$world_log" || world_code=$?
  [ "$world_code" -eq 0 ] && return 0
  world_say "failed with exit code $world_code: $*"
  tail -n 5 "$world_log" >&2
  return "$world_code"
}

# world_run, but only until it has succeeded once; its output is kept in
# $WORLD/log/MARK.out.
world_once() { # MARK NAME command...
  world_mark=$WORLD/log/$1.out
  shift
  [ -f "$world_mark" ] && return 0
  world_run "$@" >"$world_mark.part" || return $?
  mv "$world_mark.part" "$world_mark"
}

# A passphrase of the trial world. Nothing here protects anything.
world_passphrase() { # FILE
  [ -f "$1" ] && return 0
  (umask 077 && printf 'Tally example passphrase, known to everybody\n' >"$1")
}

world_certificates() {
  if [ ! -f "$WORLD/tls/peers.toml" ]; then
    mkdir -p "$WORLD/tls"
    set -- hub/hub-a operator/j-price operator/a-khan analyst/r-okoro
    for source in $WORLD_SOURCES; do set -- "$@" "source/$source"; done
    sh "$ROOT/keys-example/make-certificates" "$WORLD/tls" "$@" \
      >"$WORLD/tls/peers.new" 2>>"$WORLD/log/certificates.err" ||
      world_fail "make-certificates"
    mv "$WORLD/tls/peers.new" "$WORLD/tls/peers.toml"
  fi
}

world_custodian_config() {
  mkdir -p "$WORLD/custodian"
  chmod 700 "$WORLD/custodian"
  world_passphrase "$WORLD/custodian/passphrase"
  cat >"$WORLD/custodian/custodian.toml" <<TOML
environment = "example"
custodian = { directory = "$WORLD/custodian/ceremony", registry = "$WORLD/custodian/registry.json", passphrase = "file:$WORLD/custodian/passphrase" }
TOML
}

world_custodian() { "$BIN/custodian" --config "$WORLD/custodian/custodian.toml" "$@"; }

world_hub_config() {
  mkdir -p "$WORLD/hub/tmp"
  world_passphrase "$WORLD/hub/passphrase"
  cat >"$WORLD/hub/hub.toml" <<TOML
environment = "example"
hub = { id = "hub-a", domain = "commissioning", data_directory = "$WORLD/hub/data", temp_directory = "$WORLD/hub/tmp" }
datasets = { directory = "$ROOT/datasets" }
listen = { grpc = "127.0.0.1:0" }
tls = { certificate = "$WORLD/tls/hub-hub-a.pem", key = "file:$WORLD/tls/hub-hub-a.key", ca = "$WORLD/tls/ca.pem", trust_domain = "example.test", peers = "$WORLD/tls/peers.toml" }
keys = { directory = "$WORLD/hub/keys", passphrase = "file:$WORLD/hub/passphrase" }
registry = { file = "$WORLD/registry/registry.json", key = "$(cat "$WORLD/registry/key")" }
limits = { memory = "${WORLD_HUB_MEMORY:-512MiB}", min_free_disk = 0.01 }
TOML
}

# The supplier's own column names: see docs/population.md.
world_columns() { # SOURCE
  case $1 in
    gp-supplier-a) cat <<TOML ;;
[datasets.gp-patient]
specification = "$ROOT/datasets/gp-patient.toml"
date_format = "%d/%m/%Y"
columns = { nhs_number = "NHS_NUMBER", nhs_number_status = "NHS_STATUS", surname = "SURNAME", forename = "FORENAME", date_of_birth = "DOB", sex = "SEX", ethnic_category = "ETHNICITY", postcode = "POSTCODE", practice_code = "GP_PRACTICE", registration_date = "REG_START", deregistration_date = "REG_END", date_of_death = "DEATH_DATE", address_key = "HOME_KEY", type1_opt_out = "TYPE1", local_patient_id = "PATIENT_ID" }
[datasets.gp-event]
specification = "$ROOT/datasets/gp-event.toml"
date_format = "%d/%m/%Y"
columns = { nhs_number = "NHS_NUMBER", nhs_number_status = "NHS_STATUS", event_date = "EFFECTIVE_DATE", record_date = "RECORDED_DATE", concept_id = "SNOMED_CODE", value1 = "RESULT", value2 = "RESULT2", unit = "UNIT", practice_code = "GP_PRACTICE", supplier = "SYSTEM", sensitive_flag = "SENSITIVE", consultation_key = "CONS_ID" }
TOML
    gp-supplier-b) cat <<TOML ;;
[datasets.gp-patient]
specification = "$ROOT/datasets/gp-patient.toml"
columns = { nhs_number = "NhsNo", nhs_number_status = "NhsNoStatus", surname = "FamilyName", forename = "GivenName", date_of_birth = "BirthDate", sex = "Gender", ethnic_category = "EthnicCategory", postcode = "PostCode", practice_code = "Practice", registration_date = "RegisteredFrom", deregistration_date = "RegisteredTo", date_of_death = "DiedOn", address_key = "AddressKey", type1_opt_out = "DissentFlag", local_patient_id = "LocalId" }
[datasets.gp-event]
specification = "$ROOT/datasets/gp-event.toml"
columns = { nhs_number = "NhsNo", nhs_number_status = "NhsNoStatus", event_date = "EventDate", record_date = "EntryDate", concept_id = "Code", value1 = "Value", value2 = "SecondValue", unit = "Units", practice_code = "Practice", supplier = "Supplier", sensitive_flag = "Confidential", consultation_key = "ConsultationId" }
TOML
    *) for id in sus-apc sus-op ecds; do
      printf '[datasets.%s]\nspecification = "%s/datasets/%s.toml"\n' "$id" "$ROOT" "$id"
    done ;;
  esac
}

world_source_config() { # SOURCE [PORT]
  dir=$WORLD/$1
  mkdir -p "$dir/lists"
  chmod 700 "$dir" "$dir/lists"
  world_passphrase "$dir/passphrase"
  {
    cat <<TOML
environment = "example"
source = { id = "$1", domain = "commissioning" }
hub = { address = "127.0.0.1:${2:-1}", trust_domain = "example.test" }
tls = { certificate = "$WORLD/tls/source-$1.pem", key = "file:$WORLD/tls/source-$1.key", ca = "$WORLD/tls/ca.pem" }
keys = { directory = "$dir/keys", passphrase = "file:$dir/passphrase" }
registry = { file = "$WORLD/registry/registry.json", key = "$(cat "$WORLD/registry/key")" }
state = { directory = "$dir/state", max_spool = "20GiB" }
limits = { memory = "${WORLD_SOURCE_MEMORY:-256MiB}" }
[lists]
restricted_codes = "$dir/lists/restricted.csv"
national_eligible = { file = "$dir/lists/national.csv", expires_after = "7d" }
participating_practices = "$dir/lists/practices.csv"
clusters = "$dir/lists/clusters.csv"
postcode_lsoa = "$dir/lists/postcode-lsoa.csv"
care_homes = "$dir/lists/care-homes.csv"
TOML
    case $1 in gp-*) printf 'type1_opt_outs = "%s/lists/type1.csv"\n' "$dir" ;; esac
    world_columns "$1"
  } >"$dir/pseudonymiser.toml"
}

world_source() { # SOURCE command...
  source=$1
  shift
  "$BIN/pseudonymiser" --config "$WORLD/$source/pseudonymiser.toml" "$@"
}

world_operator() { # PERSON command...
  person=$1
  shift
  "$BIN/linkage" --config "$WORLD/operators/$person.toml" "$@"
}

world_analyst() { "$BIN/commissioning" --config "$WORLD/analyst/commissioning.toml" "$@"; }

# Reads one text field of a JSON line.
world_json() { # FIELD
  sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1
}

# Hub key, parties, registry and the factor requests: everything offline.
world_ceremony() {
  mkdir -p "$WORLD/registry" "$WORLD/ceremony"
  [ -f "$WORLD/ceremony/done" ] && return 0
  world_custodian_config
  world_run custodian world_custodian --json hub-key create >"$WORLD/ceremony/hub-key.json" || return 1
  world_json registry_key <"$WORLD/ceremony/hub-key.json" >"$WORLD/registry/key"
  world_hub_config
  rm -f "$WORLD/ceremony/hub-a.enrolment"
  world_run hub "$BIN/linkage-hub" --config "$WORLD/hub/hub.toml" init \
    --enrolment "$WORLD/ceremony/hub-a.enrolment" >"$WORLD/ceremony/hub-keys.json" || return 1
  world_run custodian world_custodian registry add --yes "$WORLD/ceremony/hub-a.enrolment" >/dev/null || return 1
  for source in $WORLD_SOURCES; do
    world_source_config "$source"
    world_run "$source" world_source "$source" enrol --out "$WORLD/ceremony" \
      >"$WORLD/ceremony/$source.enrolled" || return 1
    world_run custodian world_custodian registry add --yes \
      "$WORLD/ceremony/$source-enrolment.json" --person-limit "${WORLD_PERSON_LIMIT:-20000000}" \
      >/dev/null || return 1
  done
  world_run custodian world_custodian registry sign >/dev/null || return 1
  cp "$WORLD/custodian/registry.json" "$WORLD/custodian/registry.sig" "$WORLD/registry/"
  for source in $WORLD_SOURCES; do
    for dataset in $(world_datasets "$source"); do
      digest=$(sha256sum "$ROOT/datasets/$dataset.toml" | cut -d' ' -f1)
      world_run "$source" world_source "$source" dataset accept "$dataset" --digest "$digest" \
        >/dev/null || return 1
    done
    mkdir -p "$WORLD/ceremony/$source"
    world_run "$source" world_source "$source" key request-factor \
      --out "$WORLD/ceremony/$source" >"$WORLD/ceremony/$source/files" || return 1
    custodian_file=$(find "$WORLD/ceremony/$source" -name '*custodian*' -type f | head -n 1)
    world_run custodian world_custodian factor answer "$custodian_file" \
      --out "$WORLD/ceremony/$source" >"$WORLD/ceremony/$source/answer" || return 1
  done
  touch "$WORLD/ceremony/done"
}

world_datasets() { # SOURCE
  case $1 in
    gp-*) echo "gp-patient gp-event" ;;
    *) echo "sus-apc sus-op ecds" ;;
  esac
}

# Starts the hub and waits until it serves.
world_hub_start() {
  if [ -f "$WORLD/hub/pid" ] && kill -0 "$(cat "$WORLD/hub/pid")" 2>/dev/null; then return 0; fi
  rm -f "$WORLD/hub/port"
  "$BIN/linkage-hub" --config "$WORLD/hub/hub.toml" serve --port-file "$WORLD/hub/port" \
    --log-file "$WORLD/log/hub.log" >>"$WORLD/log/hub.out" 2>>"$WORLD/log/hub.err" &
  echo $! >"$WORLD/hub/pid"
  tries=0
  until [ -s "$WORLD/hub/port" ]; do
    tries=$((tries + 1))
    kill -0 "$(cat "$WORLD/hub/pid")" 2>/dev/null || world_fail "the hub ended: $(tail -n 3 "$WORLD/log/hub.err")"
    [ "$tries" -lt 600 ] || world_fail "the hub did not bind its port within 60 s"
    sleep 0.1
  done
  port=$(cat "$WORLD/hub/port")
  port=${port##*:}
  for source in $WORLD_SOURCES; do world_source_config "$source" "$port"; done
  world_people_config "$port"
  tries=0
  until world_operator j-price health >/dev/null 2>>"$WORLD/log/health.err"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || world_fail "the hub does not serve: $(tail -n 3 "$WORLD/log/health.err")"
    sleep 0.1
  done
}

world_people_config() { # PORT
  mkdir -p "$WORLD/operators" "$WORLD/analyst"
  for person in j-price a-khan; do
    cat >"$WORLD/operators/$person.toml" <<TOML
hub = { address = "127.0.0.1:$1", trust_domain = "example.test" }
tls = { certificate = "$WORLD/tls/operator-$person.pem", key = "file:$WORLD/tls/operator-$person.key", ca = "$WORLD/tls/ca.pem" }
TOML
  done
  cat >"$WORLD/analyst/commissioning.toml" <<TOML
hub = { address = "127.0.0.1:$1", trust_domain = "example.test", release_key = "$(world_json public <"$WORLD/ceremony/hub-keys.json")" }
tls = { certificate = "$WORLD/tls/analyst-r-okoro.pem", key = "file:$WORLD/tls/analyst-r-okoro.key", ca = "$WORLD/tls/ca.pem" }
work = { directory = "$WORLD/analyst/work", memory = "2GiB", threads = 2 }
disclosure = { profile = "nhs-subnational" }
TOML
}

# Ends the hub as an operator would: SIGTERM, and waits until it is gone.
world_hub_stop() {
  [ -f "$WORLD/hub/pid" ] || return 0
  pid=$(cat "$WORLD/hub/pid")
  kill -TERM "$pid" 2>/dev/null || true
  tries=0
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || { kill -KILL "$pid" 2>/dev/null || true; break; }
    sleep 0.1
  done
  rm -f "$WORLD/hub/pid"
}

# Brings each source's factor into the hub.
world_factors() {
  [ -f "$WORLD/ceremony/imported" ] && return 0
  for source in $WORLD_SOURCES; do
    world_once "source-$source" j-price world_operator j-price source create "$source" --title "$source" || return 1
    hub_file=$(find "$WORLD/ceremony/$source" -name '*hub*' -type f ! -name '*custodian*' | head -n 1)
    answer=$(world_answer_file "$source")
    world_once "factor-$source" j-price world_operator j-price key import-factor "$source" "$hub_file" "$answer" || return 1
  done
  touch "$WORLD/ceremony/imported"
}

# The custodian's answer: the file that `factor answer` named.
world_answer_file() { # SOURCE
  sed -n 's/^wrote \([^,]*\),.*/\1/p' "$WORLD/ceremony/$1/answer"
}

# Puts the lists of a delivery where the source's configuration has them.
world_lists() { # SOURCE DELIVERY-FOLDER
  cp "$2"/lists/* "$WORLD/$1/lists/"
  chmod 600 "$WORLD/$1"/lists/*
}

# DATASET=FILE arguments of a delivery.
world_files() { # SOURCE DELIVERY-FOLDER
  case $1 in
    gp-*) echo "gp-patient=$2/patients.csv gp-event=$2/events.csv" ;;
    *) echo "sus-apc=$2/apc.csv sus-op=$2/op.csv ecds=$2/ecds.csv" ;;
  esac
}

# Pushes one delivery; the receipt is kept in $WORLD/log. Exit code of push.
world_push() { # SOURCE DELIVERY-FOLDER
  world_lists "$1" "$2"
  extract=$(basename "$2")
  # shellcheck disable=SC2046  # a list of arguments without spaces
  world_source "$1" push --json --period "$(cat "$2/period")" --revision "${extract##*-r}" \
    $(world_files "$1" "$2") >"$WORLD/log/push-$1-$extract.json" \
    2>>"$WORLD/log/push-$1-$extract.err"
}
