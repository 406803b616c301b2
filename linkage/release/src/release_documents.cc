#include "release_documents.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "dataset/column_type.h"
#include "engine/sql_engine.h"
#include "html_page.h"

namespace tally::linkage {
namespace {

constexpr std::string_view kTerms =
    "Notice\n"
    "------\n"
    "These are personal data (UK GDPR, Article 4(5)), pseudonymised. Under\n"
    "section 171 of the Data Protection Act 2018 it is an offence knowingly\n"
    "or recklessly to re-identify de-identified personal data without the\n"
    "consent of the controller responsible for de-identifying them. Every\n"
    "file of this folder is of the class of the records: figures leave the\n"
    "analyst's environment through disclosure control only, records never.\n";

constexpr std::string_view kHowToOpen =
    "How to open it\n"
    "--------------\n"
    "Check it first: commissioning verify DIR. Any changed byte is found.\n"
    "\n"
    "DuckDB   SELECT * FROM 'tables/gp_event/*.parquet'\n"
    "Python   pandas.read_parquet('tables/gp_event')\n"
    "R        arrow::open_dataset('tables/gp_event'), or the CSV that\n"
    "         commissioning pull --csv makes\n"
    "\n"
    "Join tables of this release on person. It is a new random number in\n"
    "every release: to follow people over releases use persons.pseudonym. A\n"
    "row without a person has person NULL and says why in unlinked_reason; it\n"
    "counts as an event, never as a person. The order of rows means nothing.\n"
    "Absence of an event outside the spans of the table coverage is not a\n"
    "zero. dictionary.html describes every column, linkage_quality.html says\n"
    "what was linked and what was not.\n";

std::string Banner(std::string_view environment) {
  if (environment == "production") return "";
  return absl::StrFormat(
      "*** %s DATA: invented people, trial keys. NOT FOR PATIENT CARE. ***\n\n",
      environment == "test" ? "TEST" : "EXAMPLE");
}

std::string Range(const dataset::DictionaryColumn& column) {
  if (column.type == dataset::ColumnType::kDate) return "";
  if (column.min_int && column.max_int) {
    return absl::StrFormat("%d to %d", *column.min_int, *column.max_int);
  }
  if (column.min_double && column.max_double) {
    return absl::StrFormat("%g to %g", *column.min_double, *column.max_double);
  }
  return "";
}

std::string Codes(const dataset::DictionaryColumn& column) {
  std::vector<std::string> parts;
  for (const auto& [code, label] : column.codes) {
    parts.push_back(code == label ? code : absl::StrCat(code, " ", label));
  }
  return JoinText(parts, "; ");
}

void AddTable(const dataset::DictionaryTable& table, HtmlPage& page) {
  page.Heading(table.name);
  page.Paragraph(table.title);
  if (!table.description.empty()) page.Paragraph(table.description);
  std::vector<std::vector<std::string>> rows;
  for (const dataset::DictionaryColumn& column : table.columns) {
    std::string type(engine::SqlTypeName(engine::SqlTypeOf(column.type)));
    if (!column.grain.empty()) absl::StrAppend(&type, ", ", column.grain);
    const std::string values =
        column.codes.empty()
            ? (Range(column).empty() ? column.pattern : Range(column))
            : Codes(column);
    rows.push_back(
        {column.name, type, column.unit, column.description,
         column.column_class
             ? std::string(dataset::ColumnClassName(*column.column_class))
             : "-",
         values, column.derivation,
         column.filled ? absl::StrFormat("%.1f %%", *column.filled * 100)
                       : "-"});
  }
  page.Table(absl::StrFormat("%s: %s rows", table.name,
                             FormatCount(static_cast<int64_t>(table.rows))),
             {"Column", "Type", "Unit", "Description", "Class", "Values",
              "Derivation", "Filled"},
             rows, 7);
  std::vector<std::string> sources;
  for (const dataset::DictionarySource& source : table.sources) {
    sources.push_back(absl::StrFormat("%s version %d, specification %s",
                                      source.dataset, source.version,
                                      source.spec_sha256));
  }
  page.List(sources);
}

}  // namespace

std::string ReadmeText(const BuildInputs& inputs,
                       const std::vector<WrittenTable>& tables) {
  const Agreement& agreement = *inputs.link.agreement;
  std::string text = Banner(crypto::EnvironmentName(inputs.link.environment));
  absl::StrAppend(&text, inputs.name.ToText(), "\n",
                  std::string(inputs.name.ToText().size(), '='), "\n\n");
  absl::StrAppend(
      &text, "Project     ", agreement.title, "\nPurpose     ",
      agreement.purpose, "\nController  ", agreement.controller,
      "\nLegal basis ", agreement.legal_basis, "\nAgreement   ", agreement.id,
      ", ", agreement.valid_from.ToText(), " to ", agreement.expires.ToText(),
      "\nKeep until  ", agreement.retention_days,
      " days after the agreement has expired; then delete it\nMade        ",
      inputs.link.created, " by ", inputs.hub_id, ", Tally ",
      inputs.tally_version, "\nAsk         ", inputs.contact, "\n\nTables\n",
      "------\n");
  for (const WrittenTable& table : tables) {
    absl::StrAppend(&text, absl::StrFormat("%-24s %15s rows\n", table.name,
                                           FormatCount(table.rows)));
  }
  absl::StrAppend(&text, "\nMade from\n---------\n");
  for (const ExtractRecord& extract : inputs.link.plan->extracts) {
    absl::StrAppend(&text, extract.name(), "\n");
  }
  absl::StrAppend(&text, "\n", std::string(kHowToOpen), "\n",
                  std::string(kTerms));
  return text;
}

dataset::Dictionary DictionaryOf(const BuildInputs& inputs,
                                 const std::vector<WrittenTable>& tables) {
  dataset::Dictionary dictionary;
  dictionary.release = inputs.name.ToText();
  dictionary.title = inputs.link.agreement->title;
  dictionary.created = inputs.link.created;
  dictionary.environment =
      std::string(crypto::EnvironmentName(inputs.link.environment));
  for (const WrittenTable& table : tables) {
    dictionary.tables.push_back(table.dictionary);
  }
  return dictionary;
}

std::string DictionaryHtml(const dataset::Dictionary& dictionary) {
  HtmlPage page("Data dictionary: " + dictionary.release, dictionary.title);
  if (dictionary.environment != "production") {
    page.Paragraph("EXAMPLE OR TEST DATA: environment " +
                   dictionary.environment + ".");
  }
  page.Paragraph(
      "Classes: QI quasi-identifier, SEN sensitive, ATTR other, RK record "
      "key; - made by the hub. dictionary.json holds the same for programs.");
  for (const dataset::DictionaryTable& table : dictionary.tables) {
    AddTable(table, page);
  }
  return page.Finish();
}

}  // namespace tally::linkage
