#ifndef TALLY_DEMO_CSV_FILE_H_
#define TALLY_DEMO_CSV_FILE_H_

// A CSV file (RFC 4180) written row by row through a large buffer. Fields with
// a comma, a quote or a line break are quoted; nothing else is.
//
// Threading: one writer.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::demo {

class CsvFile {
 public:
  // Makes or replaces `path` and writes the header.
  [[nodiscard]] static absl::StatusOr<CsvFile> Create(
      const std::string& path, const std::vector<std::string>& header);

  // Adds one row. REQUIRES: as many fields as the header has. A failed write
  // shows in Close().
  void Row(const std::vector<std::string_view>& fields);
  // Adds a line as it stands, without its end: for rows with a planted fault.
  void RawLine(std::string_view line);

  int64_t rows() const { return rows_; }
  // Flushes and closes. Returns kUnavailable, naming the file, if any write
  // failed (a full disk, say).
  [[nodiscard]] absl::Status Close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  CsvFile(std::string path, std::FILE* file);
  void Flush();

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::string buffer_;
  size_t columns_ = 0;
  int64_t rows_ = 0;
  bool failed_ = false;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_CSV_FILE_H_
