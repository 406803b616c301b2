#include "base/progress.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/process.h"
#include "base/strings.h"

namespace tally {
namespace {

// How often the thread looks for SIGUSR1, in milliseconds.
constexpr int64_t kTickMs = 100;

std::atomic<uint32_t> status_requests{0};
static_assert(std::atomic<uint32_t>::is_always_lock_free);

void OnStatusSignal(int /*signal*/) { status_requests.fetch_add(1); }

void InstallStatusSignal() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = OnStatusSignal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
  });
}

std::string FormatRate(double rate, const std::string& unit) {
  if (rate >= 9.95e6) return absl::StrFormat("%.0fM %s/s", rate / 1e6, unit);
  if (rate >= 999.5e3) return absl::StrFormat("%.1fM %s/s", rate / 1e6, unit);
  if (rate >= 9950) return absl::StrFormat("%.0fk %s/s", rate / 1e3, unit);
  if (rate >= 999.5) return absl::StrFormat("%.1fk %s/s", rate / 1e3, unit);
  if (rate >= 9.95) return absl::StrFormat("%.0f %s/s", rate, unit);
  return absl::StrFormat("%.1f %s/s", rate, unit);
}

size_t TerminalWidth(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// What is shown: kAuto resolved.
enum class Display { kNothing, kRedraw, kLines, kJson };

Display DisplayOf(const ProgressOptions& options) {
  if (options.quiet) return Display::kNothing;
  switch (options.mode) {
    case ProgressMode::kAuto:
      return IsTerminal(options.fd) ? Display::kRedraw : Display::kNothing;
    case ProgressMode::kPlain:
      return Display::kLines;
    case ProgressMode::kJson:
      return Display::kJson;
    case ProgressMode::kNone:
      break;
  }
  return Display::kNothing;
}

int64_t IntervalOf(const ProgressOptions& options, Display display) {
  if (options.interval_ms > 0) return options.interval_ms;
  if (display == Display::kLines) return 5000;
  return display == Display::kJson ? 1000 : 200;
}

}  // namespace

struct ProgressReporter::State {
  explicit State(const ProgressOptions& options)
      : fd(options.fd),
        display(DisplayOf(options)),
        interval_ms(IntervalOf(options, display)) {}

  const int fd;
  const Display display;
  const int64_t interval_ms;
  std::atomic<int64_t> done{0};
  std::atomic<int64_t> total{0};

  Mutex mu;
  CondVar wake;
  bool ending TALLY_GUARDED_BY(mu) = false;
  bool active TALLY_GUARDED_BY(mu) = false;
  std::string op TALLY_GUARDED_BY(mu);
  std::string stage TALLY_GUARDED_BY(mu);
  std::string unit TALLY_GUARDED_BY(mu);
  int64_t resumed_at TALLY_GUARDED_BY(mu) = 0;
  int64_t started_ms TALLY_GUARDED_BY(mu) = 0;
  int64_t shown_ms TALLY_GUARDED_BY(mu) = 0;
  uint32_t seen = status_requests.load();  // of SIGUSR1; the ticker's own
  std::thread ticker;

  Snapshot Now() TALLY_REQUIRES(mu) {
    Snapshot now;
    now.op = op;
    now.stage = stage;
    now.unit = unit;
    now.done = done.load();
    now.total = total.load();
    now.resumed_at = resumed_at;
    const auto seconds =
        static_cast<double>(NowMonotonicMs() - started_ms) / 1000.0;
    const auto moved = static_cast<double>(now.done - resumed_at);
    if (seconds >= 0.001 && moved > 0) now.rate = moved / seconds;
    if (now.rate > 0 && now.total >= now.done && now.total > 0) {
      now.eta_s = static_cast<int64_t>(
          std::ceil(static_cast<double>(now.total - now.done) / now.rate));
    }
    return now;
  }

  // Errors are ignored: a closed stderr must not end the work.
  void Write(const std::string& text) const {
    static_cast<void>(WriteAll(fd, text, "progress"));
  }

  void Show(bool last) TALLY_REQUIRES(mu) {
    shown_ms = NowMonotonicMs();
    if (display == Display::kRedraw) {
      // One column less than the width, so that no terminal wraps the line.
      std::string line = FormatLine(Now());
      line.resize(std::min(line.size(), TerminalWidth(fd) - 1));
      Write("\r\x1b[K" + line + (last ? "\n" : ""));
    } else if (display == Display::kLines) {
      Write(FormatLine(Now()) + "\n");
    } else if (display == Display::kJson) {
      Write(FormatJson(Now()) + "\n");
    }
  }

  void ShowStatus() TALLY_REQUIRES(mu) {
    const std::string line = active ? FormatLine(Now()) : "idle";
    Write((display == Display::kRedraw ? "\r\x1b[K" : "") + line + "\n");
  }

  void Tick() {
    MutexLock lock(mu);
    while (!ending) {
      wake.WaitFor(mu, std::min(kTickMs, interval_ms));
      if (ending) return;
      if (const uint32_t requests = status_requests.load(); requests != seen) {
        seen = requests;
        ShowStatus();
      }
      const bool due = NowMonotonicMs() - shown_ms >= interval_ms;
      if (active && due && display != Display::kNothing) Show(false);
    }
  }
};

absl::StatusOr<ProgressMode> ParseProgressMode(std::string_view text) {
  if (text == "auto") return ProgressMode::kAuto;
  if (text == "plain") return ProgressMode::kPlain;
  if (text == "json") return ProgressMode::kJson;
  if (text == "none") return ProgressMode::kNone;
  return UsageError("progress is auto, plain, json or none");
}

ProgressReporter::ProgressReporter(ProgressOptions options)
    : state_(std::make_unique<State>(options)) {
  InstallStatusSignal();
  state_->ticker = std::thread([state = state_.get()] { state->Tick(); });
}

ProgressReporter::~ProgressReporter() {
  Finish();
  {
    MutexLock lock(state_->mu);
    state_->ending = true;
  }
  state_->wake.NotifyAll();
  state_->ticker.join();
}

void ProgressReporter::Start(std::string_view op, std::string_view stage,
                             int64_t total, std::string_view unit,
                             int64_t resumed_at) {
  Finish();
  MutexLock lock(state_->mu);
  state_->op = std::string(op);
  state_->stage = std::string(stage);
  state_->unit = std::string(unit);
  state_->resumed_at = resumed_at;
  state_->done.store(resumed_at);
  state_->total.store(total);
  state_->started_ms = NowMonotonicMs();
  state_->shown_ms = state_->started_ms;
  state_->active = true;
}

void ProgressReporter::Update(int64_t done) { state_->done.store(done); }
void ProgressReporter::Add(int64_t done) { state_->done.fetch_add(done); }
void ProgressReporter::SetTotal(int64_t total) { state_->total.store(total); }

void ProgressReporter::Finish() {
  MutexLock lock(state_->mu);
  if (!state_->active) return;
  state_->Show(true);
  state_->active = false;
}

std::string ProgressReporter::FormatLine(const Snapshot& snapshot) {
  std::string line = snapshot.op;
  if (!snapshot.stage.empty()) line += " " + snapshot.stage;
  line += "  " + FormatCount(snapshot.done);
  if (snapshot.total > 0) line += "/" + FormatCount(snapshot.total);
  line += " " + snapshot.unit;
  if (snapshot.total > 0) {
    const double share = std::clamp(static_cast<double>(snapshot.done) /
                                        static_cast<double>(snapshot.total),
                                    0.0, 1.0);
    line += absl::StrFormat("  %d%%", static_cast<int>(share * 100));
  }
  if (snapshot.rate > 0) {
    line += "  " + FormatRate(snapshot.rate, snapshot.unit);
  }
  if (snapshot.eta_s >= 0) line += "  eta " + FormatEta(snapshot.eta_s);
  if (snapshot.resumed_at > 0) {
    line += "  (resumed at " + FormatCount(snapshot.resumed_at) + ")";
  }
  return line;
}

std::string ProgressReporter::FormatJson(const Snapshot& snapshot) {
  JsonValue json;
  json.Set("op", snapshot.op);
  json.Set("stage", snapshot.stage);
  json.Set("done", snapshot.done);
  json.Set("total", snapshot.total);
  json.Set("unit", snapshot.unit);
  json.Set("rate", std::round(snapshot.rate * 10) / 10);
  json.Set("eta_s",
           snapshot.eta_s >= 0 ? JsonValue(snapshot.eta_s) : JsonValue());
  json.Set("resumed_at", snapshot.resumed_at);
  return json.Dump();
}

std::string FormatEta(int64_t seconds) {
  if (seconds >= 3600) {
    return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                           seconds % 60);
  }
  return absl::StrFormat("%d:%02d", seconds / 60, seconds % 60);
}

}  // namespace tally
