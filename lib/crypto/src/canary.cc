#include "crypto/canary.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"
#include "internal/group.h"

namespace tally::crypto {
namespace {

// HashToGroup of the canary numbers: the hub has the results, not the hash. A
// test derives them again.
constexpr std::array<std::string_view, kCanaryCount> kElements = {
    "fe6a7ce53259eea8a2e1007b17a39e6dffc72fdd664bd6aae4a43bc2f3356f0b",
    "9a80e4b9806c1ba9236c30d08c7687a36332fbf98f0606e2a704d0c0e963d725",
    "e8bdcbcc9e27e3862058287bfaf31530c82fceb1d2af6df35bd353b64b102510",
    "666b1f8fc2d39514312c47b1e5e90fe494c35dfbaaa854be25eb4e022f165b5e",
    "281f04158b3db922fa7d2024c709944daa4a448ced4f671d6ecabc7e643f5900",
    "b4a927acdc31c771799ab17cdc71355633345a8eeac7768fa0bce3c25ce25145",
    "6c7369730686c6d006435a05812c905a8c386fa47473b9e0bf7a801e3fa42e71",
    "14c01b95c1cf595bff807fab480a47a689b572dca2cb39b38053805db84dc508",
    "922cb60bc202ef67c6e5e2da3051ff6a5188c955f599cfb1ae8ce4dcac794752",
    "48a34e148fc225efe3d071f624ee344e714a1565c974f0b5d3333364eb462558",
    "be814e12e319a2446c89ecb04182896459bcb9fcc7bea71a4d9236f7924d9c1c",
    "64aabca2b07fc26250b2913d9635e17e7163f684b086ec2c8c87d21b2a71791f",
    "d2821297a5ab32a24ef7ae824f5f1769f3ebb330e22645552ee7b20ac54b317f",
    "2a45b6f410fa872cac1cfecf3a043da7ef17f6834e742544814fcdd905ab4e00",
    "c80c5e2eef9cba9144cb3299a9484aa670901594d86b3fb760d0e57f250b9a45",
    "484eb97e35fea410a873031113867cd7d4fcc05fad3f73d6bece9689fcf54f08",
};

std::vector<Element> DecodeElements() {
  std::vector<Element> elements;
  elements.reserve(kElements.size());
  for (const std::string_view hex : kElements) {
    absl::StatusOr<Element> element = Element::DecodeHex(hex);
    TALLY_CHECK(element.ok());
    elements.push_back(*element);
  }
  return elements;
}

absl::Status Invalid(std::string message) {
  return Error(Reason::kCanaryInvalid, std::move(message));
}

}  // namespace

std::span<const Element> CanaryElements() {
  static const std::vector<Element>& elements =
      *new std::vector<Element>(DecodeElements());
  return elements;
}

absl::Status VerifyCanaryProof(const Element& source_public,
                               std::span<const uint8_t> tokens,
                               std::span<const uint8_t> proof) {
  if (tokens.size() != kCanaryCount * Element::kSize) {
    return Invalid("there are not sixteen canary tokens");
  }
  DleqProof bytes;
  if (proof.size() != bytes.size()) {
    return Invalid("the canary proof has not 64 bytes");
  }
  std::copy(proof.begin(), proof.end(), bytes.begin());
  std::vector<Element> decoded;
  for (size_t i = 0; i < kCanaryCount; ++i) {
    const auto element =
        Element::Decode(tokens.subspan(i * Element::kSize, Element::kSize));
    if (!element.ok()) return Invalid("a canary token does not decode");
    decoded.push_back(*element);
  }
  if (!VerifyDleq(source_public, CanaryElements(), decoded, bytes).ok()) {
    return Invalid(
        "the canary tokens were not made with the source's registered key");
  }
  return absl::OkStatus();
}

}  // namespace tally::crypto
