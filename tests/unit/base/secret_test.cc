#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Read(const std::string& reference) {
  const auto secret = ReadSecretReference(reference);
  return secret.ok() ? std::string(secret->Reveal())
                     : "error: " + std::string(secret.status().message());
}

TEST(SecretReference, ReadsAFileThatKeepsTheRules) {
  TempDir dir;
  WriteFile(dir.Path("s"), "hunter2\n");
  EXPECT_EQ(Read("file:" + dir.Path("s")), "hunter2");
  WriteFile(dir.Path("s"), "hunter2\r\n");
  EXPECT_EQ(Read("file:" + dir.Path("s")), "hunter2");
  WriteFile(dir.Path("s"), " a b\n\n");
  EXPECT_EQ(Read("file:" + dir.Path("s")), " a b\n");
  WriteFile(dir.Path("s"), "hunter2", 0640);
  EXPECT_THAT(ReadSecretReference("file:" + dir.Path("s")),
              ExitCodeIs(kExitKey));
}

TEST(SecretReference, ReadsACredentialOfTheServiceManager) {
  TempDir dir;
  WriteFile(dir.Path("hub"), "hunter2\n");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(ReadSecretReference("credential:hub"), ExitCodeIs(kExitKey));
  ASSERT_EQ(setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1), 0);
  EXPECT_EQ(Read("credential:hub"), "hunter2");
  EXPECT_THAT(ReadSecretReference("credential:none"), ExitCodeIs(kExitKey));
  EXPECT_THAT(ReadSecretReference("credential:../hub"), ExitCodeIs(kExitUsage));
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(SecretReference, ReadsADescriptorToItsEndAndClosesIt) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_EQ(write(ends[1], "hunter2\n", 8), 8);
  ASSERT_EQ(close(ends[1]), 0);
  EXPECT_EQ(Read("fd:" + std::to_string(ends[0])), "hunter2");
  EXPECT_EQ(fcntl(ends[0], F_GETFD), -1);
  EXPECT_THAT(ReadSecretReference("fd:" + std::to_string(ends[0])),
              ExitCodeIs(kExitKey));
}

TEST(SecretReference, RunsACommandWithoutAShell) {
  EXPECT_EQ(Read("command:/bin/echo hunter2 $HOME *"), "hunter2 $HOME *");
  EXPECT_THAT(ReadSecretReference("command:/bin/false"), ExitCodeIs(kExitKey));
  EXPECT_THAT(ReadSecretReference("command:/bin/true"), ExitCodeIs(kExitKey));
  EXPECT_THAT(ReadSecretReference("command:/no/such/program"),
              ExitCodeIs(kExitKey));
  EXPECT_THAT(ReadSecretReference("command:echo x"), ExitCodeIs(kExitUsage));
}

TEST(SecretReference, GivesTheCommandNoInputToWaitFor) {
  EXPECT_THAT(
      ReadSecretReference("command:/bin/cat"),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is empty")));
}

TEST(SecretReference, RefusesMoreThan64KiB) {
  TempDir dir;
  WriteFile(dir.Path("s"), std::string((64 << 10) + 1, 'x'));
  EXPECT_THAT(ReadSecretReference("file:" + dir.Path("s")),
              ExitCodeIs(kExitKey));
  WriteFile(dir.Path("s"), std::string(64 << 10, 'x'));
  EXPECT_EQ(Read("file:" + dir.Path("s")).size(), 64u << 10);
}

TEST(SecretReference, RefusesOtherFormsWithoutRepeatingThem) {
  for (const char* text :
       {"hunter2", "", "plain:hunter2", "file:", "env:hunter2", "fd:x", "fd:1",
        "fd:2", "fd:-3", "fd:03", "FILE:hunter2"}) {
    const auto secret = ReadSecretReference(text);
    EXPECT_THAT(secret, ExitCodeIs(kExitUsage)) << text;
    EXPECT_THAT(std::string(secret.status().message()),
                Not(HasSubstr("hunter2")));
    EXPECT_FALSE(CheckSecretReference(text).ok()) << text;
  }
  EXPECT_OK(CheckSecretReference("fd:0"));
  EXPECT_OK(CheckSecretReference("command:/usr/bin/age -d key"));
}

TEST(SecretText, MovesAndLeavesNothingBehind) {
  SecretText a(std::string("hunter2"));
  SecretText b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): it is the point
  EXPECT_EQ(b.Reveal(), "hunter2");
  SecretText c(std::string("other"));
  c = std::move(b);
  EXPECT_EQ(c.Reveal(), "hunter2");
}

TEST(SecretText, KeepsItsBytesWhenItGrows) {
  SecretText secret;
  secret.Append("hunter2");
  secret.Append(std::string(10000, 'x'));
  EXPECT_EQ(secret.size(), 10007u);
  EXPECT_EQ(secret.Reveal().substr(0, 8), "hunter2x");
}

TEST(SecretText, WipeMemoryOverwritesEveryByte) {
  std::array<unsigned char, 33> bytes{};
  bytes.fill(0xaa);
  WipeMemory(bytes.data(), bytes.size());
  for (const unsigned char byte : bytes) EXPECT_EQ(byte, 0);
  WipeMemory(nullptr, 0);
}

TEST(SecretText, PrintsNothingOfItself) {
  const SecretText secret(std::string("hunter2"));
  EXPECT_EQ(testing::PrintToString(secret), "[redacted]");
}

}  // namespace
}  // namespace tally
