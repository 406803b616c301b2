#ifndef TALLY_CUSTODIAN_DOCTOR_H_
#define TALLY_CUSTODIAN_DOCTOR_H_

// Looks the custodian's machine over: one line a check, with the remedy.
//
// Role: `custodian doctor`.
// Spec: docs/operations.md, "Commands".
// Threading: one thread.
// Secrets: opens the keys; prints key ids only.

#include <string>
#include <vector>

#include "custodian/configuration.h"

namespace tally::custodian {

enum class Health { kOk, kWarn, kFail };
std::string_view HealthName(Health health);  // "ok", "warn", "fail"

struct Finding {
  Health health = Health::kOk;
  std::string check;    // "registry"
  std::string message;  // what was found, and what to do about it
};

// Never fails as a whole: what cannot be looked at is a finding.
std::vector<Finding> Examine(const Configuration& configuration);

// The most serious of them.
Health Worst(const std::vector<Finding>& findings);

// Names of network interfaces that are up, the loopback apart: a custodian's
// machine has none. `sys_class_net` is /sys/class/net.
std::vector<std::string> NetworkInterfacesUp(std::string_view sys_class_net);

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_DOCTOR_H_
