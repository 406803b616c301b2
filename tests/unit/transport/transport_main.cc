// The policy comes before anything that might start OpenSSL, as in our
// programs.

#include <gtest/gtest.h>

#include <iostream>

#include "base/log.h"
#include "transport/tls_policy.h"

int main(int argc, char** argv) {
  const absl::Status policy = tally::transport::ApplyTlsPolicy();
  if (!policy.ok()) {
    std::cerr << policy << "\n";
    return 1;
  }
  tally::transport::CaptureGrpcLog();
  tally::LogOptions log;
  log.level = tally::Level::kOff;
  if (!tally::InitLog(log).ok()) return 1;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
