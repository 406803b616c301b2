#include "measures/successors.h"

#include <array>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/reference.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kSuccessorFile = "provider_successors";
constexpr std::array<std::string_view, 4> kOrganisationColumns = {
    "provider_code", "practice_code", "contractor_ods", "prescriber_org"};

// Provider -> successor, and the line that says so.
using Successors = std::map<std::string, std::pair<std::string, size_t>>;

// The successors in `month`, each the next one only.
absl::StatusOr<Successors> NextProviders(const ReferenceFile& file,
                                         CivilDay month) {
  Successors next;
  for (size_t row = 0; row < file.rows(); ++row) {
    const auto from = CivilDay::Parse(file.Text(row, 2) + "-01");
    if (!from.ok()) return file.ErrorAt(row, "month is not as 2026-04");
    const bool is_new =
        next.emplace(file.Text(row, 0), std::pair(file.Text(row, 1), row))
            .second;
    if (!is_new) return file.ErrorAt(row, "this provider comes twice");
    if (month < *from) next[file.Text(row, 0)].first.clear();
  }
  std::erase_if(next,
                [](const auto& entry) { return entry.second.first.empty(); });
  return next;
}

// Provider -> last successor.
absl::StatusOr<std::map<std::string, std::string>> LastProviders(
    const ReferenceFile& file, CivilDay month) {
  TALLY_ASSIGN_OR_RETURN(const Successors next, NextProviders(file, month));
  std::map<std::string, std::string> last;
  for (const auto& [provider, to] : next) {
    std::string code = to.first;
    for (size_t steps = 0; next.contains(code); ++steps) {
      if (code == provider || steps > next.size()) {
        return file.ErrorAt(to.second, "a provider that succeeds itself");
      }
      code = next.at(code).first;
    }
    if (code == provider) {
      return file.ErrorAt(to.second, "a provider that succeeds itself");
    }
    last[provider] = code;
  }
  return last;
}

// Provider -> last successor, of the file.
absl::StatusOr<std::map<std::string, std::string>> ReadSuccessors(
    const MeasureContext& context) {
  // Each row says since when; older ones go on holding.
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kSuccessorFile,
                          {{"provider", ReferenceType::kText},
                           {"successor", ReferenceType::kText},
                           {"month", ReferenceType::kText}},
                          kAnyMonth));
  return LastProviders(file, context.month);
}

// The columns of a table that hold codes of organisations, for REPLACE; empty
// if it has none.
std::string SuccessorSql(const MeasureContext& context, std::string_view table,
                         const std::map<std::string, std::string>& last) {
  std::string whens;
  for (const auto& [provider, successor] : last) {
    whens += absl::StrFormat(" WHEN %s THEN %s", engine::QuoteLiteral(provider),
                             engine::QuoteLiteral(successor));
  }
  std::string sql;
  for (const std::string_view column : kOrganisationColumns) {
    if (context.release.Column(table, column) == nullptr) continue;
    sql += absl::StrFormat("%1$sCASE %2$s%3$s ELSE %2$s END AS %2$s",
                           sql.empty() ? "" : ", ", column, whens);
  }
  return sql;
}

absl::Status MakeSuccessorViews(const MeasureContext& context) {
  // Of an earlier run over this connection.
  for (const std::string& table : context.release.Tables()) {
    TALLY_RETURN_IF_ERROR(context.connection.Execute(
        absl::StrFormat("DROP VIEW IF EXISTS temp.main.%s", table)));
  }
  if (!HasReference(context.comparators, kSuccessorFile)) {
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const auto last, ReadSuccessors(context));
  if (last.empty()) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(auto query,
                         context.connection.Query("SELECT current_database()"));
  TALLY_ASSIGN_OR_RETURN(const auto rows, query.AllRows());
  const std::string* database = rows.at(0).at(0).As<std::string>();
  TALLY_CHECK(database != nullptr);
  for (const std::string& table : context.release.Tables()) {
    const std::string sql = SuccessorSql(context, table, last);
    if (sql.empty()) continue;
    TALLY_RETURN_IF_ERROR(context.connection.Execute(
        absl::StrFormat("CREATE TEMPORARY VIEW %1$s AS SELECT * REPLACE (%2$s) "
                        "FROM %3$s.main.%1$s",
                        table, sql, engine::QuoteIdentifier(*database))));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status UseProviderSuccessors(const MeasureContext& context) {
  return context.base.Once("provider_successors",
                           [&] { return MakeSuccessorViews(context); });
}

}  // namespace tally::analytics
