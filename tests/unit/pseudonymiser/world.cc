#include "world.h"

#include <sys/stat.h>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "dataset/specification.h"
#include "pseudonymiser/nhs_number.h"
#include "pseudonymiser/outbox.h"
#include "status_matchers.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;

constexpr std::string_view kEvent = R"(
id = "gp-event"
version = 1
title = "Coded GP events"
kind = "activity"
period_column = "event_date"
max_reject = 0.9
max_unlinked = 1.0
null_markers = ["NULL", "N/A"]
person = { input = "nhs_number", status_input = "status", linked_status = ["01"] }
national_opt_out = { applies = true }
column = [
  { name = "event_date", type = "date", class = "QI", required = true, min = 1990-01-01, max = "today", null_markers = ["1800-01-01"], description = "Day" },
  { name = "concept_id", type = "int64", class = "SEN", min = 100000, max = 999999999999999999, aliases = ["SNOMED"], description = "Concept" },
  { name = "cluster_id", type = "code", class = "ATTR", list = "clusters", derive = { from = "concept_id", by = "cluster" }, description = "Cluster" },
  { name = "value1", type = "double", class = "ATTR", min = 0.0, max = 10000.0, outside = "null", description = "Value" },
  { name = "unit", type = "text", class = "ATTR", pattern = "[A-Za-z0-9@%/. -]{1,24}", max_length = 24, description = "Unit" },
  { name = "practice_code", type = "code", class = "QI", pattern = "[A-Z][0-9]{5}", max_length = 6, aliases = ["GPPRAC"], description = "Practice" },
]
rule = [
  { reason = "SENSITIVE_FLAG", column = "sensitive_flag", value = ["Y", "1"] },
  { reason = "RESTRICTED_CODE", column = "concept_id", list = "restricted_codes" },
  { reason = "RESTRICTED_LINKED_ROW", same = "consultation_key", datasets = ["gp-event", "gp-prescription"] },
  { reason = "OPTED_OUT_TYPE1", list = "type1_opt_outs" },
  { reason = "OPTED_OUT_NATIONAL", list = "national_eligible" },
  { reason = "NOT_PARTICIPATING", column = "practice_code", list = "participating_practices" },
  { reason = "DATE_ORDER", before = "event_date", after = "record_date" },
]
)";

constexpr std::string_view kPatient = R"(
id = "gp-patient"
version = 1
title = "Patients"
kind = "snapshot"
max_reject = 0.9
max_unlinked = 1.0
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "year_of_birth", type = "int32", class = "QI", min = 1900, max = 2100, derive = { from = "birth_date", by = "year" }, description = "Year" },
  { name = "lsoa21", type = "code", class = "QI", pattern = "E01[0-9]{6}", max_length = 9, derive = { from = "postcode", by = "lsoa21" }, description = "Area" },
  { name = "imd_decile", type = "int32", class = "QI", min = 1, max = 10, derive = { from = "postcode", by = "imd_decile" }, description = "Decile" },
  { name = "sex", type = "code", class = "QI", codes = { "1" = "Male", "2" = "Female" }, description = "Sex" },
]
rule = [
  { reason = "OPTED_OUT_TYPE1", list = "type1_opt_outs" },
  { reason = "OPTED_OUT_TYPE1", column = "type1_opt_out", value = ["Y"], keep = ["N", ""] },
]
)";

constexpr std::string_view kPrescription = R"(
id = "gp-prescription"
version = 1
title = "Prescriptions"
kind = "activity"
period_column = "issue_date"
max_reject = 0.9
max_unlinked = 1.0
person = { input = "nhs_number" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "issue_date", type = "date", class = "QI", description = "Day" },
  { name = "item_id", type = "int64", class = "RK", min = 10000000000, max = 9223372036854775807, derive = { from = "item_id", by = "rekey" }, description = "Item" },
  { name = "bnf_code", type = "code", class = "SEN", pattern = "[0-9A-Z]{1,9}", max_length = 9, derive = { from = "bnf_code", by = "prefix", length = 9 }, description = "Drug" },
]
rule = [
  { reason = "RESTRICTED_LINKED_ROW", same = "consultation_key", datasets = ["gp-event"] },
]
)";

std::string NumberOf(uint32_t i, uint32_t* digit_out) {
  uint32_t stem = 910'000'000 + i * 7;
  while (!NhsNumber::FromStem(stem)) ++stem;
  const NhsNumber::Digits digits = NhsNumber::FromStem(stem)->digits();
  *digit_out = static_cast<uint32_t>(digits[9] - '0');
  return std::string(digits.begin(), digits.end());
}

std::string Show(const dataset::Column& column, size_t row) {
  using dataset::ColumnType;
  if (column.IsNull(row)) return "-";
  switch (column.type()) {
    case ColumnType::kBool:
      return column.Bool(row) ? "true" : "false";
    case ColumnType::kInt32:
      return std::to_string(column.Int32(row));
    case ColumnType::kDate:
      return CivilDay::FromDays(column.Int32(row))->ToIso();
    case ColumnType::kInt64:
      return std::to_string(column.Int64(row));
    case ColumnType::kDouble:
      return absl::StrFormat("%g", column.Double(row));
    case ColumnType::kCode:
      return std::string(column.Code(row));
    case ColumnType::kText:
      return std::string(column.Text(row));
  }
  return "?";
}

}  // namespace

std::string TestNumber(uint32_t i) {
  uint32_t digit = 0;
  return NumberOf(i, &digit);
}

std::string WrongNumber(uint32_t i) {
  uint32_t digit = 0;
  std::string number = NumberOf(i, &digit);
  number[9] = static_cast<char>('0' + (digit + 1) % 10);
  return number;
}

World::World(crypto::Environment environment) : pool_(2) {
  EXPECT_OK(crypto::InitCrypto());
  configuration_.environment = environment;
  configuration_.source = "gp-supplier-a";
  configuration_.domain = "commissioning";
  configuration_.hub_address = "localhost:1";
  configuration_.hub_trust_domain = "example.nhs.uk";
  configuration_.keys_directory = dir_.Path("keys");
  configuration_.keys_passphrase = "file:" + dir_.Path("passphrase");
  configuration_.state_directory = dir_.Path("state");
  configuration_.max_spool_bytes = int64_t{1} << 30;
  configuration_.threads = 2;
  WriteFile(dir_.Path("passphrase"), "a long passphrase\n");
  EXPECT_OK(MakeDirectories(configuration_.state_directory, 0700));
  Specify("gp-event", kEvent);
  Specify("gp-patient", kPatient);
  Specify("gp-prescription", kPrescription);
  std::string eligible;
  for (uint32_t i = 0; i < 1000; ++i) eligible += TestNumber(i) + ",\n";
  List(ListName::kNationalEligible, eligible);
  List(ListName::kType1OptOuts, "");
  List(ListName::kRestrictedCodes, "code\n77777777\n");
  List(ListName::kParticipatingPractices, "A00001\nA00002\n");
  List(ListName::kClusters, "code,cluster\n12345678,DM_COD\n");
  List(ListName::kPostcodeLsoa,
       "postcode,lsoa21,imd_decile,rural_urban\nZZ99 1AA,E01990001,3,1\n");
}

World::~World() = default;

CivilDay World::Today() { return *CivilDay::Create(2026, 12, 1); }

std::string World::File(const std::string& name, std::string_view text) {
  const std::string path = dir_.Path(name);
  WriteFile(path, text);
  return path;
}

void World::List(ListName name, std::string_view text, int mode) {
  const std::string path =
      dir_.Path(std::string(dataset::ListNameText(name)) + ".list");
  WriteFile(path, text);
  EXPECT_EQ(::chmod(path.c_str(), static_cast<mode_t>(mode)), 0);
  configuration_.lists[name] = {.path = path, .expires_after_ms = 0};
}

void World::Specify(const std::string& dataset, std::string_view toml) {
  const std::string path = File(dataset + ".toml", toml);
  configuration_.datasets[dataset].specification = path;
  const SpecificationStore store(configuration_);
  EXPECT_OK(store.Accept(dataset, Sha256Hex(toml)));
}

std::string World::EventHeader() {
  return "nhs_number,status,event_date,concept_id,value1,unit,practice_code,"
         "consultation_key,sensitive_flag,record_date\n";
}

std::string World::EventRow(const std::string& number,
                            const std::string& rest) {
  return number + "," + rest + "\n";
}

absl::StatusOr<DeliveryPlan> World::Plan(const std::vector<FileArgument>& files,
                                         std::string_view period) {
  TALLY_ASSIGN_OR_RETURN(const Period parsed, Period::Parse(period));
  TALLY_ASSIGN_OR_RETURN(
      DeliveryPlan plan,
      DeliveryPlan::Make(configuration_, files, parsed, NowUnixMs()));
  plan.allow_empty = allow_empty_;
  return plan;
}

absl::StatusOr<ExtractPreparer::Checked> World::Check(
    const std::vector<FileArgument>& files, std::string_view period) {
  TALLY_ASSIGN_OR_RETURN(const DeliveryPlan plan, Plan(files, period));
  ExtractPreparer preparer(plan, pool_, nullptr, Today());
  return preparer.Check();
}

void World::MakeKeys() {
  if (registry_ != nullptr) return;
  const auto fail = [](const absl::Status& status) { ADD_FAILURE() << status; };
  auto keys = SourceKeys::Create(configuration_, 1);
  if (!keys.ok()) return fail(keys.status());
  keys_ = std::make_unique<SourceKeys>(*std::move(keys));
  const auto environment = configuration_.environment;
  auto custodian = crypto::SigningKey::Generate(environment, "custodian",
                                                crypto::SignPurpose::kRegistry);
  auto hub_sign = crypto::SigningKey::Generate(environment, "hub-a",
                                               crypto::SignPurpose::kSign);
  auto hub_box = crypto::BoxKey::Generate(environment, "hub-a");
  auto custodian_box = crypto::BoxKey::Generate(environment, "custodian");
  auto source = keys_->LoadSource(1);
  auto box = keys_->LoadBox();
  auto hub_scalar = crypto::Scalar::Random();
  auto hub_public = crypto::MultiplyBase(*hub_scalar);
  custodian_ = std::make_unique<crypto::SigningKey>(*std::move(custodian));
  hub_sign_ = std::make_unique<crypto::SigningKey>(*std::move(hub_sign));

  crypto::RegistryBuilder builder(environment);
  EXPECT_OK(builder.AddParty({.party = "gp-supplier-a",
                              .role = crypto::PartyRole::kSource,
                              .sign_public = keys_->sign().public_key(),
                              .box_public = box->public_key(),
                              .person_limit = 1'000'000}));
  EXPECT_OK(builder.AddParty({.party = "hub-a",
                              .role = crypto::PartyRole::kHub,
                              .sign_public = hub_sign_->public_key(),
                              .box_public = hub_box->public_key(),
                              .person_limit = {}}));
  EXPECT_OK(builder.AddParty({.party = "custodian",
                              .role = crypto::PartyRole::kCustodian,
                              .sign_public = custodian_->public_key(),
                              .box_public = custodian_box->public_key(),
                              .person_limit = {}}));
  EXPECT_OK(builder.AddKey({.party = "gp-supplier-a",
                            .role = crypto::KeyRole::kSource,
                            .domain = "commissioning",
                            .epoch = 1,
                            .public_key = source->public_key(),
                            .key_id = source->key_id(),
                            .not_before = "2026-01-01"}));
  EXPECT_OK(
      builder.AddKey({.party = "hub",
                      .role = crypto::KeyRole::kHub,
                      .domain = "commissioning",
                      .epoch = 1,
                      .public_key = *hub_public,
                      .key_id = crypto::KeyId::OfPublic(hub_public->bytes()),
                      .not_before = "2026-01-01"}));
  auto registry = builder.Build();
  if (!registry.ok()) return fail(registry.status());
  registry_ = std::make_unique<crypto::Registry>(*std::move(registry));
}

const SourceKeys& World::keys() {
  MakeKeys();
  return *keys_;
}
const crypto::Registry& World::registry() {
  MakeKeys();
  return *registry_;
}
const crypto::SigningKey& World::hub_sign_key() {
  MakeKeys();
  return *hub_sign_;
}

absl::StatusOr<SpoolContent> ReadSpool(
    const SpoolStore& store, const std::string& extract,
    const std::vector<std::shared_ptr<const dataset::Specification>>& specs) {
  TALLY_ASSIGN_OR_RETURN(
      OutboxReader reader,
      OutboxReader::Open(store.PathOf(extract, "outbox.spool"),
                         store.sealing_key(),
                         store.ContextOf(extract, "outbox.spool")));
  SpoolContent content;
  wire::StreamDigest digest;
  std::map<uint32_t, uint64_t> next_row;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const auto batch, reader.Next());
    if (!batch) break;
    ++content.batches;
    digest.Add(batch->kind, AsBytes(batch->content));
    if (batch->kind == wire::BatchKind::kPerson) {
      TALLY_ASSIGN_OR_RETURN(const wire::PersonBatchView people,
                             wire::DecodePersonBatch(AsBytes(batch->content)));
      EXPECT_EQ(people.first_person_index, content.tokens.size());
      EXPECT_TRUE(content.rows.empty()) << "people come before rows";
      for (size_t i = 0; i < people.size(); ++i) {
        content.tokens.emplace_back(AsChars(people.tokens.subspan(i * 32, 32)));
        content.flags.push_back(people.flags[i]);
      }
      continue;
    }
    TALLY_ASSIGN_OR_RETURN(const wire::RowBatchHeader header,
                           wire::PeekRowBatch(AsBytes(batch->content)));
    const dataset::Specification& spec = *specs[header.dataset_index];
    dataset::RecordBatch rows =
        dataset::RecordBatch::For(spec, header.dataset_index);
    TALLY_RETURN_IF_ERROR(wire::DecodeRowBatch(
        spec,
        {.persons = content.tokens.size(), .today_days = World::Today().days()},
        AsBytes(batch->content), rows));
    EXPECT_EQ(rows.first_row, next_row[header.dataset_index]);
    next_row[header.dataset_index] += rows.rows();
    for (size_t r = 0; r < rows.rows(); ++r) {
      SpoolContent::Row row{.dataset = header.dataset_index,
                            .person = rows.person_index[r],
                            .reason = rows.person_reason[r],
                            .values = {}};
      for (const dataset::Column& column : rows.columns) {
        row.values.push_back(Show(column, r));
      }
      content.rows.push_back(std::move(row));
    }
  }
  content.stream_sha256 = HexEncode(digest.Finish());
  return content;
}

}  // namespace tally::pseudonymiser
