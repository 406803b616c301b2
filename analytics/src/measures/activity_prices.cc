#include "measures/activity_prices.h"

#include <set>

#include "absl/strings/str_format.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kTariffFile = "tariff";
constexpr std::string_view kFactorFile = "market_forces";

absl::Status LoadTariff(const MeasureContext& context,
                        std::vector<std::string>& notes) {
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kTariffFile,
                          {{"pod", ReferenceType::kText},
                           {"currency", ReferenceType::kText},
                           {"pence", ReferenceType::kInteger}},
                          context.month));
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t row = 0; row < file.rows(); ++row) {
    if (!seen.emplace(file.Text(row, 0), file.Text(row, 1)).second) {
      return file.ErrorAt(row, "this pod and currency is there twice");
    }
    if (file.Integer(row, 2) < 0) {
      return file.ErrorAt(row, "pence is below 0");
    }
  }
  notes.push_back(absl::StrFormat(
      "Prices that the rows do not carry, the same for every month: %s.",
      file.Citation()));
  return file.Load(context.connection, "activity_tariff");
}

absl::Status LoadFactors(const MeasureContext& context,
                         std::vector<std::string>& notes) {
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kFactorFile,
                          {{"provider", ReferenceType::kText},
                           {"factor", ReferenceType::kNumber}},
                          context.month));
  std::set<std::string> seen;
  for (size_t row = 0; row < file.rows(); ++row) {
    if (!seen.insert(file.Text(row, 0)).second) {
      return file.ErrorAt(row, "this provider is there twice");
    }
    if (!(file.Number(row, 1) > 0)) {
      return file.ErrorAt(row, "factor is not above 0");
    }
  }
  notes.push_back(
      absl::StrFormat("Market forces factors that the rows do not carry, the "
                      "same for every month: %s.",
                      file.Citation()));
  return file.Load(context.connection, "activity_factor");
}

// Why a file of prices has none for the month, in words; empty if `load` took
// them. What counts activity does without.
template <typename Load>
absl::StatusOr<std::string> WhyNot(const MeasureContext& context,
                                   std::string_view file, const Load& load) {
  if (!HasReference(context.comparators, file)) {
    return absl::StrFormat("there is no reference file %s.toml.", file);
  }
  const absl::Status status = load();
  if (status.ok()) return std::string();
  if (!IsNotValidThen(status)) return status;
  return std::string(ToStd(status.message())) + ".";
}

}  // namespace

absl::StatusOr<std::vector<std::string>> MakeActivityPrices(
    const MeasureContext& context) {
  std::vector<std::string> notes;
  TALLY_ASSIGN_OR_RETURN(
      const std::string no_tariff,
      WhyNot(context, kTariffFile, [&] { return LoadTariff(context, notes); }));
  if (!no_tariff.empty()) {
    TALLY_RETURN_IF_ERROR(context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE activity_tariff "
        "(pod VARCHAR, currency VARCHAR, pence BIGINT)"));
    notes.push_back("Activity whose rows carry no price has no cost: " +
                    no_tariff);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string no_factors,
                         WhyNot(context, kFactorFile,
                                [&] { return LoadFactors(context, notes); }));
  if (!no_factors.empty()) {
    TALLY_RETURN_IF_ERROR(context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE activity_factor "
        "(provider VARCHAR, factor DOUBLE)"));
    notes.push_back(
        "Activity whose rows carry no market forces factor has no cost: " +
        no_factors);
  }
  return notes;
}

std::string PricedSql(const std::string& relation) {
  // A factor has at most eight decimals and a price nine digits: a product is
  // exact enough to round to the same penny in any order of rows.
  return absl::StrFormat(
      "SELECT * EXCLUDE (found_price, found_factor), "
      "found_price AS price_pence, "
      "CAST(round(found_price * found_factor) AS BIGINT) AS cost_pence "
      "FROM (SELECT r.* EXCLUDE (own_price, own_factor), "
      "coalesce(r.own_price, t.pence, a.pence) AS found_price, "
      "coalesce(r.own_factor, f.factor) AS found_factor FROM (%s) AS r "
      "LEFT JOIN activity_tariff AS t ON t.pod = r.pod "
      "AND t.currency = r.hrg "
      "LEFT JOIN (SELECT pod, pence FROM activity_tariff "
      "WHERE currency = 'any') AS a ON a.pod = r.pod "
      "LEFT JOIN activity_factor AS f ON f.provider = r.provider)",
      relation);
}

}  // namespace tally::analytics
