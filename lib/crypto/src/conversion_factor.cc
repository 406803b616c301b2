#include <ostream>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "crypto/keys.h"
#include "internal/check_name.h"

// In a file of its own, so that a program which never uses it does not hold
// its code: the symbol check counts on that.

namespace tally::crypto {

absl::Status Validate(const FactorInfo& info) {
  TALLY_RETURN_IF_ERROR(internal::CheckName("domain", info.domain));
  TALLY_RETURN_IF_ERROR(internal::CheckName("source", info.source));
  if (info.source_epoch < 1 || info.hub_epoch < 1) {
    return UsageError("epochs start at 1");
  }
  if (info.stage < 1 || info.stage > info.stages) {
    return UsageError("stage is not between 1 and stages");
  }
  return absl::OkStatus();
}

ConversionFactor::ConversionFactor(FactorInfo info, Scalar factor,
                                   const Element& public_form)
    : info_(std::move(info)),
      factor_(std::move(factor)),
      public_form_(public_form) {}

absl::StatusOr<ConversionFactor> ConversionFactor::Create(FactorInfo info,
                                                          Scalar factor) {
  TALLY_RETURN_IF_ERROR(Validate(info));
  TALLY_ASSIGN_OR_RETURN(const Element public_form, MultiplyBase(factor));
  return ConversionFactor(std::move(info), std::move(factor), public_form);
}

absl::Status ConversionFactor::CheckAgainst(const Element& source_public,
                                            const Element& hub_public) const {
  TALLY_ASSIGN_OR_RETURN(const Element product,
                         Multiply(factor_, source_public));
  if (product == hub_public) return absl::OkStatus();
  return Error(
      Reason::kFactorMismatch,
      absl::StrFormat("the factor of %s, epoch %d, does not lead from "
                      "its key to the hub key of epoch %d",
                      info_.source, info_.source_epoch, info_.hub_epoch));
}

void PrintTo(const ConversionFactor&, std::ostream* out) {
  *out << "[redacted]";
}

}  // namespace tally::crypto
