// One passage of one table through the gate: the working state behind
// Gate::Release. Private to the disclosure folder.
// Threading: one thread.  Secrets: exact counts; never printed.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_RUN_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_RUN_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/bound_audit.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/gate.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/profile.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/disclosure/registry.h"
#include "disclosure/gate_across.h"
#include "disclosure/joined_unknowns.h"
#include "disclosure/table_period.h"

namespace tally::analytics {

class GateRun {
 public:
  GateRun(const RawTable& raw, const Profile& profile,
          const GateOptions& options, const BoundSolver& solver)
      : raw_(raw), profile_(profile), options_(options), solver_(solver) {}

  // What needs no other table: the counts, checked and printed.
  absl::Status Begin();
  // The keys of the counts. REQUIRES: Begin was OK.
  const std::vector<std::string>& Keys() const { return keys_; }
  // Those of counts that other measures may have too, with their names.
  // REQUIRES: Begin was OK.
  std::map<std::string, std::string> Counted() const;
  // Those names that sums of this table join to a small count. REQUIRES: Begin
  // was OK.
  std::vector<std::string> NamesNearSmall() const;
  // The rest of the passage but for the files. `earlier` are related tables,
  // newest first. REQUIRES: Begin was OK.
  absl::StatusOr<GatedTable> Finish(
      const std::vector<ReleasedTablePtr>& earlier);

  // What was decided so far, also after a refusal.
  TableDecisions Decisions() const;
  // The printed counts as the register keeps them. REQUIRES: Finish was OK.
  ReleasedTable Record() const;

 private:
  // A derived figure as it will be printed.
  struct Printed {
    GatedCell::State state = GatedCell::State::kNotAvailable;
    std::string text = "NA";
    NaReason reason = NaReason::kNotReleased;
    bool everyone = false;

    static Printed Star() { return {GatedCell::State::kSuppressed, "*"}; }
    static Printed Na(NaReason why) {
      return {GatedCell::State::kNotAvailable, "NA", why};
    }
    static Printed Number(std::string number) {
      return {GatedCell::State::kFigure, std::move(number)};
    }
  };
  enum class Mark { kPending, kWorking, kDone };
  // The state of one count cell.
  struct Count {
    bool present = false;  // has a number at all
    bool total = false;    // the sum of other cells
    bool copy = false;     // prints what another cell prints
    int64_t exact = 0;
    std::optional<int64_t> printed;  // nullopt: `*`
    CellDecision decision = CellDecision::kReleased;
    Mark mark = Mark::kPending;
  };

  // gate_counts.cc
  absl::Status CheckColumns() const;
  absl::Status ReadCounts();
  absl::Status CheckRelations() const;
  absl::Status ResolveExact(CellRef cell);
  absl::Status ResolveTotal(CellRef cell, const std::vector<CellRef>& parts);
  void PrintCounts();
  void PrintCopies();
  void PrintCopy(CellRef cell);
  absl::Status CheckMostlyShown() const;
  void Hide(CellRef cell, CellDecision why);
  bool IsCountColumn(size_t column) const;
  // Printed by midpoint 6 though the profile prints otherwise.
  bool IsMidpoint(size_t column) const;
  Count& At(CellRef cell) { return counts_[cell.row][cell.column]; }
  const Count& At(CellRef cell) const { return counts_[cell.row][cell.column]; }
  CellRef Original(CellRef cell) const;
  // REQUIRES: IndexCells was called; the cell is no copy.
  const std::string& KeyOf(CellRef cell) const {
    return keys_[UnknownOf(cell)];
  }
  size_t UnknownOf(CellRef cell) const {
    return unknown_[cell.row][cell.column];
  }

  // What an earlier table says of the unknowns.
  struct Facts {
    struct Cell {
      size_t unknown;
      CountRange told;     // by its printed form; open for a total
      bool small = false;  // hidden as one of `hidden`
      bool star = false;   // printed as `*`, small or not
    };
    std::vector<Cell> cells;
    CountRange hidden;
    std::vector<AuditEquality> sums;
    std::vector<AuditEquality> margins;
  };
  // An earlier table, and what of it is believed beside its cells: a list size
  // is another one a month later.
  struct Earlier {
    const ReleasedTable* table;
    const Facts* facts;
    bool margins = true;
    bool sums = true;
    size_t changed = 0;  // cells that are others now
  };
  using Tables = std::vector<Earlier>;

  // gate_audit.cc
  absl::Status AuditAndRepair(const std::vector<ReleasedTablePtr>& earlier);
  absl::Status RepairUntilSafe(const Tables& earlier);
  // Names the first sum that does not add up by column and row, from 1; never
  // its numbers.
  absl::Status Contradiction() const;
  absl::Status RepairWithoutGuesses(const Tables& earlier);
  absl::StatusOr<std::vector<size_t>> AuditOnce(const AuditProblem& problem,
                                                AuditBounds& bounds);
  absl::StatusOr<bool> RepairByProof(AuditProblem problem);
  absl::Status IndexCells();
  CountRange RangeOf(CellRef cell) const;
  std::vector<size_t> Unsafe(const AuditProblem& problem,
                             const AuditBounds& bounds) const;
  absl::Status Refusal(
      std::string_view why,
      std::string_view advice = "; use fewer dimensions or wider groups") const;
  absl::Status NarrowedRefusal(std::string_view earlier) const;

  // gate_totals.cc
  // A row that is the sum of others, in some of its columns.
  struct RowTotal {
    size_t whole = 0;
    std::vector<size_t> parts;
  };
  // Rows of level "All" with those of the other levels, added up or not.
  std::vector<RowTotal> RowsOfAll() const;
  void InferTotals();

  // gate_counted.cc
  // Takes the names of counts; cells of one name are one number.
  absl::Status NameCounts();
  // Whether a table is of this measure and cohort, so that its keys are those
  // of this table.
  bool IsAbout(const ReleasedTable& table) const;
  JoinedUnknowns JoinedByOwnSums() const;
  std::vector<size_t> SmallCounts() const;
  // `earlier`, of the tables of other measures those parts only that are joined
  // to a small count, under keys that are told from this table's.
  std::vector<ReleasedTablePtr> WithoutStrangers(
      const std::vector<ReleasedTablePtr>& earlier) const;

  // gate_repeat.cc
  // Whether readers have this very table already, and nothing is news in it:
  // then what it hid is hidden again, and nothing need be audited.
  bool RepeatEarlier(const std::vector<ReleasedTablePtr>& earlier);
  bool SaysNoNews(const ReleasedTable& table) const;
  std::string FormOf(CellRef cell) const;

  // gate_rests.cc
  // Cells of one row that are parts of another, with a rest that is not in the
  // table.
  struct RowPart {
    size_t whole;  // unknowns
    std::vector<size_t> parts;
  };
  // Fills row_parts_. REQUIRES: the cells have their numbers.
  absl::Status FindRowParts();
  absl::Status AddRowParts(const std::string& whole,
                           const std::vector<std::string>& parts,
                           bool must_hold);
  absl::Status CheckSameSums() const;
  // Whether a reader learns from it what is not printed.
  bool SaysSomething(const RowPart& part) const;
  bool IsHidden(size_t unknown) const;
  // Whether so many are in the whole that no part is bounded by it but by its
  // own sums.
  bool IsFarAbove(const RowPart& part) const;
  // Takes from wanted_ what no table with such rows can keep.
  void AllowRowParts();
  // Adds row_parts_ and the sums that are the same, with unknowns of their own.
  void AddRests(AuditProblem& problem) const;
  // The same for later tables.
  void RecordRests(ReleasedTable& record) const;

  // gate_bands.cc
  // Fills bands_. REQUIRES: all unknowns have their numbers.
  void FindAgeBands();

  // gate_across.cc
  // Finds the sums that tables of different cuts are of each other.
  absl::Status FindAcross(const Tables& earlier);
  KeyShapes::Sums SumsByKeys(const Tables& earlier) const;
  std::optional<AuditEquality> FirstThatAddsUp(
      const std::vector<CountRange>& truth, size_t whole,
      const std::vector<KeyShapes::Keys>& either) const;
  void LoosenLarge(const AuditProblem& problem);
  absl::Status DropImpossible(const AuditProblem& problem);
  absl::Status DropImpossible(const AuditProblem& problem,
                              const BoundSolver& solver);
  void HideSmallSums();
  bool MayAddUp(const std::vector<CountRange>& truth,
                const AuditEquality& sum) const;
  // Where the true counts of earlier tables lie; a reader knows less.
  std::vector<CountRange> TrueRanges(const Tables& earlier) const;

  // gate_sums.cc
  absl::Status AuditAllSums();
  absl::Status AuditSums(size_t column);
  AuditProblem SumProblem(size_t column) const;
  std::vector<RowTotal> TotalsOfSum(size_t column) const;
  std::optional<double> SumAt(CellRef cell) const;
  std::optional<CellRef> SumToHide(const std::vector<size_t>& rows,
                                   size_t column) const;

  // gate_problem.cc
  AuditProblem CurrentProblem() const;
  // The problem with `earlier` tables; targets are what is not shown safe yet.
  AuditProblem ProblemWith(const Tables& earlier) const;
  // Of this table nothing but the places of its cells.
  AuditProblem ProblemOf(const Tables& earlier) const;
  static void AddEarlier(const Earlier& earlier, AuditProblem& problem);
  static void Add(const std::vector<AuditEquality>& more,
                  AuditProblem& problem);
  // Numbers the cells of earlier tables and reads what they say.
  void ReadEarlier(const std::vector<ReleasedTablePtr>& earlier);
  Facts FactsOf(const ReleasedTable& table);
  // The unknown of a cell of an earlier table; `other` is its period unless
  // that is this table's, `counted` the name of what it counts, or null.
  size_t UnknownOfKey(const std::string& key, const TablePeriod* other,
                      const std::string* counted);
  AuditProblem EmptyProblem() const;
  // Those of `earlier` that can all be true together with this table, the
  // newer before the older. Of one that cannot, the cells that changed become
  // counts of their own time; what is left is believed.
  absl::StatusOr<Tables> Consistent(
      const std::vector<ReleasedTablePtr>& earlier);
  Tables ConsistentByPropagation(const std::vector<ReleasedTablePtr>& earlier);
  // Adds one to `problem`, or nothing.
  std::optional<Earlier> Believe(const ReleasedTable& table, Facts& facts,
                                 AuditProblem& problem);
  // The cells of `facts` in an equality that other tables may have as well.
  std::set<size_t> SharedCells(const AuditEquality& equality,
                               const Facts& facts) const;
  // Gives the cells of `unknowns` unknowns of their own; how many there were.
  size_t Detach(const std::set<size_t>& unknowns, Facts& facts);
  // Which of `earlier` say something that is joined to `unsafe`, in words.
  static std::string EarlierBehind(const Tables& earlier,
                                   const AuditProblem& problem,
                                   const std::vector<size_t>& unsafe);
  // What of `earlier` is not in `kept`, for the log.
  void NoteLeftOut(const std::vector<ReleasedTablePtr>& earlier,
                   const Tables& kept);
  void PinCells(const Tables& earlier);
  // What of each small hidden count, of this table or an earlier one, readers
  // of the earlier ones cannot rule out, and must not after this one.
  absl::Status FindWanted(const Tables& earlier);
  void LeaveSums(const Tables& earlier);
  void AllowParts(const AuditProblem& earlier);

  // gate_repair.cc
  bool Repair(const AuditProblem& problem, const AuditBounds& bounds,
              const std::vector<size_t>& unsafe);
  std::optional<CellRef> PartnerIn(const std::vector<size_t>& unknowns) const;
  bool CanHide(size_t unknown) const;
  bool IsUnpinned(size_t unknown) const;

  // gate_search.cc
  // Hides a least set of further cells, zeros too, after which none of
  // `unsafe` is narrowed. False if there is none.
  absl::StatusOr<bool> RepairBySearch(const AuditProblem& problem,
                                      const std::vector<size_t>& unsafe);
  std::vector<size_t> HidableNear(const AuditProblem& problem,
                                  const std::vector<size_t>& unsafe) const;
  AuditProblem WithHidden(const AuditProblem& problem,
                          const std::vector<size_t>& hidden) const;
  absl::StatusOr<bool> IsSafe(const AuditProblem& problem) const;

  // gate_figures.cc
  absl::Status ComputeFigures(GatedTable& out);
  static GatedCell ToCell(const Printed& printed);
  Printed FigureOf(CellRef cell) const;
  GatedCell CountCell(CellRef cell) const;
  GatedCell TextCell(CellRef cell) const;
  Printed Proportion(CellRef cell) const;
  Printed Rate(CellRef cell) const;
  Printed Standardised(CellRef cell) const;
  Printed Expected(CellRef cell) const;
  Printed Gap(CellRef cell) const;
  Printed Mean(CellRef cell) const;
  Printed Percentile(CellRef cell) const;
  Printed Sum(CellRef cell) const;
  // Enough contributors, and none that dominates, or nothing of nobody.
  // REQUIRES: it has a number; counts are printed.
  bool SumMayBePrinted(CellRef cell) const;
  bool IsShownZero(CellRef cell, const CellBasis& basis, double sum) const;
  bool MaySayNothing(size_t row) const;
  Printed ModelMetric(CellRef cell) const;
  Printed Coefficient(CellRef cell) const;
  Printed Index(CellRef cell) const;
  // The count cell of this row in a named column; null if there is none.
  const Count* CountIn(size_t row, std::string_view column) const;
  // What the printed form of a count of this row tells; {0, 0} if it is `*`.
  CountRange PrintedRange(size_t row, std::string_view column) const;
  CellBasis BasisOf(CellRef cell) const;
  std::optional<double> RawNumber(size_t row, std::string_view column) const;
  std::string LinkedShare() const;

  const RawTable& raw_;
  const Profile& profile_;
  const GateOptions& options_;
  const BoundSolver& solver_;
  std::vector<std::vector<Count>> counts_;
  std::vector<std::vector<bool>> hidden_figures_;
  std::vector<CellRef> cells_;                // unknown -> cell
  std::vector<std::vector<size_t>> unknown_;  // by row and column
  std::vector<std::string> keys_;             // of cells_
  std::vector<ReleasedTablePtr> earlier_;
  // Unknowns by the keys of their cells: of this table those of cells_, behind
  // them those of earlier ones. Some have a second key, the name of what they
  // count. The texts are in keys_, raw_, earlier_ and, with the period of an
  // earlier table, period_keys_.
  std::unordered_map<std::string_view, size_t> by_key_;
  size_t named_ = 0;                            // unknowns in by_key_
  std::map<size_t, std::string_view> counted_;  // unknown -> its name
  std::deque<std::string> period_keys_;
  std::vector<Facts> facts_;           // of the earlier tables
  std::vector<AuditEquality> bands_;   // of ages, with pieces of them
  size_t pieces_ = 0;                  // unknowns of bands_ behind those
  size_t detached_ = 0;                // unknowns of cells that changed
  std::set<size_t> stars_before_;      // of this table, in earlier ones
  std::vector<std::string> left_out_;  // of earlier tables, in words
  bool in_parts_ = false;    // some are believed without cells that changed
  bool whole_only_ = false;  // none may be
  // Totals that nobody declared.
  std::vector<RawTable::Relation> inferred_;
  // Sums of this table and earlier ones.
  std::vector<AuditEquality> across_;
  bool guesses_tell_ = false;  // these make wanted_ less
  std::vector<RowPart> row_parts_;
  std::set<CellRef> hidden_sums_;   // to shield others
  std::set<CellRef> known_totals_;  // of margins that readers know anyway
  // What earlier tables say about each cell by itself; empty: nothing.
  std::vector<CountRange> pinned_;
  std::set<size_t> shown_safe_;  // hiding more cells leaves them safe
  // The ranges that small hidden counts keep, by unknown.
  std::map<size_t, CountRange> wanted_;
  // The least that a `*` which shields others may be: 0 once zeros are hidden.
  int64_t shield_low_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_RUN_H_
