// The place that --out names: looked at before anything is computed, so that no
// file of the user's is lost and no hour is spent on what cannot be written.
// Runs in: the analyst's program.
//
// Spec: docs/commissioning.md, "Files".
// Threading: no state.
// Secrets: none; messages name the user's own path.
#ifndef TALLY_ANALYTICS_EXPORT_OUTPUT_PLACE_H_
#define TALLY_ANALYTICS_EXPORT_OUTPUT_PLACE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace tally::analytics {

enum class OutputKind { kPage, kWorkbook, kCsv, kJson, kParquet };

// Whether one file can go to `path`. Something that is there is replaced only
// if it is empty or its form shows that it is earlier output of this kind; a
// CSV file by its header, whose words are all among `columns`.
// kFailedPrecondition (exit 7): it is something else. kInvalidArgument
// (exit 2): a folder, or a place that cannot be written.
absl::Status CheckOutputFile(const std::string& path, OutputKind kind,
                             const std::vector<std::string>& columns = {});

// Whether files can go into the folder `path`, which need not be there.
// kInvalidArgument (exit 2) if not.
absl::Status CheckOutputFolder(const std::string& path);

// What came of writing `path`, in the user's words: what only another place
// can help becomes kInvalidArgument (exit 2) and names `path`, not the
// temporary file beside it. All else stays, a full disk (5) among it.
absl::Status OutputStatus(const absl::Status& status, std::string_view path);

// Marks the workbook `path`, a new zip archive, as output of ours and syncs it:
// the mark is the comment at the archive's end, so that it is found without
// unpacking. A program that saves the workbook anew leaves it out, and what it
// wrote is not replaced. kInternal if `path` is no archive, or has a comment.
absl::Status MarkWorkbook(const std::string& path);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_EXPORT_OUTPUT_PLACE_H_
