#include "analytics/dashboard/page_model.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kNotAvailable = "NA";

int DecimalsOf(const std::string& text) {
  const size_t point = text.find('.');
  return point == std::string::npos ? 0
                                    : static_cast<int>(text.size() - point - 1);
}

bool IsNumeric(ColumnKind kind) {
  return kind != ColumnKind::kDimension && kind != ColumnKind::kText;
}

}  // namespace

Chart::Chart(std::string id, std::string type, const GatedTable& table,
             const std::vector<std::string>& columns,
             const std::function<bool(const GatedTable&, size_t)>& keep)
    : title(table.info().title),
      denominator(table.info().denominator),
      method(table.info().method),
      notes(table.info().notes),
      id_(std::move(id)),
      type_(std::move(type)) {
  source = absl::StrFormat("%s version %s, release %s of %s, %s",
                           table.info().measure_id,
                           table.info().measure_version, table.info().release,
                           table.info().project, table.info().period);
  // A table over several datasets has no one share.
  if (table.linked_share_pct() != "NA") {
    absl::StrAppend(&source, "; ", table.linked_share_pct(),
                    " % of rows linked");
  }
  std::vector<size_t> positions;
  for (const std::string& name : columns) {
    const absl::StatusOr<size_t> position = table.ColumnIndex(name);
    TALLY_CHECK(position.ok());
    positions.push_back(*position);
    const ColumnSpec& spec = table.columns()[*position];
    columns_.push_back(
        {spec.name, spec.title, spec.unit, IsNumeric(spec.kind)});
  }
  gated_columns_ = columns_.size();
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!keep(table, row)) continue;
    std::vector<GatedCell>& cells = rows_.emplace_back().cells;
    for (const size_t position : positions) {
      cells.push_back(table.cell(row, position));
    }
  }
  FindDecimals();
}

const GatedCell& Chart::cell(size_t row, size_t column) const {
  TALLY_CHECK(column < gated_columns_);
  return rows_[row].cells[column];
}

std::optional<double> Chart::number(size_t row, size_t column) const {
  if (column < gated_columns_) return rows_[row].cells[column].number();
  return rows_[row].computed[column - gated_columns_].number;
}

const std::string& Chart::text(size_t row, size_t column) const {
  if (column >= gated_columns_) {
    return rows_[row].computed[column - gated_columns_].text;
  }
  const std::string& level = rows_[row].cells[column].text();
  const auto said = words_.find(column);
  return said == words_.end() ? level : said->second.at(level);
}

std::string Chart::display_text(size_t row, size_t column) const {
  return number(row, column).has_value() ? WithThousands(text(row, column))
                                         : text(row, column);
}

// A number as a JSON number, anything else as text: "*", "NA", a level.
JsonValue Chart::CellJson(size_t row, size_t column) const {
  const std::optional<double> value = number(row, column);
  const std::string& shown = text(row, column);
  if (!value.has_value()) return shown;
  if (shown.find('.') == std::string::npos && std::fabs(*value) < 9e15) {
    return static_cast<int64_t>(*value);
  }
  return *value;
}

void Chart::CheckNewColumn(const ChartColumn& column) const {
  TALLY_CHECK(std::none_of(
      columns_.begin(), columns_.end(),
      [&](const ChartColumn& c) { return c.name == column.name; }));
}

void Chart::AddComputed(ChartColumn column,
                        const std::function<Figure(size_t row)>& compute) {
  CheckNewColumn(column);
  TALLY_CHECK(column.decimals >= 0);
  column.numeric = true;
  for (size_t row = 0; row < rows_.size(); ++row) {
    const Figure figure = compute(row);
    ComputedCell cell{std::nullopt, std::string(kNotAvailable)};
    if (figure.known()) {
      cell.text = absl::StrFormat("%.*f", column.decimals, figure.value());
      // What is printed is what is drawn; there is no minus zero.
      cell.number = std::strtod(cell.text.c_str(), nullptr);
      if (*cell.number == 0) {
        cell.text = absl::StrFormat("%.*f", column.decimals, 0.0);
        cell.number = 0;
      }
    }
    rows_[row].computed.push_back(std::move(cell));
  }
  columns_.push_back(std::move(column));
}

void Chart::AddComputedText(
    ChartColumn column, const std::function<std::string(size_t row)>& compute) {
  CheckNewColumn(column);
  column.numeric = false;
  column.decimals = -1;
  for (size_t row = 0; row < rows_.size(); ++row) {
    rows_[row].computed.push_back({std::nullopt, compute(row)});
  }
  columns_.push_back(std::move(column));
}

void Chart::SayLevels(
    std::string_view column,
    const std::function<std::string(const std::string&)>& words) {
  const size_t index = ColumnIndex(column);
  TALLY_CHECK(index < gated_columns_ && !columns_[index].numeric);
  std::map<std::string, std::string>& said = words_[index];
  for (const Row& row : rows_) {
    const std::string& level = row.cells[index].text();
    said[level] = words(level);
  }
}

void Chart::FindDecimals() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    int decimals = -1;
    bool same = true;
    for (const Row& row : rows_) {
      if (!row.cells[i].number().has_value()) continue;
      const int here = DecimalsOf(row.cells[i].text());
      same = same && (decimals < 0 || decimals == here);
      decimals = here;
    }
    columns_[i].decimals = same ? decimals : -1;
  }
}

size_t Chart::ColumnIndex(std::string_view name) const {
  const auto found =
      std::find_if(columns_.begin(), columns_.end(),
                   [&](const ChartColumn& c) { return c.name == name; });
  TALLY_CHECK(found != columns_.end());
  return static_cast<size_t>(found - columns_.begin());
}

bool Chart::IsEmptyColumn(size_t column) const {
  if (column == 0 || rows_.empty()) return false;
  for (size_t row = 0; row < rows_.size(); ++row) {
    const std::string& shown = text(row, column);
    if (!shown.empty() && shown != kNotAvailable) return false;
  }
  return true;
}

void Chart::SortBy(std::string_view column, bool descending) {
  const size_t index = ColumnIndex(column);
  const auto number_of = [&](const Row& row) {
    return index < gated_columns_ ? row.cells[index].number()
                                  : row.computed[index - gated_columns_].number;
  };
  std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) {
    const std::optional<double> x = number_of(a);
    const std::optional<double> y = number_of(b);
    if (x.has_value() != y.has_value()) return x.has_value();
    if (x.has_value() && *x != *y) return descending ? *x > *y : *x < *y;
    return a.cells[0].text() < b.cells[0].text();
  });
}

void Chart::SelectBy(std::string_view column, std::string label,
                     std::string first_level) {
  ColumnIndex(column);  // checks that it exists
  select_column_ = std::string(column);
  select_label_ = std::move(label);
  first_level_ = std::move(first_level);
}

void Chart::Describe(const std::string& level, std::string level_title,
                     std::string level_summary) {
  JsonValue description = JsonValue::MakeObject();
  description.Set("title", level_title).Set("summary", level_summary);
  descriptions_.Set(level, std::move(description));
  if (level != first_level_) return;
  title = std::move(level_title);
  summary = std::move(level_summary);
}

std::vector<std::string> Chart::LevelsOf(std::string_view column) const {
  const size_t index = ColumnIndex(column);
  std::vector<std::string> levels;
  for (size_t row = 0; row < rows_.size(); ++row) {
    const std::string& level = text(row, index);
    if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
      levels.push_back(level);
    }
  }
  return levels;
}

JsonValue Chart::ToJson() const {
  JsonValue json = JsonValue::MakeObject();
  JsonValue note_list = JsonValue::MakeArray();
  for (const std::string& note : notes) note_list.Append(note);
  JsonValue column_list = JsonValue::MakeArray();
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ChartColumn& column = columns_[i];
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("name", column.name)
        .Set("title", column.title)
        .Set("unit", column.unit)
        .Set("numeric", column.numeric);
    if (column.decimals >= 0) entry.Set("decimals", column.decimals);
    if (IsEmptyColumn(i)) entry.Set("listed", false);
    column_list.Append(std::move(entry));
  }
  JsonValue row_list = JsonValue::MakeArray();
  for (size_t row = 0; row < rows_.size(); ++row) {
    JsonValue cells = JsonValue::MakeArray();
    for (size_t i = 0; i < columns_.size(); ++i) cells.Append(CellJson(row, i));
    row_list.Append(std::move(cells));
  }
  JsonValue all_options = options;
  if (!select_column_.empty()) {
    JsonValue select = JsonValue::MakeObject();
    select.Set("column", select_column_)
        .Set("label", select_label_)
        .Set("first", first_level_)
        .Set("descriptions", descriptions_);
    all_options.Set("select", std::move(select));
  }
  json.Set("id", id_)
      .Set("type", type_)
      .Set("title", title)
      .Set("summary", summary)
      .Set("unit", unit)
      .Set("denominator", denominator)
      .Set("source", source)
      .Set("method", method)
      .Set("notes", std::move(note_list))
      .Set("columns", std::move(column_list))
      .Set("rows", std::move(row_list))
      .Set("options", std::move(all_options));
  return json;
}

std::string WithThousands(std::string_view number) {
  const size_t begin = number.starts_with('-') ? 1 : 0;
  size_t end = number.find('.');
  if (end == std::string_view::npos) end = number.size();
  std::string out(number.substr(0, begin));
  for (size_t i = begin; i < end; ++i) {
    if (i > begin && (end - i) % 3 == 0) out += ',';
    out += number[i];
  }
  out.append(number.substr(end));
  return out;
}

std::string DisplayText(const GatedCell& cell) {
  return cell.number().has_value() ? WithThousands(cell.text()) : cell.text();
}

}  // namespace tally::analytics
