#include "custodian/doctor.h"

#include <algorithm>
#include <ctime>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/strings.h"
#include "crypto/secret.h"
#include "crypto/token_kernel.h"
#include "custodian/ceremony_room.h"
#include "custodian/registry_desk.h"

namespace tally::custodian {
namespace {

using Findings = std::vector<Finding>;

void Note(Findings& out, Health health, std::string_view check,
          std::string message) {
  out.push_back({health, std::string(check), std::move(message)});
}

// `status` as a finding; true if it is OK.
bool NoteStatus(Findings& out, std::string_view check,
                const absl::Status& status, std::string_view fine) {
  if (status.ok()) {
    Note(out, Health::kOk, check, std::string(fine));
  } else {
    Note(out, Health::kFail, check, std::string(status.message()));
  }
  return status.ok();
}

void ExamineMachine(const Configuration& configuration, Findings& out) {
  NoteStatus(out, "arithmetic",
             crypto::SelfTestKernel(crypto::PortableKernel()),
             "the portable kernel, the only one used here, agrees with the "
             "published vectors");
  if (crypto::AllSecretsLocked()) {
    Note(out, Health::kOk, "memory", "keys are locked into memory");
  } else {
    const bool production =
        configuration.environment == crypto::Environment::kProduction;
    Note(out, production ? Health::kFail : Health::kWarn, "memory",
         "keys cannot be locked into memory: raise `ulimit -l`");
  }
  const std::string_view swap = crypto::SwapWarning();
  Note(out, swap.empty() ? Health::kOk : Health::kWarn, "swap",
       swap.empty() ? "off, or encrypted" : std::string(swap));
  const auto interfaces = NetworkInterfacesUp("/sys/class/net");
  if (interfaces.empty()) {
    Note(out, Health::kOk, "network", "no interface is up");
  } else {
    Note(out, Health::kWarn, "network",
         absl::StrFormat("%s is up: do ceremonies on a machine without a "
                         "network",
                         JoinText(interfaces, ", ")));
  }
  // Before this program was written no clock is right.
  constexpr std::time_t kWritten = 1767225600;  // 2026-01-01
  if (std::time(nullptr) < kWritten) {
    Note(out, Health::kFail, "clock", "shows a day before 2026: set it");
  } else {
    Note(out, Health::kOk, "clock", "plausible; offline it is not compared");
  }
}

// Every hub key of the registry has its file, and the other way round.
void ExamineHubKeys(const CeremonyRoom& room, const crypto::Registry& registry,
                    Findings& out) {
  for (const crypto::RegistryKey& key : registry.keys()) {
    if (key.role != crypto::KeyRole::kHub) continue;
    const auto opened = HubKey::Load(room.keys(), key.domain, key.epoch);
    if (!opened.ok()) {
      Note(out, Health::kFail, "hub-key",
           std::string(opened.status().message()));
    } else if (opened->public_key() != key.public_key) {
      Note(out, Health::kFail, "hub-key",
           absl::StrFormat("the key file of domain %s, epoch %d, is not the "
                           "key of the registry",
                           key.domain, key.epoch));
    } else {
      Note(out, Health::kOk, "hub-key",
           absl::StrFormat("%s%s, domain %s, epoch %d",
                           crypto::ScreenMark(registry.environment()),
                           key.key_id.Hex(), key.domain, key.epoch));
    }
  }
}

void ExamineRegistry(const Configuration& configuration,
                     const CeremonyRoom& room, Findings& out) {
  const auto desk =
      RegistryDesk::Open(configuration.registry, configuration.environment,
                         room.sign_key().public_key());
  if (!desk.ok()) {
    Note(out, Health::kFail, "registry", std::string(desk.status().message()));
    return;
  }
  if (desk->interrupted()) {
    Note(out, Health::kFail, "registry",
         "signing was interrupted: run `custodian registry sign` again");
    return;
  }
  if (desk->current().has_value()) {
    Note(out, Health::kOk, "registry",
         absl::StrFormat("version %d, %d keys, %d parties, signature holds",
                         desk->current()->version(),
                         desk->current()->keys().size(),
                         desk->current()->parties().size()));
    ExamineHubKeys(room, *desk->current(), out);
  } else {
    Note(out, Health::kWarn, "registry",
         "none is signed yet: run `custodian registry sign`");
  }
  if (desk->draft().has_value()) {
    Note(out, Health::kWarn, "registry",
         absl::StrFormat("a draft of version %d waits to be signed",
                         desk->draft()->version()));
  }
}

}  // namespace

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kOk:
      return "ok";
    case Health::kWarn:
      return "warn";
    case Health::kFail:
      return "fail";
  }
  return "";
}

std::vector<Finding> Examine(const Configuration& configuration) {
  Findings out;
  const auto room = CeremonyRoom::Open(configuration);
  if (NoteStatus(out, "keys", room.status(), "ring and keys open")) {
    const auto listed = room->keys().List();
    NoteStatus(out, "key-files", listed.status(),
               absl::StrFormat("%d files, modes and names right",
                               listed.ok() ? listed->size() : 0));
    Note(out, Health::kOk, "transcript",
         absl::StrFormat("%d entries, chain holds, head %s",
                         room->transcript().entries().size(),
                         room->transcript().head().substr(0, 16)));
    ExamineRegistry(configuration, *room, out);
  }
  ExamineMachine(configuration, out);
  return out;
}

Health Worst(const std::vector<Finding>& findings) {
  Health worst = Health::kOk;
  for (const Finding& finding : findings) {
    worst = std::max(worst, finding.health);
  }
  return worst;
}

std::vector<std::string> NetworkInterfacesUp(std::string_view sys_class_net) {
  std::vector<std::string> up;
  const auto names = ListDirectory(std::string(sys_class_net));
  if (!names.ok()) return up;
  for (const std::string& name : *names) {
    if (name == "lo") continue;
    const auto state =
        ReadFile(JoinPath(JoinPath(sys_class_net, name), "operstate"), 4096);
    if (state.ok() && state->starts_with("up")) up.push_back(name);
  }
  return up;
}

}  // namespace tally::custodian
