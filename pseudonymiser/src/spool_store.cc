#include "pseudonymiser/spool_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/wiped_bytes.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kFormat = 1;
constexpr int kMaxDepth = 6;
constexpr int64_t kMaxReceiptBytes = 65536;
constexpr std::string_view kRecordFile = "delivery.spool";

absl::Status Damaged() {
  return IntegrityError("a file of the spool is not what was written");
}

// Written last: without it a spool is not complete.
bool HasRecord(const Configuration& configuration, std::string_view extract) {
  return IsRegularFile(
      JoinPath(JoinPath(configuration.SpoolDirectory(), extract), kRecordFile));
}

}  // namespace

JsonValue DeliveryInputs::ToJson() const {
  JsonValue json = JsonValue::MakeObject();
  json.Set("terms", terms);
  json.Set("lists", lists);
  JsonValue list = JsonValue::MakeArray();
  for (const File& file : files) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("dataset", file.dataset);
    entry.Set("path", Base64UrlEncode(AsBytes(file.path)));
    entry.Set("device", absl::StrFormat("%d", file.identity.device));
    entry.Set("inode", absl::StrFormat("%d", file.identity.inode));
    entry.Set("size", file.identity.size);
    entry.Set("modified", file.identity.modified_ns);
    entry.Set("sha256", file.sha256);
    list.Append(std::move(entry));
  }
  json.Set("files", std::move(list));
  return json;
}

absl::StatusOr<DeliveryInputs> DeliveryInputs::FromJson(const JsonValue& json) {
  DeliveryInputs inputs;
  TALLY_ASSIGN_OR_RETURN(inputs.terms, json.GetString("terms"));
  TALLY_ASSIGN_OR_RETURN(inputs.lists, json.GetString("lists"));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* files, json.GetArray("files"));
  for (const JsonValue& entry : *files) {
    File file;
    TALLY_ASSIGN_OR_RETURN(file.dataset, entry.GetString("dataset"));
    TALLY_ASSIGN_OR_RETURN(const std::string path, entry.GetString("path"));
    TALLY_ASSIGN_OR_RETURN(file.path, Base64UrlDecode(path));
    TALLY_ASSIGN_OR_RETURN(const std::string device, entry.GetString("device"));
    TALLY_ASSIGN_OR_RETURN(const std::string inode, entry.GetString("inode"));
    TALLY_ASSIGN_OR_RETURN(const int64_t device_number, ParseInt64(device));
    TALLY_ASSIGN_OR_RETURN(const int64_t inode_number, ParseInt64(inode));
    file.identity.device = static_cast<uint64_t>(device_number);
    file.identity.inode = static_cast<uint64_t>(inode_number);
    TALLY_ASSIGN_OR_RETURN(file.identity.size, entry.GetInt("size"));
    TALLY_ASSIGN_OR_RETURN(file.identity.modified_ns, entry.GetInt("modified"));
    TALLY_ASSIGN_OR_RETURN(file.sha256, entry.GetString("sha256"));
    inputs.files.push_back(std::move(file));
  }
  return inputs;
}

std::string DeliveryRecord::ToJson() const {
  JsonValue json = JsonValue::MakeObject();
  json.Set("format", kFormat);
  json.Set("extract", extract);
  json.Set("inputs", inputs.ToJson());
  JsonValue list = JsonValue::MakeArray();
  for (const Dataset& dataset : datasets) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("id", dataset.id);
    entry.Set("specSha256", dataset.spec_sha256);
    list.Append(std::move(entry));
  }
  json.Set("datasets", std::move(list));
  json.Set("periodStart", int64_t{period_start});
  json.Set("periodEnd", int64_t{period_end});
  json.Set("keyId", key_id);
  json.Set("epoch", int64_t{epoch});
  json.Set("canaryTokens", Base64UrlEncode(AsBytes(canary_tokens)));
  json.Set("canaryProof", Base64UrlEncode(AsBytes(canary_proof)));
  json.Set("createRequestId", create_request_id);
  json.Set("finalizeRequestId", finalize_request_id);
  json.Set("batches", batches);
  json.Set("rows", rows);
  json.Set("manifest", Base64UrlEncode(AsBytes(manifest)));
  json.Set("signature", Base64UrlEncode(AsBytes(signature)));
  return json.Dump();
}

absl::StatusOr<DeliveryRecord> DeliveryRecord::FromJson(std::string_view text) {
  const auto read = [&]() -> absl::StatusOr<DeliveryRecord> {
    TALLY_ASSIGN_OR_RETURN(const JsonValue json, ParseJson(text, kMaxDepth));
    DeliveryRecord record;
    const auto bytes = [&](const char* key) -> absl::StatusOr<std::string> {
      TALLY_ASSIGN_OR_RETURN(const std::string b64, json.GetString(key));
      return Base64UrlDecode(b64);
    };
    TALLY_ASSIGN_OR_RETURN(record.extract, json.GetString("extract"));
    const JsonValue* terms = json.Find("inputs");
    if (terms == nullptr) return Damaged();
    TALLY_ASSIGN_OR_RETURN(record.inputs, DeliveryInputs::FromJson(*terms));
    TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* list,
                           json.GetArray("datasets"));
    for (const JsonValue& entry : *list) {
      Dataset dataset;
      TALLY_ASSIGN_OR_RETURN(dataset.id, entry.GetString("id"));
      TALLY_ASSIGN_OR_RETURN(dataset.spec_sha256,
                             entry.GetString("specSha256"));
      record.datasets.push_back(std::move(dataset));
    }
    TALLY_ASSIGN_OR_RETURN(const int64_t start, json.GetInt("periodStart"));
    TALLY_ASSIGN_OR_RETURN(const int64_t end, json.GetInt("periodEnd"));
    TALLY_ASSIGN_OR_RETURN(const int64_t epoch_read, json.GetInt("epoch"));
    TALLY_ASSIGN_OR_RETURN(const int64_t batches_read, json.GetInt("batches"));
    TALLY_ASSIGN_OR_RETURN(const int64_t rows_read, json.GetInt("rows"));
    record.period_start = static_cast<int32_t>(start);
    record.period_end = static_cast<int32_t>(end);
    record.epoch = static_cast<uint32_t>(epoch_read);
    record.batches = static_cast<uint64_t>(batches_read);
    record.rows = static_cast<uint64_t>(rows_read);
    TALLY_ASSIGN_OR_RETURN(record.key_id, json.GetString("keyId"));
    TALLY_ASSIGN_OR_RETURN(record.canary_tokens, bytes("canaryTokens"));
    TALLY_ASSIGN_OR_RETURN(record.canary_proof, bytes("canaryProof"));
    TALLY_ASSIGN_OR_RETURN(record.create_request_id,
                           json.GetString("createRequestId"));
    TALLY_ASSIGN_OR_RETURN(record.finalize_request_id,
                           json.GetString("finalizeRequestId"));
    TALLY_ASSIGN_OR_RETURN(record.manifest, bytes("manifest"));
    TALLY_ASSIGN_OR_RETURN(record.signature, bytes("signature"));
    return record;
  };
  absl::StatusOr<DeliveryRecord> record = read();
  if (!record.ok()) return Damaged();
  return record;
}

SpoolStore::SpoolStore(const Configuration& configuration,
                       const std::vector<crypto::StorageKey>& keys)
    : configuration_(configuration), keys_(keys) {
  TALLY_CHECK(!keys_.empty());
}

absl::Status SpoolStore::Lock() {
  for (const std::string& path :
       {configuration_.state_directory, configuration_.SpoolDirectory(),
        configuration_.ReceiptDirectory(), configuration_.ReportDirectory()}) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(path, 0700));
  }
  absl::StatusOr<FileLock> lock =
      FileLock::Acquire(JoinPath(configuration_.state_directory, "push.lock"));
  if (!lock.ok()) {
    if (lock.status().code() == absl::StatusCode::kAborted) {
      return ConflictError("another push of this source is running");
    }
    return lock.status();
  }
  lock_.emplace(*std::move(lock));
  return absl::OkStatus();
}

crypto::SealContext SpoolStore::ContextFor(std::string relative) const {
  return {.environment = configuration_.environment,
          .domain = configuration_.domain,
          .path = std::move(relative),
          .hub_epoch = 0};
}

crypto::SealContext SpoolStore::ContextOf(std::string_view extract,
                                          std::string_view file) const {
  return ContextFor(absl::StrFormat("spool/%s/%s", extract, file));
}

std::string SpoolStore::PathOf(std::string_view extract,
                               std::string_view file) const {
  return JoinPath(JoinPath(configuration_.SpoolDirectory(), extract), file);
}

bool SpoolStore::IsBegun(std::string_view extract) const {
  return HasRecord(configuration_, extract);
}

absl::StatusOr<std::vector<std::string>> SpoolStore::Begun(
    const Configuration& configuration) {
  const std::string directory = configuration.SpoolDirectory();
  std::vector<std::string> begun;
  if (!IsDirectory(directory)) return begun;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(directory));
  for (const std::string& name : names) {
    if (dataset::ExtractId::Parse(name).ok() &&
        HasRecord(configuration, name)) {
      begun.push_back(name);
    }
  }
  return begun;
}

absl::Status SpoolStore::DropUnfinished() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(configuration_.SpoolDirectory()));
  for (const std::string& name : names) {
    if (!IsBegun(name)) {
      TALLY_RETURN_IF_ERROR(
          RemoveTree(JoinPath(configuration_.SpoolDirectory(), name)));
    }
  }
  return absl::OkStatus();
}

absl::Status SpoolStore::Prepare(std::string_view extract) {
  TALLY_RETURN_IF_ERROR(Drop(extract));
  return MakeDirectories(JoinPath(configuration_.SpoolDirectory(), extract),
                         0700);
}

absl::Status SpoolStore::Drop(std::string_view extract) {
  // The record first: a spool that is cut here is an unfinished one.
  TALLY_RETURN_IF_ERROR(RemoveFile(PathOf(extract, kRecordFile)));
  return RemoveTree(JoinPath(configuration_.SpoolDirectory(), extract));
}

absl::Status SpoolStore::WriteSealed(const std::string& path,
                                     const crypto::SealContext& context,
                                     std::string_view text) {
  const std::string temporary = path + ".new";
  TALLY_RETURN_IF_ERROR(RemoveFile(temporary));
  TALLY_ASSIGN_OR_RETURN(
      crypto::SealedWriter writer,
      crypto::SealedWriter::Create(temporary, sealing_key(),
                                   crypto::SealedKind::kSpool, context,
                                   crypto::kMaxFramePlaintext));
  TALLY_RETURN_IF_ERROR(writer.Append(AsBytes(text), true));
  TALLY_RETURN_IF_ERROR(writer.Sync());
  return RenameDurably(temporary, path);
}

absl::StatusOr<std::string> SpoolStore::ReadSealed(
    const std::string& path, const crypto::SealContext& context) const {
  TALLY_ASSIGN_OR_RETURN(
      crypto::SealedReader reader,
      crypto::SealedReader::Open(
          path,
          [this](const crypto::KeyId& id) -> const crypto::StorageKey* {
            for (const crypto::StorageKey& key : keys_) {
              if (key.key_id() == id) return &key;
            }
            return nullptr;
          },
          crypto::SealedKind::kSpool, context));
  crypto::WipedBytes frame;
  TALLY_ASSIGN_OR_RETURN(const auto info, reader.ReadNext(frame));
  if (!info || !info->last) return Damaged();
  return std::string(AsChars(frame));
}

absl::Status SpoolStore::WriteRecord(const DeliveryRecord& record) {
  return WriteSealed(PathOf(record.extract, kRecordFile),
                     ContextOf(record.extract, kRecordFile), record.ToJson());
}

absl::StatusOr<DeliveryRecord> SpoolStore::ReadRecord(
    std::string_view extract) const {
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadSealed(PathOf(extract, kRecordFile),
                                    ContextOf(extract, kRecordFile)));
  TALLY_ASSIGN_OR_RETURN(DeliveryRecord record, DeliveryRecord::FromJson(text));
  if (record.extract != extract) return Damaged();
  return record;
}

bool SpoolStore::HasReceipt(std::string_view extract) const {
  return IsRegularFile(JoinPath(configuration_.ReceiptDirectory(),
                                absl::StrFormat("%s.json", extract)));
}

absl::StatusOr<SpoolStore::StoredReceipt> SpoolStore::ReadReceipt(
    std::string_view extract) const {
  const std::string base = JoinPath(configuration_.ReceiptDirectory(), extract);
  StoredReceipt receipt;
  TALLY_ASSIGN_OR_RETURN(receipt.json,
                         ReadFile(base + ".json", kMaxReceiptBytes));
  TALLY_ASSIGN_OR_RETURN(receipt.signature,
                         ReadFile(base + ".sig", kMaxReceiptBytes));
  return receipt;
}

absl::Status SpoolStore::WriteReceipt(std::string_view extract,
                                      const StoredReceipt& receipt,
                                      const DeliveryInputs& inputs) {
  const std::string base = JoinPath(configuration_.ReceiptDirectory(), extract);
  TALLY_RETURN_IF_ERROR(
      WriteSealed(base + ".inputs",
                  ContextFor(absl::StrFormat("receipts/%s.inputs", extract)),
                  inputs.ToJson().Dump()));
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(base + ".sig", receipt.signature, 0600));
  return WriteFileAtomically(base + ".json", receipt.json, 0600);
}

absl::StatusOr<std::optional<DeliveryInputs>> SpoolStore::ReadReceiptInputs(
    std::string_view extract) const {
  const std::string path = JoinPath(configuration_.ReceiptDirectory(),
                                    absl::StrFormat("%s.inputs", extract));
  if (!FileExists(path)) return std::nullopt;
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadSealed(path, ContextFor(absl::StrFormat(
                                              "receipts/%s.inputs", extract))));
  const absl::StatusOr<JsonValue> json = ParseJson(text, kMaxDepth);
  if (!json.ok()) return Damaged();
  TALLY_ASSIGN_OR_RETURN(DeliveryInputs inputs,
                         DeliveryInputs::FromJson(*json));
  return inputs;
}

absl::StatusOr<std::vector<std::string>> SpoolStore::Receipts() const {
  std::vector<std::string> ids;
  if (!IsDirectory(configuration_.ReceiptDirectory())) return ids;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(configuration_.ReceiptDirectory()));
  for (const std::string& name : names) {
    if (name.size() < 6 || name.substr(name.size() - 5) != ".json") continue;
    const std::string id = name.substr(0, name.size() - 5);
    if (dataset::ExtractId::Parse(id).ok()) ids.push_back(id);
  }
  return ids;
}

}  // namespace tally::pseudonymiser
