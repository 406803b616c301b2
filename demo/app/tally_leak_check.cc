// tally-leak-check: looks for the NHS Numbers of a synthetic population in
// files, folders and the memory of processes where none may be. Parquet files
// are read as rows, everything else as bytes. Exit code 11 when something is
// found.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/command_line.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "demo/leak_search.h"
#include "engine/database.h"

namespace {

namespace fs = std::filesystem;
using tally::demo::LeakHit;
using tally::demo::LeakSearch;
using tally::demo::MemoryHits;
using tally::demo::PieceScan;

struct Arguments {
  std::string identifiers;
  std::vector<std::string> paths;
  std::vector<std::string> pids;
};

struct Totals {
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t hits = 0;
  uint64_t lone_integers = 0;  // left out, see MemoryHits
};

// The whole of `text` as a number in base 16.
bool ReadHex(std::string_view text, uint64_t* value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *value, 16);
  return error == std::errc() && stopped == end;
}

bool IsText(const fs::path& path) {
  static constexpr std::array<const char*, 12> kText = {
      ".json", ".csv", ".html", ".txt", ".log",   ".md",
      ".toml", ".sig", ".out",  ".err", ".jsonl", ".pem"};
  const std::string extension = path.extension();
  for (const char* text : kText) {
    if (extension == text) return true;
  }
  return false;
}

// Counts and prints hits of one file or process.
std::function<void(const LeakHit&)> Reporter(std::string name, Totals& totals) {
  return [name = std::move(name), &totals](const LeakHit& hit) {
    ++totals.hits;
    // The value is not repeated: this line may go into a log.
    std::printf("found %s: %s\n", hit.form.c_str(), name.c_str());
  };
}

absl::Status ScanFile(const LeakSearch& search, const fs::path& path,
                      const std::string& name, bool text, Totals& totals) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return tally::UsageError(absl::StrCat(name, ": cannot be read"));
  }
  PieceScan scan(search, text, Reporter(name, totals));
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())),
         file.gcount() > 0) {
    totals.bytes += static_cast<uint64_t>(file.gcount());
    scan.Add({buffer.data(), static_cast<size_t>(file.gcount())});
  }
  scan.Finish();
  ++totals.files;
  return absl::OkStatus();
}

// Parquet is compressed, so its rows are written out as CSV first.
absl::Status ScanParquet(const LeakSearch& search, const fs::path& path,
                         const fs::path& scratch, Totals& totals) {
  tally::engine::DatabaseOptions options;
  options.directories = {fs::absolute(path).parent_path().string(),
                         scratch.string()};
  options.temp_directory = scratch.string();
  options.threads = 2;
  TALLY_ASSIGN_OR_RETURN(auto database, tally::engine::Database::Open(options));
  TALLY_ASSIGN_OR_RETURN(auto connection, database.Connect());
  const fs::path rows = scratch / "rows.csv";
  TALLY_RETURN_IF_ERROR(connection.Execute(
      absl::StrFormat("COPY (SELECT * FROM read_parquet('%s')) TO '%s' "
                      "(FORMAT csv, HEADER true)",
                      fs::absolute(path).string(), rows.string())));
  TALLY_RETURN_IF_ERROR(
      ScanFile(search, rows, path.string() + " (rows)", true, totals));
  std::error_code ignored;
  fs::remove(rows, ignored);
  return ScanFile(search, path, path.string(), false, totals);
}

absl::Status ScanPath(const LeakSearch& search, const std::string& path,
                      const fs::path& scratch, Totals& totals) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  } else if (fs::is_regular_file(path, error)) {
    files.emplace_back(path);
  } else {
    return tally::UsageError(absl::StrCat(path, ": no such file or folder"));
  }
  if (error) return tally::UsageError(absl::StrCat(path, ": cannot be read"));
  for (const fs::path& file : files) {
    PieceScan names(search, true,
                    Reporter(file.string() + " (its name)", totals));
    names.Add(file.filename().string());
    names.Finish();
    if (file.extension() == ".parquet") {
      TALLY_RETURN_IF_ERROR(ScanParquet(search, file, scratch, totals));
    } else {
      TALLY_RETURN_IF_ERROR(
          ScanFile(search, file, file.string(), IsText(file), totals));
    }
  }
  return absl::OkStatus();
}

// Whether a line of /proc/PID/maps is of the read-only pages of a library: they
// hold the library's own bytes, never the process's data, and among the million
// words of a symbol table some made-up number appears by chance.
bool OfLibrary(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || line.substr(space + 1, 2) != "r-" ||
      line.find('/') == std::string_view::npos) {
    return false;
  }
  const size_t name = line.find(".so", line.rfind('/'));
  return name != std::string_view::npos &&
         (name + 3 == line.size() || line[name + 3] == '.');
}

// Every readable page of a process but those of its libraries: what a core dump
// would hold.
absl::Status ScanProcess(const LeakSearch& search, const std::string& pid,
                         Totals& totals) {
  std::ifstream maps("/proc/" + pid + "/maps");
  const tally::UniqueFd memory(
      ::open(("/proc/" + pid + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (!maps || !memory.valid()) {
    return tally::NotPermittedError(
        absl::StrCat("process ", pid, ": its memory can be read by root only"));
  }
  MemoryHits hits(Reporter("memory of process " + pid, totals));
  PieceScan scan(search, false, [&](const LeakHit& hit) { hits.Add(hit); });
  std::string line;
  std::vector<char> buffer(1 << 20);
  while (std::getline(maps, line)) {
    // "55d0c8a00000-55d0c8a21000 rw-p ..."
    const size_t dash = line.find('-');
    const size_t space = line.find(' ');
    uint64_t begin = 0;
    uint64_t end = 0;
    if (dash == std::string::npos || space == std::string::npos ||
        !ReadHex(std::string_view(line).substr(0, dash), &begin) ||
        !ReadHex(std::string_view(line).substr(dash + 1, space - dash - 1),
                 &end) ||
        line.compare(space + 1, 1, "r") != 0 ||
        line.find("[v") != std::string::npos || OfLibrary(line)) {
      continue;
    }
    for (uint64_t at = begin; at < end;) {
      const size_t want = std::min<uint64_t>(buffer.size(), end - at);
      const ssize_t got =
          ::pread(memory.get(), buffer.data(), want, static_cast<off_t>(at));
      if (got <= 0) break;  // a guard page or a device
      totals.bytes += static_cast<uint64_t>(got);
      scan.Add({buffer.data(), static_cast<size_t>(got)});
      at += static_cast<uint64_t>(got);
    }
  }
  scan.Finish();
  hits.Finish();
  totals.lone_integers += hits.left_out();
  ++totals.files;
  return absl::OkStatus();
}

absl::StatusOr<LeakSearch> LoadIdentifiers(const std::string& path) {
  std::ifstream file(path);
  if (!file) return tally::UsageError(absl::StrCat(path, ": cannot be read"));
  LeakSearch search;
  std::string line;
  std::getline(file, line);  // kind,value
  while (std::getline(file, line)) {
    const size_t comma = line.find(',');
    if (comma == std::string::npos) continue;
    const std::string kind = line.substr(0, comma);
    const std::string value = line.substr(comma + 1);
    if (kind == "nhs_number") {
      search.AddNumber(value);
    } else {
      search.AddWord(kind, value);
    }
  }
  if (search.patterns() == 0) {
    return tally::UsageError(absl::StrCat(path, ": holds no identifier"));
  }
  return search;
}

absl::StatusOr<tally::ExitCode> Check(const Arguments& arguments) {
  TALLY_ASSIGN_OR_RETURN(const LeakSearch search,
                         LoadIdentifiers(arguments.identifiers));
  std::string name = fs::temp_directory_path() / "tally-leak-check-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    return tally::TemporaryError("no temporary folder can be made");
  }
  Totals totals;
  absl::Status status;
  for (const std::string& path : arguments.paths) {
    status.Update(ScanPath(search, path, name, totals));
  }
  for (const std::string& pid : arguments.pids) {
    status.Update(ScanProcess(search, pid, totals));
  }
  std::error_code ignored;
  fs::remove_all(name, ignored);
  TALLY_RETURN_IF_ERROR(status);
  std::printf("%lu found in %lu files (%lu MB), %zu patterns\n", totals.hits,
              totals.files, totals.bytes / 1000000, search.patterns());
  if (totals.lone_integers > 0) {
    std::printf("%lu integers that stand alone in memory are left out\n",
                totals.lone_integers);
  }
  return totals.hits == 0 ? tally::kExitDone : tally::kExitIntegrity;
}

}  // namespace

int main(int argc, char** argv) {
  tally::CommandLine line(
      {.program = "tally-leak-check",
       .summary = "Looks for synthetic NHS Numbers where none may be",
       .examples = {"tally-leak-check scan identifiers.txt demo/run/hub",
                    "tally-leak-check scan identifiers.txt --pid 4711"}});
  Arguments arguments;
  line.AddCommand("scan", "Scans files, folders and processes",
                  {"tally-leak-check scan identifiers.txt demo/run/hub"})
      .AddPositional("IDENTIFIERS", &arguments.identifiers,
                     "truth/identifiers.txt of the population")
      .AddPositionals("PATH", &arguments.paths, "files and folders", 0)
      .AddOption("--pid", &arguments.pids, "process whose memory to scan",
                 "PID")
      .SetHandler([&](const tally::CommonFlags&) { return Check(arguments); });
  return line.Run(argc, argv);
}
