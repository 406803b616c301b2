#include "release_world.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/hash_to_group.h"
#include "crypto/init.h"
#include "crypto/token_converter.h"
#include "crypto/token_kernel.h"
#include "dataset/extract_manifest.h"
#include "dataset/record_batch.h"
#include "engine/row_writer.h"
#include "linkage/index/convert_and_sort.h"
#include "linkage/store/validation_report.h"

namespace tally::linkage {
namespace {

using crypto::Environment;
using dataset::ColumnType;

constexpr char kDomain[] = "commissioning";

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    std::abort();
  }
  return *std::move(value);
}
void Must(const absl::Status& status) {
  if (!status.ok()) {
    ADD_FAILURE() << status;
    std::abort();
  }
}

std::string DirectoryOf(const std::string& root, std::string_view uid) {
  return absl::StrFormat("%s/extracts/%s", root, uid);
}
std::string RunNameOf(std::string_view uid) {
  return absl::StrFormat("extracts/%s/index.run", uid);
}

void Append(const engine::Value& value, dataset::Column& column) {
  if (value.is_null()) {
    column.AppendNull();
    return;
  }
  switch (column.type()) {
    case ColumnType::kBool:
      column.AppendBool(*value.As<bool>());
      break;
    case ColumnType::kInt32:
      column.AppendInt32(static_cast<int32_t>(*value.As<int64_t>()));
      break;
    case ColumnType::kInt64:
      column.AppendInt64(*value.As<int64_t>());
      break;
    case ColumnType::kDouble:
      column.AppendDouble(*value.As<double>());
      break;
    case ColumnType::kDate:
      column.AppendDate(value.As<engine::Date>()->days);
      break;
    case ColumnType::kCode:
      column.AppendCode(*value.As<std::string>());
      break;
    case ColumnType::kText:
      column.AppendText(*value.As<std::string>());
      break;
  }
}

std::string TextOfCell(const engine::Value& value) {
  if (const auto* flag = value.As<bool>()) return *flag ? "true" : "false";
  if (const auto* number = value.As<int64_t>()) return absl::StrCat(*number);
  if (const auto* real = value.As<double>()) return absl::StrCat(*real);
  if (const auto* day = value.As<engine::Date>()) {
    return CivilDay::FromDays(day->days)->ToIso();
  }
  if (const auto* text = value.As<std::string>()) return *text;
  return "-";
}

engine::Database OpenDatabase(const std::string& directory,
                              const std::string& spill) {
  Must(MakeDirectories(spill, 0700));
  engine::DatabaseOptions options;
  options.directories = {directory};
  options.temp_directory = spill;
  options.memory_bytes = int64_t{256} << 20;
  options.threads = 2;
  return Must(engine::Database::Open(options));
}

dataset::ExtractManifest ManifestOf(
    const ExtractRecord& extract,
    const std::map<std::string, std::vector<TestRow>>& datasets) {
  dataset::ExtractManifest manifest;
  manifest.batches = 1;
  manifest.created = "2026-11-20T08:15:00Z";
  for (const ExtractDatasetRecord& record : extract.datasets) {
    dataset::DatasetCounts counts;
    counts.dataset = record.dataset;
    counts.spec_sha256 = record.spec_sha256;
    for (const TestRow& row : datasets.at(record.dataset)) {
      ++counts.rows;
      if (row.who >= 0) continue;
      ++counts.rows_unlinked;
      ++counts.unlinked[row.reason];
    }
    counts.dropped[dataset::RowReason::kDateInvalid] = 2;
    counts.dropped[dataset::RowReason::kNotParticipating] = 3;
    manifest.datasets.push_back(std::move(counts));
  }
  manifest.domain = kDomain;
  manifest.environment = "test";
  manifest.epoch = 1;
  manifest.extract = {extract.source,
                      Must(dataset::ExtractId::Parse(extract.extract_id))};
  manifest.key_id = std::string(16, 'a');
  manifest.lists["type1_opt_outs"] = {extract.newest_opt_out_list, "*", ""};
  manifest.opted_out = "*";
  manifest.period_start = CivilDay::FromDays(extract.period_start)->ToIso();
  manifest.period_end = CivilDay::FromDays(extract.period_end)->ToIso();
  manifest.persons = static_cast<uint64_t>(extract.persons);
  manifest.persons_sha256 = std::string(64, 'b');
  manifest.stream_sha256 = std::string(64, 'c');
  manifest.suite = std::string(crypto::kSuite);
  return manifest;
}

}  // namespace

engine::Value DayValue(std::string_view iso) {
  return engine::Value::Day(CivilDay::Parse(iso)->days());
}

ReleaseWorld::ReleaseWorld()
    : specifications_(TestSpecifications().Store()),
      storage_((Must(crypto::InitCrypto()), Must(crypto::StorageKey::Generate(
                                                Environment::kTest, "hub-a")))),
      sign_key_(Must(crypto::SigningKey::Generate(
          Environment::kTest, "hub-a", crypto::SignPurpose::kSign))) {
  Must(MakeDirectories(dir_.Path("extracts"), 0700));
  Must(MakeDirectories(dir_.Path("releases"), 0700));
}

void ReleaseWorld::WriteRun(const std::string& uid, const std::string& source,
                            const std::vector<int>& people) {
  std::array<uint8_t, 32> one{};
  one[0] = 1;
  crypto::FactorInfo info;
  info.environment = Environment::kTest;
  info.domain = kDomain;
  info.source = source;
  const crypto::ConversionFactor factor = Must(crypto::ConversionFactor::Create(
      info, Must(crypto::Scalar::TakeFrom(one))));
  const crypto::TokenConverter converter =
      Must(crypto::TokenConverter::Create({&factor}, crypto::PortableKernel()));
  ConvertAndSortOptions options;
  options.path = DirectoryOf(dir_.path(), uid) + "/index.run";
  options.context.environment = Environment::kTest;
  options.context.domain = kDomain;
  options.context.path = RunNameOf(uid);
  options.context.hub_epoch = 1;
  options.converter = &converter;
  options.storage_key = &storage_;
  options.pool = &pool_;
  options.memory_bytes = size_t{16} << 20;
  auto sorter = Must(ConvertAndSort::Create(options));
  for (const int who : people) {
    const crypto::WipedBytes message = Must(crypto::EncodeMessage(
        crypto::kNhsNumberKind, absl::StrFormat("person %d", who)));
    const crypto::Element element = Must(crypto::HashToGroup(
        std::span<const uint8_t>(message.data(), message.size())));
    Must(sorter->Add(element.bytes(), {}));
  }
  Must(sorter->Finish().status());
}

void ReleaseWorld::WriteRows(const std::string& directory,
                             const std::string& dataset,
                             const std::vector<TestRow>& rows,
                             const std::map<int, int>& index_of) {
  const dataset::Specification* specification =
      specifications_->Newest(dataset);
  TALLY_CHECK(specification != nullptr);
  const std::string folder = directory + "/rows/" + dataset;
  Must(MakeDirectories(folder, 0700));
  engine::Database database = OpenDatabase(folder, dir_.Path("spill"));
  auto writer = Must(engine::RowWriter::Open(
      database, engine::PayloadSchema(*specification), folder));
  dataset::RecordBatch batch = dataset::RecordBatch::For(*specification);
  for (const TestRow& row : rows) {
    batch.AppendPerson(row.who < 0 ? dataset::kNoPerson : index_of.at(row.who),
                       row.reason);
    for (size_t i = 0; i < specification->columns().size(); ++i) {
      const auto it = row.values.find(specification->columns()[i].name);
      Append(it == row.values.end() ? engine::Value::Null() : it->second,
             batch.columns[i]);
    }
  }
  if (!rows.empty()) Must(writer->Write(std::move(batch)));
  Must(writer->Finish().status());
}

void ReleaseWorld::Publish(
    const std::string& source, const std::string& period, int revision,
    const std::map<std::string, std::vector<TestRow>>& datasets,
    const std::vector<int>& more_people) {
  ExtractRecord extract;
  extract.uid = absl::StrFormat("%032x", next_uid_++);
  extract.source = source;
  extract.extract_id = absl::StrFormat("p%s-r%d", period, revision);
  extract.state = ExtractState::kPublished;
  const CivilMonth month = Must(ParseMonth(period));
  extract.period_start = month.first.days();
  extract.period_end = month.last.days();
  extract.revision = revision;
  extract.epoch = 1;
  extract.hub_epoch = 1;
  extract.newest_opt_out_list = month.last.ToIso();
  std::map<int, int> index_of;
  std::vector<int> people;
  const auto know = [&](int who) {
    if (who < 0 || index_of.count(who) != 0) return;
    index_of[who] = static_cast<int>(people.size());
    people.push_back(who);
  };
  for (const auto& [dataset, rows] : datasets) {
    ExtractDatasetRecord record;
    record.dataset = dataset;
    record.spec_sha256 = specifications_->Newest(dataset)->digest_hex();
    record.rows = static_cast<int64_t>(rows.size());
    extract.datasets.push_back(record);
    for (const TestRow& row : rows) know(row.who);
  }
  for (const int who : more_people) know(who);
  extract.persons = static_cast<int64_t>(people.size());
  const std::string directory = DirectoryOf(dir_.path(), extract.uid);
  Must(MakeDirectories(directory + "/rows", 0700));
  for (const auto& [dataset, rows] : datasets) {
    WriteRows(directory, dataset, rows, index_of);
  }
  WriteRun(extract.uid, source, people);
  const std::string manifest = ManifestOf(extract, datasets).ToJson();
  extract.manifest_sha256 = Sha256Hex(manifest);
  WriteFile(directory + "/manifest.json", manifest);
  WriteFile(directory + "/validation.json",
            ValidationReport{}.ToJson(extract.name()));
  published_.push_back(std::move(extract));
}

absl::StatusOr<ReleasePlan> ReleaseWorld::Plan(
    const Agreement& agreement) const {
  return PlanRelease(agreement, published_, *specifications_);
}

LinkInputs ReleaseWorld::LinkInputsFor(const Agreement& agreement,
                                       const ReleasePlan& plan) const {
  LinkInputs inputs;
  inputs.agreement = &agreement;
  inputs.plan = &plan;
  inputs.extract_directory = [this](std::string_view uid) {
    return DirectoryOf(dir_.path(), uid);
  };
  inputs.run_name = [](std::string_view uid) { return RunNameOf(uid); };
  inputs.storage_keys = [this](const crypto::KeyId& id) {
    return id == storage_.key_id() ? &storage_ : nullptr;
  };
  inputs.storage_key = &storage_;
  inputs.pool = &pool_;
  inputs.environment = Environment::kTest;
  inputs.work_directory = dir_.Path("work");
  inputs.memory_bytes = size_t{512} << 20;
  inputs.threads = 2;
  inputs.created = "2026-11-20T09:30:00Z";
  inputs.on_statement = [this](std::string_view sql) {
    statements_.emplace_back(sql);
  };
  return inputs;
}

BuildInputs ReleaseWorld::BuildInputsFor(const Agreement& agreement,
                                         const ReleasePlan& plan,
                                         const std::string& release) const {
  BuildInputs inputs;
  inputs.link = LinkInputsFor(agreement, plan);
  inputs.name = Must(dataset::ParseReleaseName(
      absl::StrFormat("projects/%s/releases/%s", agreement.project, release)));
  inputs.hub_id = "hub-a";
  inputs.agreement_bytes = "# the agreement's text\n";
  if (project_keys_.count(agreement.project) == 0) {
    project_keys_.emplace(agreement.project,
                          Must(crypto::ProjectKey::Generate(
                              Environment::kTest, kDomain, agreement.project)));
  }
  inputs.project_key = &project_keys_.at(agreement.project);
  inputs.sign_key = &sign_key_;
  inputs.audit_summary_csv = "month,action,events\n";
  inputs.tally_version = "0.1.0";
  inputs.contact = "the operator of the hub";
  inputs.directory = ReleaseDirectory(release);
  return inputs;
}

std::string ReleaseWorld::ReleaseDirectory(const std::string& release) const {
  return dir_.Path("releases") + "/" + release;
}

BuiltRelease ReleaseWorld::MustBuild(const Agreement& agreement,
                                     const std::string& release) {
  const ReleasePlan plan = Must(Plan(agreement));
  return Must(BuildRelease(BuildInputsFor(agreement, plan, release)));
}

std::vector<std::vector<std::string>> ReleaseWorld::Table(
    const std::string& release, const std::string& table) const {
  const std::string folder = ReleaseDirectory(release) + "/tables/" + table;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  engine::Database database = OpenDatabase(folder, dir_.Path("spill"));
  engine::Connection connection = Must(database.Connect());
  std::vector<std::vector<std::string>> rows;
  for (const std::string& file : files) {
    // file_row_number keeps the order of the file.
    engine::Result result = Must(connection.Query(
        absl::StrCat("SELECT * EXCLUDE (file_row_number) FROM read_parquet(",
                     engine::QuoteLiteral(file),
                     ", file_row_number = true) ORDER BY file_row_number")));
    for (const auto& row : Must(result.AllRows())) {
      std::vector<std::string> cells;
      for (const engine::Value& value : row) cells.push_back(TextOfCell(value));
      rows.push_back(std::move(cells));
    }
  }
  return rows;
}

}  // namespace tally::linkage
