#include <ostream>
#include <utility>

#include "base/status.h"
#include "crypto/keys.h"
#include "internal/check_name.h"

// In a file of its own, so that a program which never uses it does not hold
// its code: the symbol check counts on that.

namespace tally::crypto {

ProjectKey::ProjectKey(Environment environment, std::string_view domain,
                       std::string_view project, Secret32 secret)
    : environment_(environment),
      domain_(domain),
      project_(project),
      secret_(std::move(secret)) {}

absl::StatusOr<ProjectKey> ProjectKey::Generate(Environment environment,
                                                std::string_view domain,
                                                std::string_view project) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, domain, project, std::move(secret));
}

absl::StatusOr<ProjectKey> ProjectKey::FromSecret(Environment environment,
                                                  std::string_view domain,
                                                  std::string_view project,
                                                  Secret32 secret) {
  TALLY_RETURN_IF_ERROR(internal::CheckName("domain", domain));
  TALLY_RETURN_IF_ERROR(internal::CheckName("project", project));
  return ProjectKey(environment, domain, project, std::move(secret));
}

void PrintTo(const ProjectKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
