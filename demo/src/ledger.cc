#include "demo/ledger.h"

#include "absl/strings/str_cat.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::demo {

void Ledger::Add(std::string_view measure, std::string_view dimensions,
                 int64_t count) {
  Figure(measure, dimensions) += count;
}

int64_t& Ledger::Figure(std::string_view measure, std::string_view dimensions) {
  auto table = figures_.find(measure);
  if (table == figures_.end()) {
    table = figures_.try_emplace(std::string(measure)).first;
  }
  auto figure = table->second.find(dimensions);
  if (figure == table->second.end()) {
    figure = table->second.try_emplace(std::string(dimensions), 0).first;
  }
  return figure->second;
}

int64_t Ledger::Get(std::string_view measure,
                    std::string_view dimensions) const {
  const auto table = figures_.find(measure);
  if (table == figures_.end()) return 0;
  const auto figure = table->second.find(dimensions);
  return figure == table->second.end() ? 0 : figure->second;
}

const std::map<std::string, int64_t, std::less<>>& Ledger::All(
    std::string_view measure) const {
  static const auto& none = *new std::map<std::string, int64_t, std::less<>>();
  const auto found = figures_.find(measure);
  return found == figures_.end() ? none : found->second;
}

absl::Status Ledger::Write(std::string_view directory) const {
  for (const auto& [measure, table] : figures_) {
    std::string text = "dimensions,value\n";
    for (const auto& [dimensions, value] : table) {
      absl::StrAppend(&text, dimensions, ",", value, "\n");
    }
    TALLY_RETURN_IF_ERROR(WriteFileAtomically(
        absl::StrCat(std::string(directory), "/", measure, ".csv"), text,
        0644));
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
