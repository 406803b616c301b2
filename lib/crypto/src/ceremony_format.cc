#include "internal/ceremony_format.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "internal/secret_peek.h"

namespace tally::crypto::internal {
namespace {

constexpr std::string_view kMagic = "TALLYCE1";

absl::Status Bad(std::string_view what) {
  return InputError(absl::StrFormat("ceremony message: %s", what));
}

bool IsStep(uint8_t step) {
  return step >= static_cast<uint8_t>(CeremonyStep::kBlindedInverse) &&
         step <= static_cast<uint8_t>(CeremonyStep::kBlindedFactor);
}

absl::StatusOr<Element> ReadElement(ByteReader& reader) {
  TALLY_ASSIGN_OR_RETURN(const std::string_view bytes,
                         reader.Bytes(Element::kSize));
  return Element::Decode(AsBytes(bytes));
}

// Environment to stages.
absl::StatusOr<FactorInfo> ReadFactorInfo(ByteReader& reader) {
  FactorInfo info;
  TALLY_ASSIGN_OR_RETURN(const std::string_view environment, reader.Lp1());
  TALLY_ASSIGN_OR_RETURN(info.environment, ParseEnvironment(environment));
  TALLY_ASSIGN_OR_RETURN(const std::string_view domain, reader.Lp1());
  TALLY_ASSIGN_OR_RETURN(const std::string_view source, reader.Lp1());
  info.domain = std::string(domain);
  info.source = std::string(source);
  TALLY_ASSIGN_OR_RETURN(info.source_epoch, reader.U32());
  TALLY_ASSIGN_OR_RETURN(info.hub_epoch, reader.U32());
  TALLY_ASSIGN_OR_RETURN(info.stage, reader.U8());
  TALLY_ASSIGN_OR_RETURN(info.stages, reader.U8());
  TALLY_RETURN_IF_ERROR(Validate(info));
  return info;
}

absl::StatusOr<ParsedCeremony> Parse(std::span<const uint8_t> opened) {
  ByteReader reader(opened);
  TALLY_ASSIGN_OR_RETURN(const std::string_view magic,
                         reader.Bytes(kMagic.size()));
  if (magic != kMagic) return Bad("not one of TALLYCE1");
  TALLY_ASSIGN_OR_RETURN(const uint8_t step, reader.U8());
  if (!IsStep(step)) return Bad("unknown step");
  TALLY_ASSIGN_OR_RETURN(const FactorInfo info, ReadFactorInfo(reader));
  TALLY_ASSIGN_OR_RETURN(const Element source_public, ReadElement(reader));
  TALLY_ASSIGN_OR_RETURN(const Element hub_public, ReadElement(reader));
  CeremonyHeader header{.step = static_cast<CeremonyStep>(step),
                        .factor = info,
                        .source_public = source_public,
                        .hub_public = hub_public};
  TALLY_ASSIGN_OR_RETURN(const std::string_view id,
                         reader.Bytes(header.id.size()));
  std::copy(id.begin(), id.end(), header.id.begin());
  TALLY_RETURN_IF_ERROR(reader.Bytes(32).status());  // the value
  TALLY_ASSIGN_OR_RETURN(const std::string_view signature_bytes,
                         reader.Bytes(sizeof(Signature)));
  TALLY_RETURN_IF_ERROR(reader.ExpectEnd());
  TALLY_ASSIGN_OR_RETURN(const Signature signature,
                         SignatureFromBytes(AsBytes(signature_bytes)));
  return ParsedCeremony(header, opened.first(opened.size() - sizeof(Signature)),
                        signature);
}

}  // namespace

absl::StatusOr<WipedBytes> EncodeCeremony(const CeremonyMessage& message) {
  const CeremonyHeader& h = message.header;
  TALLY_RETURN_IF_ERROR(Validate(h.factor));
  ByteWriter writer;
  writer.Bytes(kMagic);
  writer.U8(static_cast<uint8_t>(h.step));
  writer.Lp1(EnvironmentName(h.factor.environment));
  writer.Lp1(h.factor.domain);
  writer.Lp1(h.factor.source);
  writer.U32(h.factor.source_epoch);
  writer.U32(h.factor.hub_epoch);
  writer.U8(h.factor.stage);
  writer.U8(h.factor.stages);
  writer.Bytes(h.source_public.bytes());
  writer.Bytes(h.hub_public.bytes());
  writer.Bytes(h.id);
  // The value goes straight into memory that is wiped, which has room for it
  // from the start.
  WipedBytes out;
  out.reserve(writer.size() + 32 + sizeof(Signature));
  out.assign(writer.view().begin(), writer.view().end());
  const SecretView value = SecretPeek::View(message.value);
  out.insert(out.end(), value.bytes().begin(), value.bytes().end());
  return out;
}

absl::StatusOr<ParsedCeremony> ParseCeremony(std::span<const uint8_t> opened) {
  auto parsed = Parse(opened);
  if (parsed.ok() || ExitCodeOf(parsed.status()) == kExitInvalidInput) {
    return parsed;
  }
  return Bad(ToStd(parsed.status().message()));
}

}  // namespace tally::crypto::internal
