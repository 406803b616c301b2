// e2e_reader: what goes over the wire and what lies at the hub, as plain files
// for the end-to-end scripts to attack.
//
//   e2e_reader outbox CONFIG EXTRACT FOLDER
//     Opens the outbox of a source that could not reach its hub. Writes each
//     batch as it would be sent (batch-N.bin), what CreateExtract and
//     FinalizeExtract carry (create.bin, manifest.json, signature.bin), the
//     people (people.csv: person,token) and the rows (DATASET.csv).
//   e2e_reader parquet FILE OUT
//     Writes the rows of a Parquet file as CSV in the order of the file, with
//     their place in front.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/command_line.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "engine/database.h"
#include "pseudonymiser/configuration.h"
#include "pseudonymiser/delivery_plan.h"
#include "pseudonymiser/outbox.h"
#include "pseudonymiser/source_keys.h"
#include "pseudonymiser/spool_store.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"

namespace {

namespace fs = std::filesystem;
using tally::dataset::Column;
using tally::dataset::ColumnType;

// A value without quotes: no code or text of the trial data holds a comma.
std::string Show(const Column& column, size_t row) {
  if (column.IsNull(row)) return "";
  switch (column.type()) {
    case ColumnType::kBool:
      return column.Bool(row) ? "true" : "false";
    case ColumnType::kInt32:
      return absl::StrCat(column.Int32(row));
    case ColumnType::kInt64:
      return absl::StrCat(column.Int64(row));
    case ColumnType::kDouble:
      return absl::StrFormat("%.17g", column.Double(row));
    case ColumnType::kDate:
      return tally::CivilDay::FromDays(column.Int32(row))->ToIso();
    case ColumnType::kCode:
      return std::string(column.Code(row));
    case ColumnType::kText:
      return std::string(column.Text(row));
  }
  return "";
}

absl::Status Write(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  return file ? absl::OkStatus() : absl::InternalError(path.string());
}

absl::Status Outbox(const std::string& config, const std::string& extract,
                    const fs::path& folder) {
  TALLY_RETURN_IF_ERROR(tally::crypto::InitCrypto());
  TALLY_ASSIGN_OR_RETURN(const auto configuration,
                         tally::pseudonymiser::LoadConfiguration(config));
  TALLY_ASSIGN_OR_RETURN(const auto keys,
                         tally::pseudonymiser::SourceKeys::Open(configuration));
  tally::pseudonymiser::SpoolStore store(configuration, keys.storage());
  TALLY_ASSIGN_OR_RETURN(const auto record, store.ReadRecord(extract));
  fs::create_directories(folder);
  TALLY_RETURN_IF_ERROR(
      Write(folder / "create.bin", record.canary_tokens + record.canary_proof +
                                       record.create_request_id +
                                       record.finalize_request_id));
  TALLY_RETURN_IF_ERROR(Write(folder / "manifest.json", record.manifest));
  TALLY_RETURN_IF_ERROR(Write(folder / "signature.bin", record.signature));

  struct Dataset {
    std::shared_ptr<const tally::dataset::Specification> specification;
    std::ofstream rows;
  };
  std::vector<Dataset> datasets(record.datasets.size());
  for (size_t i = 0; i < datasets.size(); ++i) {
    const std::string& id = record.datasets[i].id;
    TALLY_ASSIGN_OR_RETURN(
        datasets[i].specification,
        tally::pseudonymiser::SpecificationStore(configuration).Load(id));
    datasets[i].rows.open(folder / (id + ".csv"));
    datasets[i].rows << "place,person_index";
    for (const auto& column : datasets[i].specification->columns()) {
      datasets[i].rows << ',' << column.name;
    }
    datasets[i].rows << '\n';
  }
  TALLY_ASSIGN_OR_RETURN(
      auto reader,
      tally::pseudonymiser::OutboxReader::Open(
          store.PathOf(extract, "outbox.spool"), store.sealing_key(),
          store.ContextOf(extract, "outbox.spool")));
  std::ofstream people(folder / "people.csv");
  people << "person_index,token\n";
  uint64_t persons = 0;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const auto batch, reader.Next());
    if (!batch) break;
    TALLY_RETURN_IF_ERROR(
        Write(folder / absl::StrFormat("batch-%d.bin", batch->sequence),
              batch->content));
    const auto content = tally::AsBytes(batch->content);
    if (batch->kind == tally::wire::BatchKind::kPerson) {
      TALLY_ASSIGN_OR_RETURN(const auto view,
                             tally::wire::DecodePersonBatch(content));
      for (size_t i = 0; i < view.size(); ++i) {
        people << persons++ << ','
               << tally::HexEncode(view.tokens.subspan(i * 32, 32)) << '\n';
      }
      continue;
    }
    TALLY_ASSIGN_OR_RETURN(const auto header,
                           tally::wire::PeekRowBatch(content));
    Dataset& dataset = datasets.at(header.dataset_index);
    auto rows = tally::dataset::RecordBatch::For(*dataset.specification,
                                                 header.dataset_index);
    TALLY_RETURN_IF_ERROR(tally::wire::DecodeRowBatch(
        *dataset.specification,
        {.persons = persons, .today_days = record.period_end + 3650}, content,
        rows));
    for (size_t r = 0; r < rows.rows(); ++r) {
      dataset.rows << rows.first_row + r << ',' << rows.person_index[r];
      for (const Column& column : rows.columns) {
        dataset.rows << ',' << Show(column, r);
      }
      dataset.rows << '\n';
    }
  }
  for (Dataset& dataset : datasets) dataset.rows.close();
  people.close();
  return absl::OkStatus();
}

absl::Status Parquet(const fs::path& file, const fs::path& out) {
  const fs::path folder = fs::absolute(out).parent_path();
  tally::engine::DatabaseOptions options;
  options.directories = {fs::absolute(file).parent_path().string(),
                         folder.string()};
  options.temp_directory = folder.string();
  TALLY_ASSIGN_OR_RETURN(auto database, tally::engine::Database::Open(options));
  TALLY_ASSIGN_OR_RETURN(auto connection, database.Connect());
  return connection.Execute(absl::StrFormat(
      "COPY (SELECT file_row_number AS place, * EXCLUDE (file_row_number) FROM "
      "read_parquet(%s, file_row_number = true) ORDER BY file_row_number) TO "
      "%s (FORMAT csv, HEADER true)",
      tally::engine::QuoteLiteral(fs::absolute(file).string()),
      tally::engine::QuoteLiteral(fs::absolute(out).string())));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  absl::Status status = absl::InvalidArgumentError(
      "usage: e2e_reader outbox CONFIG EXTRACT FOLDER | parquet FILE OUT");
  if (words.size() == 4 && words[0] == "outbox") {
    status = Outbox(words[1], words[2], words[3]);
  } else if (words.size() == 3 && words[0] == "parquet") {
    status = Parquet(words[1], words[2]);
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n",
               tally::FormatError("e2e_reader", status).c_str());
  return 1;
}
