#ifndef TALLY_LINKAGE_SERVICE_HUB_SERVER_H_
#define TALLY_LINKAGE_SERVICE_HUB_SERVER_H_

// The hub as a process: its network, its clock, its signals. `linkage-hub
// serve` is this and little more, and so are tests that need a whole hub.
//
//   SIGTERM, SIGINT  drain: health NOT_SERVING, calls end, then the process
//   SIGHUP           peers, certificates, specifications, registry read again
//   SIGUSR2          seal
//
// Role: hub.
// Spec: docs/operations.md, "Signals"
// Threading: Run on one thread; the rest from any.
// Secrets: none kept.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "linkage/service/hub_config.h"

namespace tally::linkage {

class HubServer {
 public:
  // Opens the hub, binds, starts; unseals if the configuration names the
  // passphrase. REQUIRES: transport::ApplyTlsPolicy() was called first of all.
  // `port_file`: where the bound port is written, as decimal text, or empty.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HubServer>> Start(
      const HubConfig& config, const std::string& port_file);
  // Drains if Run() did not.
  ~HubServer();
  HubServer(const HubServer&) = delete;
  HubServer& operator=(const HubServer&) = delete;

  int port() const;

  // Serves until a stop is asked for (base/process.h), then drains and stops
  // the hub. OK when all ended in order.
  [[nodiscard]] absl::Status Run();

  // What SIGHUP does. The first error; what could be read is in force.
  absl::Status Reload();

 private:
  struct Parts;
  explicit HubServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_HUB_SERVER_H_
