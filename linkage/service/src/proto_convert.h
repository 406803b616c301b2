#ifndef TALLY_LINKAGE_SERVICE_SRC_PROTO_CONVERT_H_
#define TALLY_LINKAGE_SERVICE_SRC_PROTO_CONVERT_H_

// Records of the catalogue as messages. Translating only.
//
// Threading: pure functions.
// Secrets: none.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "linkage/release/linkage_report.h"
#include "linkage/store/catalogue_types.h"
#include "linkage/store/hub_keys.h"
#include "linkage/store/validation_report.h"
#include "tally/extract/v1/extract.pb.h"
#include "tally/hub/v1/linkage.pb.h"
#include "tally/hub/v1/project.pb.h"
#include "tally/hub/v1/release_admin.pb.h"
#include "tally/hub/v1/source.pb.h"
#include "tally/release/v1/release.pb.h"

namespace tally::linkage {

// Hex of ours as bytes. REQUIRES: valid hex, or empty.
std::string BytesOfHex(std::string_view hex);

void ToProto(const OperationProgress& progress, common::v1::Progress* out);
void ToProto(const ExtractRecord& extract,
             const std::optional<OperationProgress>& progress,
             extract::v1::Extract* out);
void ToProto(const ValidationReport& report,
             extract::v1::GetExtractResponse* out);
void ToProto(const SourceRecord& source, int64_t person_limit,
             std::span<const FactorCheck> factors, const std::string& domain,
             hub::v1::Source* out);
void ToProto(const FactorCheck& factor, const std::string& domain,
             hub::v1::Factor* out);
void ToProto(const AgreementRecord& agreement, hub::v1::Agreement* out);
void ToProto(const ProjectRecord& project,
             std::span<const AgreementRecord> agreements,
             hub::v1::Project* out);
// `extracts`: names; `expires`: of its agreement.
void ToProto(const ReleaseRecord& release,
             const std::vector<std::string>& extracts, int32_t expires,
             const std::optional<OperationProgress>& progress,
             hub::v1::Release* out);
// As an analyst sees it. REQUIRES: ACTIVE or EXPIRED.
void ToProto(const ReleaseRecord& release, const ProjectRecord& project,
             int32_t expires, int64_t total_bytes, release::v1::Release* out);
void ToProto(const LinkageReport& report, size_t max_bytes,
             hub::v1::PreviewLinkageResponse* out);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_PROTO_CONVERT_H_
