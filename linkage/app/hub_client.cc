#include "hub_client.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/error.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "google/protobuf/util/json_util.h"

namespace tally::linkage {

absl::StatusOr<ClientConfig> LoadClientConfig(const CommonFlags& flags) {
  ClientConfig config;
  TALLY_ASSIGN_OR_RETURN(config.file,
                         FindConfig(flags.config, "linkage", true));
  TALLY_ASSIGN_OR_RETURN(ConfigReader reader,
                         ConfigReader::FromFile(config.file, "TALLY_LINKAGE"));
  config.options.address = reader.String("hub.address");
  config.options.trust_domain = reader.String("hub.trust_domain");
  config.options.certificate_file = reader.Path("tls.certificate");
  config.options.key_reference = reader.SecretReference("tls.key");
  config.options.ca_file = reader.Path("tls.ca");
  TALLY_RETURN_IF_ERROR(reader.Finish());
  return config;
}

absl::StatusOr<std::unique_ptr<transport::HubChannel>> OpenHub(
    const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const ClientConfig config, LoadClientConfig(flags));
  return transport::HubChannel::Open(config.options);
}

std::string NewRequestId() {
  std::string hex = crypto::RandomHex(16);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<size_t>(hex[16]) % 4];
  return absl::StrFormat("%s-%s-%s-%s-%s", hex.substr(0, 8), hex.substr(8, 4),
                         hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

absl::Status PrintJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options)
           .ok()) {
    return absl::InternalError("the answer cannot be printed as JSON");
  }
  return PrintOut(json);
}

void PrintAudit(const common::v1::AuditReference& audit) {
  PrintNote(absl::StrFormat("audit event %d, %s", audit.seq(), audit.corr()));
}

std::string WithPrefix(std::string_view prefix, std::string_view text) {
  if (text.rfind(prefix, 0) == 0) return std::string(text);
  return std::string(prefix) + std::string(text);
}

absl::StatusOr<std::string> ProjectChild(std::string_view kind,
                                         std::string_view text) {
  if (text.rfind("projects/", 0) == 0) return std::string(text);
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(text), '/');
  if (parts.size() != 2) {
    return UsageError(absl::StrFormat(
        "give PROJECT/NAME, or the full name projects/PROJECT/%s/NAME", kind));
  }
  return absl::StrFormat("projects/%s/%s/%s", parts[0], kind, parts[1]);
}

std::string DayText(int32_t days) {
  const absl::StatusOr<CivilDay> day = CivilDay::FromDays(days);
  return day.ok() ? day->ToIso() : std::string();
}

std::string StateText(std::string_view name, std::string_view prefix) {
  if (name.rfind(prefix, 0) == 0) name.remove_prefix(prefix.size());
  return absl::AsciiStrToLower(ToAbsl(name));
}

absl::StatusOr<std::string> DigestOf(const std::string& hex,
                                     std::string_view flag) {
  absl::StatusOr<std::string> bytes = HexDecode(hex);
  if (!bytes.ok() || bytes->size() != 32) {
    return UsageError(
        absl::StrFormat("%s must be 64 lower-case hex digits", flag));
  }
  return bytes;
}

}  // namespace tally::linkage
