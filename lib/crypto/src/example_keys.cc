#include "crypto/example_keys.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"

namespace tally::crypto {
namespace {

// Ascending. Source and hub keys are here as every environment would derive
// them from the public seeds, in epochs 1 and 2.
constexpr auto kIds = std::to_array<std::string_view>({
    "042ed5d7c3e26bb9", "1127a6fbefe55205", "132c0456d66b16c1",
    "25a44bb2e0ff670f", "25e61b9b21edbb98", "27760263188d5bfb",
    "27a8f9895ef5ebfe", "2ab7f9d55bfd076a", "2aea61a287025f98",
    "316e4187c033701d", "342bb3e0a8d80103", "34392c8cd2835081",
    "35f086c3ea5764a7", "39813a9c924499d8", "42024371df5a1702",
    "463d8849dbd10aa5", "486a69a98d1cf48f", "4defa8ac1f609bf4",
    "5385404e1ece8dc0", "56dde5b68a4f00ff", "57080dbe0815fc7c",
    "573e20e7afa5f773", "580c5f81d4b4ec0d", "647e81d9a813fc88",
    "658365a2bc3f9332", "6dba8907cfd8fd26", "7849a9ab3104d79e",
    "7f2c6ac30386a031", "86bd951ea7dcc97d", "878a035575387e2a",
    "8948898ed5eb4ed0", "8aab85d2c1d5fe23", "8c8f12d111c00a3f",
    "8d4aa6a8372090af", "95ecc7796e9c3aa3", "9ec3b7a8863c68c4",
    "b153695a888e0623", "b28f30912d117b6c", "b376978ef1704ea9",
    "b4a2333ce42d7498", "b62e95f5047f834e", "b99e98908f05291c",
    "bb0a8dedc0686cd5", "bea60881d0b9d2f8", "c06a841541918258",
    "c38f150e8f95383e", "c9df7e755eb47b18", "cc06cd19120a2560",
    "ce49ce1fb3d705a8", "d31246846ca66e4b", "d4abc0da0e9eb3b6",
    "d6e5bbde07951801", "d7bb1f84fd3058bb", "d941b68915c2651c",
    "dbea20a99aeff2be", "dfa96f39a7e29a9f", "e406149882e472a7",
    "e4b10f691944a674", "e745c2a5d056496f", "f448df33530ef5d3",
    "f57f649bad4b1a24", "f7710cdf55d53b32", "fa8d4e17047812dd",
    "fc1a66e629d54566",
});

}  // namespace

std::span<const std::string_view> ExampleKeyIds() { return kIds; }

bool IsExampleKeyId(const KeyId& id) {
  return std::binary_search(kIds.begin(), kIds.end(), id.Hex());
}

absl::Status RefuseExampleKey(Environment environment, const KeyId& id) {
  if (environment != Environment::kProduction || !IsExampleKeyId(id)) {
    return absl::OkStatus();
  }
  return KeyError(absl::StrFormat(
      "key %s is an example key: everybody has it, production refuses it",
      id.Hex()));
}

}  // namespace tally::crypto
