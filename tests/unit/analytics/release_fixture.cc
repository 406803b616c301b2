#include "release_fixture.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"
#include "dataset/specification.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "fixture: " << status << "\n";
  std::abort();
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  Must(value.status());
  return *std::move(value);
}

engine::Value TextOrNull(const std::string& text) {
  return text.empty() ? engine::Value::Null() : engine::Value::Text(text);
}

void FillPatients(const FixtureRelease& release, engine::Connection& db) {
  Must(db.Execute(
      "CREATE TABLE gp_patient_raw (person INTEGER, unlinked_reason VARCHAR, "
      "source VARCHAR, year_of_birth INTEGER, sex VARCHAR, ethnic_category "
      "VARCHAR, practice_code VARCHAR, imd_decile INTEGER, registration_start "
      "DATE, registration_end DATE, death_month DATE)"));
  engine::PreparedStatement insert = Must(db.Prepare(
      "INSERT INTO gp_patient_raw VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
      "CAST(CAST(? AS VARCHAR) AS DATE), CAST(CAST(? AS VARCHAR) AS DATE), "
      "CAST(CAST(? AS VARCHAR) AS DATE))"));
  for (const FixtureRegistration& r : release.registrations) {
    Must(
        insert
            .Run({r.person > 0 ? engine::Value::Int64(r.person)
                               : engine::Value::Null(),
                  r.person > 0 ? engine::Value::Null()
                               : engine::Value::Text("NHS_NUMBER_MISSING"),
                  engine::Value::Text(r.source),
                  r.year_of_birth == 0 ? engine::Value::Null()
                                       : engine::Value::Int64(r.year_of_birth),
                  TextOrNull(r.sex), TextOrNull(r.ethnic_category),
                  TextOrNull(r.practice),
                  r.imd_decile.has_value() ? engine::Value::Int64(*r.imd_decile)
                                           : engine::Value::Null(),
                  TextOrNull(r.start), TextOrNull(r.end), TextOrNull(r.death)})
            .status());
  }
}

void FillEvents(const FixtureRelease& release, engine::Connection& db) {
  Must(db.Execute(
      "CREATE TABLE gp_event_raw (person INTEGER, unlinked_reason VARCHAR, "
      "source VARCHAR, event_date DATE, cluster_id VARCHAR, value1 DOUBLE)"));
  engine::PreparedStatement insert =
      Must(db.Prepare("INSERT INTO gp_event_raw VALUES (?, NULL, ?, "
                      "CAST(CAST(? AS VARCHAR) AS DATE), ?, 1.5)"));
  for (const FixtureEvent& e : release.events) {
    Must(insert
             .Run({e.person > 0 ? engine::Value::Int64(e.person)
                                : engine::Value::Null(),
                   engine::Value::Text(e.source), engine::Value::Text(e.date),
                   engine::Value::Text(e.cluster)})
             .status());
  }
}

std::string SqlType(dataset::ColumnType type) {
  switch (type) {
    case dataset::ColumnType::kBool:
      return "BOOLEAN";
    case dataset::ColumnType::kInt32:
      return "INTEGER";
    case dataset::ColumnType::kInt64:
      return "BIGINT";
    case dataset::ColumnType::kDouble:
      return "DOUBLE";
    case dataset::ColumnType::kDate:
      return "DATE";
    default:
      return "VARCHAR";
  }
}

// The columns of a table with their SQL types, person and source first.
std::vector<std::pair<std::string, std::string>> ActivityColumns(
    const FixtureTable& table) {
  const auto specification = Must(dataset::Specification::Load(
      std::string(TALLY_SOURCE_DIR) + "/datasets/" + table.dataset + ".toml"));
  std::set<std::string> named(table.columns.begin(), table.columns.end());
  for (const auto& [name, value] : table.defaults) named.insert(name);
  for (const FixtureRow& row : table.rows) {
    for (const auto& [name, value] : row) named.insert(name);
  }
  std::vector<std::pair<std::string, std::string>> columns = {
      {"person", "INTEGER"},
      {"unlinked_reason", "VARCHAR"},
      {"source", "VARCHAR"}};
  for (const auto& fixed : columns) named.erase(fixed.first);
  for (const std::string& name : named) {
    const dataset::ColumnSpec* column = specification.Column(name);
    if (column == nullptr) {
      Must(absl::InvalidArgumentError(table.dataset + " has no " + name));
    }
    columns.emplace_back(name, SqlType(column->type));
  }
  return columns;
}

std::string SqlName(const FixtureTable& table) {
  std::string name = table.dataset;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string FieldOf(const FixtureTable& table, const FixtureRow& row,
                    const std::string& column) {
  for (const FixtureRow* fields : {&row, &table.defaults}) {
    const auto found = fields->find(column);
    if (found != fields->end()) return found->second;
  }
  return column == "source" ? table.source : "";
}

void FillActivity(const FixtureTable& table, engine::Connection& db) {
  const auto columns = ActivityColumns(table);
  std::string types, casts;
  for (const auto& [name, type] : columns) {
    if (!types.empty()) types += ", ", casts += ", ";
    types += name + " " + type;
    casts += absl::StrFormat("CAST(CAST(? AS VARCHAR) AS %s)", type);
  }
  Must(db.Execute(
      absl::StrFormat("CREATE TABLE %s_raw (%s)", SqlName(table), types)));
  engine::PreparedStatement insert = Must(db.Prepare(absl::StrFormat(
      "INSERT INTO %s_raw VALUES (%s)", SqlName(table), casts)));
  Must(db.Execute("BEGIN TRANSACTION"));
  for (const FixtureRow& row : table.rows) {
    std::vector<engine::Value> values;
    for (const auto& [name, type] : columns) {
      const std::string field = FieldOf(table, row, name);
      const bool reason = name == "unlinked_reason" && field.empty() &&
                          FieldOf(table, row, "person").empty();
      values.push_back(TextOrNull(reason ? "NHS_NUMBER_MISSING" : field));
    }
    Must(insert.Run(values).status());
  }
  Must(db.Execute("COMMIT"));
}

// The age column as a release has it: year of birth, age or band.
std::string AgeSelect(const std::string& column) {
  if (column == "year_of_birth") return "year_of_birth";
  if (column == "age_fy") {
    return "CAST(least(greatest(2026 - year_of_birth, 0), 90) AS INTEGER) AS "
           "age_fy";
  }
  return "CASE WHEN 2026 - year_of_birth >= 90 THEN '90+' ELSE "
         "CAST((2026 - year_of_birth) // 5 * 5 AS VARCHAR) || '-' || "
         "CAST((2026 - year_of_birth) // 5 * 5 + 4 AS VARCHAR) END AS age_band";
}

struct TablePart {
  std::string table;
  std::string select;
  std::string grain;
};

std::vector<TablePart> Parts(const FixtureRelease& release) {
  std::string people = "SELECT person FROM gp_patient_raw";
  std::vector<TablePart> parts = {
      {"gp_patient",
       absl::StrFormat("SELECT person, unlinked_reason, source, %s, sex, "
                       "ethnic_category, practice_code, imd_decile, "
                       "registration_start, registration_end, death_month "
                       "FROM gp_patient_raw ORDER BY person NULLS LAST",
                       AgeSelect(release.age_column)),
       release.grain},
      {"gp_event", "SELECT * FROM gp_event_raw ORDER BY person NULLS LAST",
       release.grain},
      {"coverage",
       "SELECT person, source, 'gp-event' AS dataset, "
       "registration_start AS from_month, coalesce(registration_end, "
       "DATE '2026-10-01') AS to_month, 'no extract' AS ended_by "
       "FROM gp_patient_raw WHERE person IS NOT NULL ORDER BY person",
       release.grain}};
  for (const FixtureTable& table : release.activity) {
    const std::string name = SqlName(table);
    parts.push_back(
        {name,
         absl::StrFormat("SELECT * FROM %s_raw ORDER BY person NULLS LAST",
                         name),
         table.grain});
    people += absl::StrFormat(" UNION SELECT person FROM %s_raw", name);
  }
  parts.push_back(
      {"persons",
       absl::StrFormat("SELECT person, md5(CAST(person AS VARCHAR)) AS "
                       "pseudonym, 'nhs_number' AS link_status, "
                       "true AS in_population FROM (SELECT DISTINCT person "
                       "FROM (%s) WHERE person IS NOT NULL) ORDER BY person",
                       people),
       release.grain});
  for (const FixtureQuery& query : release.queries) {
    std::erase_if(parts, [&](const TablePart& part) {
      return part.table == query.table;
    });
    parts.push_back({query.table, query.select, query.grain});
  }
  return parts;
}

dataset::ColumnType DictionaryType(engine::ColumnKind kind) {
  switch (kind) {
    case engine::ColumnKind::kBool:
      return dataset::ColumnType::kBool;
    case engine::ColumnKind::kInt:
      return dataset::ColumnType::kInt32;
    case engine::ColumnKind::kDouble:
      return dataset::ColumnType::kDouble;
    case engine::ColumnKind::kDate:
      return dataset::ColumnType::kDate;
    default:
      return dataset::ColumnType::kText;
  }
}

constexpr char kSmallReport[] =
    "source,dataset,dimension,level,month,rows,rows_with_person,persons,"
    "persons_linked,rate,lower,upper,reason,rows_reason\n"
    "gp-supplier-a,gp-event,all,,,1000,990,400,396,0.99,0.97,1.0,,\n"
    "national-apc,sus-apc,all,,,900,880,300,285,0.95,0.92,0.97,,\n"
    "gp-supplier-a,gp-event,all,,,,,,,,,,linked,960\n"
    "gp-supplier-a,gp-event,all,,,,,,,,,,NHS_NUMBER_MISSING,10\n"
    "gp-supplier-a,gp-event,all,,,,,,,,,,not in population,30\n"
    "national-apc,sus-apc,all,,,,,,,,,,linked,860\n"
    "national-apc,sus-apc,all,,,,,,,,,,NHS_NUMBER_CHECK_DIGIT,3\n"
    "national-apc,sus-apc,all,,,,,,,,,,NHS_NUMBER_MISSING,17\n"
    "national-apc,sus-apc,all,,,,,,,,,,not in population,20\n"
    "gp-supplier-a,,dropped,rule,2026-10,,,,,,,,OPTED_OUT,15\n"
    "gp-supplier-a,gp-event,month,,2026-09,500,495,390,386,0.99,0.97,1.0,,\n"
    "gp-supplier-a,gp-event,month,,2026-10,500,495,385,382,0.99,0.97,1.0,,\n"
    "gp-supplier-a,gp-event,practice,Z90001,,600,598,240,239,0.99,0.9,1.0,,\n"
    "gp-supplier-a,gp-event,practice,Z90002,,400,392,160,120,0.75,0.7,0.8,,\n"
    "gp-supplier-a,,overlap,national-apc,,,,250,,,,,,\n";

}  // namespace

FixtureKey FixtureKey::Make() {
  EVP_PKEY* pair = nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr);
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_keygen(context, &pair);
  EVP_PKEY_CTX_free(context);
  FixtureKey key;
  uint8_t bytes[32];
  size_t size = sizeof(bytes);
  EVP_PKEY_get_raw_private_key(pair, bytes, &size);
  key.secret.assign(AsChars({bytes, size}));
  size = sizeof(bytes);
  EVP_PKEY_get_raw_public_key(pair, bytes, &size);
  key.public_base64url = Base64UrlEncode({bytes, size});
  EVP_PKEY_free(pair);
  return key;
}

void SignFixture(const FixtureKey& key, const std::string& folder) {
  std::string message = "tally1-release";
  message.push_back('\0');
  message += Must(ReadFile(folder + "/manifest.json", 1 << 24));
  EVP_PKEY* pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                AsBytes(key.secret).data(), 32);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  uint8_t signature[64];
  size_t size = sizeof(signature);
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, pair);
  EVP_DigestSign(context, signature, &size, AsBytes(message).data(),
                 message.size());
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pair);
  std::ofstream(folder + "/manifest.sig")
      << Base64UrlEncode({signature, size}) << "\n";
}

void WriteFixtureRelease(const FixtureRelease& release, const FixtureKey& key,
                         const std::string& folder) {
  fs::create_directories(folder + "/validation");
  const std::string temp = folder + "-temp";
  fs::create_directories(temp);
  dataset::Dictionary dictionary;
  dictionary.release = "projects/trial/releases/r2026-10";
  dictionary.title = "Trial";
  dictionary.created = "2026-11-05T09:00:00Z";
  dictionary.environment = release.environment;
  dataset::ReleaseManifest manifest;
  {
    engine::DatabaseOptions options;
    options.directories = {folder};
    options.temp_directory = temp;
    options.memory_bytes = release.memory_bytes;
    engine::Database database = Must(engine::Database::Open(options));
    engine::Connection db = Must(database.Connect());
    Must(db.Execute("BEGIN TRANSACTION"));
    FillPatients(release, db);
    FillEvents(release, db);
    Must(db.Execute("COMMIT"));
    for (const FixtureTable& table : release.activity) FillActivity(table, db);
    for (const TablePart& part : Parts(release)) {
      fs::create_directories(folder + "/tables/" + part.table);
      const std::string path = "tables/" + part.table + "/part-00000.parquet";
      Must(db.Execute(absl::StrFormat(
          "COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd)", part.select,
          engine::QuoteLiteral(folder + "/" + path))));
      dataset::DictionaryTable table;
      table.name = part.table;
      table.title = part.table;
      table.paths = {path};
      const std::string stored = absl::StrFormat(
          "read_parquet(%s)", engine::QuoteLiteral(folder + "/" + path));
      engine::Result result =
          Must(db.Query(absl::StrFormat("SELECT * FROM %s LIMIT 0", stored)));
      for (const engine::ResultColumn& column : result.columns()) {
        dataset::DictionaryColumn words;
        words.name = column.name;
        words.type = DictionaryType(column.kind);
        words.description = "Column " + column.name;
        if (words.type == dataset::ColumnType::kDate) {
          words.grain = part.grain;
        }
        table.columns.push_back(words);
      }
      const engine::Value rows =
          Must(db.Scalar(absl::StrFormat("SELECT count(*) FROM %s", stored)));
      table.rows = static_cast<uint64_t>(*rows.As<int64_t>());
      manifest.row_counts[part.table] = table.rows;
      dictionary.tables.push_back(table);
    }
  }
  fs::remove_all(temp);
  const std::pair<std::string, std::string> texts[] = {
      {"README.txt", "A release made by a test.\n"},
      {"agreement.toml", release.agreement},
      {"audit_summary.csv", release.audit_summary},
      {"dictionary.html", "<!DOCTYPE html><title>Dictionary</title>\n"},
      {"dictionary.json", dictionary.ToJson()},
      {"linkage_quality.csv", release.linkage_quality_csv.empty()
                                  ? kSmallReport
                                  : release.linkage_quality_csv},
      {"linkage_quality.html", "<!DOCTYPE html><title>Linkage</title>\n"},
      {"linkage_quality.json", release.linkage_quality_json},
      {"validation/gp-supplier-a-p2026-10-r1.json", release.validation},
  };
  for (const auto& [name, text] : texts) {
    std::ofstream(folder + "/" + name, std::ios::binary) << text;
  }
  std::set<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    paths.insert(entry.path().lexically_relative(folder).string());
  }
  for (const std::string& path : paths) {
    dataset::ReleaseFile file;
    file.path = path;
    file.bytes = fs::file_size(folder + "/" + path);
    file.sha256 = Must(Sha256HexOfFile(folder + "/" + path));
    if (path.starts_with("tables/")) {
      file.rows = manifest.row_counts.at(path.substr(7, path.find('/', 7) - 7));
    }
    manifest.files.push_back(file);
  }
  manifest.agreement_sha256 = Sha256Hex(release.agreement);
  manifest.created = "2026-11-05T09:00:00Z";
  manifest.date_grain = {{"gp-event", release.grain},
                         {"gp-patient", release.grain}};
  std::set<std::string> sources = {"gp-supplier-a", "gp-supplier-b"};
  for (const FixtureTable& table : release.activity) {
    manifest.date_grain[table.dataset] = table.grain;
    sources.insert(table.source);
  }
  for (const FixtureQuery& query : release.queries) {
    if (query.table == "persons" || query.table == "coverage") continue;
    std::string dataset = query.table;
    std::replace(dataset.begin(), dataset.end(), '_', '-');
    manifest.date_grain[dataset] = query.grain;
  }
  manifest.environment = release.environment;
  for (const std::string& source : sources) {
    const auto own = release.period_end_of.find(source);
    const auto several = release.periods_of.find(source);
    std::vector<std::pair<std::string, std::string>> periods = {
        {release.period_start, own == release.period_end_of.end()
                                   ? release.period_end
                                   : own->second}};
    if (several != release.periods_of.end()) periods = several->second;
    for (size_t i = 0; i < periods.size(); ++i) {
      dataset::ReleaseExtract extract;
      extract.extract = {source, {{2026, 10}, static_cast<uint32_t>(i) + 1}};
      extract.manifest_sha256 = std::string(64, 'a');
      extract.period_start = periods[i].first;
      extract.period_end = periods[i].second;
      const auto held = release.datasets_of.find(source);
      if (held != release.datasets_of.end()) {
        extract.datasets = held->second.at(i);
      } else {
        for (const auto& [dataset, grain] : manifest.date_grain) {
          extract.datasets.push_back(dataset);
        }
      }
      manifest.extracts.push_back(extract);
    }
  }
  manifest.hub = "hub-a";
  manifest.project = "trial";
  manifest.release = {{2026, 10}, 1};
  manifest.suite = "tally-1";
  manifest.tally_version = "0.1.0";
  Must(manifest.Check());
  std::ofstream(folder + "/manifest.json", std::ios::binary)
      << manifest.ToJson();
  SignFixture(key, folder);
}

FixtureRelease MakeTown(int practices, int size, double base, double step) {
  FixtureRelease town;
  int person = 0;
  for (int p = 0; p < practices; ++p) {
    const int cases = static_cast<int>(size * (base + p * step) + 0.5);
    int adults = 0;
    for (int i = 0; i < size; ++i) {
      FixtureRegistration r;
      r.person = ++person;
      r.source = p % 2 == 0 ? "gp-supplier-a" : "gp-supplier-b";
      r.practice = absl::StrFormat("Z9%04d", p + 1);
      const int band = i / 2 % 19;
      r.year_of_birth = 2026 - band * 5 - i % 5;
      r.sex = i % 2 == 0 ? "1" : "2";
      static const char* const kGroups[] = {"white", "white",  "white",
                                            "asian", "black",  "mixed",
                                            "other", "unknown"};
      r.ethnic_category = kGroups[static_cast<size_t>((i + p) % 8)];
      r.imd_decile = (i * 7 + p * 3) % 10 + 1;
      town.registrations.push_back(r);
      const bool adult = 2026 - r.year_of_birth >= 17;
      if (adult && adults < cases) {
        ++adults;
        town.events.push_back({r.person, "2024-03-01", "DM_COD", r.source});
      }
    }
  }
  return town;
}

}  // namespace tally::analytics
