#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/ceremony.h"
#include "dataset/resource_name.h"
#include "linkage/service/calls.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

constexpr size_t kMaxSourceTitleBytes = 200;
constexpr size_t kMaxCeremonyBytes = 4096;

absl::Status SourceFieldInvalid(std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = field;
  return Error(Reason::kFieldInvalid, field + " " + std::string(what),
               std::move(detail));
}

absl::Status CheckTitle(const std::string& title) {
  if (title.size() <= kMaxSourceTitleBytes && IsValidUtf8(title)) {
    return absl::OkStatus();
  }
  return SourceFieldInvalid("title", "must be UTF-8 of at most 200 bytes");
}

absl::Status CheckId(const std::string& id, std::string_view field) {
  if (IsResourceId(id)) return absl::OkStatus();
  ErrorDetail detail;
  detail.field = std::string(field);
  return Error(Reason::kNameInvalid,
               std::string(field) +
                   " must be a small letter, then up to 62 small letters, "
                   "digits and hyphens",
               std::move(detail));
}

FactorCheck CheckOf(const crypto::ConversionFactor& factor) {
  FactorCheck check;
  check.source = factor.info().source;
  check.source_epoch = factor.info().source_epoch;
  check.hub_epoch = factor.info().hub_epoch;
  check.key_id = factor.key_id().Hex();
  check.stage = factor.info().stage;
  check.stages = factor.info().stages;
  check.loaded = true;
  return check;
}

}  // namespace

int64_t SourceCalls::PersonLimitOf(std::string_view source) const {
  const absl::StatusOr<crypto::RegistryParty> party =
      hub_.registry()->FindParty(source, crypto::PartyRole::kSource);
  return party.ok() ? party->person_limit.value_or(0) : 0;
}

absl::Status SourceCalls::CreateSource(const Caller& caller,
                                       const hub::v1::CreateSourceRequest& in,
                                       hub::v1::CreateSourceResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.SourceService.CreateSource", in));
  TALLY_RETURN_IF_ERROR(CheckId(in.source_id(), "source_id"));
  TALLY_RETURN_IF_ERROR(CheckTitle(in.title()));
  const std::string name = "sources/" + in.source_id();
  return AnswerChange<hub::v1::CreateSourceResponse>(
      hub_, request, EntryOf(caller, AuditAction::kSourceCreate, name), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        TALLY_RETURN_IF_ERROR(
            hub_.registry()
                ->FindParty(in.source_id(), crypto::PartyRole::kSource)
                .status());
        SourceRecord source;
        source.uid = Catalogue::NewUid();
        source.id = in.source_id();
        source.title = in.title();
        source.create_time = NowUtcRfc3339();
        return hub_.catalogue().CreateSource(source, change);
      },
      [&](hub::v1::CreateSourceResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(const SourceRecord source,
                               hub_.catalogue().GetSource(in.source_id()));
        ToProto(source, PersonLimitOf(source.id), hub_.factors(), hub_.domain(),
                response->mutable_source());
        return absl::OkStatus();
      });
}

absl::Status SourceCalls::ListSources(const Caller& caller,
                                      const hub::v1::ListSourcesRequest& in,
                                      hub::v1::ListSourcesResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  TALLY_ASSIGN_OR_RETURN(const Page<SourceRecord> sources,
                         hub_.catalogue().ListSources(page));
  for (const SourceRecord& source : sources.items) {
    ToProto(source, PersonLimitOf(source.id), hub_.factors(), hub_.domain(),
            out->add_sources());
  }
  out->set_next_page_token(PageToken(sources.next));
  return absl::OkStatus();
}

absl::Status SourceCalls::ImportFactor(const Caller& caller,
                                       const hub::v1::ImportFactorRequest& in,
                                       hub::v1::ImportFactorResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.SourceService.ImportFactor", in));
  TALLY_ASSIGN_OR_RETURN(const dataset::SourceName name,
                         dataset::ParseSourceName(in.name()));
  if (in.source_message().size() > kMaxCeremonyBytes ||
      in.custodian_message().size() > kMaxCeremonyBytes) {
    return SourceFieldInvalid("source_message", "is over 4,096 bytes");
  }
  AuditEntry entry = EntryOf(caller, AuditAction::kFactorImport, in.name());
  // What was said in the ceremony, by digest: both messages are sealed.
  entry.digests["source_message"] = Sha256Hex(in.source_message());
  entry.digests["custodian_message"] = Sha256Hex(in.custodian_message());
  return AnswerChange<hub::v1::ImportFactorResponse>(
      hub_, request, std::move(entry), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        TALLY_RETURN_IF_ERROR(hub_.catalogue().GetSource(name.source).status());
        TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease,
                               hub_.keys().Borrow());
        TALLY_ASSIGN_OR_RETURN(
            crypto::CeremonyLog log,
            crypto::CeremonyLog::Open(hub_.config().keys_directory +
                                      "/ceremonies.log"));
        TALLY_ASSIGN_OR_RETURN(
            crypto::CombinedFactor combined,
            crypto::CombineFactor(
                *hub_.registry(), AsBytes(in.source_message()),
                AsBytes(in.custodian_message()), lease.box(), log));
        if (combined.factor.info().source != name.source) {
          return Error(Reason::kFactorMismatch,
                       "the ceremony was held for another source");
        }
        const FactorCheck check = CheckOf(combined.factor);
        const crypto::CeremonyId id = combined.id;
        TALLY_RETURN_IF_ERROR(hub_.keys().AddFactor(std::move(combined.factor),
                                                    *hub_.registry()));
        TALLY_RETURN_IF_ERROR(log.Add(id, crypto::CeremonyStep::kBlind));
        TALLY_RETURN_IF_ERROR(
            log.Add(id, crypto::CeremonyStep::kBlindedFactor));
        std::vector<FactorCheck> factors = hub_.factors();
        factors.push_back(check);
        hub_.SetFactors(std::move(factors));
        return hub_.catalogue().Record(change);
      },
      [&](hub::v1::ImportFactorResponse* response) -> absl::Status {
        // The newest of this source is the one that was just imported.
        for (const FactorCheck& factor : hub_.factors()) {
          if (factor.source == name.source) {
            response->clear_factor();
            ToProto(factor, hub_.domain(), response->mutable_factor());
          }
        }
        return absl::OkStatus();
      });
}

}  // namespace tally::linkage
