#include "measures/record_keys.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/hospital.h"

namespace tally::analytics {
namespace {

constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
    {"sus_op", "attendance_id"},
    {"ecds", "attendance_id"},
    {"community_contact", "contact_id"}};

std::string_view KeyOf(const MeasureContext& context, std::string_view table) {
  for (const auto& [keyed, key] : kKeys) {
    if (keyed == table && context.release.Column(table, key) != nullptr) {
      return key;
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<std::string> RowsByKey(const MeasureContext& context,
                                      std::string_view table) {
  const std::string_view key = KeyOf(context, table);
  if (key.empty()) return std::string(table);
  std::string order = "person NULLS LAST";
  for (const std::string& column : ReleaseColumns(context, table)) {
    if (column == key || column == "person") continue;
    order += absl::StrFormat(", %s NULLS LAST", column);
  }
  TALLY_RETURN_IF_ERROR(context.base.Once(
      absl::StrFormat("rows by key of %s", table), [&]() -> absl::Status {
        // Grouping the texts of all keys is dear; those whose hash is there
        // twice are few.
        TALLY_RETURN_IF_ERROR(context.connection.Execute(absl::StrFormat(
            "CREATE OR REPLACE TEMPORARY TABLE %1$s_again AS SELECT source, "
            "%2$s FROM %1$s WHERE %2$s IS NOT NULL AND hash(source, %2$s) IN "
            "(SELECT h FROM (SELECT hash(source, %2$s) AS h FROM %1$s "
            "WHERE %2$s IS NOT NULL) GROUP BY h HAVING count(*) > 1) "
            "GROUP BY source, %2$s HAVING count(*) > 1",
            table, key)));
        return context.connection.Execute(absl::StrFormat(
            "CREATE OR REPLACE TEMPORARY VIEW %1$s_by_key AS "
            "SELECT r.* FROM %1$s AS r ANTI JOIN %1$s_again AS a "
            "ON a.source IS NOT DISTINCT FROM r.source AND a.%2$s = r.%2$s "
            "UNION ALL SELECT * EXCLUDE (place_of_key) FROM (SELECT r.*, "
            "row_number() OVER (PARTITION BY source, %2$s ORDER BY %3$s) "
            "AS place_of_key FROM %1$s AS r SEMI JOIN %1$s_again AS a "
            "ON a.source IS NOT DISTINCT FROM r.source AND a.%2$s = r.%2$s) "
            "WHERE place_of_key = 1",
            table, key, order));
      }));
  return absl::StrFormat("%s_by_key", table);
}

}  // namespace tally::analytics
