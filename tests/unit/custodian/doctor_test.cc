#include "custodian/doctor.h"

#include <sys/stat.h>

#include "custodian_fixture.h"

namespace tally::custodian {
namespace {

using testing::ElementsAre;

class DoctorTest : public CustodianTest {
 protected:
  // The finding of this check, the worst if there are several.
  Health Of(std::string_view check) {
    Health worst = Health::kOk;
    bool found = false;
    for (const Finding& finding : Examine(configuration_)) {
      if (finding.check != check) continue;
      worst = std::max(worst, finding.health);
      found = true;
    }
    EXPECT_TRUE(found) << check;
    return worst;
  }
};

TEST_F(DoctorTest, HealthyCustodianHasNothingToFix) {
  SetUpRegistry();
  for (const std::string_view check :
       {"keys", "key-files", "transcript", "registry", "hub-key", "arithmetic",
        "clock"}) {
    EXPECT_EQ(Of(check), Health::kOk) << check;
  }
}

TEST_F(DoctorTest, MissingKeysFail) { EXPECT_EQ(Of("keys"), Health::kFail); }

TEST_F(DoctorTest, OpenModeFails) {
  SetUpRegistry();
  ASSERT_EQ(chmod((configuration_.directory + "/ring.key").c_str(), 0644), 0);
  EXPECT_EQ(Of("keys"), Health::kFail);
}

TEST_F(DoctorTest, TamperedRegistryFails) {
  SetUpRegistry();
  WriteFile(configuration_.registry, "{}\n");
  EXPECT_EQ(Of("registry"), Health::kFail);
}

TEST_F(DoctorTest, HubKeyThatIsGoneFails) {
  SetUpRegistry();
  ASSERT_OK(
      RemoveFile(configuration_.directory + "/hub.commissioning.1.1.key"));
  EXPECT_EQ(Of("hub-key"), Health::kFail);
}

TEST_F(DoctorTest, UnsignedRegistryWarns) {
  ASSERT_OK(CeremonyRoom::OpenOrCreate(configuration_));
  EXPECT_EQ(Of("registry"), Health::kWarn);
}

TEST_F(DoctorTest, InterfacesThatAreUpAreNamed) {
  const std::string sys = dir_.Path("net");
  for (const std::string_view name : {"lo", "eth0", "wlan0"}) {
    ASSERT_OK(MakeDirectories(sys + "/" + std::string(name), 0700));
  }
  WriteFile(sys + "/lo/operstate", "up\n");
  WriteFile(sys + "/eth0/operstate", "up\n");
  WriteFile(sys + "/wlan0/operstate", "down\n");
  EXPECT_THAT(NetworkInterfacesUp(sys), ElementsAre("eth0"));
  EXPECT_THAT(NetworkInterfacesUp(dir_.Path("nothing")), ElementsAre());
}

TEST(Worst, IsTheMostSerious) {
  EXPECT_EQ(Worst({}), Health::kOk);
  EXPECT_EQ(Worst({{Health::kWarn, "a", ""}, {Health::kOk, "b", ""}}),
            Health::kWarn);
  EXPECT_EQ(Worst({{Health::kWarn, "a", ""}, {Health::kFail, "b", ""}}),
            Health::kFail);
}

}  // namespace
}  // namespace tally::custodian
