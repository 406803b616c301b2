#include "analytics/export/notebook.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/json.h"

namespace tally::analytics {
namespace {

// A literal of Python, R and YAML alike.
std::string NotebookQuote(const std::string& text) {
  return JsonValue(text).Dump();
}

std::string NotebookOpening(const NotebookFacts& facts) {
  std::string text = absl::StrFormat(
      "Records of `%s`. What a cell shows is records: it stays where the "
      "release is. Figures leave through the disclosure gate only: see the "
      "last section. Re-identifying anyone is an offence (Data Protection Act "
      "2018, section 171).",
      facts.release);
  if (facts.environment != "production") {
    text = absl::StrFormat("**Environment %s: these people do not exist.**\n\n",
                           facts.environment) +
           text;
  }
  return text;
}

std::string JoinSql(const NotebookFacts& facts) {
  return absl::StrFormat(
      "SELECT b.source, count(*) AS n_rows, count(DISTINCT b.person) AS "
      "people\n"
      "FROM %s AS b JOIN (SELECT DISTINCT person FROM %s) AS a USING (person)\n"
      "GROUP BY b.source ORDER BY b.source",
      facts.right, facts.left);
}

JsonValue NotebookCell(std::string_view kind, int number,
                       const std::string& text) {
  JsonValue source = JsonValue::MakeArray();
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = text.find('\n', begin);
    const size_t next = end == std::string::npos ? text.size() : end + 1;
    source.Append(text.substr(begin, next - begin));
    begin = next;
  }
  JsonValue cell = JsonValue::MakeObject();
  cell.Set("cell_type", kind)
      .Set("id", absl::StrFormat("tally-%02d", number))
      .Set("metadata", JsonValue::MakeObject())
      .Set("source", std::move(source));
  if (kind == "code") {
    cell.Set("execution_count", nullptr).Set("outputs", JsonValue::MakeArray());
  }
  return cell;
}

constexpr char kPythonTables[] =
    "words = json.loads((release / \"dictionary.json\").read_text())\n"
    "db = duckdb.connect()  # in memory; nothing is written to the release\n"
    "for table in words[\"resources\"]:\n"
    "    files = [str(release / path) for path in table[\"path\"]]\n"
    "    if all(Path(file).exists() for file in files):\n"
    "        db.from_parquet(files).create_view(table[\"name\"])\n"
    "pd.DataFrame([(t[\"name\"], t[\"title\"], t[\"rows\"]) for t in "
    "words[\"resources\"]],\n"
    "             columns=[\"table\", \"title\", \"rows\"])";

constexpr char kPythonColumns[] =
    "pd.DataFrame([(t[\"name\"], f[\"name\"], f[\"type\"], "
    "f[\"description\"])\n"
    "              for t in words[\"resources\"] for f in "
    "t[\"schema\"][\"fields\"]],\n"
    "             columns=[\"table\", \"column\", \"type\", \"meaning\"])";

constexpr char kPythonGate[] =
    "def commissioning(*words):\n"
    "    done = subprocess.run([program, *words, *config], "
    "capture_output=True, text=True)\n"
    "    print(done.stderr, done.stdout, sep=\"\")\n"
    "    done.check_returncode()\n\n"
    "commissioning(\"measure\", \"list\", \"--release\", str(release))\n"
    "commissioning(\"measure\", \"run\", \"C02\", \"--release\", "
    "str(release), \"--out\", \"tables\")\n"
    "# `*` is hidden and NA not available: both are missing to pandas.\n"
    "{file.stem: pd.read_csv(file, na_values=[\"*\", \"NA\"]) for file in "
    "sorted(Path(\"tables\").glob(\"*.csv\"))}";

constexpr char kGateText[] =
    "## Figures, through the gate\n\n"
    "Counts are rounded and hidden by the agreement's profile. `measure run`, "
    "`export --format xlsx`, `run plan.toml` and `dashboard build` print "
    "nothing that has not passed.";

}  // namespace

NotebookFacts FactsForNotebook(const ReleaseFolder& release) {
  NotebookFacts facts;
  facts.release = release.name();
  facts.folder = release.path();
  facts.environment = release.manifest().environment;
  facts.tables = release.Tables();
  // Dataset tables: those that say why a row has no person. The left one
  // registers people, if there is such a table.
  std::vector<std::string> datasets;
  for (const std::string& table : facts.tables) {
    if (release.Column(table, "person") == nullptr ||
        release.Column(table, "source") == nullptr ||
        release.Column(table, "unlinked_reason") == nullptr) {
      continue;
    }
    datasets.push_back(table);
  }
  std::stable_partition(
      datasets.begin(), datasets.end(), [&](const std::string& table) {
        return release.Column(table, "registration_start") != nullptr;
      });
  if (!datasets.empty()) {
    facts.left = datasets.size() > 1 ? datasets[0] : "persons";
    facts.right = datasets.size() > 1 ? datasets[1] : datasets[0];
  }
  if (facts.left == "persons" && !release.HasTable("persons")) {
    facts.left.clear();
  }
  return facts;
}

std::string PythonNotebook(const NotebookFacts& facts) {
  JsonValue cells = JsonValue::MakeArray();
  int number = 0;
  const auto add = [&](std::string_view kind, const std::string& text) {
    cells.Append(NotebookCell(kind, ++number, text));
  };
  add("markdown",
      absl::StrFormat("# %s\n\n%s", facts.release, NotebookOpening(facts)));
  add("code", absl::StrFormat("# pip install duckdb pandas pyarrow\n"
                              "import json, subprocess\n"
                              "from pathlib import Path\n"
                              "import duckdb\n"
                              "import pandas as pd\n\n"
                              "release = Path(%s)",
                              NotebookQuote(facts.folder)));
  add("markdown", "## Tables and columns");
  add("code", kPythonTables);
  add("code", kPythonColumns);
  if (!facts.left.empty()) {
    add("markdown",
        "## A join on `person`\n\n`person` is new in every release; "
        "`persons.pseudonym` leads from one release of a project to the next. "
        "NULL is a row without a person: an event, never a person.");
    add("code",
        absl::StrFormat("db.sql(\"\"\"\n%s\n\"\"\").df()", JoinSql(facts)));
    add("code",
        absl::StrFormat("# The same table without SQL.\n"
                        "pd.read_parquet(release / \"tables\" / %s).dtypes",
                        NotebookQuote(facts.right)));
  }
  add("markdown", kGateText);
  add("code",
      absl::StrFormat(
          "program = %s\nconfig = [%s]\n\n%s", NotebookQuote(facts.program),
          facts.config.empty() ? ""
                               : "\"--config\", " + NotebookQuote(facts.config),
          kPythonGate));
  JsonValue kernel = JsonValue::MakeObject();
  kernel.Set("display_name", "Python 3")
      .Set("language", "python")
      .Set("name", "python3");
  JsonValue language = JsonValue::MakeObject();
  language.Set("name", "python");
  JsonValue metadata = JsonValue::MakeObject();
  metadata.Set("kernelspec", std::move(kernel))
      .Set("language_info", std::move(language));
  JsonValue book = JsonValue::MakeObject();
  book.Set("cells", std::move(cells))
      .Set("metadata", std::move(metadata))
      .Set("nbformat", 4)
      .Set("nbformat_minor", 5);
  return book.DumpPretty() + "\n";
}

std::string QuartoNotebook(const NotebookFacts& facts) {
  std::string out = absl::StrFormat(
      "---\ntitle: %s\nformat: html\noutput: html_document\n---\n\n%s\n\n"
      "```{r}\n# install.packages(c(\"DBI\", \"duckdb\"))\n"
      "library(DBI)\nrelease <- %s\ndb <- dbConnect(duckdb::duckdb())\n```\n\n"
      "## Tables and columns\n\n```{r}\n"
      "tables <- list.files(file.path(release, \"tables\"))\n"
      "for (table in tables) {\n"
      "  files <- file.path(release, \"tables\", table, \"*.parquet\")\n"
      "  dbExecute(db, sprintf(\"CREATE VIEW %%s AS SELECT * FROM "
      "read_parquet('%%s')\", table,\n"
      "                        gsub(\"'\", \"''\", files)))\n"
      "}\n"
      "dbGetQuery(db, \"SELECT table_name, column_name, data_type FROM "
      "information_schema.columns\n"
      "                ORDER BY table_name, ordinal_position\")\n```\n",
      NotebookQuote(facts.release), NotebookOpening(facts),
      NotebookQuote(facts.folder));
  if (!facts.left.empty()) {
    out += absl::StrFormat(
        "\n## A join on `person`\n\n`person` is new in every release; NULL is "
        "a row without a person.\n\n```{r}\ndbGetQuery(db, \"\n%s\n\")\n```\n\n"
        "Base R reads the CSV files that `pull` made:\n\n```{r}\n"
        "file <- file.path(release, \"csv\", %s)\n"
        "if (file.exists(file)) str(read.csv(file, nrows = 1000))\n```\n",
        JoinSql(facts), NotebookQuote(facts.right + ".csv"));
  }
  out += absl::StrFormat(
      "\n%s\n\n```{r}\n"
      "system2(%s, c(\"measure\", \"run\", \"C02\", "
      "\"--release\", shQuote(release), \"--out\", \"tables\"%s))\n"
      "lapply(list.files(\"tables\", \"[.]csv$\", full.names = TRUE), "
      "read.csv, na.strings = c(\"*\", \"NA\"))\n"
      "dbDisconnect(db, shutdown = TRUE)\n```\n",
      kGateText, NotebookQuote(facts.program),
      facts.config.empty()
          ? ""
          : absl::StrFormat(",\n                 \"--config\", shQuote(%s)",
                            NotebookQuote(facts.config)));
  return out;
}

}  // namespace tally::analytics
