// The hub's ReleaseService as a ReleaseSource. The only part of the analyst's
// program that knows gRPC.
// Runs in: the analyst's program.
//
// Spec: docs/spec/api-v1.md, "ReleaseService".
// Threading: one thread.
// Secrets: record values pass through; nothing here prints.
#ifndef TALLY_ANALYTICS_PULL_HUB_SOURCE_H_
#define TALLY_ANALYTICS_PULL_HUB_SOURCE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/config.h"
#include "analytics/release/pull_release.h"
#include "transport/client.h"

namespace tally::analytics {

class HubSource : public ReleaseSource {
 public:
  // What a person is told who waits.
  using Notice = std::function<void(std::string_view)>;

  // Reads certificate and key; connects at the first call. Errors as
  // HubChannel::Open. List and Describe try again for `timeout_ms`, 0: a
  // minute; Download ends after it, 0: an hour. `notice` is called, by another
  // thread, when List or Describe has waited for two seconds.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HubSource>> Open(
      const AnalystConfig& config, int64_t timeout_ms, Notice notice = nullptr);
  ~HubSource() override;

  absl::StatusOr<std::vector<RemoteRelease>> List(
      std::string_view parent) override;
  absl::StatusOr<RemoteDetails> Describe(std::string_view name) override;
  absl::Status Download(std::string_view name, std::string_view path,
                        int64_t offset, std::string_view terms_version,
                        const Sink& sink) override;

  // Whether the hub answers, for `doctor`.
  absl::Status Diagnose();
  const std::string& own_uri() const;

 private:
  class Impl;
  explicit HubSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_PULL_HUB_SOURCE_H_
