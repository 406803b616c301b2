#ifndef TALLY_BASE_STRINGS_H_
#define TALLY_BASE_STRINGS_H_

// Text helpers: views between Abseil and the standard library, hexadecimal and
// Base64, sizes and durations as people write them, resource ids.
//
// Spec: docs/operations.md, "Configuration" for sizes and durations.
// Threading: no state.
// Secrets: not for secrets. The decoders are not constant time and return an
// ordinary string; keys are decoded in crypto.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tally {

// The one place where the two kinds of view meet; they are different classes in
// the Abseil that Debian packages, and one class in newer ones.
inline absl::string_view ToAbsl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}
inline std::string_view ToStd(absl::string_view text) {
  return std::string_view(text.data(), text.size());
}

// Lower-case hexadecimal, two digits a byte.
std::string HexEncode(std::span<const uint8_t> bytes);

// The bytes of lower-case hexadecimal text. Returns kInvalidArgument for an odd
// length or any other character, upper case included: one value, one text.
absl::StatusOr<std::string> HexDecode(std::string_view text);

// Base64 of RFC 4648: the standard alphabet with padding (section 4), and the
// URL alphabet without padding (section 5). Decoders return kInvalidArgument
// for white space, wrong padding and spare bits that are not zero, so that one
// value has one text.
std::string Base64Encode(std::span<const uint8_t> bytes);
absl::StatusOr<std::string> Base64Decode(std::string_view text);
std::string Base64UrlEncode(std::span<const uint8_t> bytes);
absl::StatusOr<std::string> Base64UrlDecode(std::string_view text);

// A size in bytes: digits, then nothing, `B`, `kB`, `MB`, `GB`, `TB` (powers of
// 1000) or `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024); "64MiB" = 67108864.
// Returns kInvalidArgument for anything else, and beyond int64.
absl::StatusOr<int64_t> ParseSize(std::string_view text);

// A duration in milliseconds: digits and one of `ms`, `s`, `m`, `h`, `d`;
// "30s" = 30000. Returns kInvalidArgument for anything else, beyond int64 too.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);

// A decimal int64: an optional minus, digits, no leading zeros, nothing else.
// Returns kInvalidArgument.
absl::StatusOr<int64_t> ParseInt64(std::string_view text);

// The same, of `least` to `most`; kInvalidArgument also outside.
absl::StatusOr<int64_t> ParseInt64In(std::string_view text, int64_t least,
                                     int64_t most);

// A finite decimal double, as "0.05" or "-1.5e-3"; independent of the locale.
// Returns kInvalidArgument, also for inf, nan and trailing text.
absl::StatusOr<double> ParseDouble(std::string_view text);

// A size for people: "512 B", "64.0 MiB".
std::string FormatSize(int64_t bytes);

// A number for people, with commas: "1,204,511".
std::string FormatCount(int64_t count);

// Whether `text` is a resource id: ^[a-z][a-z0-9-]{0,62}$.
bool IsResourceId(std::string_view text);

// The candidate nearest to `word` by edit distance (a swap of neighbours counts
// one), ignoring case; empty when none is near enough to be what was meant.
// Cost: length of word x total length of candidates.
std::string NearestMatch(std::string_view word,
                         std::span<const std::string> candidates);

// "a, b, c".
std::string JoinText(std::span<const std::string> parts,
                     std::string_view separator);

// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong
// form, at most U+10FFFF).
bool IsValidUtf8(std::string_view text);

}  // namespace tally

#endif  // TALLY_BASE_STRINGS_H_
