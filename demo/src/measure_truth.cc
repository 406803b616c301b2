#include "demo/measure_truth.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::demo {

void MeasureTruth::Add(const Figure& figure, std::string_view dimensions,
                       int64_t value) {
  figures_[{std::string(figure.measure), std::string(figure.table),
            std::string(dimensions), std::string(figure.column)}] += value;
}

void MeasureTruth::AddForArea(const Figure& figure, std::string_view area,
                              std::string_view more, int64_t value) {
  const char* joint = more.empty() ? "" : ";";
  Add(figure, absl::StrFormat("area=%s%s%s", area, joint, more), value);
  Add(figure, absl::StrFormat("area=All%s%s", joint, more), value);
}

void MeasureTruth::Set(const Figure& figure, std::string_view dimensions,
                       double value) {
  set_[{std::string(figure.measure), std::string(figure.table),
        std::string(dimensions), std::string(figure.column)}] = value;
}

int64_t MeasureTruth::Get(const Figure& figure,
                          std::string_view dimensions) const {
  const auto found =
      figures_.find({std::string(figure.measure), std::string(figure.table),
                     std::string(dimensions), std::string(figure.column)});
  return found == figures_.end() ? 0 : found->second;
}

absl::Status MeasureTruth::Write(std::string_view directory) const {
  std::map<Key, std::string> values;
  for (const auto& [key, value] : figures_) values[key] = absl::StrCat(value);
  for (const auto& [key, value] : set_) {
    values[key] = absl::StrFormat("%.12g", value);
  }
  std::string text = "measure,table,dimensions,column,value\n";
  for (const auto& [key, value] : values) {
    const auto& [measure, table, dimensions, column] = key;
    absl::StrAppendFormat(&text, "%s,%s,%s,%s,%s\n", measure, table, dimensions,
                          column, value);
  }
  return WriteFileAtomically(absl::StrFormat("%s/measures.csv", directory),
                             text, 0644);
}

}  // namespace tally::demo
