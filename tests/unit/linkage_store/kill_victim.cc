// linkage_store_victim ROOT: a hub's store and its source in one process. Goes
// on with one delivery from wherever the folder stands, until it is published,
// and writes every acknowledged sequence to ROOT/acknowledged before it goes on
// (a line each, fsynced). Killed at a failpoint (TALLY_FAILPOINT) by SIGKILL.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "store_fixture.h"

namespace tally::linkage {
namespace {

void NoteAcknowledged(const std::string& root, uint64_t sequence) {
  const int fd = open((root + "/acknowledged").c_str(),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = std::to_string(sequence) + "\n";
  TALLY_CHECK(write(fd, line.data(), line.size()) ==
              static_cast<ssize_t>(line.size()));
  TALLY_CHECK(fsync(fd) == 0);
  close(fd);
}

absl::Status Upload(const std::string& root, TestHub& hub,
                    const TestDelivery& delivery) {
  const std::string& source = delivery.create.source;
  const std::string& id = delivery.create.extract_id;
  auto status = hub.store().GetUploadStatus(source, id);
  TALLY_RETURN_IF_ERROR(status.status());
  const uint64_t first = status->persisted_sequence + 1;
  auto ticket = hub.store().BeginStream(source, id, first);
  // Everything and the manifest are there already.
  if (ReasonOf(ticket.status()) == Reason::kExtractState) {
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(ticket.status());
  uint64_t acknowledged = status->persisted_sequence;
  for (uint64_t n = first; n <= delivery.batches.size(); ++n) {
    const auto& batch = delivery.batches[n - 1];
    TALLY_ASSIGN_OR_RETURN(
        const uint64_t persisted,
        hub.store().AddBatch(*ticket, n, batch.kind, AsBytes(batch.content)));
    if (persisted > acknowledged) {
      acknowledged = persisted;
      NoteAcknowledged(root, acknowledged);
    }
  }
  TALLY_ASSIGN_OR_RETURN(const uint64_t last, hub.store().Sync(*ticket));
  NoteAcknowledged(root, last);
  return absl::OkStatus();
}

absl::Status Run(const std::string& root) {
  const TestScheme scheme;
  // Small batches: several groups of sixteen.
  const TestDelivery delivery =
      MakeDelivery(scheme, {.rows_per_batch = 12, .tokens_per_batch = 5});
  TestHub hub(root, scheme);
  auto record = hub.Get(delivery);
  if (absl::IsNotFound(record.status())) record = hub.Create(delivery);
  TALLY_RETURN_IF_ERROR(record.status());
  if (record->state == ExtractState::kOpen) {
    TALLY_RETURN_IF_ERROR(Upload(root, hub, delivery));
    TALLY_RETURN_IF_ERROR(hub.Finalize(delivery).status());
  }
  return hub.Publish(delivery);
}

}  // namespace
}  // namespace tally::linkage

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const absl::Status status = tally::linkage::Run(argv[1]);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 1;
  }
  return 0;
}
