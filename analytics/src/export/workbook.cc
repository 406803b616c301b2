#include "analytics/export/workbook.h"

#include <xlsxwriter.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/export/table_writers.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr size_t kMaxSheetName = 31;    // characters, a limit of the format
constexpr size_t kMaxCellText = 32767;  // characters, another
constexpr double kNarrowest = 9;        // of a column, in digits
constexpr double kWidest = 60;
constexpr char kNothing[] = "[z]";

constexpr const char* kFixedNotes[] = {
    "* stands for a number that is not shown, to protect people.",
    "NA stands for a number that is not available.",
    "[z] stands for a text that does not apply.",
    ("Totals are counted and rounded by themselves: the cells beside them may "
     "add up to a little more or less.")};

struct WorkbookCloser {
  void operator()(lxw_workbook* book) const {
    if (book != nullptr) lxw_workbook_free(book);
  }
};

// Characters, not bytes, of a UTF-8 text.
size_t TextLength(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

class WorkbookWriter {
 public:
  WorkbookWriter(const std::vector<GatedTable>& tables,
                 const WorkbookFacts& facts)
      : tables_(tables), facts_(facts) {}

  absl::Status Write(const std::string& path, const std::string& temp);

 private:
  struct Sheet {
    lxw_worksheet* sheet = nullptr;
    std::string name;  // for messages
    std::vector<double> widths;
  };

  absl::StatusOr<Sheet> AddSheet(const std::string& name);
  absl::Status PutText(Sheet& sheet, size_t row, size_t column,
                       const std::string& text, lxw_format* format = nullptr);
  absl::Status PutNumber(Sheet& sheet, size_t row, size_t column, double number,
                         const std::string& text);
  absl::Status PutRow(Sheet& sheet, size_t row,
                      const std::vector<std::string>& texts,
                      lxw_format* format = nullptr);
  absl::Status SetWidths(const Sheet& sheet);
  lxw_format* NumberFormat(const std::string& text);

  void NameSheets();
  void CollectNotes();
  std::string NoteMarks(size_t table) const;
  absl::Status WriteContents();
  absl::Status WriteFacts();
  absl::Status WriteNotes();
  absl::Status WriteTable(size_t index);
  absl::Status SetProperties();

  const std::vector<GatedTable>& tables_;
  const WorkbookFacts& facts_;
  std::unique_ptr<lxw_workbook, WorkbookCloser> book_;
  lxw_format* header_ = nullptr;
  std::map<std::string, lxw_format*> number_formats_;
  std::vector<std::string> names_;
  std::vector<std::string> notes_;                // in order of first use
  std::vector<std::vector<size_t>> table_notes_;  // positions in notes_
};

absl::Status BookStatus(lxw_error error, std::string_view where) {
  if (error == LXW_NO_ERROR) return absl::OkStatus();
  return absl::InternalError(
      absl::StrFormat("the workbook could not be written (%s, code %d)", where,
                      static_cast<int>(error)));
}

absl::StatusOr<WorkbookWriter::Sheet> WorkbookWriter::AddSheet(
    const std::string& name) {
  Sheet sheet;
  sheet.name = name;
  sheet.sheet = workbook_add_worksheet(book_.get(), name.c_str());
  if (sheet.sheet == nullptr) {
    return absl::InternalError("the workbook took no further sheet");
  }
  return sheet;
}

absl::Status WorkbookWriter::PutText(Sheet& sheet, size_t row, size_t column,
                                     const std::string& text,
                                     lxw_format* format) {
  const std::string& shown = text.empty() ? kNothing : text;
  const size_t length = TextLength(shown);
  if (length > kMaxCellText) {
    return UsageError(absl::StrFormat(
        "%s: row %d, column %d holds a text of more than %d characters, which "
        "no sheet takes: use --format csv or parquet",
        sheet.name, row + 1, column + 1, kMaxCellText));
  }
  if (sheet.widths.size() <= column) sheet.widths.resize(column + 1);
  sheet.widths[column] =
      std::max(sheet.widths[column], static_cast<double>(length));
  return BookStatus(worksheet_write_string(
                        sheet.sheet, static_cast<lxw_row_t>(row),
                        static_cast<lxw_col_t>(column), shown.c_str(), format),
                    "text");
}

lxw_format* WorkbookWriter::NumberFormat(const std::string& text) {
  const size_t point = text.find('.');
  std::string pattern = "#,##0";
  if (point != std::string::npos) {
    pattern += "." + std::string(text.size() - point - 1, '0');
  }
  lxw_format*& format = number_formats_[pattern];
  if (format == nullptr) {
    format = workbook_add_format(book_.get());
    format_set_num_format(format, pattern.c_str());
  }
  return format;
}

absl::Status WorkbookWriter::PutNumber(Sheet& sheet, size_t row, size_t column,
                                       double number, const std::string& text) {
  if (sheet.widths.size() <= column) sheet.widths.resize(column + 1);
  sheet.widths[column] =
      std::max(sheet.widths[column], static_cast<double>(text.size() + 2));
  return BookStatus(
      worksheet_write_number(sheet.sheet, static_cast<lxw_row_t>(row),
                             static_cast<lxw_col_t>(column), number,
                             NumberFormat(text)),
      "number");
}

absl::Status WorkbookWriter::PutRow(Sheet& sheet, size_t row,
                                    const std::vector<std::string>& texts,
                                    lxw_format* format) {
  for (size_t i = 0; i < texts.size(); ++i) {
    TALLY_RETURN_IF_ERROR(PutText(sheet, row, i, texts[i], format));
  }
  return absl::OkStatus();
}

absl::Status WorkbookWriter::SetWidths(const Sheet& sheet) {
  for (size_t i = 0; i < sheet.widths.size(); ++i) {
    const auto column = static_cast<lxw_col_t>(i);
    TALLY_RETURN_IF_ERROR(BookStatus(
        worksheet_set_column(
            sheet.sheet, column, column,
            std::clamp(sheet.widths[i] + 2, kNarrowest, kWidest), nullptr),
        "width"));
  }
  return absl::OkStatus();
}

// "C02 dependency", cut to what a sheet may be called, each once.
void WorkbookWriter::NameSheets() {
  std::set<std::string> taken = {"Contents", "About", "Notes"};
  for (const GatedTable& table : tables_) {
    const std::string whole =
        absl::StrFormat("%s %s", table.info().measure_id, table.info().table);
    std::string name = whole.substr(0, kMaxSheetName);
    for (int i = 2; taken.contains(name); ++i) {
      const std::string tail = absl::StrFormat(" %d", i);
      name = whole.substr(0, kMaxSheetName - tail.size()) + tail;
    }
    taken.insert(name);
    names_.push_back(name);
  }
}

void WorkbookWriter::CollectNotes() {
  notes_.assign(std::begin(kFixedNotes), std::end(kFixedNotes));
  const std::string made_up = MadeUpWords(facts_.environment);
  if (!made_up.empty()) notes_.push_back(made_up);
  const size_t mark = notes_.size() - 1;
  for (const GatedTable& table : tables_) {
    std::vector<size_t>& own = table_notes_.emplace_back();
    if (!made_up.empty()) own.push_back(mark);
    for (const std::string& note : table.info().notes) {
      const auto found = std::find(notes_.begin(), notes_.end(), note);
      own.push_back(static_cast<size_t>(found - notes_.begin()));
      if (found == notes_.end()) notes_.push_back(note);
    }
  }
}

// " [note 5] [note 6]"
std::string WorkbookWriter::NoteMarks(size_t table) const {
  std::string marks;
  for (const size_t note : table_notes_[table]) {
    marks += absl::StrFormat(" [note %d]", note + 1);
  }
  return marks;
}

absl::Status WorkbookWriter::WriteContents() {
  TALLY_ASSIGN_OR_RETURN(Sheet sheet, AddSheet("Contents"));
  TALLY_RETURN_IF_ERROR(PutRow(
      sheet, 0, {"Sheet", "Title", "Measure", "Period", "Rows", "Hidden cells"},
      header_));
  for (size_t i = 0; i < tables_.size(); ++i) {
    const TableInfo& info = tables_[i].info();
    TALLY_RETURN_IF_ERROR(PutRow(
        sheet, i + 1, {names_[i], info.title, info.measure_id, info.period}));
    const int64_t numbers[] = {static_cast<int64_t>(tables_[i].rows()),
                               tables_[i].suppressed_cells()};
    for (size_t n = 0; n < std::size(numbers); ++n) {
      TALLY_RETURN_IF_ERROR(PutNumber(sheet, i + 1, 4 + n,
                                      static_cast<double>(numbers[n]),
                                      std::to_string(numbers[n])));
    }
  }
  return SetWidths(sheet);
}

absl::Status WorkbookWriter::WriteFacts() {
  TALLY_ASSIGN_OR_RETURN(Sheet sheet, AddSheet("About"));
  TALLY_RETURN_IF_ERROR(
      PutRow(sheet, 0,
             {"Sheet", "Measure", "Version", "SHA-256 of the definition",
              "Project", "Release", "Period", "Denominator", "Method",
              "Rows linked (%)", "Disclosure profile", "Rules of the profile"},
             header_));
  for (size_t i = 0; i < tables_.size(); ++i) {
    const GatedTable& table = tables_[i];
    const TableInfo& info = table.info();
    TALLY_RETURN_IF_ERROR(
        PutRow(sheet, i + 1,
               {names_[i], info.measure_id, info.measure_version,
                info.definition_sha256, info.project, info.release, info.period,
                info.denominator, info.method, table.linked_share_pct(),
                table.profile(), table.profile_description()}));
  }
  return SetWidths(sheet);
}

absl::Status WorkbookWriter::WriteNotes() {
  TALLY_ASSIGN_OR_RETURN(Sheet sheet, AddSheet("Notes"));
  TALLY_RETURN_IF_ERROR(PutRow(sheet, 0, {"Note", "Text"}, header_));
  for (size_t i = 0; i < notes_.size(); ++i) {
    TALLY_RETURN_IF_ERROR(
        PutRow(sheet, i + 1, {absl::StrFormat("[note %d]", i + 1), notes_[i]}));
  }
  return SetWidths(sheet);
}

absl::Status WorkbookWriter::WriteTable(size_t index) {
  const GatedTable& table = tables_[index];
  TALLY_ASSIGN_OR_RETURN(Sheet sheet, AddSheet(names_[index]));
  for (size_t i = 0; i < table.columns().size(); ++i) {
    const ColumnSpec& spec = table.columns()[i];
    std::string title = spec.title.empty() ? spec.name : spec.title;
    const bool counts =
        spec.kind == ColumnKind::kPersons || spec.kind == ColumnKind::kEvents;
    if (!spec.unit.empty() && !counts) {
      title += absl::StrFormat(" (%s)", spec.unit);
    }
    if (OutputName(table, i) != spec.name) title += " (midpoint 6)";
    if (i == 0) title += NoteMarks(index);
    TALLY_RETURN_IF_ERROR(PutText(sheet, 0, i, title, header_));
  }
  for (size_t row = 0; row < table.rows(); ++row) {
    for (size_t i = 0; i < table.columns().size(); ++i) {
      const GatedCell& cell = table.cell(row, i);
      const std::optional<double> number = cell.number();
      TALLY_RETURN_IF_ERROR(
          number.has_value()
              ? PutNumber(sheet, row + 1, i, *number, cell.text())
              : PutText(sheet, row + 1, i, cell.text()));
    }
  }
  return SetWidths(sheet);
}

absl::Status WorkbookWriter::SetProperties() {
  TALLY_ASSIGN_OR_RETURN(const int64_t created,
                         ParseUtcRfc3339(facts_.created));
  std::string title = facts_.title.empty() ? facts_.release : facts_.title;
  if (facts_.environment == "synthetic") {
    title = "Synthetic: " + title;
  } else if (facts_.environment != "production") {
    title = "Made up: " + title;
  }
  std::string subject = facts_.release;
  std::string author = "Tally";
  lxw_doc_properties properties = {};
  properties.title = title.data();
  properties.subject = subject.data();
  properties.author = author.data();
  properties.created = static_cast<time_t>(created / 1000);
  return BookStatus(workbook_set_properties(book_.get(), &properties),
                    "properties");
}

absl::Status WorkbookWriter::Write(const std::string& path,
                                   const std::string& temp) {
  for (const GatedTable& table : tables_) {
    if (static_cast<int64_t>(table.rows()) <= kMaxSheetRows) continue;
    return UsageError(absl::StrFormat(
        "table %s has %d rows and a sheet holds %d: use --format csv or "
        "parquet",
        table.info().table, table.rows(), kMaxSheetRows));
  }
  std::string folder = temp;
  lxw_workbook_options options = {};
  options.tmpdir = folder.data();
  options.use_zip64 = LXW_FALSE;
  book_.reset(workbook_new_opt(path.c_str(), &options));
  if (book_ == nullptr) return absl::InternalError("no workbook was made");
  header_ = workbook_add_format(book_.get());
  format_set_bold(header_);
  format_set_text_wrap(header_);
  NameSheets();
  CollectNotes();
  TALLY_RETURN_IF_ERROR(SetProperties());
  TALLY_RETURN_IF_ERROR(WriteContents());
  TALLY_RETURN_IF_ERROR(WriteFacts());
  TALLY_RETURN_IF_ERROR(WriteNotes());
  for (size_t i = 0; i < tables_.size(); ++i) {
    TALLY_RETURN_IF_ERROR(WriteTable(i));
  }
  // Frees the workbook, whatever comes of it.
  return BookStatus(workbook_close(book_.release()), "file");
}

}  // namespace

absl::Status WriteWorkbook(const std::vector<GatedTable>& tables,
                           const WorkbookFacts& facts, const std::string& path,
                           const std::string& temp) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kTableFolderMode));
  TALLY_RETURN_IF_ERROR(MakeDirectories(temp, kTableFolderMode));
  const std::string part = path + ".tmp";
  TALLY_RETURN_IF_ERROR(RemoveFile(part));
  // Made here, so that it is private from its first byte.
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(part, "", kTableFileMode));
  absl::Status written = WorkbookWriter(tables, facts).Write(part, temp);
  if (written.ok()) written = MarkWorkbook(part);
  if (!written.ok()) {
    RemoveFile(part).IgnoreError();
    return written;
  }
  return RenameDurably(part, path);
}

}  // namespace tally::analytics
