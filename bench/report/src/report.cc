#include "bench/report.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/process.h"
#include "base/status.h"
#include "bench/table.h"

namespace tally::bench {
namespace {

// As in the file, in the order of Bar::On.
constexpr std::array<std::string_view, 5> kBarNames = {
    "", "ratio>=", "ratio<=", "value>=", "value<="};

bool IsMet(const Bar& bar, double value, double ratio) {
  switch (bar.on) {
    case Bar::On::kNothing:
      return true;
    case Bar::On::kRatioAtLeast:
      return ratio >= bar.limit;
    case Bar::On::kRatioAtMost:
      return ratio <= bar.limit;
    case Bar::On::kValueAtLeast:
      return value >= bar.limit;
    case Bar::On::kValueAtMost:
      return value <= bar.limit;
  }
  return false;
}

double SecondsOf(clockid_t clock) {
  timespec now{};
  TALLY_CHECK(clock_gettime(clock, &now) == 0);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

double Median(std::vector<double> values) {
  TALLY_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const size_t upper = values.size() / 2;
  const size_t lower = (values.size() - 1) / 2;
  return (values[lower] + values[upper]) / 2;
}

Figure Summarise(const Row& row) {
  TALLY_CHECK(!row.values.empty());
  TALLY_CHECK(row.rival_values.empty() ||
              row.rival_values.size() == row.values.size());
  Figure figure;
  figure.name = row.name;
  figure.unit = row.unit;
  figure.size = row.size;
  figure.rounds = static_cast<int>(row.values.size());
  figure.value = Median(row.values);
  figure.low = *std::min_element(row.values.begin(), row.values.end());
  figure.high = *std::max_element(row.values.begin(), row.values.end());
  figure.peak_bytes = row.peak_bytes;
  figure.bar = row.bar;
  figure.is_steady = row.is_steady;
  if (!row.rival_values.empty()) {
    std::vector<double> ratios;
    for (size_t i = 0; i < row.values.size(); ++i) {
      ratios.push_back(row.values[i] / row.rival_values[i]);
    }
    figure.rival = row.rival;
    figure.rival_value = Median(row.rival_values);
    figure.ratio = Median(std::move(ratios));
  }
  figure.met = IsMet(figure.bar, figure.value, figure.ratio);
  return figure;
}

JsonValue Figure::ToJson() const {
  const bool has_bar = bar.on != Bar::On::kNothing;
  JsonValue json = JsonValue::MakeObject();
  json.Set("name", name);
  json.Set("unit", unit);
  json.Set("size", size);
  json.Set("rounds", rounds);
  json.Set("value", value);
  json.Set("low", low);
  json.Set("high", high);
  json.Set("rival", rival.empty() ? JsonValue() : JsonValue(rival));
  json.Set("rival_value", rival.empty() ? JsonValue() : JsonValue(rival_value));
  json.Set("ratio", rival.empty() ? JsonValue() : JsonValue(ratio));
  json.Set("bar", has_bar ? JsonValue(bar.limit) : JsonValue());
  json.Set("bar_on", has_bar ? JsonValue(kBarNames[static_cast<size_t>(bar.on)])
                             : JsonValue());
  json.Set("met", has_bar ? JsonValue(met) : JsonValue());
  json.Set("peak_bytes", peak_bytes > 0 ? JsonValue(peak_bytes) : JsonValue());
  json.Set("steady", is_steady);
  return json;
}

absl::StatusOr<Figure> Figure::FromJson(const JsonValue& json) {
  Figure figure;
  TALLY_ASSIGN_OR_RETURN(figure.name, json.GetString("name"));
  TALLY_ASSIGN_OR_RETURN(figure.unit, json.GetString("unit"));
  TALLY_ASSIGN_OR_RETURN(figure.size, json.GetInt("size"));
  TALLY_ASSIGN_OR_RETURN(const int64_t rounds, json.GetInt("rounds"));
  figure.rounds = static_cast<int>(rounds);
  TALLY_ASSIGN_OR_RETURN(figure.value, json.GetDouble("value"));
  TALLY_ASSIGN_OR_RETURN(figure.low, json.GetDouble("low"));
  TALLY_ASSIGN_OR_RETURN(figure.high, json.GetDouble("high"));
  TALLY_ASSIGN_OR_RETURN(figure.is_steady, json.GetBool("steady"));
  const auto has = [&json](std::string_view key) {
    const JsonValue* member = json.Find(key);
    return member != nullptr && !member->is_null();
  };
  if (has("rival")) {
    TALLY_ASSIGN_OR_RETURN(figure.rival, json.GetString("rival"));
    TALLY_ASSIGN_OR_RETURN(figure.rival_value, json.GetDouble("rival_value"));
    TALLY_ASSIGN_OR_RETURN(figure.ratio, json.GetDouble("ratio"));
  }
  if (has("bar")) {
    TALLY_ASSIGN_OR_RETURN(figure.bar.limit, json.GetDouble("bar"));
    TALLY_ASSIGN_OR_RETURN(const std::string on, json.GetString("bar_on"));
    const auto* known = std::find(kBarNames.begin(), kBarNames.end(), on);
    if (known == kBarNames.end()) {
      return absl::InvalidArgumentError("bar_on is none of the four");
    }
    figure.bar.on = static_cast<Bar::On>(known - kBarNames.begin());
    TALLY_ASSIGN_OR_RETURN(figure.met, json.GetBool("met"));
  }
  if (has("peak_bytes")) {
    TALLY_ASSIGN_OR_RETURN(figure.peak_bytes, json.GetInt("peak_bytes"));
  }
  return figure;
}

Report::Report(int* argc, char** argv) {
  // As the programs do, and for the rivals too: they run in this process.
  UseLargePages(argv);
  int kept = 1;
  for (int i = 1; i < *argc; ++i) {
    if (std::string_view(argv[i]) != "--json") {
      argv[kept++] = argv[i];
      continue;
    }
    if (++i == *argc) {
      std::fprintf(stderr, "--json takes a file\n");
      std::exit(2);  // NOLINT(concurrency-mt-unsafe): before any thread
    }
    file_ = argv[i];
  }
  *argc = kept;
  argv[kept] = nullptr;
}

void Report::Add(const Row& row) {
  const Figure figure = Summarise(row);
  missed_ |= !figure.met;
  std::printf("%s\n", OneLine(figure).c_str());
  std::fflush(stdout);
  if (file_.empty()) return;
  std::FILE* file = std::fopen(file_.c_str(), "a");
  const std::string line = figure.ToJson().Dump() + "\n";
  if (file == nullptr || std::fputs(line.c_str(), file) < 0 ||
      std::fclose(file) != 0) {
    std::fprintf(stderr, "%s cannot be written\n", file_.c_str());
    std::exit(2);  // NOLINT(concurrency-mt-unsafe): a tool of one thread
  }
}

int64_t PeakBytes() { return PeakMemoryBytes(); }

Row MemoryRow(std::string name, int64_t size, int64_t peak_bytes, Bar bar) {
  return {.name = std::move(name),
          .unit = "MiB",
          .size = size,
          .values = {static_cast<double>(peak_bytes) / (1 << 20)},
          .bar = bar,
          .peak_bytes = peak_bytes};
}

double WallSeconds() { return SecondsOf(CLOCK_MONOTONIC); }
double ThreadSeconds() { return SecondsOf(CLOCK_THREAD_CPUTIME_ID); }
double ProcessSeconds() { return SecondsOf(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace tally::bench
