#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/versions.h"
#include "linkage/service/calls.h"
#include "linkage/store/pinned_extracts.h"
#include "linkage/store/validation_report.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

constexpr double kPersonLimitWarning = 0.9;
constexpr int32_t kAllSources = 1000;

void AddWarning(std::string code, std::string resource, std::string text,
                hub::v1::GetStatusResponse* out) {
  hub::v1::Warning* warning = out->add_warnings();
  warning->set_code(std::move(code));
  warning->set_resource(std::move(resource));
  warning->set_text(std::move(text));
}

absl::Status CheckRequestId(const google::protobuf::Message& in,
                            const Caller& caller, std::string_view method) {
  return RequestKeyOf(caller, method, in).status();
}

// Why the keys did not open, for the operator: what the key directory says
// names paths of the hub.
absl::Status ExplainUnseal(absl::Status why) {
  if (ReasonOf(why) != Reason::kUnspecified || ExitCodeOf(why) != kExitKey) {
    return why;
  }
  LogStatus(Level::kWarning, "the key directory does not open", why,
            {Field("cause", Name(ToStd(why.message())))});
  return Error(Reason::kHubSealed,
               "wrong passphrase, or the hub's key directory is not as it was: "
               "the hub stays sealed");
}

// Checks of the validation report that this names in a warning.
constexpr size_t kChecksNamed = 3;

void AddValidationWarning(const ExtractRecord& extract,
                          hub::v1::GetStatusResponse* out) {
  const auto report = ValidationReport::Parse(extract.validation);
  if (!report.ok() || report->Worst() == ValidationOutcome::kAccept) return;
  std::string checks;
  size_t found = 0;
  for (const ValidationResult& result : report->results) {
    if (result.result == ValidationOutcome::kAccept) continue;
    if (++found > kChecksNamed) continue;
    absl::StrAppendFormat(&checks, "%s%s%s%s is %.6g, bound %.6g",
                          checks.empty() ? "" : "; ", result.dataset,
                          result.dataset.empty() ? "" : " ", result.check,
                          result.value, result.bound);
  }
  if (found > kChecksNamed) {
    absl::StrAppendFormat(&checks, "; and %d more", found - kChecksNamed);
  }
  AddWarning("validation", extract.name(),
             checks + "; linkage extract get shows all.", out);
}

}  // namespace

absl::Status HubCalls::AddSources(hub::v1::GetStatusResponse* out) {
  PageRequest page;
  page.size = kAllSources;
  TALLY_ASSIGN_OR_RETURN(const Page<SourceRecord> sources,
                         hub_.catalogue().ListSources(page));
  for (const SourceRecord& source : sources.items) {
    hub::v1::SourceStatus* status = out->add_sources();
    status->set_name("sources/" + source.id);
    TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> extracts,
                           hub_.catalogue().PublishedExtracts(source.id));
    // Of each period the highest revision is in force.
    std::set<int32_t> periods;
    for (const ExtractRecord& extract : extracts) {
      periods.insert(extract.period_start);
    }
    const ExtractRecord* newest = NewestExtract(extracts);
    status->set_extracts(static_cast<int32_t>(periods.size()));
    if (newest == nullptr) continue;
    status->set_newest_extract(newest->name());
    status->set_publish_time(newest->finish_time);
    AddValidationWarning(*newest, out);
    const std::optional<double> share = hub_.extracts().PersonLimitShare(
        source.id, static_cast<uint32_t>(newest->epoch));
    if (!share.has_value()) continue;
    status->set_person_limit_share(*share);
    if (*share > kPersonLimitWarning) {
      AddWarning("person-limit", status->name(),
                 "The source has sent nearly as many people as the registry "
                 "allows it.",
                 out);
    }
  }
  return absl::OkStatus();
}

void HubCalls::AddWarnings(hub::v1::GetStatusResponse* out) {
  if (out->sealed()) {
    AddWarning("sealed", "", "The hub is sealed: linkage unseal opens it.",
               out);
  } else if (!hub_.audit_healthy()) {
    AddWarning("audit-unavailable", "",
               "The audit log is closed after a failed write: no change is "
               "answered until the hub is started again.",
               out);
  }
  if (!hub_.directory().CheckFreeDisk().ok()) {
    AddWarning("disk-low", "",
               "The data volume is nearly full: uploads are refused.", out);
  }
  for (const FactorCheck& factor : hub_.factors()) {
    if (factor.loaded) continue;
    AddWarning("factor-refused", "sources/" + factor.source,
               "A conversion factor does not fit the registry (" +
                   factor.reason + "): its uploads are refused.",
               out);
  }
  if (!certificate_term_) return;
  const auto [days, renew] = certificate_term_();
  out->set_certificate_expires(static_cast<int32_t>(
      CivilDay::TodayUtc().days() + std::clamp<int64_t>(days, -36500, 36500)));
  if (renew) {
    AddWarning("certificate-expires", "",
               absl::StrFormat("The hub's certificate ends in %d days.", days),
               out);
  }
}

absl::Status HubCalls::GetStatus(const Caller& caller,
                                 const hub::v1::GetStatusRequest& in,
                                 hub::v1::GetStatusResponse* out) {
  (void)caller;
  (void)in;
  out->set_hub(hub_.config().hub_id);
  out->set_version(std::string(TallyVersion()));
  out->set_environment(
      std::string(crypto::EnvironmentName(hub_.config().environment)));
  out->set_sealed(hub_.sealed());
  out->set_serving(hub_.IsServing());
  out->set_start_time(hub_.start_time());
  const absl::StatusOr<double> free = hub_.directory().FreeDiskShare();
  out->set_disk_free_share(free.ok() ? *free : 0.0);
  out->set_audit_size(static_cast<int64_t>(hub_.audit_size()));
  TALLY_RETURN_IF_ERROR(AddSources(out));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> stale,
                         StaleExtracts(hub_.catalogue()));
  for (const std::string& name : stale) out->add_stale_resources(name);
  // Releases that use a period older than the source's newest list.
  const std::set<std::string> old(stale.begin(), stale.end());
  for (const ReleaseState state :
       {ReleaseState::kAwaitingApproval, ReleaseState::kActive}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> releases,
                           hub_.catalogue().ReleasesInState(state));
    for (const ReleaseRecord& release : releases) {
      const bool uses = std::any_of(
          release.extract_uids.begin(), release.extract_uids.end(),
          [&](const std::string& uid) {
            const auto extract = hub_.catalogue().GetExtractByUid(uid);
            return extract.ok() && old.count(extract->name()) != 0;
          });
      if (uses) out->add_stale_resources(release.name());
    }
  }
  std::sort(out->mutable_stale_resources()->begin(),
            out->mutable_stale_resources()->end());
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> open,
                         hub_.catalogue().ExtractsInState(ExtractState::kOpen));
  out->set_open_uploads(static_cast<int32_t>(open.size()));
  out->set_kernel(std::string(hub_.kernel().name()));
  AddWarnings(out);
  return absl::OkStatus();
}

absl::Status HubCalls::Seal(const Caller& caller,
                            const hub::v1::SealRequest& in,
                            hub::v1::SealResponse* out) {
  TALLY_RETURN_IF_ERROR(
      CheckRequestId(in, caller, "tally.hub.v1.HubService.Seal"));
  AuditPlace place;
  TALLY_RETURN_IF_ERROR(hub_.Seal(caller.uri, ActorKey(caller), &place));
  SetAudit(place, out->mutable_audit());
  return absl::OkStatus();
}

absl::Status HubCalls::Unseal(const Caller& caller,
                              const hub::v1::UnsealRequest& in,
                              hub::v1::UnsealResponse* out) {
  TALLY_RETURN_IF_ERROR(
      CheckRequestId(in, caller, "tally.hub.v1.HubService.Unseal"));
  TALLY_ASSIGN_OR_RETURN(const crypto::RingSecret secret,
                         crypto::RingSecret::Passphrase(in.passphrase()));
  // The transport's own copy of the request is all that is left to wipe; it is
  // not read again.
  const std::string& bytes = in.passphrase();
  WipeMemory(const_cast<char*>(bytes.data()), bytes.size());
  AuditPlace place;
  const absl::StatusOr<std::vector<FactorCheck>> factors =
      hub_.Unseal(secret, caller.uri, ActorKey(caller), &place);
  if (!factors.ok()) return ExplainUnseal(factors.status());
  for (const FactorCheck& factor : *factors) {
    if (factor.loaded) {
      out->set_factors_loaded(out->factors_loaded() + 1);
    } else {
      out->set_factors_refused(out->factors_refused() + 1);
    }
  }
  SetAudit(place, out->mutable_audit());
  return absl::OkStatus();
}

absl::Status HubCalls::ListEvents(const Caller& caller,
                                  const hub::v1::ListEventsRequest& in,
                                  hub::v1::ListEventsResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  uint64_t first = 0;
  ErrorDetail detail;
  if (!page.after.empty()) {
    const absl::StatusOr<int64_t> seq = ParseInt64In(page.after, 0, INT64_MAX);
    detail.field = "page_token";
    if (!seq.ok()) {
      return Error(Reason::kFieldInvalid,
                   "page_token is none that this hub has given",
                   std::move(detail));
    }
    first = static_cast<uint64_t>(*seq);
  } else if (in.first_seq() < 0) {
    detail.field = "first_seq";
    return Error(Reason::kFieldInvalid, "first_seq must be 0 or more",
                 std::move(detail));
  } else {
    first = static_cast<uint64_t>(in.first_seq());
  }
  return hub_.WithAuditLog([&](const AuditLog& log) -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(const AuditPage events,
                           log.ListEvents({}, first, page.size));
    size_t bytes = 0;
    std::optional<uint64_t> next = events.next_seq;
    for (const AuditLeaf& leaf : events.leaves) {
      TALLY_ASSIGN_OR_RETURN(std::string line, EncodeAuditLeaf(leaf));
      bytes += line.size() + 32;
      if (bytes > kMaxAnswerBytes && out->events_size() > 0) {
        next = leaf.seq;
        break;
      }
      hub::v1::AuditEvent* event = out->add_events();
      event->set_seq(static_cast<int64_t>(leaf.seq));
      event->set_leaf(std::move(line));
    }
    if (next.has_value()) {
      out->set_next_page_token(PageToken(absl::StrFormat("%d", *next)));
    }
    out->set_checkpoint(log.checkpoint_note());
    return absl::OkStatus();
  });
}

}  // namespace tally::linkage
