#include "crypto/key_file.h"

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

KeyFile Sample(KeyKind kind) {
  KeyFile file;
  KeyHeader& h = file.header;
  h.environment = Environment::kTest;
  h.kind = kind;
  h.party = "gp-one";
  h.kid = *KeyId::FromHex("0123456789abcdef");
  h.created = "2026-11-21T20:53:46Z";
  file.nonce = std::string(24, 'n');
  file.ciphertext = std::string(48, 'c');
  switch (kind) {
    case KeyKind::kRing:
      file.kdf = KeyKdf::kArgon2id13;
      file.ops = 1;
      file.mem = 8 << 20;
      file.salt = std::string(16, 's');
      break;
    case KeyKind::kSource:
      h.domain = "commissioning";
      h.epoch = 1;
      break;
    case KeyKind::kFactor:
      h.peer = "gp-one";
      h.peer_epoch = 3;
      [[fallthrough]];
    case KeyKind::kHub:
      h.party = "hub";
      h.domain = "commissioning";
      h.epoch = 2;
      h.stage = 1;
      h.stages = 1;
      break;
    case KeyKind::kProject:
      h.domain = "commissioning";
      break;
    case KeyKind::kSign:
      h.party = "gp-one/sign";
      break;
    case KeyKind::kStorage:
    case KeyKind::kBox:
      break;
  }
  return file;
}

constexpr KeyKind kKinds[] = {
    KeyKind::kRing,    KeyKind::kSource,  KeyKind::kHub,  KeyKind::kFactor,
    KeyKind::kProject, KeyKind::kStorage, KeyKind::kSign, KeyKind::kBox};

TEST(KeyFile, EveryKindGoesThroughTextAndBack) {
  for (const KeyKind kind : kKinds) {
    const KeyFile file = Sample(kind);
    ASSERT_OK(Validate(file)) << KeyKindName(kind);
    const std::string text = FormatKeyFile(file);
    ASSERT_OK_AND_ASSIGN(const KeyFile back, ParseKeyFile(text));
    EXPECT_TRUE(back == file);
    EXPECT_EQ(FormatKeyFile(back), text);
  }
}

TEST(KeyFile, LineIsThatOfTheSpecification) {
  EXPECT_EQ(FormatKeyFile(Sample(KeyKind::kFactor)),
            "TALLYKEY1 env=test kind=factor party=hub domain=commissioning "
            "epoch=2 peer=gp-one peer_epoch=3 stage=1 stages=1 share=- "
            "commit=- kid=0123456789abcdef created=2026-11-21T20:53:46Z "
            "kdf=ring ops=- mem=- salt=- "
            "nonce=bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u "
            "ct=Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2"
            "Nj\n");
}

TEST(KeyFile, AssociatedDataIsAllBeforeTheCiphertext) {
  const KeyFile file = Sample(KeyKind::kSource);
  const std::string text = FormatKeyFile(file);
  EXPECT_EQ(KeyFileAssociatedData(file), text.substr(0, text.find(" ct=")));
}

// Everything that changes the text without keeping its one form.
TEST(KeyFile, OtherTextIsRefused) {
  const std::string good = FormatKeyFile(Sample(KeyKind::kSource));
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(),
        std::string("\n"),
        good + "\n",
        good + "x",
        good.substr(0, good.size() - 1),
        " " + good,
        with("TALLYKEY1", "TALLYKEY2"),
        with(" env=", "  env="),
        with("env=test", "env=Test"),
        with("env=test kind=source", "kind=source env=test"),
        with("kind=source", "kind=share"),
        with("kind=source", "kind=box"),
        with("party=gp-one", "party=GP-one"),
        with("party=gp-one", "party=-"),
        with("epoch=1", "epoch=01"),
        with("epoch=1", "epoch=0"),
        with("epoch=1", "epoch=-1"),
        with("epoch=1", "epoch=4294967296"),
        with("epoch=1", "epoch=-"),
        with("peer=-", "peer=gp-one"),
        with("stage=-", "stage=1"),
        with("share=-", "share=1/2/3"),
        with("commit=-", "commit=00"),
        with("kid=0123", "kid=0-23"),
        with("kid=0123456789abcdef", "kid=0123456789ABCDEF"),
        with("created=2026-11-21T", "created=2026-13-21T"),
        with("created=2026-11-21T20:53:46Z", "created=2026-11-21T20:53:46.1Z"),
        with("kdf=ring", "kdf=command"),
        with("kdf=ring", "kdf=argon2id13"),
        with("ops=-", "ops=1"),
        with("salt=-", "salt=c3M"),
        with(" nonce=bm", " nonce=m"),
        with(" ct=", " ct=Y"),
        with(" ct=", " more=1 ct="),
        with(" share=-", "")}) {
    EXPECT_THAT(ParseKeyFile(text), ExitCodeIs(kExitKey)) << text;
  }
}

TEST(KeyFile, HugeArgon2ParametersAreRefusedBeforeAnythingIsAllocated) {
  KeyFile file = Sample(KeyKind::kRing);
  file.ops = 16;
  file.mem = uint64_t{4} << 30;
  EXPECT_OK(Validate(file));
  file.ops = 17;
  EXPECT_THAT(Validate(file), ExitCodeIs(kExitKey));
  file.ops = 1;
  file.mem = (uint64_t{4} << 30) + 1;
  EXPECT_THAT(Validate(file), ExitCodeIs(kExitKey));
  file.mem = 1024;
  EXPECT_THAT(Validate(file), ExitCodeIs(kExitKey));
}

TEST(KeyFile, NamesOfDifferentKeysDiffer) {
  std::vector<std::string> names;
  for (const KeyKind kind : kKinds) {
    names.push_back(KeyFileName(Sample(kind).header));
  }
  KeyHeader factor = Sample(KeyKind::kFactor).header;
  factor.peer_epoch = 2;
  factor.epoch = 3;
  names.push_back(KeyFileName(factor));
  KeyHeader audit = Sample(KeyKind::kSign).header;
  audit.party = "gp-one/audit";
  names.push_back(KeyFileName(audit));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const std::string& name : names) {
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_TRUE(name.ends_with(".key"));
  }
}

}  // namespace
}  // namespace tally::crypto
