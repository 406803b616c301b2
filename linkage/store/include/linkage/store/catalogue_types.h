// What the hub's catalogue holds: sources, extracts, projects, agreements,
// releases, as plain values.
//
// Role: hub. Names, states, counts and digests; no record, token or pseudonym.
//
// Times are UTC text (RFC 3339, seconds), days are days since 1970-01-01,
// digests lower-case hex, uids 32 lower-case hex digits.
//
// Spec: docs/spec/hub-directory-v1.md
// Threading: values.
// Secrets: none.

#ifndef TALLY_LINKAGE_STORE_CATALOGUE_TYPES_H_
#define TALLY_LINKAGE_STORE_CATALOGUE_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "linkage/audit/entry.h"

namespace tally::linkage {

// States are stored by name; numbers equal those of the protos.
enum class ExtractState {
  kOpen = 1,
  kFinalizing = 2,
  kPublished = 3,
  kRejected = 4,
};
enum class ReleaseState {
  kBuilding = 1,
  kFailed = 2,
  kAwaitingApproval = 3,
  kActive = 4,
  kExpired = 5,
};
enum class AgreementState {
  kAwaitingApproval = 1,
  kActive = 2,
  kExpired = 3,
};
std::string_view ExtractStateName(ExtractState state);
std::string_view ReleaseStateName(ReleaseState state);
std::string_view AgreementStateName(AgreementState state);

struct SourceRecord {
  std::string uid;
  std::string id;
  std::string title;
  std::string create_time;
};

struct ExtractDatasetRecord {
  std::string dataset;
  std::string spec_sha256;
  int64_t rows = 0;           // 0 until published
  int64_t rows_unlinked = 0;  // part of rows

  friend bool operator==(const ExtractDatasetRecord&,
                         const ExtractDatasetRecord&) = default;
};

// A file of a published extract or release, as fsck derives it again.
struct FileRecord {
  std::string path;  // inside the extract's or release's directory
  int64_t bytes = 0;
  std::string sha256;

  friend bool operator==(const FileRecord&, const FileRecord&) = default;
};

struct ExtractRecord {
  std::string uid;
  std::string source;
  std::string extract_id;  // pYYYY-MM-rN
  ExtractState state = ExtractState::kOpen;
  std::string create_time;
  std::string finish_time;  // when published or rejected
  int32_t period_start = 0;
  int32_t period_end = 0;
  int32_t revision = 0;
  std::string key_id;
  int32_t epoch = 0;
  int32_t hub_epoch = 0;
  std::vector<ExtractDatasetRecord> datasets;  // in order of the request
  bool resumed = false;
  int64_t batches = 0;  // from FINALIZING on
  int64_t rows = 0;     // of all datasets, from FINALIZING on
  int64_t persons = 0;
  std::string manifest_sha256;       // from FINALIZING on
  std::optional<ErrorDetail> error;  // when rejected
  std::string validation;            // JSON, see ValidationReport
  std::string receipt;               // when published
  std::string receipt_signature;     // B64
  std::string newest_opt_out_list;   // date, from the manifest; "" = none

  // sources/{source}/extracts/{extract_id}
  std::string name() const;
};

struct ProjectRecord {
  std::string uid;
  std::string id;
  std::string title;
  std::string create_time;
  std::string key_id;  // of K_proj

  std::string name() const;  // projects/{id}
};

struct ApprovalRecord {
  std::string person;
  std::string peer;  // URI
  std::string time;
};

struct AgreementRecord {
  std::string uid;
  std::string project;
  std::string id;
  AgreementState state = AgreementState::kAwaitingApproval;
  std::string create_time;
  std::string creator;   // person
  std::string document;  // the TOML as given
  std::string sha256;    // of the document
  int32_t valid_from = 0;
  int32_t expires = 0;  // last day
  std::vector<ApprovalRecord> approvals;

  std::string name() const;  // projects/{project}/agreements/{id}
};

struct ReleaseRecord {
  std::string uid;
  std::string project;
  std::string id;
  std::string agreement;  // id
  ReleaseState state = ReleaseState::kBuilding;
  std::string create_time;
  std::string creator;                    // person
  std::string manifest_sha256;            // once built
  std::optional<ErrorDetail> error;       // when failed
  std::string tables;                     // JSON {table: rows}, once built
  std::vector<std::string> extract_uids;  // pinned
  std::vector<ApprovalRecord> approvals;

  std::string name() const;  // projects/{project}/releases/{id}
};

// How far a long operation has come. Kept in memory, not in the catalogue.
struct OperationProgress {
  std::string stage;
  int64_t done = 0;
  int64_t total = 0;
  std::string unit;
};

// Makes a repeated request give its first answer.
struct RequestKey {
  std::string request_id;  // UUID4
  std::string caller;      // peer URI
  std::string method;      // full rpc name
  std::string digest;      // SHA-256 of the request without its id
};

// What every change of the catalogue brings along: its audit entry, written in
// the same transaction, and the request that it answers, if it has one.
struct Change {
  AuditEntry entry;
  std::optional<RequestKey> request;
  std::string answer;  // what a repeat of the request is given
};

struct PageRequest {
  int32_t size = 50;
  std::string after;  // key of the last row of the page before; "" = first
};
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;  // "" at the end
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_CATALOGUE_TYPES_H_
