#include "measures/spc_mode.h"

#include "base/status.h"

namespace tally::analytics {

absl::StatusOr<SpcMode> ReadSpcMode(const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable parameters,
                         definition.root().GetTable("parameters"));
  TALLY_ASSIGN_OR_RETURN(const std::string mode,
                         parameters.GetString("spc_mode"));
  if (mode == "screened") return SpcMode::kScreened;
  if (mode == "excel") return SpcMode::kExcel;
  return parameters.ErrorAt(parameters.Find("spc_mode")->line(),
                            "spc_mode is screened or excel");
}

std::string SpcModeNote(SpcMode mode) {
  return mode == SpcMode::kExcel
             ? "All moving ranges are kept."
             : "Moving ranges of 3.267 times their mean and more are left out "
               "once.";
}

}  // namespace tally::analytics
