#include "linkage/release/agreement.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "agreement_reader.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/toml.h"

namespace tally::linkage {
namespace {

constexpr size_t kMaxAnalysts = 64;
constexpr size_t kMaxDatasets = 32;
constexpr size_t kMaxColumns = 512;
constexpr size_t kMaxFilters = 32;
constexpr size_t kMaxFilterValues = 1000;
constexpr int kMaxMinK = 1000;
constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr int64_t kMaxRetentionDays = 3660;

struct GrainWord {
  std::string_view name;
  DateGrain grain;
};
constexpr GrainWord kGrains[] = {{"day", DateGrain::kDay},
                                 {"week", DateGrain::kWeek},
                                 {"month", DateGrain::kMonth}};

struct OpWord {
  std::string_view name;
  FilterOp op;
};
constexpr OpWord kOps[] = {
    {"=", FilterOp::kEqual},        {"!=", FilterOp::kNotEqual},
    {"<", FilterOp::kLess},         {"<=", FilterOp::kLessOrEqual},
    {">", FilterOp::kGreater},      {">=", FilterOp::kGreaterOrEqual},
    {"in", FilterOp::kIn},          {"not-in", FilterOp::kNotIn},
    {"is-null", FilterOp::kIsNull}, {"not-null", FilterOp::kNotNull},
    {"prefix", FilterOp::kPrefix}};

DateGrain GrainOf(const std::string& name) {
  for (const GrainWord& word : kGrains) {
    if (word.name == name) return word.grain;
  }
  return DateGrain::kMonth;  // Choice() has recorded the error
}

void ReadHead(AgreementReader& reader, Agreement& agreement) {
  const TomlTable& root = reader.root();
  if (const TomlTable* t = reader.Table(root, "project")) {
    reader.OnlyKeys(*t, "project", {"id", "agreement", "title", "purpose"});
    agreement.project = reader.Id(*t, "id", "project.id");
    agreement.id = reader.Id(*t, "agreement", "project.agreement");
    agreement.title = reader.Text(*t, "title", "project.title");
    agreement.purpose = reader.Text(*t, "purpose", "project.purpose");
  }
  if (const TomlTable* t = reader.Table(root, "authority")) {
    reader.OnlyKeys(*t, "authority", {"controller", "legal_basis", "domain"});
    agreement.controller =
        reader.Text(*t, "controller", "authority.controller");
    agreement.legal_basis =
        reader.Text(*t, "legal_basis", "authority.legal_basis");
    agreement.domain = reader.Id(*t, "domain", "authority.domain");
  }
}

void ReadTerm(AgreementReader& reader, Agreement& agreement) {
  const TomlTable* t = reader.Table(reader.root(), "term");
  if (t == nullptr) return;
  reader.OnlyKeys(*t, "term",
                  {"valid_from", "expires", "retention_after_expiry"});
  agreement.valid_from = reader.Date(*t, "valid_from", "term.valid_from");
  agreement.expires = reader.Date(*t, "expires", "term.expires");
  const TomlValue* expires = t->Find("expires");
  if (agreement.expires < agreement.valid_from) {
    reader.Fail(expires == nullptr ? t->line() : expires->line(),
                "term.expires", "is before term.valid_from");
  } else if (agreement.expires - agreement.valid_from > kMaxAgreementDays) {
    reader.Fail(expires == nullptr ? t->line() : expires->line(),
                "term.expires", "is over two years after term.valid_from");
  }
  const TomlValue* retention = t->Find("retention_after_expiry");
  if (retention == nullptr) return;
  const absl::StatusOr<int64_t> ms =
      retention->is_string() ? ParseDurationMs(retention->AsString())
                             : absl::InvalidArgumentError("not a text");
  if (!ms.ok() || *ms % kDayMs != 0 || *ms / kDayMs > kMaxRetentionDays) {
    reader.Fail(retention->line(), "term.retention_after_expiry",
                "must be whole days, such as \"30d\"");
    return;
  }
  agreement.retention_days = static_cast<int>(*ms / kDayMs);
}

void ReadDisclosure(AgreementReader& reader, Agreement& agreement) {
  const TomlTable* t = reader.Table(reader.root(), "disclosure");
  if (t == nullptr) return;
  reader.OnlyKeys(*t, "disclosure", {"profile", "min_k", "max_relinked_share"});
  agreement.profile = reader.Choice(*t, "profile", "disclosure.profile",
                                    {"nhs-subnational", "nhs-national",
                                     "opensafely", "midpoint6", "threshold10"},
                                    "");
  agreement.min_k = reader.Int(*t, "min_k", "disclosure.min_k", 1, kMaxMinK, 5);
  const TomlValue* share = t->Find("max_relinked_share");
  if (share == nullptr) return;
  if (!share->is_number() || share->AsDouble() < 0 || share->AsDouble() > 1) {
    reader.Fail(share->line(), "disclosure.max_relinked_share",
                "must be a share from 0 to 1");
    return;
  }
  agreement.max_relinked_share = share->AsDouble();
}

void ReadScope(AgreementReader& reader, Agreement& agreement) {
  const TomlTable& root = reader.root();
  agreement.analysts =
      reader.Texts(root, "analysts", "analysts", 1, kMaxAnalysts);
  if (root.Find("dual_role_accepted") != nullptr) {
    agreement.dual_role_accepted =
        reader.Text(root, "dual_role_accepted", "dual_role_accepted");
  }
  agreement.population = reader.Id(root, "population", "population");
  agreement.keep_rows_without_person =
      reader.Choice(root, "rows_without_person", "rows_without_person",
                    {"keep", "drop"}, "keep") == "keep";
  agreement.tiers = {"nhs_number"};
  if (root.Find("tiers") != nullptr) {
    agreement.tiers = reader.Texts(root, "tiers", "tiers", 1, 1);
    if (agreement.tiers != std::vector<std::string>{"nhs_number"}) {
      reader.Fail(root.Find("tiers")->line(), "tiers[0]",
                  "must be nhs_number: other tiers are not built yet");
    }
  }
  agreement.date_grain = GrainOf(reader.Choice(root, "date_grain", "date_grain",
                                               {"day", "week", "month"}, ""));
  agreement.geography = reader.Texts(root, "geography", "geography", 0, 4);
  for (size_t i = 0; i < agreement.geography.size(); ++i) {
    static constexpr std::string_view kAllowed[] = {"imd_decile", "practice",
                                                    "place", "lsoa"};
    if (std::find(std::begin(kAllowed), std::end(kAllowed),
                  agreement.geography[i]) == std::end(kAllowed)) {
      reader.Fail(root.Find("geography")->line(),
                  absl::StrFormat("geography[%d]", i),
                  "must be one of imd_decile, practice, place, lsoa");
    }
  }
  agreement.ethnicity_groups =
      reader.Choice(root, "ethnicity", "ethnicity", {"5", "16"}, "5") == "5"
          ? 5
          : 16;
}

std::optional<FilterValue> ScalarOf(const TomlValue& value) {
  if (value.is_bool()) return FilterValue(value.AsBool());
  if (value.is_int()) return FilterValue(value.AsInt());
  if (value.is_double()) return FilterValue(value.AsDouble());
  if (value.is_date()) return FilterValue(value.AsDate());
  if (value.is_string()) return FilterValue(value.AsString());
  return std::nullopt;
}

void ReadFilterValues(AgreementReader& reader, const TomlTable& table,
                      const std::string& path, Filter& filter) {
  const TomlValue* value = table.Find("value");
  if (filter.op == FilterOp::kIsNull || filter.op == FilterOp::kNotNull) {
    if (value != nullptr) {
      reader.Fail(value->line(), path + ".value",
                  "must be absent with is-null and not-null");
    }
    return;
  }
  if (value == nullptr) {
    reader.Fail(table.line(), path + ".value", "missing");
    return;
  }
  TomlArray values;
  if (filter.op == FilterOp::kIn || filter.op == FilterOp::kNotIn) {
    if (!value->is_array() || value->AsArray().empty() ||
        value->AsArray().size() > kMaxFilterValues) {
      reader.Fail(value->line(), path + ".value",
                  absl::StrFormat("must be a list of 1 to %d values",
                                  kMaxFilterValues));
      return;
    }
    values = value->AsArray();
  } else {
    values.push_back(*value);
  }
  for (const TomlValue& item : values) {
    std::optional<FilterValue> scalar = ScalarOf(item);
    if (!scalar.has_value()) {
      reader.Fail(item.line(), path + ".value",
                  "must be a text, a number, a date or a truth value");
      return;
    }
    if (const auto* text = std::get_if<std::string>(&*scalar)) {
      reader.CheckText(*text, item.line(), path + ".value");
    }
    filter.values.push_back(*std::move(scalar));
  }
}

void ReadFilter(AgreementReader& reader, const TomlValue& value,
                const std::string& path, AgreementDataset& dataset) {
  if (!value.is_table()) {
    reader.Fail(value.line(), path, "must be a table");
    return;
  }
  const TomlTable& table = value.AsTable();
  reader.OnlyKeys(table, path, {"column", "op", "value"});
  Filter filter;
  filter.column = reader.Text(table, "column", path + ".column", 63);
  const std::string op = reader.Text(table, "op", path + ".op", 16);
  const auto* word =
      std::find_if(std::begin(kOps), std::end(kOps),
                   [&op](const OpWord& w) { return w.name == op; });
  if (word == std::end(kOps)) {
    reader.Fail(table.line(), path + ".op",
                "must be one of = != < <= > >= in not-in is-null not-null "
                "prefix");
    return;
  }
  filter.op = word->op;
  ReadFilterValues(reader, table, path, filter);
  dataset.filters.push_back(std::move(filter));
}

void ReadDataset(AgreementReader& reader, const TomlValue& value,
                 const std::string& path, Agreement& agreement) {
  if (!value.is_table()) {
    reader.Fail(value.line(), path, "must be a table");
    return;
  }
  const TomlTable& table = value.AsTable();
  reader.OnlyKeys(table, path,
                  {"id", "sources", "columns", "date_grain", "filter"});
  AgreementDataset dataset;
  dataset.id = reader.Id(table, "id", path + ".id");
  dataset.sources =
      reader.Texts(table, "sources", path + ".sources", 1, kMaxAnalysts);
  for (size_t i = 0; i < dataset.sources.size(); ++i) {
    if (!IsResourceId(dataset.sources[i])) {
      reader.Fail(table.line(), absl::StrFormat("%s.sources[%d]", path, i),
                  "must be the id of a source");
    }
  }
  std::sort(dataset.sources.begin(), dataset.sources.end());
  dataset.columns =
      reader.Texts(table, "columns", path + ".columns", 1, kMaxColumns);
  dataset.date_grain = GrainOf(reader.Choice(
      table, "date_grain", path + ".date_grain", {"day", "week", "month"},
      DateGrainName(agreement.date_grain)));
  if (const TomlValue* filters = table.Find("filter"); filters != nullptr) {
    if (!filters->is_array() || filters->AsArray().size() > kMaxFilters) {
      reader.Fail(filters->line(), path + ".filter",
                  absl::StrFormat("must be a list of up to %d conditions",
                                  kMaxFilters));
      return;
    }
    for (size_t i = 0; i < filters->AsArray().size(); ++i) {
      ReadFilter(reader, filters->AsArray()[i],
                 absl::StrFormat("%s.filter[%d]", path, i), dataset);
    }
  }
  agreement.datasets.push_back(std::move(dataset));
}

void ReadDatasets(AgreementReader& reader, Agreement& agreement) {
  const TomlValue* list = reader.Required(reader.root(), "dataset", "dataset");
  if (list == nullptr) return;
  if (!list->is_array() || list->AsArray().empty() ||
      list->AsArray().size() > kMaxDatasets) {
    reader.Fail(
        list->line(), "dataset",
        absl::StrFormat("must be a list of 1 to %d datasets", kMaxDatasets));
    return;
  }
  std::set<std::string> ids;
  for (size_t i = 0; i < list->AsArray().size(); ++i) {
    const TomlValue& value = list->AsArray()[i];
    const std::string path = absl::StrFormat("dataset[%d]", i);
    ReadDataset(reader, value, path, agreement);
    if (!agreement.datasets.empty() && reader.status().ok() &&
        !ids.insert(agreement.datasets.back().id).second) {
      reader.Fail(value.line(), path + ".id", "is there twice");
    }
  }
}

}  // namespace

std::string_view DateGrainName(DateGrain grain) {
  for (const GrainWord& word : kGrains) {
    if (word.grain == grain) return word.name;
  }
  return "";
}

std::string_view FilterOpName(FilterOp op) {
  for (const OpWord& word : kOps) {
    if (word.op == op) return word.name;
  }
  return "";
}

bool AgreementDataset::Names(std::string_view column) const {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool Agreement::AllowsGeography(std::string_view name) const {
  return std::find(geography.begin(), geography.end(), name) != geography.end();
}

std::vector<std::string> Agreement::Sources() const {
  std::set<std::string> all;
  for (const AgreementDataset& dataset : datasets) {
    all.insert(dataset.sources.begin(), dataset.sources.end());
  }
  return {all.begin(), all.end()};
}

bool Agreement::NamesAnalyst(std::string_view uri) const {
  return std::find(analysts.begin(), analysts.end(), uri) != analysts.end();
}

bool Agreement::IsInForce(CivilDay day) const {
  return valid_from <= day && day <= expires;
}

absl::StatusOr<Agreement> ParseAgreement(std::string_view toml,
                                         std::string_view file_name) {
  const auto refuse = [&](std::string_view what) {
    ErrorDetail detail;
    detail.field = "agreement";
    return Error(Reason::kAgreementInvalid,
                 absl::StrFormat("%s: %s", file_name, what), std::move(detail));
  };
  if (toml.size() > kMaxAgreementBytes) return refuse("is over 64 KiB");
  const absl::StatusOr<TomlTable> root =
      ParseToml(toml, std::string(file_name));
  if (!root.ok()) return refuse("is not TOML 1.0 of dates, texts and numbers");
  AgreementReader reader(*root, file_name);
  Agreement agreement;
  agreement.sha256 = Sha256Hex(toml);
  reader.OnlyKeys(
      *root, "",
      {"project", "authority", "term", "analysts", "dual_role_accepted",
       "population", "rows_without_person", "tiers", "date_grain", "geography",
       "ethnicity", "disclosure", "dataset"});
  ReadHead(reader, agreement);
  ReadTerm(reader, agreement);
  ReadScope(reader, agreement);
  ReadDisclosure(reader, agreement);
  ReadDatasets(reader, agreement);
  TALLY_RETURN_IF_ERROR(reader.status());
  return agreement;
}

}  // namespace tally::linkage
