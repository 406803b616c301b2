#include "crypto/ceremony.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "crypto/random.h"
#include "internal/ceremony_format.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

using internal::ParsedCeremony;

// A message has at most 3 x 256 bytes of names and about 250 of the rest.
constexpr size_t kMaxFile = 2048;

absl::StatusOr<ParsedCeremony> OpenFile(std::span<const uint8_t> file,
                                        const BoxKey& receiver) {
  if (file.size() > kMaxFile) {
    return InputError("a ceremony message is too long");
  }
  TALLY_ASSIGN_OR_RETURN(const WipedBytes opened, receiver.Open(file));
  return internal::ParseCeremony(opened);
}

absl::Status CheckSignature(const ParsedCeremony& parsed,
                            const PublicKey& sender) {
  return Verify(SignLabel::kCeremony, parsed.signed_bytes, parsed.signature,
                sender);
}

absl::StatusOr<Scalar> TakeValue(const ParsedCeremony& parsed) {
  internal::WipedArray<32> bytes;
  std::copy(parsed.value().begin(), parsed.value().end(), bytes.data());
  return Scalar::TakeFrom(bytes.span());
}

// All that a message says of keys, against the registry.
absl::Status CheckAgainstRegistry(const CeremonyHeader& header,
                                  const Registry& registry,
                                  bool source_must_be_active) {
  const FactorInfo& f = header.factor;
  if (f.environment != registry.environment()) {
    return Error(Reason::kEnvironmentMismatch,
                 "a ceremony message belongs to another environment");
  }
  TALLY_ASSIGN_OR_RETURN(
      const RegistryKey source,
      registry.SourceKeyOfEpoch(f.source, f.domain, f.source_epoch));
  if (source.public_key != header.source_public) {
    return Error(Reason::kKeyUnknown,
                 "a ceremony message names another source key than the "
                 "registry");
  }
  if (source_must_be_active && source.status != KeyStatus::kActive) {
    return Error(Reason::kKeyUnknown,
                 absl::StrFormat("the key of %s, epoch %d, is not active",
                                 f.source, f.source_epoch));
  }
  TALLY_ASSIGN_OR_RETURN(
      const RegistryKey hub,
      registry.HubKeyOfEpoch(f.domain, f.hub_epoch, f.stage));
  if (hub.public_key != header.hub_public || hub.stages != f.stages ||
      hub.status == KeyStatus::kRetired) {
    return Error(Reason::kKeyUnknown,
                 "a ceremony message names another hub key than the registry");
  }
  return absl::OkStatus();
}

absl::Status WantStep(const CeremonyHeader& header, CeremonyStep step) {
  if (header.step == step) return absl::OkStatus();
  return InputError(absl::StrFormat(
      "a ceremony message is of step %d where step %d is wanted",
      static_cast<int>(header.step), static_cast<int>(step)));
}

absl::StatusOr<WipedBytes> SealMessage(CeremonyHeader header, CeremonyStep step,
                                       Scalar value, const SigningKey& sender,
                                       const RegistryParty& receiver) {
  header.step = step;
  return SealCeremonyMessage({.header = header, .value = std::move(value)},
                             sender, receiver.box_public);
}

// The message of `step`, signed by the party that its header names and equal to
// the registry.
absl::StatusOr<ParsedCeremony> OpenForHub(const Registry& registry,
                                          std::span<const uint8_t> file,
                                          const BoxKey& box_key,
                                          CeremonyStep step,
                                          const CeremonyLog& log) {
  TALLY_ASSIGN_OR_RETURN(ParsedCeremony parsed, OpenFile(file, box_key));
  TALLY_RETURN_IF_ERROR(WantStep(parsed.header, step));
  const bool from_source = step == CeremonyStep::kBlind;
  TALLY_ASSIGN_OR_RETURN(
      const RegistryParty sender,
      registry.FindParty(
          from_source ? parsed.header.factor.source : "",
          from_source ? PartyRole::kSource : PartyRole::kCustodian));
  TALLY_RETURN_IF_ERROR(CheckSignature(parsed, sender.sign_public));
  TALLY_RETURN_IF_ERROR(CheckAgainstRegistry(parsed.header, registry,
                                             /*source_must_be_active=*/false));
  if (log.Contains(parsed.header.id, step)) {
    return WithExitCode(
        absl::AlreadyExistsError("a ceremony message was used before"),
        kExitConflict);
  }
  return parsed;
}

bool SameCeremony(const CeremonyHeader& a, const CeremonyHeader& b) {
  return a.factor == b.factor && a.source_public == b.source_public &&
         a.hub_public == b.hub_public && a.id == b.id;
}

}  // namespace

absl::StatusOr<WipedBytes> SealCeremonyMessage(const CeremonyMessage& message,
                                               const SigningKey& sender,
                                               const PublicKey& receiver_box) {
  TALLY_ASSIGN_OR_RETURN(WipedBytes bytes, internal::EncodeCeremony(message));
  TALLY_ASSIGN_OR_RETURN(const Signature signature,
                         sender.Sign(SignLabel::kCeremony, bytes));
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return SealTo(receiver_box, bytes);
}

absl::StatusOr<CeremonyMessage> OpenCeremonyMessage(
    std::span<const uint8_t> file, const BoxKey& receiver,
    const PublicKey& sender_public) {
  TALLY_ASSIGN_OR_RETURN(const ParsedCeremony parsed, OpenFile(file, receiver));
  TALLY_RETURN_IF_ERROR(CheckSignature(parsed, sender_public));
  TALLY_ASSIGN_OR_RETURN(Scalar value, TakeValue(parsed));
  return CeremonyMessage{parsed.header, std::move(value)};
}

absl::StatusOr<CeremonyHeader> PeekCeremonyHeader(std::span<const uint8_t> file,
                                                  const BoxKey& receiver) {
  TALLY_ASSIGN_OR_RETURN(const ParsedCeremony parsed, OpenFile(file, receiver));
  return parsed.header;
}

absl::StatusOr<FactorRequest> RequestFactor(
    const Registry& registry, std::string_view source, std::string_view domain,
    uint32_t source_epoch, const Scalar& source_scalar,
    const SigningKey& sign_key, std::string_view hub_party) {
  TALLY_ASSIGN_OR_RETURN(const RegistryKey hub_key,
                         registry.ActiveHubKey(domain));
  TALLY_ASSIGN_OR_RETURN(const Element source_public,
                         MultiplyBase(source_scalar));
  CeremonyHeader header{.factor = {.environment = registry.environment(),
                                   .domain = std::string(domain),
                                   .source = std::string(source),
                                   .source_epoch = source_epoch,
                                   .hub_epoch = hub_key.epoch,
                                   .stage = hub_key.stage,
                                   .stages = hub_key.stages},
                        .source_public = source_public,
                        .hub_public = hub_key.public_key};
  RandomBytes(header.id);
  TALLY_RETURN_IF_ERROR(CheckAgainstRegistry(header, registry,
                                             /*source_must_be_active=*/true));
  TALLY_ASSIGN_OR_RETURN(const RegistryParty me,
                         registry.FindParty(source, PartyRole::kSource));
  if (me.sign_public != sign_key.public_key()) {
    return Error(Reason::kKeyUnknown,
                 "the registry has another signing key of this source");
  }
  TALLY_ASSIGN_OR_RETURN(const RegistryParty custodian,
                         registry.FindParty("", PartyRole::kCustodian));
  TALLY_ASSIGN_OR_RETURN(const RegistryParty hub,
                         registry.FindParty(hub_party, PartyRole::kHub));

  TALLY_ASSIGN_OR_RETURN(Scalar blind, Scalar::Random());
  TALLY_ASSIGN_OR_RETURN(const Scalar inverse, source_scalar.Inverse());
  TALLY_ASSIGN_OR_RETURN(Scalar blinded, blind.Times(inverse));
  FactorRequest request;
  request.id = header.id;
  request.factor = header.factor;
  TALLY_ASSIGN_OR_RETURN(request.for_custodian,
                         SealMessage(header, CeremonyStep::kBlindedInverse,
                                     std::move(blinded), sign_key, custodian));
  TALLY_ASSIGN_OR_RETURN(request.for_hub,
                         SealMessage(header, CeremonyStep::kBlind,
                                     std::move(blind), sign_key, hub));
  return request;
}

absl::StatusOr<FactorAnswer> AnswerFactor(
    const Registry& registry, std::span<const uint8_t> step1,
    const Scalar& hub_scalar, const BoxKey& box_key, const SigningKey& sign_key,
    std::string_view hub_party,
    const std::function<absl::Status(const CeremonyHeader&)>& before_answer) {
  TALLY_ASSIGN_OR_RETURN(const ParsedCeremony parsed, OpenFile(step1, box_key));
  const CeremonyHeader& header = parsed.header;
  TALLY_RETURN_IF_ERROR(WantStep(header, CeremonyStep::kBlindedInverse));
  TALLY_ASSIGN_OR_RETURN(
      const RegistryParty source,
      registry.FindParty(header.factor.source, PartyRole::kSource));
  TALLY_RETURN_IF_ERROR(CheckSignature(parsed, source.sign_public));
  TALLY_RETURN_IF_ERROR(CheckAgainstRegistry(header, registry,
                                             /*source_must_be_active=*/true));
  TALLY_ASSIGN_OR_RETURN(const Scalar blinded, TakeValue(parsed));
  TALLY_ASSIGN_OR_RETURN(const RegistryParty hub,
                         registry.FindParty(hub_party, PartyRole::kHub));
  TALLY_ASSIGN_OR_RETURN(const Element hub_public, MultiplyBase(hub_scalar));
  if (hub_public != header.hub_public) {
    return Error(Reason::kKeyUnknown,
                 "the custodian's hub key is not the one in the registry");
  }
  TALLY_RETURN_IF_ERROR(before_answer(header));

  TALLY_ASSIGN_OR_RETURN(Scalar answer, hub_scalar.Times(blinded));
  FactorAnswer out;
  out.id = header.id;
  out.factor = header.factor;
  out.hub_party = hub.party;
  TALLY_ASSIGN_OR_RETURN(out.for_hub,
                         SealMessage(header, CeremonyStep::kBlindedFactor,
                                     std::move(answer), sign_key, hub));
  return out;
}

absl::StatusOr<CombinedFactor> CombineFactor(const Registry& registry,
                                             std::span<const uint8_t> step2,
                                             std::span<const uint8_t> step3,
                                             const BoxKey& box_key,
                                             const CeremonyLog& log) {
  TALLY_ASSIGN_OR_RETURN(
      const ParsedCeremony from_source,
      OpenForHub(registry, step2, box_key, CeremonyStep::kBlind, log));
  TALLY_ASSIGN_OR_RETURN(
      const ParsedCeremony from_custodian,
      OpenForHub(registry, step3, box_key, CeremonyStep::kBlindedFactor, log));
  const CeremonyHeader& header = from_source.header;
  if (!SameCeremony(header, from_custodian.header)) {
    return InputError("the two messages belong to different ceremonies");
  }
  TALLY_ASSIGN_OR_RETURN(const Scalar blind, TakeValue(from_source));
  TALLY_ASSIGN_OR_RETURN(const Scalar blinded, TakeValue(from_custodian));
  TALLY_ASSIGN_OR_RETURN(const Scalar inverse, blind.Inverse());
  TALLY_ASSIGN_OR_RETURN(Scalar factor_scalar, blinded.Times(inverse));
  TALLY_ASSIGN_OR_RETURN(
      ConversionFactor factor,
      ConversionFactor::Create(header.factor, std::move(factor_scalar)));
  // With several stages the product of all is what leads to the hub's key; the
  // last stage of a later version checks that.
  TALLY_RETURN_IF_ERROR(
      factor.CheckAgainst(header.source_public, header.hub_public));
  return CombinedFactor{header.id, std::move(factor)};
}

absl::StatusOr<ConversionFactor> ImportFactor(const Registry& registry,
                                              std::span<const uint8_t> step2,
                                              std::span<const uint8_t> step3,
                                              KeyDirectory& directory,
                                              std::string_view hub_party) {
  TALLY_ASSIGN_OR_RETURN(const BoxKey box_key,
                         LoadBoxKey(directory, hub_party));
  TALLY_ASSIGN_OR_RETURN(
      CeremonyLog log,
      CeremonyLog::Open(JoinPath(directory.path(), "ceremonies.log")));
  TALLY_ASSIGN_OR_RETURN(CombinedFactor combined,
                         CombineFactor(registry, step2, step3, box_key, log));
  TALLY_RETURN_IF_ERROR(StoreKey(directory, combined.factor));
  TALLY_RETURN_IF_ERROR(log.Add(combined.id, CeremonyStep::kBlind));
  TALLY_RETURN_IF_ERROR(log.Add(combined.id, CeremonyStep::kBlindedFactor));
  return std::move(combined.factor);
}

}  // namespace tally::crypto
