// Keys, tokens and runs for tests of the index plane.

#ifndef TALLY_TESTS_UNIT_LINKAGE_INDEX_INDEX_TEST_DATA_H_
#define TALLY_TESTS_UNIT_LINKAGE_INDEX_INDEX_TEST_DATA_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "crypto/init.h"
#include "crypto/keys.h"
#include "crypto/sealed_file.h"
#include "crypto/source_key.h"
#include "crypto/token_converter.h"
#include "linkage/index/run_format.h"
#include "record.h"
#include "run_writer.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {

inline constexpr std::array<uint8_t, 8> kTestHubKeyId{1, 2, 3, 4, 5, 6, 7, 8};

// One hub and two sources in environment `test`.
class IndexKeys {
 public:
  IndexKeys()
      : hub_(MakeSource("hub-stands-in")),
        a_(MakeSource("source-a")),
        b_(MakeSource("source-b")),
        storage_(
            *crypto::StorageKey::Generate(crypto::Environment::kTest, "hub-a")),
        factor_a_(FactorOf(a_)),
        factor_b_(FactorOf(b_)) {}

  const crypto::StorageKey& storage() const { return storage_; }
  crypto::StorageKeyFinder finder() const {
    return [this](const crypto::KeyId& id) {
      return id == storage_.key_id() ? &storage_ : nullptr;
    };
  }
  const crypto::ConversionFactor& factor_a() const { return factor_a_; }
  const crypto::ConversionFactor& factor_b() const { return factor_b_; }

  // Tokens of ten-digit numbers under a source's key, 32 bytes each.
  std::vector<uint8_t> TokensA(const std::vector<uint64_t>& numbers) const {
    return Tokens(a_, numbers);
  }
  std::vector<uint8_t> TokensB(const std::vector<uint64_t>& numbers) const {
    return Tokens(b_, numbers);
  }
  // What conversion must give: tokens under the hub's own key.
  std::vector<uint8_t> HubTokens(const std::vector<uint64_t>& numbers) const {
    return Tokens(hub_, numbers);
  }

 private:
  static crypto::SourceKey MakeSource(const std::string& party) {
    TALLY_CHECK(crypto::InitCrypto().ok());
    return *crypto::SourceKey::Generate({crypto::Environment::kTest,
                                         crypto::KeyRole::kSource, party,
                                         "commissioning", 1});
  }
  crypto::ConversionFactor FactorOf(const crypto::SourceKey& source) const {
    crypto::FactorInfo info{crypto::Environment::kTest, "commissioning",
                            source.info().party};
    return *crypto::ConversionFactor::Create(
        info, *hub_.scalar().Times(*source.scalar().Inverse()));
  }
  static std::vector<uint8_t> Tokens(const crypto::SourceKey& key,
                                     const std::vector<uint64_t>& numbers) {
    std::vector<crypto::NhsMessage> messages;
    for (const uint64_t number : numbers) {
      std::string digits = std::to_string(number);
      digits.insert(0, std::string(10 - digits.size(), '0'));
      messages.push_back(*crypto::NhsMessage::Create(digits));
    }
    std::vector<uint8_t> tokens(numbers.size() * 32);
    TALLY_CHECK(
        crypto::TokeniseBatch(crypto::PortableKernel(), key, messages, tokens)
            .ok());
    return tokens;
  }

  crypto::SourceKey hub_, a_, b_;
  crypto::StorageKey storage_;
  crypto::ConversionFactor factor_a_, factor_b_;
};

inline crypto::SealContext TestContext(const std::string& name) {
  return {crypto::Environment::kTest, "commissioning",
          "extracts/" + name + "/index.run", 1};
}

// Random bytes that pass the byte checks of a token.
inline Record RandomRecord(std::mt19937_64& random, uint32_t person) {
  Record record{};
  for (size_t i = 0; i < 32; ++i) {
    record.bytes[i] = static_cast<uint8_t>(random());
  }
  record.bytes[31] &= 0x7f;
  record.bytes[0] |= 0x02;
  SetPlace(record, person, static_cast<uint8_t>(random() & 1), 0);
  return record;
}

inline std::vector<Record> RandomRecords(std::mt19937_64& random, size_t n) {
  std::vector<Record> records;
  for (uint32_t i = 0; i < n; ++i) records.push_back(RandomRecord(random, i));
  std::sort(records.begin(), records.end(), Before);
  return records;
}

// Writes a run of sorted records.
inline RunSummary WriteRun(const std::string& path,
                           const crypto::SealContext& context,
                           const crypto::StorageKey& key,
                           const std::vector<Record>& records) {
  auto writer = RunWriter::Create(path, context, key, kTestHubKeyId);
  TALLY_CHECK(writer.ok());
  for (const Record& record : records) TALLY_CHECK(writer->Add(record).ok());
  return *writer->Finish();
}

}  // namespace tally::linkage

#endif  // TALLY_TESTS_UNIT_LINKAGE_INDEX_INDEX_TEST_DATA_H_
