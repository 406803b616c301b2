// Who may call what, whole: every method of the descriptor pool, with every
// role and grant, on an own and on another's resource. The table is a golden
// file, so that a change is seen in review.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "base/files.h"
#include "status_matchers.h"
#include "tally/common/v1/access.pb.h"
#include "tally/hub/v1/audit.grpc.pb.h"
#include "tally/hub/v1/hub.grpc.pb.h"
#include "tally/hub/v1/linkage.grpc.pb.h"
#include "tally/hub/v1/project.grpc.pb.h"
#include "tally/hub/v1/release_admin.grpc.pb.h"
#include "tally/hub/v1/source.grpc.pb.h"
#include "tally/release/v1/release.grpc.pb.h"
#include "temp_dir.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

namespace common = ::tally::common::v1;

const char kGoldenMethods[] =
    TALLY_SOURCE_DIR "/tests/unit/transport/golden/method_table.txt";

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  // Naming a message of each file links its descriptors in.
  return {
      tally::extract::v1::Extract::descriptor()->file()->service(0),
      tally::hub::v1::AuditEvent::descriptor()->file()->service(0),
      tally::hub::v1::GetStatusRequest::descriptor()->file()->service(0),
      tally::hub::v1::LinkageQualityRow::descriptor()->file()->service(0),
      tally::hub::v1::Project::descriptor()->file()->service(0),
      tally::hub::v1::Release::descriptor()->file()->service(0),
      tally::hub::v1::Source::descriptor()->file()->service(0),
      tally::release::v1::Release::descriptor()->file()->service(0),
  };
}

std::vector<std::string> Methods() {
  std::vector<std::string> methods;
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      methods.push_back(service->method(i)->full_name());
    }
  }
  return methods;
}

// A caller and how the table calls it.
struct Kind {
  const char* name;
  PeerRole role;
  Grants grants;
};
const Kind kKinds[] = {
    {"source", PeerRole::kSource, {}},
    {"operator", PeerRole::kOperator, {}},
    {"operator+admin", PeerRole::kOperator, {true, false}},
    {"operator+approve", PeerRole::kOperator, {false, true}},
    {"operator+both", PeerRole::kOperator, {true, true}},
    {"analyst", PeerRole::kAnalyst, {}},
    {"auditor", PeerRole::kAuditor, {}},
};

class MethodTable : public ::testing::Test {
 protected:
  // A list that has exactly one caller of this kind, with a key that we have.
  std::string Entry(const Kind& kind) {
    const std::string key = *PublicKeySha256(Certificate());
    std::string text =
        "peer = [ { uri = \"" +
        PeerIdentity{kTrustDomain, kind.role, "gp-supplier-a"}.ToUri() +
        "\", public_key_sha256 = [\"" + key +
        "\"], organisation = \"x\", not_after = 2999-01-01";
    if (kind.role == PeerRole::kOperator) {
      text += ", person = \"jo\", grants = [";
      if (kind.grants.admin) text += "\"admin\"";
      if (kind.grants.admin && kind.grants.approve) text += ", ";
      if (kind.grants.approve) text += "\"approve\"";
      text += "]";
    }
    return text + " } ]\n";
  }
  static std::string Certificate() {
    return ReadText(CertificateFolder() + "/source-gp-supplier-a.pem");
  }

  // "yes", "own" (not another's), or "no".
  std::string Verdict(Authoriser& authoriser, const Kind& kind,
                      const std::string& method) {
    const PeerEvidence evidence = {
        {PeerIdentity{kTrustDomain, kind.role, "gp-supplier-a"}.ToUri()},
        Certificate()};
    const absl::StatusOr<Caller> caller =
        authoriser.AuthorisePeer(evidence, method);
    if (!caller.ok()) {
      EXPECT_THAT(caller, ReasonIs(Reason::kRoleNotAllowed)) << method;
      return "no";
    }
    const bool own =
        authoriser
            .CheckResource(*caller, method, "sources/gp-supplier-a/extracts/x")
            .ok();
    const bool other =
        authoriser.CheckResource(*caller, method, "sources/national-apc").ok();
    EXPECT_TRUE(own) << method;
    if (other &&
        Authoriser::AccessOf(method)->scope() ==
            common::SCOPE_PROJECT_ANALYST &&
        kind.role == PeerRole::kAnalyst) {
      return "named";  // the service asks the catalogue
    }
    return other ? "yes" : "own";
  }

  TempDir folder_;
};

TEST_F(MethodTable, IsTheOneThatWasReviewed) {
  std::string table = "method";
  std::vector<std::string> lines = Methods();
  for (const Kind& kind : kKinds) {
    table += std::string(" ") + kind.name;
    const std::string path = folder_.Path("peers.toml");
    ASSERT_THAT(WriteFileAtomically(path, Entry(kind), 0600), IsOk());
    PeerBook peers(path, kTrustDomain);
    ASSERT_EQ(peers.Current()->entries().size(), 1u) << kind.name;
    Authoriser authoriser(peers);
    for (std::string& line : lines) {
      const std::string method = line.substr(0, line.find(' '));
      line += " " + Verdict(authoriser, kind, method);
    }
  }
  table += " audited max_deadline_s\n";
  for (const std::string& line : lines) {
    const common::Access* access =
        Authoriser::AccessOf(line.substr(0, line.find(' ')));
    ASSERT_NE(access, nullptr) << line;
    table += line + (access->audited() ? " yes " : " no ") +
             std::to_string(access->max_deadline_s()) + "\n";
  }
  if (std::getenv("TALLY_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGoldenMethods) << table;
  }
  EXPECT_EQ(table, ReadText(kGoldenMethods));
}

TEST_F(MethodTable, EveryMethodHasACompleteRule) {
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      const common::Access* access = Authoriser::AccessOf(method->full_name());
      ASSERT_NE(access, nullptr) << method->full_name();
      EXPECT_GT(access->roles_size(), 0) << method->full_name();
      std::set<int> roles(access->roles().begin(), access->roles().end());
      EXPECT_EQ(roles.size(), static_cast<size_t>(access->roles_size()));
      EXPECT_EQ(roles.count(common::ROLE_UNSPECIFIED), 0u);
      EXPECT_NE(access->scope(), common::SCOPE_UNSPECIFIED)
          << method->full_name();
      EXPECT_EQ(access->resource_field().empty(),
                access->scope() == common::SCOPE_ANY)
          << method->full_name();
      const bool stream =
          method->client_streaming() || method->server_streaming();
      EXPECT_EQ(access->max_deadline_s(), stream ? 3600 : 60)
          << method->full_name();
      // A grant is one of operators.
      if (access->grant() != common::GRANT_UNSPECIFIED) {
        EXPECT_EQ(roles, std::set<int>{common::ROLE_OPERATOR});
      }
    }
  }
}

TEST_F(MethodTable, ResourceFieldsAreThere) {
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      std::string path =
          Authoriser::AccessOf(method->full_name())->resource_field();
      const google::protobuf::Descriptor* message = method->input_type();
      while (!path.empty()) {
        const size_t dot = path.find('.');
        const auto* field = message->FindFieldByName(path.substr(0, dot));
        ASSERT_NE(field, nullptr) << method->full_name();
        if (dot == std::string::npos) break;
        message = field->message_type();
        path = path.substr(dot + 1);
      }
    }
  }
}

TEST_F(MethodTable, ListsHavePages) {
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      if (method->name().rfind("List", 0) != 0) continue;
      EXPECT_NE(method->input_type()->FindFieldByName("page_size"), nullptr);
      EXPECT_NE(method->input_type()->FindFieldByName("page_token"), nullptr);
      EXPECT_NE(method->output_type()->FindFieldByName("next_page_token"),
                nullptr);
    }
  }
}

TEST_F(MethodTable, ChangesCarryARequestId) {
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      for (const char* verb : {"Create", "Add", "Approve", "Finalize", "Import",
                               "Seal", "Unseal"}) {
        if (method->name().rfind(verb, 0) != 0) continue;
        EXPECT_NE(method->input_type()->FindFieldByName("request_id"), nullptr)
            << method->full_name();
        EXPECT_TRUE(Authoriser::AccessOf(method->full_name())->audited());
        EXPECT_NE(method->output_type()->FindFieldByName("audit"), nullptr)
            << method->full_name();
      }
    }
  }
}

}  // namespace
}  // namespace tally::transport
