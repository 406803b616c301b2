#include "linkage/release/agreement_check.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/resource_name.h"
#include "linkage/release/release_column.h"

namespace tally::linkage {
namespace {

using dataset::ColumnClass;
using dataset::ColumnSpec;
using dataset::ColumnType;
using dataset::Specification;

// Tables of a release that are not datasets, and the columns that every
// dataset table begins with.
constexpr std::array<std::string_view, 2> kOwnTables = {"persons", "coverage"};
constexpr std::array<std::string_view, 3> kOwnColumns = {
    "person", "unlinked_reason", "source"};

absl::Status Refuse(std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = field;
  return Error(Reason::kAgreementInvalid,
               absl::StrFormat("%s: %s", field, what), std::move(detail));
}

absl::Status CheckTerm(const Agreement& agreement,
                       const AgreementContext& context) {
  if (agreement.expires < context.today) {
    return Refuse("term.expires", "is past");
  }
  return absl::OkStatus();
}

absl::Status CheckAnalysts(const Agreement& agreement,
                           const AgreementContext& context) {
  const std::string prefix =
      absl::StrFormat("spiffe://%s/analyst/", context.trust_domain);
  const std::string source_prefix =
      absl::StrFormat("spiffe://%s/source/", context.trust_domain);
  std::set<std::string> source_organisations;
  for (const std::string& source : agreement.Sources()) {
    const auto it = context.organisations.find(source_prefix + source);
    if (it != context.organisations.end()) {
      source_organisations.insert(it->second);
    }
  }
  for (size_t i = 0; i < agreement.analysts.size(); ++i) {
    const std::string field = absl::StrFormat("analysts[%d]", i);
    const std::string& uri = agreement.analysts[i];
    if (uri.rfind(prefix, 0) != 0 || !IsResourceId(uri.substr(prefix.size()))) {
      return Refuse(field, "is not the URI of an analyst of this hub");
    }
    const auto it = context.organisations.find(uri);
    if (it != context.organisations.end() &&
        source_organisations.count(it->second) != 0 &&
        agreement.dual_role_accepted.empty()) {
      return Refuse(field,
                    "belongs to an organisation that is a source of this "
                    "agreement; dual_role_accepted must name who accepted it");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPopulation(const Agreement& agreement,
                             const AgreementContext& context) {
  if (agreement.population == kPopulationAll) return absl::OkStatus();
  if (context.specification(agreement.population) == nullptr) {
    return Refuse("population", "is no dataset of this hub");
  }
  return absl::OkStatus();
}

absl::Status CheckSources(const AgreementDataset& dataset,
                          const Agreement& agreement,
                          const AgreementContext& context,
                          const std::string& path) {
  for (size_t i = 0; i < dataset.sources.size(); ++i) {
    const std::string field = absl::StrFormat("%s.sources[%d]", path, i);
    const auto it = context.factor_domains.find(dataset.sources[i]);
    if (it == context.factor_domains.end()) {
      return Refuse(field, "is no source of this hub");
    }
    if (it->second.count(agreement.domain) == 0) {
      return Refuse(field,
                    "has no conversion factor in the domain of the agreement");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckColumns(const AgreementDataset& dataset,
                          const Agreement& agreement,
                          const Specification& specification,
                          const std::string& path) {
  for (size_t i = 0; i < dataset.columns.size(); ++i) {
    const std::string field = absl::StrFormat("%s.columns[%d]", path, i);
    const std::string& name = dataset.columns[i];
    if (std::find(kOwnColumns.begin(), kOwnColumns.end(), name) !=
        kOwnColumns.end()) {
      return Refuse(field, "is the name of a column that the hub makes");
    }
    if (!ResolveColumn(specification, name).has_value()) {
      return Refuse(field, "is no column of this dataset");
    }
    const std::string_view geography = GeographyOf(name);
    if (!geography.empty() && !agreement.AllowsGeography(geography)) {
      return Refuse(field,
                    absl::StrFormat("needs \"%s\" in geography", geography));
    }
  }
  return absl::OkStatus();
}

// A code that may be rare: clinical codes and other attributes, not the
// quasi-identifiers, which have rules of their own.
bool IsCodeColumn(const ColumnSpec& column) {
  if (column.type == ColumnType::kInt64) {
    return column.column_class == ColumnClass::kSensitive;
  }
  return column.type == ColumnType::kCode &&
         (column.column_class == ColumnClass::kSensitive ||
          column.column_class == ColumnClass::kAttribute);
}

bool IsPinnedByFilter(const AgreementDataset& dataset,
                      std::string_view column) {
  return std::any_of(
      dataset.filters.begin(), dataset.filters.end(),
      [column](const Filter& filter) {
        return filter.column == column &&
               (filter.op == FilterOp::kEqual || filter.op == FilterOp::kIn);
      });
}

// Any table may be joined to any other on `person`: an area in one is an area
// in all.
bool NamesSmallArea(const Agreement& agreement) {
  return std::any_of(
      agreement.datasets.begin(), agreement.datasets.end(),
      [](const AgreementDataset& dataset) { return dataset.Names("lsoa21"); });
}

absl::Status CheckGrain(const AgreementDataset& dataset,
                        const Agreement& agreement,
                        const Specification& specification,
                        const std::string& path) {
  if (dataset.date_grain != DateGrain::kDay || !NamesSmallArea(agreement)) {
    return absl::OkStatus();
  }
  for (const std::string& name : dataset.columns) {
    const ColumnSpec* column = specification.Column(name);
    if (column == nullptr || !IsCodeColumn(*column)) continue;
    if (!IsPinnedByFilter(dataset, name)) {
      return Refuse(path + ".date_grain",
                    "day, small area and a code column without a filter may "
                    "not go out together");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDataset(const AgreementDataset& dataset,
                          const Agreement& agreement,
                          const AgreementContext& context,
                          const std::string& path) {
  const Specification* specification = context.specification(dataset.id);
  if (specification == nullptr) {
    return Refuse(path + ".id", "is no dataset of this hub");
  }
  TALLY_RETURN_IF_ERROR(CheckSources(dataset, agreement, context, path));
  TALLY_RETURN_IF_ERROR(CheckColumns(dataset, agreement, *specification, path));
  TALLY_RETURN_IF_ERROR(CheckGrain(dataset, agreement, *specification, path));
  for (size_t i = 0; i < dataset.filters.size(); ++i) {
    const std::string at = absl::StrFormat("%s.filter[%d]", path, i);
    const ColumnSpec* column = specification->Column(dataset.filters[i].column);
    if (column == nullptr) {
      return Refuse(at + ".column", "is no column of this dataset");
    }
    TALLY_RETURN_IF_ERROR(CheckFilter(dataset.filters[i], *column, at));
  }
  return absl::OkStatus();
}

bool FitsType(const FilterValue& value, ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return std::holds_alternative<bool>(value);
    case ColumnType::kInt32:
    case ColumnType::kInt64:
      return std::holds_alternative<int64_t>(value);
    case ColumnType::kDouble:
      return std::holds_alternative<double>(value) ||
             std::holds_alternative<int64_t>(value);
    case ColumnType::kDate:
      return std::holds_alternative<CivilDay>(value);
    case ColumnType::kCode:
    case ColumnType::kText:
      return std::holds_alternative<std::string>(value);
  }
  return false;
}

bool FitsOperator(FilterOp op, const ColumnSpec& column) {
  switch (op) {
    case FilterOp::kLess:
    case FilterOp::kLessOrEqual:
    case FilterOp::kGreater:
    case FilterOp::kGreaterOrEqual:
      return column.type != ColumnType::kBool;
    case FilterOp::kPrefix:
      return column.type == ColumnType::kCode ||
             column.type == ColumnType::kText;
    default:
      return true;
  }
}

}  // namespace

absl::Status CheckFilter(const Filter& filter, const ColumnSpec& column,
                         std::string_view path) {
  if (column.column_class == ColumnClass::kRecordKey &&
      filter.op != FilterOp::kIsNull && filter.op != FilterOp::kNotNull) {
    return Refuse(absl::StrFormat("%s.op", path),
                  "record keys are random: only is-null and not-null apply");
  }
  if (!FitsOperator(filter.op, column)) {
    return Refuse(absl::StrFormat("%s.op", path),
                  "does not apply to a column of this type");
  }
  for (const FilterValue& value : filter.values) {
    if (!FitsType(value, column.type)) {
      return Refuse(absl::StrFormat("%s.value", path),
                    "has another type than the column");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAgreement(const Agreement& agreement,
                            const AgreementContext& context) {
  TALLY_RETURN_IF_ERROR(CheckTerm(agreement, context));
  TALLY_RETURN_IF_ERROR(CheckAnalysts(agreement, context));
  TALLY_RETURN_IF_ERROR(CheckPopulation(agreement, context));
  std::set<std::string> tables(kOwnTables.begin(), kOwnTables.end());
  for (size_t i = 0; i < agreement.datasets.size(); ++i) {
    const std::string path = absl::StrFormat("dataset[%d]", i);
    const AgreementDataset& dataset = agreement.datasets[i];
    if (!tables.insert(dataset::SqlName(dataset.id)).second) {
      return Refuse(path + ".id", "collides with another table's name");
    }
    TALLY_RETURN_IF_ERROR(CheckDataset(dataset, agreement, context, path));
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
