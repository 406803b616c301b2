#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
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

// Why a ceremony was refused, for the operator. The ceremony's own texts hold
// neither names nor paths.
absl::Status ExplainCeremony(absl::Status why, const std::string& source) {
  if (ReasonOf(why) != Reason::kUnspecified) return why;
  ErrorDetail detail;
  detail.resource = source;
  switch (ExitCodeOf(why)) {
    case kExitInvalidInput:
    case kExitKey:
      return Error(Reason::kFactorMismatch,
                   "the source's message and the custodian's answer, in this "
                   "order, must be of one ceremony of this hub: " +
                       std::string(why.message()),
                   std::move(detail));
    case kExitConflict:
      return Error(Reason::kResourceExists,
                   "these messages were used before, and the hub no longer has "
                   "their factor: a new ceremony is needed",
                   std::move(detail));
    default:
      return why;
  }
}

}  // namespace

// Whether both messages are those of a factor that the hub has: a repeat.
bool SourceCalls::IsImported(const hub::v1::ImportFactorRequest& in,
                             const std::string& source,
                             const crypto::BoxKey& box) const {
  const auto one =
      crypto::PeekCeremonyHeader(AsBytes(in.source_message()), box);
  const auto other =
      crypto::PeekCeremonyHeader(AsBytes(in.custodian_message()), box);
  if (!one.ok() || !other.ok() || one->id != other->id ||
      one->step != crypto::CeremonyStep::kBlind ||
      other->step != crypto::CeremonyStep::kBlindedFactor ||
      one->factor.source != source || one->factor != other->factor) {
    return false;
  }
  const std::vector<FactorCheck> factors = hub_.factors();
  return std::any_of(factors.begin(), factors.end(),
                     [&](const FactorCheck& factor) {
                       return factor.source == source && factor.loaded &&
                              factor.source_epoch == one->factor.source_epoch &&
                              factor.hub_epoch == one->factor.hub_epoch &&
                              factor.stage == one->factor.stage;
                     });
}

// Opens the messages, keeps the factor, and marks the ceremony as used.
absl::Status SourceCalls::TakeFactor(const hub::v1::ImportFactorRequest& in,
                                     const std::string& source) {
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, hub_.keys().Borrow());
  TALLY_ASSIGN_OR_RETURN(crypto::CeremonyLog log,
                         crypto::CeremonyLog::Open(
                             hub_.config().keys_directory + "/ceremonies.log"));
  absl::StatusOr<crypto::CombinedFactor> combined =
      crypto::CombineFactor(*hub_.registry(), AsBytes(in.source_message()),
                            AsBytes(in.custodian_message()), lease.box(), log);
  if (ExitCodeOf(combined.status()) == kExitConflict &&
      IsImported(in, source, lease.box())) {
    return absl::OkStatus();
  }
  if (!combined.ok()) return ExplainCeremony(combined.status(), in.name());
  if (combined->factor.info().source != source) {
    return Error(Reason::kFactorMismatch,
                 "the ceremony was held for another source");
  }
  const FactorCheck check = CheckOf(combined->factor);
  TALLY_RETURN_IF_ERROR(
      hub_.keys().AddFactor(std::move(combined->factor), *hub_.registry()));
  TALLY_RETURN_IF_ERROR(log.Add(combined->id, crypto::CeremonyStep::kBlind));
  TALLY_RETURN_IF_ERROR(
      log.Add(combined->id, crypto::CeremonyStep::kBlindedFactor));
  std::vector<FactorCheck> factors = hub_.factors();
  std::erase_if(factors, [&check](const FactorCheck& factor) {
    return factor.key_id == check.key_id;
  });
  factors.push_back(check);
  hub_.SetFactors(std::move(factors));
  return absl::OkStatus();
}

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
        TALLY_RETURN_IF_ERROR(TakeFactor(in, name.source));
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
