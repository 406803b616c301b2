# shellcheck shell=sh
# The second half of scripts/demo: agreements, releases, measures, and the
# checks that make the story true. Sourced, with world.sh before it.

population=$WORLD/population
operators="j-price a-khan"
release=r2026-10
valid_from=$(date -u +%Y-%m-01)
expires=$(date -u -d "$valid_from +1 year -1 day" +%Y-%m-%d)

# Two small projects about the same people: the second must not know it. A
# third, planning-2026, has every dataset (world_planning_agreement).
agreement() { # PROJECT TITLE
  cat <<TOML
project = { id = "$1", agreement = "v1", title = "$2", purpose = "A trial with made-up people" }
authority = { controller = "Example ICB", legal_basis = "None: nobody in these data exists", domain = "commissioning" }
term = { valid_from = $valid_from, expires = $expires, retention_after_expiry = "30d" }
analysts = ["spiffe://example.test/analyst/r-okoro"]
population = "gp-patient"
rows_without_person = "keep"
tiers = ["nhs_number"]
date_grain = "month"
geography = ["imd_decile", "practice"]
ethnicity = "5"
disclosure = { profile = "nhs-subnational", min_k = 5, max_relinked_share = 1.0 }
dataset = [
  { id = "gp-patient", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["year_of_birth", "sex", "ethnic_category", "imd_decile", "practice_code", "registration_start", "registration_end", "death_month"] },
  { id = "gp-event", sources = ["gp-supplier-a", "gp-supplier-b"], columns = ["event_date", "cluster_id", "value1"] },
  { id = "sus-apc", sources = ["national-apc"], columns = ["admission_date", "discharge_date", "admission_method", "diag_01", "provider_code", "mff"], date_grain = "day" },
]
TOML
}

# A release of a project, from its agreement to the approval of two people.
released() { # PROJECT
  project=$1
  file=$WORLD/$project.toml
  case $project in
    planning-*) [ -f "$file" ] || world_planning_agreement "$project" >"$file" ;;
    *) [ -f "$file" ] || agreement "$project" "Trial project $project" >"$file" ;;
  esac
  world_once "project-$project" j-price world_operator j-price project create "$project" --title "Trial project $project" &&
    world_once "agreement-$project" j-price world_operator j-price agreement add "$project" "$file" || return 1
  for person in $operators; do
    world_once "agreement-$project-$person" "$person" world_operator "$person" agreement approve \
      "$project/v1" --file "$file" || return 1
  done
  if [ "$project" = frailty ]; then
    world_once preview j-price world_operator j-price preview "$project/v1" --json || return 1
  fi
  world_once "release-$project" j-price world_operator j-price release create "$project" \
    --agreement v1 --id "$release" --json || return 1
  world_run j-price world_operator j-price release get "$project/$release" --wait >/dev/null || return 1
  digest=$(world_operator j-price release list "$project" --format csv 2>>"$WORLD/log/j-price.err" |
    sed -n 's/.*,\([0-9a-f]\{64\}\)$/\1/p')
  for person in $operators; do
    world_once "release-$project-$person" "$person" world_operator "$person" release approve \
      "$project/$release" --manifest "$digest" || return 1
  done
}

for project in frailty diabetes planning-2026; do
  released "$project" || world_fail "the release of $project"
  step "released $project/$release: linked, and approved by two people"
done

world_run analyst world_analyst login --yes >/dev/null
for project in frailty diabetes planning-2026; do
  name=projects/$project/releases/$release
  world_run analyst world_analyst pull "$name" --csv none >/dev/null
  world_run analyst world_analyst verify "$name" >/dev/null
done
step "pulled the three releases; signatures and digests hold"

sql() { # PROJECT STATEMENT
  world_run analyst world_analyst sql --release "projects/$1/releases/$release" --format csv "$2"
}

world_run analyst world_analyst measure run C01 C02 C03 --release projects/frailty/releases/$release \
  --out "$WORLD/analyst/tables" >/dev/null
if [ -d "$population/reference" ]; then cp "$population"/reference/*.toml "$WORLD/analyst/reference"; fi
# 0 and 3 both: what the release cannot carry was not asked for by name and is
# listed in run/not_available.csv alone; 3 says that the gate refused a table or a
# measure failed.
code=0
world_analyst run --all --release projects/planning-2026/releases/$release \
  --out "$WORLD/analyst/run" >"$WORLD/log/measures" 2>>"$WORLD/log/analyst.err" || code=$?
case $code in 0 | 3) ;; *) world_fail "the measures: $WORLD/log/analyst.err" ;; esac
cp "$WORLD/analyst/run/dashboard.html" "$WORLD/analyst/index.html"
# And where `dashboard open --release` looks.
pulled=$WORLD/analyst/work
cp "$WORLD/analyst/run/dashboard.html" "$pulled/planning-2026/$release-dashboard.html"
step "computed $(grep -c '"measure":"[CD][0-9]*","state":"done"' "$WORLD/log/measures") measures through the disclosure gate; built the pages"

# Compared up to a size at which it takes a minute or two.
compared=
if [ "$(wc -l <"$population/truth/persons.csv")" -le 60000 ]; then
  code=0
  pulled=$(find "$WORLD/analyst" -type d -path "*/planning-2026/$release" ! -path "*/runs/*")
  world_compare "$pulled" "$population" "$WORLD/analyst/reference" \
    "$WORLD/compared" >"$WORLD/log/compared" 2>>"$WORLD/log/analyst.err" || code=$?
  [ "$code" -le 1 ] || world_fail "comparing measures with the truth: $WORLD/log/analyst.err"
  compared=$(tail -n 1 "$WORLD/log/compared")
  step "compared the measures, before the gate, with what was planted"
fi

# --- the story ----------------------------------------------------------------
truth() { # FIGURE
  sed -n "s/^figure=$1,//p" "$population/truth/linkage.csv" | grep . || echo "not in the truth"
}

for project in frailty diabetes; do
  sql "$project" "SELECT pseudonym FROM persons" | sort >"$WORLD/log/pseudonyms-$project"
done
both=$(comm -12 "$WORLD/log/pseudonyms-frailty" "$WORLD/log/pseudonyms-diabetes" | grep -vc pseudonym || true)
people_of() { grep -vc pseudonym "$WORLD/log/pseudonyms-$1"; }
tracer="CAST(round((value1 * 1000 - floor(value1 * 1000)) * 10000000) AS BIGINT)"
one() { # PROJECT: the pseudonym of the person with one and the same tracer
  sql "$1" "SELECT DISTINCT p.pseudonym FROM persons p JOIN gp_event e ON e.person = p.person WHERE $tracer = $traced_person" | tail -n 1
}
traced_person=$(sql frailty "SELECT min(t) AS t FROM (SELECT $tracer AS t FROM gp_event WHERE person IS NOT NULL) WHERE t > 0" | tail -n 1)
links=$(sql frailty "WITH g AS (SELECT DISTINCT person, $tracer AS t FROM gp_event WHERE person IS NOT NULL AND value1 IS NOT NULL), a AS (SELECT DISTINCT person, CAST(round((mff - 1) * 100000000) AS BIGINT) AS t FROM sus_apc WHERE person IS NOT NULL) SELECT count(*) FILTER (WHERE g.t = a.t) AS good, count(*) FILTER (WHERE g.t <> a.t) AS bad FROM g JOIN a ON g.person = a.person WHERE g.t > 0" | tail -n 1)
good=${links%,*}
bad=${links#*,}
pairs=$(truth traced_pairs)
percent() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f %%", b ? 100 * a / b : 0 }'; }

echo
echo "What happened"
echo "  people in project frailty: $(people_of frailty), in project diabetes: $(people_of diabetes), pseudonyms in common: $both"
echo "  one person, two pseudonyms: $(one frailty) and $(one diabetes)"
echo "  links between general practice and hospital: $good right, $bad wrong (planted: $(truth traced_links_right) and $(truth traced_links_wrong))"
echo "  precision $(percent "$good" $((good + bad))), recall $(percent "$good" "$pairs") of $pairs people who are in both"
[ -z "$compared" ] || echo "  $compared; side by side in demo/run/compared/compared.csv"
echo "  people linked, by source and dataset, as the gate lets it be printed:"
awk -F, '$3 == "all" && $1 != "source" { printf "    %-14s %-11s %5s %% of %s\n", $1, $2, $11, $9 }' \
  "$WORLD/analyst/tables/C01-linkage_summary.csv"
echo "  hospital rows without a person, by reason, as the source signed it:"
cat "$WORLD"/log/push-national-apc-p*-r1.json | tr '{}' '\n' | grep -o '"NHS_[A-Z_]*":"*[0-9]*\|"IDENTITY_WITHHELD":"*[0-9]*' |
  tr -d '"' | awk -F: '{ n[$1] += $2 } END { for (r in n) printf "    %-28s %d\n", r, n[r] }' | sort
[ "$both" -eq 0 ] || world_fail "pseudonyms of two projects are equal"
if [ "$good" != "$(truth traced_links_right)" ] || [ "$bad" != "$(truth traced_links_wrong)" ]; then
  world_fail "the links are not those that were planted"
fi

# Nothing may hold an NHS Number but the population itself and the lists that a
# source keeps. The hub's memory is read as well where this user may.
pid_flag=
[ "$(id -u)" -eq 0 ] && pid_flag="--pid $(cat "$WORLD/hub/pid")"
# shellcheck disable=SC2086  # two words
"$BIN/tally-leak-check" scan "$population/truth/identifiers.txt" \
  "$WORLD/hub" "$WORLD/log" "$WORLD/registry" "$WORLD/ceremony" "$WORLD/analyst" "$WORLD/custodian" \
  "$WORLD/gp-supplier-a/state" "$WORLD/gp-supplier-b/state" "$WORLD/national-apc/state" $pid_flag \
  >"$WORLD/log/leaks.txt" || { cat "$WORLD/log/leaks.txt"; world_fail "an identifier was found where none may be"; }
echo "  leak check: $(tail -n 1 "$WORLD/log/leaks.txt")"
touch "$WORLD/done"
echo
step "done"
echo "The page:        demo/run/analyst/index.html"
echo "The tables:      demo/run/analyst/run/"
echo "                 Practices Z98001 to Z98020 hold planted people, a case on either side of"
echo "                 every rule (docs/population.md, Lanes): their outliers look odd and are meant."
echo "What to try:     try() { build/dev/bin/commissioning \"\$@\" --config demo/run/analyst/commissioning.toml; }"
echo "                 try measure list --release planning-2026/$release"
echo "                 try measure run C03 --release planning-2026/$release"
echo "                 try run --all --release planning-2026/$release --out demo/run/all"
echo "                 try export C02 C03 --release planning-2026/$release --out demo/run/board-paper.xlsx"
echo "                 try dashboard open --release planning-2026/$release"
echo "                 build/dev/bin/linkage --config demo/run/operators/j-price.toml status"
echo "                 build/dev/bin/pseudonymiser --config demo/run/gp-supplier-a/pseudonymiser.toml status"
echo "To end the hub:  scripts/demo --stop"
