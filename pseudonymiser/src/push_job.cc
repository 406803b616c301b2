#include "pseudonymiser/push_job.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/status.h"
#include "pseudonymiser/extract_preparer.h"

namespace tally::pseudonymiser {
namespace {

using dataset::ListName;

constexpr int64_t kPauseStepMs = 100;

constexpr std::string_view kOutboxName = "outbox.spool";
// The lists that say who and what may leave.
constexpr std::array<ListName, 4> kListsThatExclude = {
    ListName::kType1OptOuts, ListName::kNationalEligible,
    ListName::kParticipatingPractices, ListName::kRestrictedCodes};

// Whether two states of the lists (DeliveryInputs::lists) let the same leave.
absl::StatusOr<bool> ExcludeTheSame(const std::string& a,
                                    const std::string& b) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue one, ParseJson(a, 2));
  TALLY_ASSIGN_OR_RETURN(const JsonValue two, ParseJson(b, 2));
  const auto digest = [](const JsonValue& lists, ListName name) {
    const JsonValue* value = lists.Find(dataset::ListNameText(name));
    return value != nullptr && value->is_string() ? value->AsString()
                                                  : std::string();
  };
  return std::all_of(
      kListsThatExclude.begin(), kListsThatExclude.end(),
      [&](ListName name) { return digest(one, name) == digest(two, name); });
}

// Waits, in short steps, so that a stop is not waited for.
void Pause(int64_t ms) {
  for (int64_t left = ms; left > 0 && !StopRequested(); left -= kPauseStepMs) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::min(left, kPauseStepMs)));
  }
}

}  // namespace

PushJob::PushJob(const DeliveryPlan& plan, const SourceKeys& keys,
                 const crypto::Registry& registry,
                 const crypto::TokenKernel& kernel, ExtractApi& api,
                 SpoolStore& store, WorkerPool& pool,
                 ProgressReporter* progress, CivilDay today)
    : plan_(plan),
      keys_(keys),
      registry_(registry),
      kernel_(kernel),
      api_(api),
      store_(store),
      pool_(pool),
      progress_(progress),
      today_(today),
      pause_(Pause) {}

absl::StatusOr<bool> PushJob::IsSameDelivery(const DeliveryInputs& terms,
                                             const DeliveryInputs& known,
                                             bool with_lists) const {
  if (terms.terms != known.terms) return false;
  if (with_lists && terms.lists != known.lists) return false;
  return HasSameFiles(plan_, known);
}

// The highest revision of this period's month that has a complete spool.
absl::StatusOr<std::optional<uint32_t>> PushJob::NewestBegun() const {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> begun,
                         SpoolStore::Begun(*plan_.configuration));
  std::optional<uint32_t> newest;
  for (const std::string& name : begun) {
    TALLY_ASSIGN_OR_RETURN(const dataset::ExtractId id,
                           dataset::ExtractId::Parse(name));
    if (id.month == plan_.period.last_month) {
      newest = std::max(newest.value_or(0), id.revision);
    }
  }
  return newest;
}

// Rows that were chosen by a list must leave while it holds.
bool PushJob::IsSpoolTooOld(const std::string& extract) const {
  const absl::StatusOr<int64_t> made =
      FileModifiedMs(store_.PathOf(extract, kOutboxName));
  for (const ListName name : kListsThatExclude) {
    if (!plan_.lists.digests().contains(
            std::string(dataset::ListNameText(name)))) {
      continue;
    }
    const auto list = plan_.configuration->lists.find(name);
    if (list == plan_.configuration->lists.end()) continue;
    const int64_t longest = list->second.expires_after_ms;
    if (longest > 0 && (!made.ok() || *made + longest < NowUnixMs())) {
      return true;
    }
  }
  return false;
}

// Whether a spool may not leave any more, because of who opted out or what was
// restricted since. What the hub has taken is past that: a new revision tells
// it.
absl::StatusOr<bool> PushJob::IsOutdated(const std::string& extract,
                                         const DeliveryInputs& terms,
                                         const DeliveryInputs& known) const {
  TALLY_ASSIGN_OR_RETURN(const bool same,
                         ExcludeTheSame(terms.lists, known.lists));
  if (same && !IsSpoolTooOld(extract)) return false;
  const auto at_hub = api_.GetUploadStatus(absl::StrFormat(
      "sources/%s/extracts/%s", plan_.configuration->source, extract));
  if (!at_hub.ok()) {
    if (absl::IsNotFound(at_hub.status())) return true;
    return at_hub.status();
  }
  return at_hub->state() != pb::EXTRACT_STATE_FINALIZING &&
         at_hub->state() != pb::EXTRACT_STATE_PUBLISHED;
}

absl::StatusOr<PushJob::Choice> PushJob::Choose(
    const PushRequest& request, const DeliveryInputs& terms,
    std::vector<std::string>* notes) {
  TALLY_ASSIGN_OR_RETURN(const std::optional<uint32_t> begun, NewestBegun());
  const std::optional<uint32_t> revision =
      request.revision ? request.revision : begun;
  if (!revision) return ChooseNew(request, terms);
  const dataset::ExtractId id{.month = plan_.period.last_month,
                              .revision = *revision};
  if (!store_.IsBegun(id.ToText())) return ChooseNew(request, terms);
  if (request.restart) {
    TALLY_RETURN_IF_ERROR(store_.Drop(id.ToText()));
    notes->push_back(absl::StrFormat("dropped the spool of %s", id.ToText()));
    return ChooseNew(request, terms);
  }
  TALLY_ASSIGN_OR_RETURN(const DeliveryRecord record,
                         store_.ReadRecord(id.ToText()));
  TALLY_ASSIGN_OR_RETURN(const bool same,
                         IsSameDelivery(terms, record.inputs, false));
  if (!same) {
    return ConflictError(absl::StrFormat(
        "%s was begun with other files or settings; push those again, or use "
        "--restart to begin anew",
        id.ToText()));
  }
  if (terms.lists != record.inputs.lists || IsSpoolTooOld(id.ToText())) {
    TALLY_ASSIGN_OR_RETURN(const bool outdated,
                           IsOutdated(id.ToText(), terms, record.inputs));
    if (outdated) {
      TALLY_RETURN_IF_ERROR(store_.Drop(id.ToText()));
      notes->push_back(
          absl::StrFormat("the lists of what may leave have changed since %s "
                          "was read, or it is "
                          "older than a list may be: dropped its spool and "
                          "read the files again",
                          id.ToText()));
      return ChooseNew(request, terms);
    }
  }
  if (terms.lists != record.inputs.lists) {
    notes->push_back(
        "the lists have changed since this extract was read; they act on the "
        "next one");
  }
  notes->push_back(absl::StrFormat("going on with %s", id.ToText()));
  return Choice{.extract = id, .go_on = true};
}

absl::StatusOr<PushJob::Choice> PushJob::ChooseNew(
    const PushRequest& request, const DeliveryInputs& terms) {
  const std::string parent =
      absl::StrFormat("sources/%s", plan_.configuration->source);
  TALLY_ASSIGN_OR_RETURN(const std::vector<pb::Extract> at_hub,
                         api_.ListExtracts(parent));
  uint32_t newest = 0;
  uint32_t newest_receipt = 0;
  std::vector<uint32_t> taken;
  for (const pb::Extract& extract : at_hub) {
    if (extract.state() == pb::EXTRACT_STATE_REJECTED) continue;
    const auto name = dataset::ParseExtractName(extract.name());
    if (!name.ok() || name->extract.month != plan_.period.last_month) continue;
    newest = std::max(newest, name->extract.revision);
    taken.push_back(name->extract.revision);
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> receipts,
                         store_.Receipts());
  for (const std::string& receipt : receipts) {
    const auto id = dataset::ExtractId::Parse(receipt);
    if (!id.ok() || id->month != plan_.period.last_month) continue;
    newest_receipt = std::max(newest_receipt, id->revision);
  }
  Choice choice;
  choice.extract.month = plan_.period.last_month;
  choice.extract.revision = request.revision.value_or(newest_receipt);
  const std::string looked_at = choice.extract.ToText();
  if (choice.extract.revision > 0 && store_.HasReceipt(looked_at)) {
    TALLY_ASSIGN_OR_RETURN(const auto inputs,
                           store_.ReadReceiptInputs(looked_at));
    const bool known = inputs.has_value();
    bool same = false;
    if (known) {
      TALLY_ASSIGN_OR_RETURN(same, IsSameDelivery(terms, *inputs, true));
    }
    choice.print_receipt = same;
    if (same) return choice;
    if (request.revision) {
      return ConflictError(absl::StrFormat(
          "%s was published from other files, settings or lists; leave out "
          "--revision for the next one",
          looked_at));
    }
  }
  if (!request.revision) {
    choice.extract.revision = std::max(newest, newest_receipt) + 1;
  } else if (std::find(taken.begin(), taken.end(), *request.revision) !=
             taken.end()) {
    return ConflictError(absl::StrFormat(
        "the hub has %s already, and there is no spool of it here; leave out "
        "--revision for the next one",
        looked_at));
  }
  return choice;
}

absl::StatusOr<PushResult> PushJob::StoredResult(
    const std::string& extract) const {
  TALLY_ASSIGN_OR_RETURN(const SpoolStore::StoredReceipt stored,
                         store_.ReadReceipt(extract));
  TALLY_ASSIGN_OR_RETURN(const crypto::Signature signature,
                         crypto::DecodeSignatureFile(stored.signature));
  TALLY_ASSIGN_OR_RETURN(const crypto::PublicKey hub, HubSignKey(registry_));
  TALLY_ASSIGN_OR_RETURN(dataset::Receipt receipt,
                         VerifyReceipt(stored.json, signature, hub));
  PushResult result;
  result.extract = extract;
  result.receipt = std::move(receipt);
  result.receipt_json = stored.json;
  return result;
}

absl::StatusOr<PushResult> PushJob::Run(const PushRequest& request) {
  TALLY_RETURN_IF_ERROR(store_.DropUnfinished());
  TALLY_ASSIGN_OR_RETURN(crypto::SourceKey source_key,
                         keys_.LoadRegistered(registry_));
  TALLY_ASSIGN_OR_RETURN(const crypto::PublicKey hub, HubSignKey(registry_));
  const DeliveryInputs terms =
      DescribeTerms(plan_, source_key.key_id().Hex(), source_key.info().epoch);
  std::vector<std::string> notes;
  TALLY_ASSIGN_OR_RETURN(const Choice choice, Choose(request, terms, &notes));
  const std::string id = choice.extract.ToText();
  if (choice.print_receipt) {
    TALLY_ASSIGN_OR_RETURN(PushResult stored, StoredResult(id));
    stored.repeated = true;
    stored.notes.push_back(absl::StrFormat(
        "these files were published before as %s; nothing was sent", id));
    return stored;
  }
  std::optional<DeliveryReport> report;
  if (!choice.go_on) {
    const crypto::LocalTokenKey key(std::move(source_key), kernel_);
    ExtractPreparer preparer(plan_, pool_, progress_, today_);
    TALLY_ASSIGN_OR_RETURN(
        ExtractPreparer::Prepared prepared,
        preparer.Prepare(choice.extract, key, keys_.sign(), &store_));
    if (on_report_) on_report_(id, prepared.report);
    TALLY_RETURN_IF_ERROR(prepared.verdict);
    report = std::move(prepared.report);
  }
  Uploader uploader(api_, store_, hub, progress_, request.upload, pause_);
  TALLY_ASSIGN_OR_RETURN(const std::optional<dataset::Receipt> receipt,
                         uploader.Run(id));
  PushResult result;
  if (receipt) {
    TALLY_ASSIGN_OR_RETURN(result, StoredResult(id));
  }
  result.extract = id;
  result.report = std::move(report);
  result.notes = std::move(notes);
  return result;
}

}  // namespace tally::pseudonymiser
