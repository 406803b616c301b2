// Rules over diagnosis and procedure codes by position, as measures list them
// in their definitions, and which admissions meet them.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md, "Code rules".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_CODE_RULES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_CODE_RULES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/definition.h"
#include "engine/database.h"

namespace tally::analytics {

// Codes of which one must be there. A code is met by those that start with it.
struct CodeClause {
  enum class At { kPrimary, kSecondary, kAny };
  At at = At::kAny;
  std::vector<std::string> codes;
};
// All of them together.
using CodeCase = std::vector<CodeClause>;

struct CodeRule {
  std::string id;
  std::string title;
  std::string group;                     // empty: none
  std::string counts_as;                 // the id of another rule, or its own
  std::vector<CodeCase> diagnoses;       // one of them; empty: not asked
  std::vector<CodeCase> procedures;      // likewise
  std::vector<CodeClause> no_diagnoses;  // none of them
  std::vector<CodeClause> no_procedures;
  int age_below = 0;  // 0: any age
};

// The rules of [[rule]]. kInvalidArgument (exit 2) with file and line for an
// unknown key, a code that is none, an id that is there twice, counts_as that
// names no rule, and a rule without diagnoses and procedures.
absl::StatusOr<std::vector<CodeRule>> ReadCodeRules(
    const MeasureDefinition& definition);

// kInvalidArgument (exit 2), naming file and line of the table, unless each is
// a capital and up to three digits.
absl::Status CheckCodeStarts(const TomlTable& table,
                             const std::vector<std::string>& starts);

// What ApplyCodeRules reads: `codes` has the columns unit (a number), kind
// ('D' diagnosis, 'P' procedure), position (1 is primary) and code; `ages` has
// unit, each once, and age_fy, and may be empty where no rule asks for an age.
// A unit of unknown age meets no rule that asks for one.
struct CodeTables {
  std::string codes;
  std::string ages;
};

// Makes the temporary table `rule_hit` (rule: position in `rules`; unit),
// distinct. Replaces one that is there. Cost: distinct codes x clauses, and one
// hash join of all codes.
absl::Status ApplyCodeRules(engine::Connection& connection,
                            const std::vector<CodeRule>& rules,
                            const CodeTables& tables);

enum class CodeKind { kDiagnosis, kProcedure };

// SQL for the codes of a row in one text, in order and with a space between
// them; an empty place leaves two spaces. `columns` are those of the release:
// diag_01 to diag_99 or proc_01 to proc_99 are taken, others left; a column
// that the release lacks is an empty place.
std::string PackedCodes(CodeKind kind, const std::vector<std::string>& columns);

// Makes the temporary table `name` of `codes` from the rows of `packed`, a
// SELECT of unit (null: none), diagnoses and procedures as PackedCodes gives
// them. Cost: one pass.
absl::Status MakeCodeTable(engine::Connection& connection,
                           std::string_view name, std::string_view packed);
// The same from the columns of `table`: `unit` is an SQL expression over it,
// `where` picks rows.
absl::Status MakeCodeTable(engine::Connection& connection,
                           std::string_view name, std::string_view table,
                           std::string_view unit, std::string_view where,
                           const std::vector<std::string>& columns);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_CODE_RULES_H_
