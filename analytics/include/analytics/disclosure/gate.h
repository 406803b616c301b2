// The disclosure gate: RawTable in, GatedTable out, under one profile.
// Runs in: the analyst's program. It stops mistakes, not intent.
//
// For each table: counts and totals are printed by the profile; the audit looks
// for hidden cells that can be narrowed and hides further cells until none can;
// derived figures are computed from the printed counts; the decisions are
// logged and the table is registered. Spec: docs/measures/disclosure.md.
// Threading: one thread at a time.
// Secrets: sees exact counts; its messages never hold a number of a cell.
#ifndef TALLY_ANALYTICS_DISCLOSURE_GATE_H_
#define TALLY_ANALYTICS_DISCLOSURE_GATE_H_

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "analytics/disclosure/bound_audit.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/profile.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/disclosure/registry.h"

namespace tally::analytics {

struct GateOptions {
  DecisionLog* log = nullptr;           // not owned; may be null
  ReleaseRegistry* registry = nullptr;  // not owned; may be null
  // Who accepts that a proportion of a sensitive column is 0 or 100 %;
  // empty: such a table is refused.
  std::string accepted_by;
  // The release is made up: title and notes of every table say so.
  bool synthetic = false;
  // Rounds in which the cheapest cells are hidden, before a least set of
  // cells, zeros among them, is searched for.
  int repair_rounds = 20;
  // Time for the audit of one table; a table without an answer by then is
  // refused.
  std::chrono::seconds audit_time{60};
};

class Gate {
 public:
  // `solver` null: LpSolver.
  Gate(Profile profile, GateOptions options,
       std::unique_ptr<BoundSolver> solver = nullptr);
  ~Gate();

  // Gates one table.
  // kInvalidArgument (exit 8): a column of unknown kind, a derived column
  //   whose columns are missing, a total that is not the sum of its parts.
  // kFailedPrecondition DISCLOSURE_REFUSED (exit 6): hidden cells can still
  //   be narrowed after the last repair, the audit came to no answer in time,
  //   or a flagged proportion of a sensitive column was not accepted. The
  //   refusal is logged with its reason.
  // kCancelled: the user asked to stop; nothing is logged or released.
  // Errors of log and registry files as they come: what could not be recorded
  // is not released.
  absl::StatusOr<GatedTable> Release(const RawTable& table);

  // Passes a table that was computed from gated tables only. Nothing is
  // rounded or hidden here: its numbers follow from printed ones. It is logged
  // (`s` a number, `x` a `*`) and registered as derived, naming its sources;
  // its cells join no audit. A note says what it was computed from.
  // kInvalidArgument (exit 8): a source was gated under another profile than
  //   this gate's.
  // Errors of log and registry files as for Release.
  absl::StatusOr<GatedTable> ReleaseDerived(const DerivedTable& table);

  const Profile& profile() const { return profile_; }
  // Where decisions are logged; null if they are not.
  const DecisionLog* log() const { return options_.log; }

 private:
  static GatedCell PrintDerived(const DerivedCell& cell, ColumnKind kind);
  GatedTable StampDerived(const DerivedTable& table) const;
  TableDecisions DecisionsOf(const GatedTable& gated) const;
  absl::Status RecordDerived(const DerivedTable& table,
                             const GatedTable& gated);

  Profile profile_;
  GateOptions options_;
  std::unique_ptr<BoundSolver> solver_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_GATE_H_
