#include "analytics/measures/spells.h"

#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kAdmissionKnown =
    "person IS NOT NULL AND provider_code IS NOT NULL "
    "AND admission_date IS NOT NULL AND admission_method IS NOT NULL";

// "any_value(<column>) FILTER (WHERE <where>) AS <column>, " for each.
std::string ValuesWhere(const std::vector<std::string>& columns,
                        std::string_view where) {
  std::string sql;
  for (const std::string& column : columns) {
    sql += absl::StrFormat("any_value(%1$s) FILTER (WHERE %2$s) AS %1$s, ",
                           column, where);
  }
  return sql;
}

std::string Listed(const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& column : columns) sql += column + ", ";
  return sql;
}

// The columns of SpellColumns() and `more`, each once, without spell_id.
std::vector<std::string> EpisodeColumns(const std::vector<std::string>& more) {
  std::vector<std::string> columns;
  std::set<std::string> seen = {"spell_id"};
  for (const auto* names : {&SpellColumns(), &more}) {
    for (const std::string& name : *names) {
      if (seen.insert(name).second) columns.push_back(name);
    }
  }
  return columns;
}

// The table apc_episode: episodes with the columns of a spell, without those
// that a later extract sent again with their end; `key` says which belong
// together. A row without a key of its spell is told apart by what it says, or
// stands alone where it says too little.
absl::Status MakeEpisodes(engine::Connection& connection,
                          const std::vector<std::string>& columns,
                          std::string_view kept) {
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE apc_sent_again AS "
      "SELECT DISTINCT o.person, o.provider_code, o.episode_start, "
      "o.episode_order FROM sus_apc AS e INNER JOIN ("
      "SELECT DISTINCT person, provider_code, episode_start, episode_order "
      "FROM sus_apc WHERE episode_end IS NULL) AS o ON e.person = o.person "
      "AND e.provider_code = o.provider_code "
      "AND e.episode_start = o.episode_start "
      "AND e.episode_order = o.episode_order "
      "WHERE e.episode_end IS NOT NULL"));
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE apc_episode AS "
      "SELECT person, source, %s%sCAST(spell_id AS BIGINT) AS key "
      "FROM sus_apc AS e WHERE e.episode_end IS NOT NULL OR NOT EXISTS ("
      "SELECT 1 FROM apc_sent_again AS s WHERE s.person = e.person "
      "AND s.provider_code = e.provider_code "
      "AND s.episode_start = e.episode_start "
      "AND s.episode_order = e.episode_order)",
      Listed(columns), kept)));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE apc_sent_again"));
  return connection.Execute(absl::StrFormat(
      "UPDATE apc_episode SET key = k.key FROM (SELECT rowid AS row, "
      "CASE WHEN %1$s THEN -2 * dense_rank() OVER (ORDER BY person, "
      "provider_code, admission_date, admission_method) "
      "ELSE -2 * rowid - 1 END AS key FROM apc_episode WHERE key IS NULL) "
      "AS k WHERE apc_episode.rowid = k.row",
      kAdmissionKnown));
}

// The table apc_key (source, key, spell_no): a group without a last episode
// takes the number of the group that it belongs to. What the groups say decides
// which, before their keys do.
absl::Status JoinCutSpells(engine::Connection& connection) {
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE apc_group AS "
      "SELECT *, row_number() OVER (ORDER BY source, key) AS number, "
      "NOT complete AND %s AS cut FROM ("
      "SELECT source, key, min(person) AS person, "
      "min(provider_code) AS provider_code, "
      "min(admission_date) AS admission_date, "
      "min(admission_method) AS admission_method, "
      "min(episode_order) AS first_order, min(discharge_date) AS discharged, "
      "bool_or(coalesce(last_episode, discharge_date IS NOT NULL)) "
      "AS complete FROM apc_episode GROUP BY source, key)",
      kAdmissionKnown)));
  constexpr std::string_view kSame =
      "c.source IS NOT DISTINCT FROM g.source AND c.person = g.person "
      "AND c.provider_code = g.provider_code "
      "AND c.admission_date = g.admission_date "
      "AND c.admission_method = g.admission_method";
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE apc_whole AS "
      "SELECT g.source, g.person, g.provider_code, g.admission_date, "
      "g.admission_method, g.number FROM apc_group AS g INNER JOIN ("
      "SELECT DISTINCT source, person, provider_code, admission_date, "
      "admission_method FROM apc_group WHERE cut) AS c ON %s "
      "QUALIFY row_number() OVER (PARTITION BY g.source, g.person, "
      "g.provider_code, g.admission_date, g.admission_method "
      "ORDER BY g.complete DESC, g.first_order DESC NULLS LAST, "
      "g.discharged NULLS LAST, g.number) = 1",
      kSame)));
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE apc_key AS "
      "SELECT g.source, g.key, coalesce(c.number, g.number) AS spell_no "
      "FROM apc_group AS g LEFT JOIN apc_whole AS c ON g.cut AND %s",
      kSame)));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE apc_group"));
  return connection.Execute("DROP TABLE apc_whole");
}

// The table spell_episode; only spells of several episodes are sorted.
// `first` and `last` are what a spell reads of its first and last episode, so
// that episodes in the same place of the order say the same.
absl::Status PlaceEpisodes(engine::Connection& connection,
                           const std::vector<std::string>& first,
                           const std::vector<std::string>& last) {
  std::string order;
  for (const auto* names : {&first, &last}) {
    for (const std::string& name : *names) order += ", " + name;
  }
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE apc_size AS "
      "SELECT k.source, k.key, k.spell_no, s.places FROM apc_key AS k "
      "INNER JOIN (SELECT j.spell_no, count(*) AS places "
      "FROM apc_episode AS e INNER JOIN apc_key AS j "
      "ON e.source IS NOT DISTINCT FROM j.source AND e.key = j.key "
      "GROUP BY j.spell_no) AS s ON s.spell_no = k.spell_no"));
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE spell_episode AS "
      "WITH placed AS (SELECT e.* EXCLUDE (key), s.spell_no, s.places "
      "FROM apc_episode AS e INNER JOIN apc_size AS s "
      "ON e.source IS NOT DISTINCT FROM s.source AND e.key = s.key) "
      "SELECT *, CAST(1 AS BIGINT) AS place FROM placed WHERE places = 1 "
      "UNION ALL "
      "SELECT *, row_number() OVER (PARTITION BY spell_no ORDER BY "
      "episode_order NULLS FIRST, episode_start, episode_end NULLS LAST, "
      "coalesce(last_episode, false)%s) AS place FROM placed "
      "WHERE places > 1",
      order));
}

// The table spell_ordered: the spells of persons in their order, each with what
// it follows: the spell before it, and the latest discharge before it.
constexpr std::string_view kOrdered =
    "CREATE OR REPLACE TEMPORARY TABLE spell_ordered AS "
    "SELECT *, lag(discharge_date) OVER stays AS before_end, "
    "lag(discharge_destination) OVER stays AS before_destination, "
    "lag(regular) OVER stays AS before_regular, "
    "max(discharge_date) OVER (stays ROWS BETWEEN UNBOUNDED PRECEDING "
    "AND 1 PRECEDING) AS latest_end, row_number() OVER stays AS turn FROM ("
    "SELECT spell_no, person, provider_code, admission_date, discharge_date, "
    "admission_method, admission_source, discharge_method, "
    "discharge_destination, patient_classification, "
    "coalesce(patient_classification IN ('3', '4'), false) AS regular "
    "FROM provider_spell WHERE person IS NOT NULL) "
    "WINDOW stays AS (PARTITION BY person ORDER BY admission_date, "
    "discharge_date NULLS LAST, provider_code, admission_method, "
    "discharge_method, admission_source, discharge_destination, "
    "patient_classification, spell_no)";

// Whether a spell joins what has before_end, before_destination and
// before_regular.
constexpr std::string_view kJoins =
    "coalesce(date_diff('day', before_end, admission_date) <= 2 "
    "AND (before_destination IN ('49', '50', '51', '52', '53', '84') "
    "OR admission_source IN ('49', '50', '51', '52', '53', '87') "
    "OR admission_method IN ('2B', '81')) "
    "AND NOT coalesce(before_destination = '19' AND admission_source = '51' "
    "AND admission_method = '21', false) "
    "AND NOT regular AND NOT before_regular, false)";

// The table spell_chain. A CIP spell has the number of its first spell. Where
// no stay lies inside an earlier one, the spell before is the end of its chain;
// only persons with a spell that joins another are sorted again. The few
// persons with such a stay are walked through spell by spell: what a chain has
// reached is the discharge of the one of its spells that is discharged last.
absl::Status MakeChains(engine::Connection& connection) {
  TALLY_RETURN_IF_ERROR(connection.Execute(kOrdered));
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE spell_inside AS SELECT DISTINCT "
      "person FROM spell_ordered WHERE latest_end > before_end"));
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE spell_chain AS WITH RECURSIVE "
      "joined AS (SELECT spell_no, person, turn, coalesce(admission_date < "
      "latest_end, false) AS overlapping, %1$s AS joins FROM spell_ordered AS "
      "o ANTI JOIN spell_inside AS i ON i.person = o.person), "
      "moved AS (SELECT DISTINCT person FROM joined WHERE joins), "
      "stay AS (SELECT o.* EXCLUDE (before_end, before_destination, "
      "before_regular) FROM spell_ordered AS o "
      "SEMI JOIN spell_inside AS i ON i.person = o.person), "
      "walk AS (SELECT spell_no, person, turn, spell_no AS cip_no, "
      "false AS overlapping, discharge_date AS reached, "
      "discharge_destination AS destination, regular FROM stay "
      "WHERE turn = 1 UNION ALL SELECT spell_no, person, turn, "
      "CASE WHEN joins THEN chain_no ELSE spell_no END, "
      "coalesce(admission_date < latest_end, false), "
      "CASE WHEN ends THEN discharge_date ELSE before_end END, "
      "CASE WHEN ends THEN discharge_destination ELSE before_destination END, "
      "regular FROM (SELECT *, coalesce(NOT joins OR discharge_date >= "
      "before_end, true) AS ends FROM (SELECT *, %1$s AS joins FROM ("
      "SELECT s.*, w.cip_no AS chain_no, w.reached AS before_end, "
      "w.destination AS before_destination, w.regular AS before_regular "
      "FROM walk AS w INNER JOIN stay AS s ON s.person = w.person "
      "AND s.turn = w.turn + 1)))) "
      "SELECT spell_no, spell_no AS cip_no, overlapping, turn "
      "FROM joined AS j ANTI JOIN moved AS m ON m.person = j.person UNION ALL "
      "SELECT spell_no, last_value(CASE WHEN joins THEN NULL ELSE spell_no END "
      "IGNORE NULLS) OVER (PARTITION BY j.person ORDER BY turn "
      "ROWS UNBOUNDED PRECEDING) AS cip_no, overlapping, turn "
      "FROM joined AS j INNER JOIN moved AS m ON m.person = j.person UNION ALL "
      "SELECT spell_no, cip_no, overlapping, turn FROM walk",
      kJoins)));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE spell_inside"));
  return connection.Execute("DROP TABLE spell_ordered");
}

}  // namespace

const std::vector<std::string>& SpellColumns() {
  static const auto& columns =
      *new std::vector<std::string>{"spell_id",
                                    "provider_code",
                                    "admission_date",
                                    "discharge_date",
                                    "episode_start",
                                    "episode_end",
                                    "episode_order",
                                    "last_episode",
                                    "admission_method",
                                    "admission_source",
                                    "discharge_method",
                                    "discharge_destination",
                                    "patient_classification"};
  return columns;
}

absl::Status MakeProviderSpells(engine::Connection& connection,
                                const std::vector<std::string>& carried,
                                const std::vector<KeptValue>& kept) {
  std::string items;
  for (const KeptValue& value : kept) {
    items += absl::StrFormat("%s AS %s, ", value.sql, value.name);
  }
  TALLY_RETURN_IF_ERROR(
      MakeEpisodes(connection, EpisodeColumns(carried), items));
  TALLY_RETURN_IF_ERROR(JoinCutSpells(connection));
  std::vector<std::string> first = {"provider_code", "admission_method",
                                    "admission_source",
                                    "patient_classification"};
  first.insert(first.end(), carried.begin(), carried.end());
  const std::vector<std::string> last = {"discharge_method",
                                         "discharge_destination"};
  TALLY_RETURN_IF_ERROR(PlaceEpisodes(connection, first, last));
  TALLY_RETURN_IF_ERROR(connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE provider_spell AS "
      "SELECT spell_no, person, %1$s%2$s"
      "coalesce(admission_date, episode_start) AS admission_date, "
      "discharge_date, CAST(1 AS BIGINT) AS episodes "
      "FROM spell_episode WHERE places = 1 UNION ALL "
      "SELECT spell_no, min(person) AS person, %3$s%4$s"
      "coalesce(min(admission_date), min(episode_start)) AS admission_date, "
      "max(discharge_date) AS discharge_date, count(*) AS episodes "
      "FROM spell_episode WHERE places > 1 GROUP BY spell_no",
      Listed(first), Listed(last), ValuesWhere(first, "place = 1"),
      ValuesWhere(last, "place = places"))));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE apc_size"));
  TALLY_RETURN_IF_ERROR(connection.Execute("DROP TABLE apc_key"));
  return connection.Execute("DROP TABLE apc_episode");
}

absl::Status MakeCipSpells(engine::Connection& connection) {
  TALLY_RETURN_IF_ERROR(MakeChains(connection));
  const std::vector<std::string> admission = {
      "provider_code", "admission_date", "admission_method", "admission_source",
      "patient_classification"};
  const std::vector<std::string> discharge = {
      "discharge_date", "discharge_method", "discharge_destination"};
  return connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE cip_spell AS "
      "WITH several AS (SELECT cip_no FROM spell_chain GROUP BY cip_no "
      "HAVING count(*) > 1), chained AS (SELECT c.cip_no, s.*, "
      "row_number() OVER (PARTITION BY c.cip_no ORDER BY c.turn) AS place, "
      "row_number() OVER (PARTITION BY c.cip_no ORDER BY s.discharge_date "
      "DESC NULLS FIRST, c.turn DESC) AS place_from_end "
      "FROM spell_chain AS c INNER JOIN several AS m ON m.cip_no = c.cip_no "
      "INNER JOIN provider_spell AS s ON s.spell_no = c.spell_no) "
      "SELECT spell_no AS cip_no, person, CAST(1 AS BIGINT) AS spells, "
      "%1$s%2$sspell_no AS first_spell, spell_no AS last_spell, "
      "admission_date AS last_admission FROM provider_spell AS s "
      "WHERE person IS NOT NULL AND NOT EXISTS (SELECT 1 FROM spell_chain AS c "
      "INNER JOIN several AS m ON m.cip_no = c.cip_no "
      "WHERE c.spell_no = s.spell_no) UNION ALL "
      "SELECT cip_no, min(person) AS person, count(*) AS spells, %3$s%4$s"
      "any_value(spell_no) FILTER (WHERE place = 1) AS first_spell, "
      "any_value(spell_no) FILTER (WHERE place_from_end = 1) AS last_spell, "
      "any_value(admission_date) FILTER (WHERE place_from_end = 1) "
      "AS last_admission FROM chained GROUP BY cip_no",
      Listed(admission), Listed(discharge), ValuesWhere(admission, "place = 1"),
      ValuesWhere(discharge, "place_from_end = 1")));
}

}  // namespace tally::analytics
