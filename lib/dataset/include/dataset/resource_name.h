#ifndef TALLY_DATASET_RESOURCE_NAME_H_
#define TALLY_DATASET_RESOURCE_NAME_H_

// The names of things at the hub: sources, extracts, projects, agreements,
// releases, files. A name comes from a peer or a person, so it is parsed here,
// once, at the edge; what comes out is safe as part of a path or a SQL name.
//
//   sources/{source}                       projects/{project}
//   sources/{source}/extracts/{extract}    projects/{project}/agreements/{id}
//   projects/{project}/releases/{release}  .../files/{path}
//
// Ids match ^[a-z][a-z0-9-]{0,62}$. An extract is pYYYY-MM-rN; a release is
// rYYYY-MM, a further one of the same month rYYYY-MM-N with N from 2.
//
// Role: every program.
//
// Spec: docs/spec/manifest-v1.md, "Names".
// Threading: values and pure functions.
// Secrets: none.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::dataset {

// A calendar month of an id, 1900-01 to 9999-12.
struct YearMonth {
  int32_t year = 0;
  int32_t month = 0;  // 1 to 12
  friend bool operator==(const YearMonth&, const YearMonth&) = default;
};

// "p2026-11-r1".
struct ExtractId {
  YearMonth month;        // last month of the period
  uint32_t revision = 0;  // 1 to 9999

  [[nodiscard]] static absl::StatusOr<ExtractId> Parse(std::string_view text);
  std::string ToText() const;
  friend bool operator==(const ExtractId&, const ExtractId&) = default;
};

// "r2026-11", "r2026-11-2".
struct ReleaseId {
  YearMonth month;
  uint32_t number = 1;  // 1 (not written) to 999

  [[nodiscard]] static absl::StatusOr<ReleaseId> Parse(std::string_view text);
  std::string ToText() const;
  friend bool operator==(const ReleaseId&, const ReleaseId&) = default;
};

struct SourceName {
  std::string source;
  std::string ToText() const;
  friend bool operator==(const SourceName&, const SourceName&) = default;
};

struct ExtractName {
  std::string source;
  ExtractId extract;
  std::string ToText() const;
  friend bool operator==(const ExtractName&, const ExtractName&) = default;
};

struct ProjectName {
  std::string project;
  std::string ToText() const;
  friend bool operator==(const ProjectName&, const ProjectName&) = default;
};

struct AgreementName {
  std::string project;
  std::string agreement;
  std::string ToText() const;
  friend bool operator==(const AgreementName&, const AgreementName&) = default;
};

struct ReleaseName {
  std::string project;
  ReleaseId release;
  std::string ToText() const;
  friend bool operator==(const ReleaseName&, const ReleaseName&) = default;
};

struct FileName {
  ReleaseName release;
  std::string path;  // relative, as IsReleasePath says
  std::string ToText() const;
  friend bool operator==(const FileName&, const FileName&) = default;
};

// Each accepts exactly one spelling: what parses prints as the same text.
// Anything else is Reason::kNameInvalid (kInvalidArgument); the message never
// repeats the text.
absl::StatusOr<SourceName> ParseSourceName(std::string_view text);
absl::StatusOr<ExtractName> ParseExtractName(std::string_view text);
absl::StatusOr<ProjectName> ParseProjectName(std::string_view text);
absl::StatusOr<AgreementName> ParseAgreementName(std::string_view text);
absl::StatusOr<ReleaseName> ParseReleaseName(std::string_view text);
absl::StatusOr<FileName> ParseFileName(std::string_view text);

// True for a path inside a release folder: 1 to 6 parts of 1 to 100 ASCII
// letters, digits, '.', '_', '-', none starting with '.' or '-', at most 255
// bytes.
bool IsReleasePath(std::string_view path);

// "gp-event" -> "gp_event". REQUIRES: IsResourceId(id).
std::string SqlName(std::string_view id);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_RESOURCE_NAME_H_
