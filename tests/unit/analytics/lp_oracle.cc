#include "lp_oracle.h"

#include <glpk.h>

#include <cmath>
#include <map>
#include <memory>

#include "base/status.h"

namespace tally::analytics {
namespace {

struct DeleteProgram {
  void operator()(glp_prob* program) const { glp_delete_prob(program); }
};
using Program = std::unique_ptr<glp_prob, DeleteProgram>;

void SetColumn(glp_prob* program, int column, const CountRange& range) {
  const bool low = range.low > -kUnboundedCount;
  const bool high = range.high < kUnboundedCount;
  const int type = !low && !high             ? GLP_FR
                   : !low                    ? GLP_UP
                   : !high                   ? GLP_LO
                   : range.low == range.high ? GLP_FX
                                             : GLP_DB;
  glp_set_col_bnds(program, column, type, static_cast<double>(range.low),
                   static_cast<double>(range.high));
}

Program MakeProgram(const AuditProblem& problem) {
  Program program(glp_create_prob());
  glp_add_cols(program.get(), static_cast<int>(problem.unknowns.size()));
  for (size_t i = 0; i < problem.unknowns.size(); ++i) {
    SetColumn(program.get(), static_cast<int>(i) + 1,
              problem.unknowns[i].range);
  }
  for (const AuditEquality& equality : problem.equalities) {
    std::map<int, double> factors;
    for (const size_t i : equality.parts) factors[static_cast<int>(i) + 1] += 1;
    for (const size_t i : equality.whole) factors[static_cast<int>(i) + 1] -= 1;
    std::vector<int> columns{0};
    std::vector<double> values{0};
    for (const auto& [column, factor] : factors) {
      columns.push_back(column);
      values.push_back(factor);
    }
    const int row = glp_add_rows(program.get(), 1);
    const auto constant = static_cast<double>(equality.constant);
    glp_set_row_bnds(program.get(), row, GLP_FX, constant, constant);
    glp_set_mat_row(program.get(), row, static_cast<int>(columns.size()) - 1,
                    columns.data(), values.data());
  }
  glp_std_basis(program.get());
  return program;
}

// The optimum of one column, or its open end; nullopt: no values at all.
std::optional<double> Optimum(glp_prob* program, int column, int direction) {
  glp_smcp settings;
  glp_init_smcp(&settings);
  settings.msg_lev = GLP_MSG_OFF;
  settings.meth = GLP_PRIMAL;
  glp_set_obj_dir(program, direction);
  glp_set_obj_coef(program, column, 1);
  TALLY_CHECK(glp_simplex(program, &settings) == 0);
  glp_set_obj_coef(program, column, 0);
  const auto open = static_cast<double>(kUnboundedCount);
  switch (glp_get_status(program)) {
    case GLP_OPT:
      return glp_get_col_prim(program, column);
    case GLP_UNBND:
      return direction == GLP_MIN ? -open : open;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool OracleIsPossible(const AuditProblem& problem) {
  const Program program = MakeProgram(problem);
  return problem.unknowns.empty() ||
         Optimum(program.get(), 1, GLP_MIN).has_value();
}

std::optional<std::vector<CountRange>> OracleBounds(
    const AuditProblem& problem, const std::vector<size_t>& wanted) {
  const Program program = MakeProgram(problem);
  std::vector<CountRange> bounds;
  for (const size_t unknown : wanted) {
    const int column = static_cast<int>(unknown) + 1;
    const auto low = Optimum(program.get(), column, GLP_MIN);
    const auto high = Optimum(program.get(), column, GLP_MAX);
    if (!low.has_value() || !high.has_value()) return std::nullopt;
    bounds.push_back({static_cast<int64_t>(std::ceil(*low - 1e-6)),
                      static_cast<int64_t>(std::floor(*high + 1e-6))});
  }
  return bounds;
}

}  // namespace tally::analytics
