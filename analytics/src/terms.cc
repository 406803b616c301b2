#include "analytics/terms.h"

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr int kFileMode = 0600;
constexpr int kFolderMode = 0700;
constexpr int64_t kMaxBytes = 1 << 16;
constexpr int kDepth = 2;

}  // namespace

std::string_view TermsText() {
  return R"(Terms of use of released data

1. The records are pseudonymised, and they stay personal data (UK GDPR,
   Article 4(5)).
2. It is an offence under section 171 of the Data Protection Act 2018 to
   re-identify, knowingly or recklessly, information that is de-identified
   personal data, without the consent of the controller responsible for
   de-identifying it. It is also an offence to process such information once
   it has been re-identified. Section 172 provides for testing the
   effectiveness of de-identification, under conditions.
3. You use the records for the purpose of the agreement only, and inside the
   environment that it names. You join no two projects.
4. Figures leave that environment through the disclosure gate only.
5. Every download is entered in the hub's audit log under your identity,
   together with your acceptance of these terms.
)";
}

absl::Status SaveAcceptedTerms(const std::string& path,
                               const AcceptedTerms& terms) {
  JsonValue json = JsonValue::MakeObject();
  json.Set("version", terms.version)
      .Set("identity", terms.identity)
      .Set("accepted", terms.accepted);
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kFolderMode));
  return WriteFileAtomically(path, json.DumpPretty() + "\n", kFileMode);
}

absl::StatusOr<AcceptedTerms> ReadAcceptedTerms(const std::string& path) {
  AcceptedTerms terms;
  if (!FileExists(path)) return terms;
  TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBytes));
  const absl::StatusOr<JsonValue> json = ParseJson(text, kDepth);
  const auto member = [&](std::string_view key) {
    return json.ok() ? json->GetString(key)
                     : absl::StatusOr<std::string>(json.status());
  };
  const auto version = member("version");
  const auto identity = member("identity");
  const auto accepted = member("accepted");
  if (!version.ok() || !identity.ok() || !accepted.ok()) {
    return UsageError(
        "the file of accepted terms is malformed: run `commissioning login`");
  }
  return AcceptedTerms{*version, *identity, *accepted};
}

}  // namespace tally::analytics
