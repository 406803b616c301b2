# shellcheck shell=sh
# The second half of scripts/demo: agreements, releases, measures, and the
# checks that make the story true. Sourced, with world.sh before it.

operators="j-price a-khan"
valid_from=$(date -u +%Y-%m-01)
expires=$(date -u -d "$valid_from +1 year -1 day" +%Y-%m-%d)

# Two projects about the same people: the second must not know it.
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

for project in frailty diabetes; do
  [ -f "$WORLD/log/released-$project" ] && continue
  file=$WORLD/$project.toml
  agreement "$project" "Trial project $project" >"$file"
  world_run j-price world_operator j-price project create "$project" --title "Trial project $project" >/dev/null
  world_run j-price world_operator j-price agreement add "$project" "$file" >/dev/null
  for person in $operators; do
    world_run "$person" world_operator "$person" agreement approve "$project/v1" --file "$file" >/dev/null
  done
  [ "$project" = frailty ] &&
    world_run j-price world_operator j-price preview "$project/v1" --json >"$WORLD/log/preview.json"
  world_run j-price world_operator j-price release create "$project" --agreement v1 --id r1 --json \
    >"$WORLD/log/release-$project.json"
  digest=$(world_operator j-price release get "$project/r1" --json --wait 2>>"$WORLD/log/j-price.err" |
    world_json manifestSha256)
  for person in $operators; do
    world_run "$person" world_operator "$person" release approve "$project/r1" --manifest "$digest" >/dev/null
  done
  touch "$WORLD/log/released-$project"
  step "released $project/r1: linked, and approved by two people"
done

world_run analyst world_analyst login --accept >/dev/null
for project in frailty diabetes; do
  world_run analyst world_analyst pull "$project/r1" --csv none >/dev/null
  world_run analyst world_analyst verify "$WORLD/analyst/work/$project/r1" >/dev/null
done
step "pulled and verified both releases"
