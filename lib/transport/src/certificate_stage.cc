#include "certificate_stage.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/status.h"

namespace tally::transport {
namespace {

constexpr int64_t kLookEveryMs = 5'000;
constexpr int64_t kMaxStagedPemBytes = 256 * 1024;
// Besides the first warning, when it is time to renew.
constexpr std::array<int64_t, 2> kWarnDays = {7, 1};

int64_t NowSeconds() { return static_cast<int64_t>(std::time(nullptr)); }

// Whether a key may be read again and again: a descriptor may be read once, and
// a command should run only when there is a reason.
bool MayWatchKey(std::string_view reference) {
  return reference.substr(0, 5) == "file:" ||
         reference.substr(0, 11) == "credential:";
}

// What the files hold now; a part that cannot be read counts as a text of its
// own, so that it is reported once.
std::string DigestOf(const ServerOptions& options) {
  Sha256 digest;
  for (const std::string& path : {options.certificate_file, options.ca_file}) {
    const absl::StatusOr<std::string> text = ReadFile(path, kMaxStagedPemBytes);
    digest.Update(text.ok() ? Sha256Hex(*text) : "unreadable");
  }
  if (MayWatchKey(options.key_reference)) {
    const absl::StatusOr<SecretText> key =
        ReadSecretReference(options.key_reference);
    digest.Update(key.ok() ? Sha256Hex(key->Reveal()) : "unreadable");
  }
  const std::array<uint8_t, 32> bytes = digest.Finish();
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

CertificateStage::CertificateStage(const ServerOptions& options)
    : options_(options) {}

absl::StatusOr<std::unique_ptr<CertificateStage>> CertificateStage::Open(
    const ServerOptions& options) {
  if (options.staging_directory.empty() ||
      options.staging_directory[0] != '/') {
    return UsageError("the staging folder must be an absolute path");
  }
  // What a process before left is of no use and holds a key.
  TALLY_RETURN_IF_ERROR(RemoveTree(options.staging_directory));
  TALLY_RETURN_IF_ERROR(MakeDirectories(options.staging_directory, 0700));
  auto stage = std::unique_ptr<CertificateStage>(new CertificateStage(options));
  TALLY_RETURN_IF_ERROR(stage->ReloadIfChanged(true));
  stage->WarnOfEnd();
  stage->watcher_ = std::thread([raw = stage.get()] { raw->Watch(); });
  return stage;
}

CertificateStage::~CertificateStage() {
  {
    MutexLock lock(mu_);
    stop_ = true;
  }
  wake_.NotifyAll();
  if (watcher_.joinable()) watcher_.join();
  RemoveTree(options_.staging_directory).IgnoreError();
}

std::string CertificateStage::Current(const char* name) const {
  return JoinPath(JoinPath(options_.staging_directory, "current"), name);
}

absl::Status CertificateStage::Reload() { return ReloadIfChanged(true); }

absl::Status CertificateStage::ReloadIfChanged(bool always) {
  MutexLock reload_lock(reload_mu_);
  const std::string digest = DigestOf(options_);
  int64_t version = 0;
  {
    MutexLock lock(mu_);
    if (!always && digest == digest_) return absl::OkStatus();
    digest_ = digest;
    version = version_ + 1;
  }
  TALLY_ASSIGN_OR_RETURN(
      const TlsMaterial material,
      ReadTlsMaterial(options_.certificate_file, options_.key_reference,
                      options_.ca_file));
  TALLY_ASSIGN_OR_RETURN(CertificateFacts facts,
                         CheckTlsMaterial(material, TlsEnd::kServer));
  TALLY_RETURN_IF_ERROR(PutIntoUse(material, version));
  MutexLock lock(mu_);
  facts_ = std::move(facts);
  version_ = version;
  warned_days_ = INT64_MAX;
  return absl::OkStatus();
}

absl::Status CertificateStage::PutIntoUse(const TlsMaterial& material,
                                          int64_t version) {
  const std::string number = std::to_string(version);
  const std::string folder = JoinPath(options_.staging_directory, number);
  TALLY_RETURN_IF_ERROR(RemoveTree(folder));  // of an attempt that failed
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  for (const auto& [name, bytes] :
       {std::pair<const char*, std::string_view>{"certificate.pem",
                                                 material.certificate_pem},
        {"key.pem", material.key_pem.Reveal()},
        {"ca.pem", material.ca_pem}}) {
    TALLY_RETURN_IF_ERROR(
        CreateFileExclusive(JoinPath(folder, name), bytes, 0600));
  }
  const std::string link = JoinPath(options_.staging_directory, "next");
  const std::string current = JoinPath(options_.staging_directory, "current");
  unlink(link.c_str());
  if (symlink(number.c_str(), link.c_str()) != 0 ||
      std::rename(link.c_str(), current.c_str()) != 0) {
    return ErrnoStatus(errno, "cannot put a certificate into use", current);
  }
  if (version > 2) {
    // The one before may be read at this moment; the one before that not.
    RemoveTree(
        JoinPath(options_.staging_directory, std::to_string(version - 2)))
        .IgnoreError();
  }
  return absl::OkStatus();
}

int64_t CertificateStage::DaysLeft() const {
  MutexLock lock(mu_);
  return facts_.DaysLeft(NowSeconds());
}

CertificateTerm CertificateStage::Term() const {
  MutexLock lock(mu_);
  const int64_t left = facts_.DaysLeft(NowSeconds());
  return {left, left <= facts_.RenewDays()};
}

absl::StatusOr<TlsMaterial> CertificateStage::ReadCurrent() const {
  return ReadTlsMaterial(certificate_path(), "file:" + key_path(), ca_path());
}

void CertificateStage::WarnOfEnd() {
  const auto [left, renew] = Term();
  bool warn = false;
  {
    MutexLock lock(mu_);
    warn = renew && warned_days_ == INT64_MAX;
    for (const int64_t days : kWarnDays) {
      warn = warn || (renew && left <= days && warned_days_ > days);
    }
    if (warn) warned_days_ = left;
  }
  if (!warn) return;
  Log(Level::kWarning, "the hub's certificate ends soon",
      {Field("days_left", left)});
  if (options_.on_certificate) {
    options_.on_certificate(absl::OkStatus(), left);
  }
}

void CertificateStage::Watch() {
  while (true) {
    int64_t version = 0;
    {
      MutexLock lock(mu_);
      if (!stop_) wake_.WaitFor(mu_, kLookEveryMs);
      if (stop_) return;
      version = version_;
    }
    const absl::Status status = ReloadIfChanged(false);
    bool changed = false;
    {
      MutexLock lock(mu_);
      changed = version != version_;
    }
    if (!status.ok()) {
      LogStatus(Level::kError, "new certificate refused, the one before stays",
                status);
    } else if (changed) {
      Log(Level::kInfo, "certificate renewed",
          {Field("days_left", DaysLeft())});
    }
    if (options_.on_certificate && (changed || !status.ok())) {
      options_.on_certificate(status, DaysLeft());
    }
    WarnOfEnd();
  }
}

}  // namespace tally::transport
