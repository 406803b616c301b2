# shellcheck shell=sh
# A whole trial world on this machine, as functions for scripts/demo and the
# end-to-end tests: keys, certificates, configurations, hub, sources, operators
# and an analyst, all in the example environment.
#
# Source it after setting:
#   WORLD   folder of the world (made if need be)
#   BIN     folder of the programs
#   ROOT    the checkout
# and, where the world is another one than the demo's:
#   WORLD_SOURCES    its sources; world_datasets, defined after sourcing this,
#                    says what each delivers
#   WORLD_DATASETS   folder of the specifications
# Every function is idempotent: run again, it finds what is there.

WORLD_SOURCES=${WORLD_SOURCES:-"gp-supplier-a gp-supplier-b national-apc"}
WORLD_DATASETS=${WORLD_DATASETS:-$ROOT/datasets}

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
datasets = { directory = "$WORLD_DATASETS" }
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
specification = "$WORLD_DATASETS/gp-patient.toml"
date_format = "%d/%m/%Y"
columns = { nhs_number = "NHS_NUMBER", nhs_number_status = "NHS_STATUS", surname = "SURNAME", forename = "FORENAME", date_of_birth = "DOB", sex = "SEX", ethnic_category = "ETHNICITY", postcode = "POSTCODE", practice_code = "GP_PRACTICE", registration_date = "REG_START", deregistration_date = "REG_END", date_of_death = "DEATH_DATE", address_key = "HOME_KEY", type1_opt_out = "TYPE1", local_patient_id = "PATIENT_ID" }
[datasets.gp-event]
specification = "$WORLD_DATASETS/gp-event.toml"
date_format = "%d/%m/%Y"
columns = { nhs_number = "NHS_NUMBER", nhs_number_status = "NHS_STATUS", event_date = "EFFECTIVE_DATE", record_date = "RECORDED_DATE", concept_id = "SNOMED_CODE", value1 = "RESULT", value2 = "RESULT2", unit = "UNIT", practice_code = "GP_PRACTICE", supplier = "SYSTEM", sensitive_flag = "SENSITIVE", consultation_key = "CONS_ID" }
[datasets.gp-prescription]
specification = "$WORLD_DATASETS/gp-prescription.toml"
date_format = "%d/%m/%Y"
columns = { nhs_number = "NHS_NUMBER", nhs_number_status = "NHS_STATUS", issue_date = "ISSUE_DATE", bnf_code = "BNF_CODE", dmd_code = "DMD_CODE", quantity = "QTY", items = "ITEMS", nic_pence = "NIC", actual_cost_pence = "ACTUAL_COST", prescriber_org = "GP_PRACTICE", repeat_flag = "REPEAT", sensitive_flag = "SENSITIVE", consultation_key = "CONS_ID" }
TOML
    gp-supplier-b) cat <<TOML ;;
[datasets.gp-patient]
specification = "$WORLD_DATASETS/gp-patient.toml"
columns = { nhs_number = "NhsNo", nhs_number_status = "NhsNoStatus", surname = "FamilyName", forename = "GivenName", date_of_birth = "BirthDate", sex = "Gender", ethnic_category = "EthnicCategory", postcode = "PostCode", practice_code = "Practice", registration_date = "RegisteredFrom", deregistration_date = "RegisteredTo", date_of_death = "DiedOn", address_key = "AddressKey", type1_opt_out = "DissentFlag", local_patient_id = "LocalId" }
[datasets.gp-event]
specification = "$WORLD_DATASETS/gp-event.toml"
columns = { nhs_number = "NhsNo", nhs_number_status = "NhsNoStatus", event_date = "EventDate", record_date = "EntryDate", concept_id = "Code", value1 = "Value", value2 = "SecondValue", unit = "Units", practice_code = "Practice", supplier = "Supplier", sensitive_flag = "Confidential", consultation_key = "ConsultationId" }
[datasets.gp-prescription]
specification = "$WORLD_DATASETS/gp-prescription.toml"
columns = { nhs_number = "NhsNo", nhs_number_status = "NhsNoStatus", issue_date = "IssuedOn", bnf_code = "BnfCode", dmd_code = "DmdCode", quantity = "Quantity", items = "Items", nic_pence = "NetCost", actual_cost_pence = "ActualCost", prescriber_org = "Practice", repeat_flag = "IsRepeat", sensitive_flag = "Confidential", consultation_key = "ConsultationId" }
TOML
    *) for id in $(world_datasets "$1"); do
      printf '[datasets.%s]\nspecification = "%s/%s.toml"\n' "$id" "$WORLD_DATASETS" "$id"
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
state = { directory = "$dir/state", max_spool = "${WORLD_MAX_SPOOL:-20GiB}" }
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
      digest=$(sha256sum "$WORLD_DATASETS/$dataset.toml" | cut -d' ' -f1)
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
    gp-*) echo "gp-patient gp-event gp-prescription" ;;
    *) echo "sus-apc sus-op ecds ons-death community-contact gos-claim" ;;
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
  # Plans, prices and weights: made-up ones, and the plan of a lane.
  mkdir -p "$WORLD/analyst/reference"
  cp "$ROOT"/demo/reference/*.toml "$WORLD/analyst/reference"
  cat >"$WORLD/analyst/commissioning.toml" <<TOML
hub = { address = "127.0.0.1:$1", trust_domain = "example.test", release_key = "$(world_json public <"$WORLD/ceremony/hub-keys.json")" }
tls = { certificate = "$WORLD/tls/analyst-r-okoro.pem", key = "file:$WORLD/tls/analyst-r-okoro.key", ca = "$WORLD/tls/ca.pem" }
work = { directory = "$WORLD/analyst/work", memory = "2GiB", threads = 2 }
disclosure = { profile = "nhs-subnational" }
reference = { comparators = "$WORLD/analyst/reference" }
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

# DATASET=FILE arguments of a delivery: its files that hold a row.
world_files() { # SOURCE DELIVERY-FOLDER
  case $1 in
    gp-*) set -- "$2" gp-patient=patients gp-event=events gp-prescription=scripts ;;
    *) set -- "$2" sus-apc=apc sus-op=op ecds=ecds ons-death=deaths community-contact=community gos-claim=gos ;;
  esac
  world_folder=$1
  shift
  for world_pair in "$@"; do
    world_file=$world_folder/${world_pair#*=}.csv
    if [ "$(head -n 2 "$world_file" | wc -l)" -eq 2 ]; then echo "${world_pair%=*}=$world_file"; fi
  done
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

# NAME_01 to NAME_N as an agreement lists them, each with a comma behind it.
world_numbered() { # NAME N
  world_number=1
  while [ "$world_number" -le "$2" ]; do
    printf '"%s_%02d", ' "$1" "$world_number"
    world_number=$((world_number + 1))
  done
}

# An agreement about every dataset, with all that a measure can need: days,
# practices, deciles, as many codes as the made-up rows have. A project of this kind holds a lot; so few get one.
world_planning_agreement() { # PROJECT
  planning_from=$(date -u +%Y-%m-01)
  planning_gp='sources = ["gp-supplier-a", "gp-supplier-b"]'
  planning_national='sources = ["national-apc"]'
  planning_who='"practice_code", "imd_decile", "age_fy", "sex", "ethnic_category"'
  cat <<TOML
project = { id = "$1", agreement = "v1", title = "Planning and commissioning", purpose = "A trial with made-up people" }
authority = { controller = "Example ICB", legal_basis = "None: nobody in these data exists", domain = "commissioning" }
term = { valid_from = $planning_from, expires = $(date -u -d "$planning_from +1 year -1 day" +%Y-%m-%d), retention_after_expiry = "30d" }
analysts = ["spiffe://example.test/analyst/r-okoro"]
population = "all"
rows_without_person = "keep"
tiers = ["nhs_number"]
date_grain = "day"
geography = ["imd_decile", "practice"]
ethnicity = "16"
disclosure = { profile = "nhs-subnational", min_k = 5, max_relinked_share = 1.0 }
dataset = [
  { id = "gp-patient", $planning_gp, columns = ["nhs_number_status", "year_of_birth", "sex", "ethnic_category", "imd_decile", "rural_urban", "care_home_flag", "practice_code", "registration_start", "registration_end", "death_month"] },
  { id = "gp-event", $planning_gp, columns = ["event_date", "cluster_id", "value1", "value2", "unit", "practice_code", "supplier"] },
  { id = "gp-prescription", $planning_gp, columns = ["issue_date", "bnf_code", "dmd_code", "quantity", "items", "nic_pence", "actual_cost_pence", "prescriber_org", "repeat_flag"] },
  { id = "sus-apc", $planning_national, columns = ["episode_id", "spell_id", "provider_code", "site_code", "commissioner_code", $planning_who, "admission_date", "discharge_date", "discharge_ready_date", "episode_start", "episode_end", "episode_order", "last_episode", "admission_method", "admission_source", "discharge_method", "discharge_destination", "patient_classification", "episode_type", "episode_status", "main_specialty", "treatment_function", $(world_numbered diag 5)$(world_numbered proc 4)"proc_date_01", "hrg_spell", "tariff_pence", "mff", "decided_to_admit_date", "elective_wait_days", "rtt_status", "rtt_start", "rtt_end", "pathway_id"] },
  { id = "sus-op", $planning_national, columns = ["attendance_id", "appointment_date", "attended", "attendance_type", "outcome", "referral_source", "referral_received_date", "priority", "main_specialty", "treatment_function", "provider_code", "site_code", "commissioner_code", $planning_who, "diag_01", "proc_01", "hrg", "tariff_pence", "rtt_status", "rtt_start", "rtt_end"] },
  { id = "ecds", $planning_national, columns = ["attendance_id", "arrival_date", "arrival_hour_band", "dur_initial", "dur_seen", "dur_conclusion", "dur_departure", "department_type", "attendance_category", "arrival_mode", "attendance_source", "acuity", "chief_complaint", "diagnosis_01", "investigation_01", "treatment_01", "discharge_status", "discharge_destination", "decided_to_admit_date", "provider_code", "site_code", $planning_who, "hrg"] },
  { id = "ons-death", $planning_national, columns = ["date_of_death", "registration_date", "underlying_cause", $(world_numbered cause 3)"place_type", $planning_who] },
  { id = "community-contact", $planning_national, columns = ["contact_id", "referral_id", "dataset", "contact_date", "referral_received", "discharge_date", "service_or_team_type", "attended", "mechanism", "duration_min", "provider_code", "commissioner_code", $planning_who] },
  { id = "gos-claim", $planning_national, columns = ["claim_type", "service_date", "contractor_ods", "eligibility", "previous_test_month", "early_retest_code", "voucher_band", "supplements", "domiciliary", "outcome", "condition", "fee_pence", "imd_decile", "age_fy", "sex"] },
]
TOML
}

# Compares what measures find in a release, before the gate, with the planted
# truth: a line a measure, and one for all; OUT/compared.csv has every figure.
# Exit code 1: a figure is wrong or missing. Providers of few events are told
# apart in C11, as a definition may.
world_compare() { # RELEASE-FOLDER POPULATION REFERENCE-FOLDER OUT
  mkdir -p "$4/definitions"
  sed 's/^least_per_month = [0-9]*/least_per_month = 1/' \
    "$ROOT/analytics/measures/definitions/C11.toml" >"$4/definitions/C11.toml"
  "$BIN/../tests/measure_truth" --release "$1" \
    --key "$(world_json public <"$WORLD/ceremony/hub-keys.json")" \
    --truth "$2/truth/measures.csv" --also "$ROOT/demo/trial_truth.csv" \
    --references "$3" --definitions "$4/definitions" --work "$4/work" \
    --compared "$4/compared.csv" --tables "$4/tables.csv"
}
