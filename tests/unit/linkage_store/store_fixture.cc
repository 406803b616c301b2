#include "store_fixture.h"

#include <array>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "dataset/rounding.h"
#include "linkage/store/recovery.h"
#include "wire/person_batch_codec.h"
#include "wire/row_batch_codec.h"
#include "wire/stream_digest.h"

namespace tally::linkage {

const std::string_view kTestEventSpecification = R"toml(
id = "gp-event"
version = 1
title = "Coded events"
kind = "activity"
period_column = "event_date"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "event_date", type = "date", required = true, min = 1990-01-01, max = 2030-12-31, class = "QI", description = "Day of the event" },
  { name = "cluster_id", type = "code", pattern = "[A-Z]{1,8}_COD", class = "ATTR", description = "Cluster" },
  { name = "value1", type = "double", min = 0.0, max = 10000.0, class = "ATTR", description = "Value" },
]
)toml";

const std::string_view kTestPatientSpecification = R"toml(
id = "gp-patient"
version = 1
title = "Registrations"
kind = "snapshot"
person = { input = "nhs_number", when_no_token = "unlinked" }
national_opt_out = { applies = false, reason = "a test" }
column = [
  { name = "year_of_birth", type = "int32", min = 1900, max = 2100, class = "QI", description = "Year of birth" },
  { name = "practice_code", type = "code", pattern = "[A-Z][0-9]{5}", class = "QI", description = "Practice" },
]
)toml";

namespace {

dataset::Specification Parsed(std::string_view text) {
  auto parsed = dataset::Specification::Parse(text, "test.toml");
  TALLY_CHECK(parsed.ok());
  return *std::move(parsed);
}

crypto::Secret32 Seed(uint8_t first) {
  std::array<uint8_t, 32> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(first + 7 * i);
  }
  bytes[31] &= 0x0f;  // also a scalar
  return *crypto::Secret32::TakeFrom(bytes);
}

crypto::SigningKey Signer(std::string_view party, crypto::SignPurpose purpose,
                          uint8_t seed) {
  return *crypto::SigningKey::FromSeed(crypto::Environment::kTest, party,
                                       purpose, Seed(seed));
}

crypto::RegistryParty Party(std::string_view name, crypto::PartyRole role,
                            const crypto::SigningKey& sign, uint8_t seed,
                            std::optional<int64_t> limit) {
  crypto::RegistryParty party;
  party.party = std::string(name);
  party.role = role;
  party.sign_public = sign.public_key();
  party.box_public =
      crypto::BoxKey::FromSecret(crypto::Environment::kTest, name, Seed(seed))
          ->public_key();
  party.person_limit = limit;
  return party;
}

crypto::RegistryKey Key(std::string_view party, crypto::KeyRole role,
                        const crypto::Element& public_key) {
  return crypto::RegistryKey{
      .party = std::string(party),
      .role = role,
      .domain = "commissioning",
      .epoch = 1,
      .public_key = public_key,
      .key_id = crypto::KeyId::OfPublic(public_key.bytes()),
      .status = crypto::KeyStatus::kActive,
      .not_before = "2026-01-01",
      .stage = 1,
      .stages = 1};
}

}  // namespace

std::shared_ptr<const SpecificationStore> TestSpecifications() {
  std::vector<dataset::Specification> all;
  all.push_back(Parsed(kTestEventSpecification));
  all.push_back(Parsed(kTestPatientSpecification));
  return SpecificationStore::Of(std::move(all));
}

TestScheme::TestScheme(int64_t person_limit)
    : hub_((TALLY_CHECK(crypto::InitCrypto().ok()),
            *crypto::Scalar::FromSecret(Seed(3)))),
      source_(*crypto::SourceKey::FromSeed(
          {crypto::Environment::kTest, crypto::KeyRole::kSource,
           std::string(kTestSource), "commissioning", 1},
          Seed(5))),
      source_sign_(Signer(kTestSource, crypto::SignPurpose::kSign, 9)),
      hub_sign_(Signer("hub-a", crypto::SignPurpose::kSign, 11)),
      custodian_(Signer("custodian", crypto::SignPurpose::kRegistry, 13)) {
  crypto::RegistryBuilder builder(crypto::Environment::kTest);
  TALLY_CHECK(builder
                  .AddKey(Key(kTestSource, crypto::KeyRole::kSource,
                              source_.public_key()))
                  .ok());
  TALLY_CHECK(builder
                  .AddKey(Key("hub", crypto::KeyRole::kHub,
                              *crypto::MultiplyBase(hub_)))
                  .ok());
  TALLY_CHECK(builder
                  .AddParty(Party(kTestSource, crypto::PartyRole::kSource,
                                  source_sign_, 21, person_limit))
                  .ok());
  TALLY_CHECK(builder
                  .AddParty(Party("hub-a", crypto::PartyRole::kHub, hub_sign_,
                                  23, std::nullopt))
                  .ok());
  TALLY_CHECK(builder
                  .AddParty(Party("custodian", crypto::PartyRole::kCustodian,
                                  custodian_, 25, std::nullopt))
                  .ok());
  auto built = builder.Build();
  TALLY_CHECK(built.ok());
  registry_ = std::make_shared<const crypto::Registry>(*std::move(built));
}

crypto::ConversionFactor TestScheme::Factor() const {
  return *crypto::ConversionFactor::Create(
      {crypto::Environment::kTest, "commissioning", std::string(kTestSource)},
      *hub_.Times(*source_.scalar().Inverse()));
}
crypto::ConversionFactor TestScheme::WrongFactor() const {
  return *crypto::ConversionFactor::Create(
      {crypto::Environment::kTest, "commissioning", std::string(kTestSource)},
      *crypto::Scalar::Random());
}

std::string SignManifest(const TestScheme& scheme, std::string_view manifest) {
  return std::string(AsChars(
      *scheme.source_sign().Sign(crypto::SignLabel::kManifest, manifest)));
}

namespace {

// Builds the batches and counts as a source does.
class DeliveryMaker {
 public:
  DeliveryMaker(const TestScheme& scheme, const DeliveryOptions& options)
      : scheme_(scheme), options_(options), specs_(TestSpecifications()) {}

  TestDelivery Make() {
    Create();
    Persons();
    Rows(0, *specs_->Newest("gp-event"), options_.events);
    Rows(1, *specs_->Newest("gp-patient"), options_.patients);
    Manifest();
    return std::move(delivery_);
  }

 private:
  static int32_t Days(const std::string& iso) {
    return CivilDay::Parse(iso)->days();
  }

  void Create() {
    CreateExtractCommand& create = delivery_.create;
    create.source = std::string(kTestSource);
    create.extract_id = options_.extract_id;
    for (const char* id : {"gp-event", "gp-patient"}) {
      create.datasets.push_back({id, specs_->Newest(id)->digest_hex(), 0, 0});
    }
    create.key_id = scheme_.source().key_id().Hex();
    create.epoch = 1;
    create.period_start = Days(options_.period_start);
    create.period_end = Days(options_.period_end);
    const crypto::CanaryProof canary =
        *crypto::MakeCanaryProof(scheme_.source());
    create.canary_tokens = std::string(AsChars(canary.tokens));
    create.canary_proof = std::string(AsChars(canary.proof));
    create.raw_request = "a request as received";
  }

  void Persons() {
    std::vector<crypto::NhsMessage> messages;
    for (int i = 0; i < options_.persons; ++i) {
      messages.push_back(*crypto::NhsMessage::Create(
          std::to_string(options_.first_number + static_cast<uint64_t>(i))));
    }
    tokens_.resize(messages.size() * 32);
    TALLY_CHECK(crypto::TokeniseBatch(crypto::PortableKernel(),
                                      scheme_.source(), messages, tokens_)
                    .ok());
    const size_t step = static_cast<size_t>(options_.tokens_per_batch);
    for (size_t i = 0; i < messages.size(); i += step) {
      const size_t n = std::min(step, messages.size() - i);
      const std::vector<uint8_t> flags(n, 1);
      TestDelivery::Batch batch{wire::BatchKind::kPerson, ""};
      TALLY_CHECK(wire::EncodePersonBatch(
                      {wire::PersonKind::kNhsNumber, i,
                       std::span(tokens_).subspan(i * 32, n * 32), flags},
                      batch.content)
                      .ok());
      Add(std::move(batch));
    }
  }

  void Rows(uint32_t dataset, const dataset::Specification& specification,
            int rows) {
    dataset::DatasetCounts counts;
    counts.dataset = specification.id();
    counts.spec_sha256 = specification.digest_hex();
    auto batch = dataset::RecordBatch::For(specification, dataset);
    for (int row = 0; row < rows; ++row) {
      // Every tenth row has no person.
      const bool linked = options_.persons > 0 && row % 10 != 9;
      const auto reason = linked ? dataset::RowReason::kNone
                                 : dataset::RowReason::kNhsNumberMissing;
      batch.AppendPerson(linked ? row % options_.persons : dataset::kNoPerson,
                         reason);
      ++counts.rows;
      if (!linked) {
        ++counts.rows_unlinked;
        ++counts.unlinked[reason];
      }
      Values(dataset, row, batch);
      if (batch.rows() == static_cast<size_t>(options_.rows_per_batch) ||
          row + 1 == rows) {
        TestDelivery::Batch encoded{wire::BatchKind::kRows, ""};
        TALLY_CHECK(
            wire::EncodeRowBatch(specification, batch, encoded.content).ok());
        Add(std::move(encoded));
        const uint64_t next = batch.first_row + batch.rows();
        batch.Clear();
        batch.first_row = next;
      }
    }
    delivery_.manifest.datasets.push_back(std::move(counts));
  }

  void Values(uint32_t dataset, int row, dataset::RecordBatch& batch) const {
    if (dataset == 0) {
      batch.columns[0].AppendDate(Days(options_.period_start) + row % 28);
      batch.columns[1].AppendCode(row % 2 == 0 ? "DM_COD" : "FRAILTY_COD");
      if (row % 5 == 0) {
        batch.columns[2].AppendNull();
      } else {
        batch.columns[2].AppendDouble(row);
      }
    } else {
      batch.columns[0].AppendInt32(1940 + row % 60);
      batch.columns[1].AppendCode(row % 3 == 0 ? "Z90001" : "Z90002");
    }
  }

  void Add(TestDelivery::Batch batch) {
    stream_.Add(batch.kind, AsBytes(batch.content));
    delivery_.batches.push_back(std::move(batch));
  }

  void Manifest() {
    dataset::ExtractManifest& manifest = delivery_.manifest;
    manifest.batches = stream_.batches();
    manifest.created = "2026-11-02T08:00:00Z";
    manifest.domain = "commissioning";
    manifest.environment = "test";
    manifest.epoch = 1;
    manifest.extract =
        *dataset::ParseExtractName("sources/" + std::string(kTestSource) +
                                   "/extracts/" + options_.extract_id);
    manifest.key_id = scheme_.source().key_id().Hex();
    manifest.lists["type1_opt_outs"] = {options_.opt_out_date,
                                        dataset::RoundCount(120), ""};
    manifest.opted_out = dataset::RoundCount(12);
    manifest.period_end = options_.period_end;
    manifest.period_start = options_.period_start;
    manifest.persons = static_cast<uint64_t>(options_.persons);
    Sha256 persons;
    persons.Update(tokens_);
    manifest.persons_sha256 = HexEncode(persons.Finish());
    manifest.stream_sha256 = HexEncode(stream_.Finish());
    manifest.suite = std::string(crypto::kSuite);
    const absl::Status status = manifest.Check();
    TALLY_CHECK(status.ok());
  }

  const TestScheme& scheme_;
  const DeliveryOptions options_;
  std::shared_ptr<const SpecificationStore> specs_;
  std::vector<uint8_t> tokens_;
  wire::StreamDigest stream_;
  TestDelivery delivery_;
};

}  // namespace

TestDelivery MakeDelivery(const TestScheme& scheme,
                          const DeliveryOptions& options) {
  return DeliveryMaker(scheme, options).Make();
}

TestHub::TestHub(const std::string& root, const TestScheme& scheme,
                 const crypto::TokenKernel* kernel)
    : root_(root), scheme_(scheme), kernel_(kernel) {
  Start();
}

void TestHub::Start() {
  const std::string key_directory = root_ + "/keys";
  const std::string temp = root_ + "/tmp";
  std::filesystem::remove_all(temp);
  std::filesystem::create_directory(temp);
  auto directory = HubDirectory::Open(root_ + "/data", 0.0);
  TALLY_CHECK(directory.ok());
  directory_ = *std::move(directory);
  auto catalogue = Catalogue::Open("sqlite", directory_->CataloguePath());
  TALLY_CHECK(catalogue.ok());
  catalogue_ = *std::move(catalogue);
  keys_ = std::make_unique<HubKeys>(HubKeysOptions{
      key_directory, crypto::Environment::kTest, "commissioning", "hub-a"});
  const auto secret = crypto::RingSecret::Passphrase(kTestPassphrase);
  const bool fresh = !std::filesystem::exists(key_directory + "/ring.key");
  if (fresh) TALLY_CHECK(keys_->CreateOwnKeys(*secret).ok());
  TALLY_CHECK(keys_->Unseal(*secret, scheme_.registry()).ok());
  TALLY_CHECK(keys_->AddFactor(scheme_.Factor(), scheme_.registry()).ok());
  TALLY_CHECK(RecoverHub(*directory_, *catalogue_, kTestHubActor).ok());
  if (!catalogue_->GetSource(kTestSource).ok()) {
    AuditEntry entry;
    entry.action = AuditAction::kSourceCreate;
    entry.corr = NewCorrelationId();
    TALLY_CHECK(
        catalogue_
            ->CreateSource({Catalogue::NewUid(), std::string(kTestSource),
                            "A supplier", NowUtcRfc3339()},
                           {entry, std::nullopt, ""})
            .ok());
  }
  options_.environment = crypto::Environment::kTest;
  options_.domain = "commissioning";
  options_.hub_actor = std::string(kTestHubActor);
  options_.directory = directory_.get();
  options_.catalogue = catalogue_.get();
  options_.keys = keys_.get();
  options_.pool = &pool_;
  options_.kernel = kernel_;
  options_.temp_directory = temp;
  options_.memory_bytes = size_t{256} << 20;
  options_.threads = 2;
  store_ = std::make_unique<ExtractStore>(options_);
  store_->UseRegistry(scheme_.shared_registry());
  store_->UseSpecifications(TestSpecifications());
}

void TestHub::Restart() {
  store_->CloseUploads();
  store_.reset();
  keys_.reset();
  catalogue_.reset();
  directory_.reset();
  Start();
}

CallContext TestHub::Call() const {
  CallContext call;
  call.actor = "spiffe://example.nhs.uk/source/" + std::string(kTestSource);
  call.corr = NewCorrelationId();
  return call;
}

absl::StatusOr<ExtractRecord> TestHub::Create(const TestDelivery& delivery) {
  return store_->CreateExtract(delivery.create, Call());
}

absl::StatusOr<uint64_t> TestHub::Send(const TestDelivery& delivery,
                                       uint64_t first) {
  TALLY_ASSIGN_OR_RETURN(
      const UploadTicket ticket,
      store_->BeginStream(delivery.create.source, delivery.create.extract_id,
                          first));
  for (uint64_t n = first; n <= delivery.batches.size(); ++n) {
    const TestDelivery::Batch& batch = delivery.batches[n - 1];
    TALLY_RETURN_IF_ERROR(
        store_->AddBatch(ticket, n, batch.kind, AsBytes(batch.content))
            .status());
  }
  return store_->Sync(ticket);
}

absl::StatusOr<ExtractRecord> TestHub::Finalize(const TestDelivery& delivery) {
  const std::string manifest = delivery.ManifestBytes();
  const std::string signature = SignManifest(scheme_, manifest);
  return store_->FinalizeExtract(delivery.create.source,
                                 delivery.create.extract_id, manifest,
                                 AsBytes(signature), Call());
}

absl::StatusOr<ExtractRecord> TestHub::Get(const TestDelivery& delivery) {
  return catalogue_->GetExtract(delivery.create.source,
                                delivery.create.extract_id);
}

absl::Status TestHub::Publish(const TestDelivery& delivery) {
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord record, Get(delivery));
  return store_->Publish(record.uid);
}

absl::StatusOr<ExtractRecord> TestHub::Deliver(const TestDelivery& delivery) {
  TALLY_RETURN_IF_ERROR(Create(delivery).status());
  TALLY_RETURN_IF_ERROR(Send(delivery).status());
  TALLY_RETURN_IF_ERROR(Finalize(delivery).status());
  TALLY_RETURN_IF_ERROR(Publish(delivery));
  return Get(delivery);
}

}  // namespace tally::linkage
