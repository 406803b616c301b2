// What the parts of the catalogue share: the database, its lock, and the frame
// around every change.
//
// Threading: the lock is held for each public call. Secrets: none.

#ifndef TALLY_LINKAGE_STORE_SRC_CATALOGUE_IMPL_H_
#define TALLY_LINKAGE_STORE_SRC_CATALOGUE_IMPL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "linkage/store/catalogue.h"
#include "sql.h"

namespace tally::linkage {

class Catalogue::Impl {
 public:
  explicit Impl(std::unique_ptr<Sql> sql) : sql_(std::move(sql)) {}

  Mutex& mu() { return mu_; }
  Sql& sql() { return *sql_; }

  // Runs `mutate` in one transaction with the change's outbox entry and its
  // request. A request that was answered before is answered again without
  // `mutate`. Takes the lock.
  [[nodiscard]] absl::StatusOr<std::string> Commit(
      const Change& change, const std::function<absl::Status()>& mutate);

  // With the lock held:
  [[nodiscard]] absl::StatusOr<std::optional<std::string>> Answered(
      const RequestKey& request);
  // The next number of a counter; ascends in order of commit.
  [[nodiscard]] absl::StatusOr<int64_t> Next(std::string_view counter);
  [[nodiscard]] absl::Status InsertFiles(std::string_view owner,
                                         std::span<const FileRecord> files);
  [[nodiscard]] absl::StatusOr<std::vector<FileRecord>> Files(
      std::string_view owner);
  [[nodiscard]] absl::StatusOr<std::vector<ApprovalRecord>> Approvals(
      std::string_view owner);
  // Adds an approval; SAME_PERSON if this person gave one. Returns how many
  // there are now.
  [[nodiscard]] absl::StatusOr<int64_t> AddApproval(
      std::string_view owner, const ApprovalRecord& approval,
      std::string_view resource);

  // Extracts whose SELECT ends with `condition`.
  [[nodiscard]] absl::StatusOr<std::vector<ExtractRecord>> Extracts(
      std::string_view condition, const std::vector<SqlValue>& values);
  [[nodiscard]] absl::StatusOr<std::vector<AgreementRecord>> Agreements(
      std::string_view condition, const std::vector<SqlValue>& values);
  [[nodiscard]] absl::StatusOr<std::vector<ReleaseRecord>> Releases(
      std::string_view condition, const std::vector<SqlValue>& values);
  // Releases of an agreement that are in force or wait for it, ended.
  [[nodiscard]] absl::Status ExpireReleases(std::string_view project,
                                            std::string_view agreement);

 private:
  Mutex mu_;
  std::unique_ptr<Sql> sql_;
};

// Rows of a page, one more than asked for, turned into the page and its token.
template <typename T, typename Key>
Page<T> MakePage(std::vector<T> rows, const PageRequest& request, Key key) {
  Page<T> page{std::move(rows), ""};
  if (page.items.size() > static_cast<size_t>(request.size)) {
    page.items.erase(page.items.begin() + request.size, page.items.end());
    page.next = key(page.items.back());
  }
  return page;
}

// An ErrorDetail as text for a column, and back; "" = none.
std::string ErrorText(const std::optional<ErrorDetail>& error);
[[nodiscard]] absl::StatusOr<std::optional<ErrorDetail>> ErrorFromText(
    std::string_view text);

std::optional<ExtractState> ExtractStateFromName(std::string_view name);
std::optional<ReleaseState> ReleaseStateFromName(std::string_view name);
std::optional<AgreementState> AgreementStateFromName(std::string_view name);

// RESOURCE_NOT_FOUND and RESOURCE_EXISTS about a resource of ours.
absl::Status NotFound(const std::string& resource);
absl::Status Exists(const std::string& resource);
// The damage of a row that we did not write like this.
absl::Status BadRow();

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_CATALOGUE_IMPL_H_
