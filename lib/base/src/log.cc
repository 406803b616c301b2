#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/strings.h"

namespace tally {
namespace {

constexpr size_t kMaxNameBytes = 256;
constexpr std::string_view kRedacted = "[redacted]";

bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }

bool IsAlnum(char c) {
  return IsAsciiDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether ten digits, with at most one space or hyphen between two, begin at
// `start` and no letter or digit follows.
bool TenDigitsAt(std::string_view text, size_t start) {
  size_t i = start;
  for (int digits = 0; digits < 10; ++digits) {
    if (digits > 0 && i < text.size() && (text[i] == ' ' || text[i] == '-')) {
      ++i;
    }
    if (i >= text.size() || !IsAsciiDigit(text[i])) return false;
    ++i;
  }
  return i == text.size() || !IsAlnum(text[i]);
}

bool LooksLikeNumberOfPerson(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool bounded = i == 0 || !IsAlnum(text[i - 1]);
    if (bounded && TenDigitsAt(text, i)) return true;
  }
  return false;
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
    case Level::kOff:
      break;
  }
  return "off";
}

// The logger of this process. Never destroyed: threads may log to the end.
struct Sink {
  Mutex mu;
  std::shared_ptr<spdlog::logger> logger TALLY_GUARDED_BY(mu);
  std::string program TALLY_GUARDED_BY(mu);
  std::atomic<Level> level{Level::kWarning};
};

Sink& GetSink() {
  static auto* const sink = new Sink();
  return *sink;
}

std::shared_ptr<spdlog::logger> MakeLogger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("tally", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::info);
  // A full disk must not end the program, nor may spdlog print by itself.
  logger->set_error_handler([](const std::string&) {});
  return logger;
}

JsonValue ToJson(const Field::Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return JsonValue(*flag);
  if (const int64_t* number = std::get_if<int64_t>(&value)) {
    return JsonValue(*number);
  }
  if (const double* number = std::get_if<double>(&value)) {
    if (std::isfinite(*number)) return JsonValue(*number);
    return JsonValue();
  }
  return JsonValue(std::get<Name>(value).text());
}

void AppendMember(std::string& line, std::string_view key,
                  const JsonValue& value) {
  line += line.empty() ? '{' : ',';
  line += JsonValue(key).Dump();
  line += ':';
  line += value.Dump();
}

void Write(Level level, const char* msg, const Field* fields, size_t count) {
  if (!LogEnabled(level)) return;
  std::string line;
  AppendMember(line, "ts", JsonValue(NowUtcRfc3339Ms()));
  AppendMember(line, "level", JsonValue(LevelName(level)));
  std::shared_ptr<spdlog::logger> logger;
  {
    Sink& sink = GetSink();
    MutexLock lock(sink.mu);
    if (!sink.program.empty()) {
      AppendMember(line, "program", JsonValue(sink.program));
    }
    if (sink.logger == nullptr) {
      sink.logger =
          MakeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
    }
    logger = sink.logger;
  }
  AppendMember(line, "msg", JsonValue(Name(msg).text()));
  for (size_t i = 0; i < count; ++i) {
    AppendMember(line, fields[i].key(), ToJson(fields[i].value()));
  }
  line += '}';
  logger->log(
      level == Level::kDebug ? spdlog::level::debug : spdlog::level::info,
      spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

Name::Name(std::string_view text) {
  if (LooksLikeNumberOfPerson(text)) {
    text_ = kRedacted;
    return;
  }
  text_ = std::string(text.substr(0, kMaxNameBytes));
  std::replace_if(
      text_.begin(), text_.end(), [](char c) { return c < ' ' || c > '~'; },
      '?');
}

absl::Status InitLog(const LogOptions& options) {
  spdlog::sink_ptr target;
  try {
    if (options.path.empty()) {
      target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      target =
          std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.path);
    }
  } catch (const std::exception&) {
    return UsageError("the log file cannot be opened: " + options.path);
  }
  Sink& sink = GetSink();
  MutexLock lock(sink.mu);
  sink.logger = MakeLogger(std::move(target));
  sink.program = options.program;
  sink.level.store(options.level);
  return absl::OkStatus();
}

void Log(Level level, const char* msg, std::initializer_list<Field> fields) {
  Write(level, msg, fields.begin(), fields.size());
}

void LogStatus(Level level, const char* msg, const absl::Status& status,
               std::initializer_list<Field> fields) {
  if (!LogEnabled(level)) return;
  std::vector<Field> all(fields);
  all.emplace_back("code", Name(absl::StatusCodeToString(status.code())));
  if (const std::optional<ErrorDetail> detail = DetailOf(status)) {
    all.emplace_back("reason", Name(ReasonName(detail->reason)));
    const auto add_text = [&all](const char* key, const std::string& text) {
      if (!text.empty()) all.emplace_back(key, Name(text));
    };
    const auto add_number = [&all](const char* key, int64_t number) {
      if (number != 0) all.emplace_back(key, number);
    };
    add_text("resource", detail->resource);
    add_text("field", detail->field);
    add_number("row", detail->row);
    add_text("column", detail->column);
    add_number("limit", detail->limit);
    add_number("count", detail->count);
    add_text("corr", detail->corr);
  }
  Write(level, msg, all.data(), all.size());
}

bool LogEnabled(Level level) {
  return level != Level::kOff && level >= GetSink().level.load();
}

void FlushLog() {
  Sink& sink = GetSink();
  MutexLock lock(sink.mu);
  if (sink.logger != nullptr) sink.logger->flush();
}

absl::StatusOr<Level> ParseLevel(std::string_view text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning,
                            Level::kError, Level::kOff}) {
    if (text == LevelName(level)) return level;
  }
  return UsageError("a log level is debug, info, warning, error or off");
}

}  // namespace tally
