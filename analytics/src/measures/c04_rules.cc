// Reading the rule sets of C04, and applying them.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/c04_segments.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMostPriority = 99;

absl::StatusOr<SegmentSet> ReadSegmentSet(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys({"id", "title", "version"}));
  SegmentSet set;
  TALLY_ASSIGN_OR_RETURN(set.id, table.GetString("id"));
  TALLY_ASSIGN_OR_RETURN(set.title, table.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(set.version, table.GetString("version"));
  return set;
}

absl::Status AddSegmentRule(const TomlTable& table,
                            std::vector<SegmentSet>& sets) {
  std::vector<std::string> keys = {"set", "segment", "priority", "element"};
  keys.insert(keys.end(), RuleElementKeys().begin(), RuleElementKeys().end());
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(keys));
  TALLY_ASSIGN_OR_RETURN(const std::string id, table.GetString("set"));
  TALLY_ASSIGN_OR_RETURN(const std::string name, table.GetString("segment"));
  TALLY_ASSIGN_OR_RETURN(const int64_t priority,
                         table.GetInt("priority", 1, kMostPriority));
  const auto set = std::find_if(sets.begin(), sets.end(),
                                [&](const auto& s) { return s.id == id; });
  if (set == sets.end()) {
    return table.ErrorAt(table.line(), "the rule belongs to no rule_set");
  }
  auto segment = std::find_if(set->segments.begin(), set->segments.end(),
                              [&](const Segment& s) { return s.name == name; });
  if (segment == set->segments.end()) {
    set->segments.push_back({name, static_cast<int>(priority), {}});
    segment = set->segments.end() - 1;
  } else if (segment->elements.empty()) {
    return table.ErrorAt(table.line(),
                         "a segment without elements has one rule");
  }
  if (segment->priority != priority) {
    return table.ErrorAt(table.line(), "a segment has one priority");
  }
  if (table.Find("element") == nullptr) {
    if (!segment->elements.empty()) {
      return table.ErrorAt(table.line(), "this rule names no element");
    }
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(RuleElement element, ReadRuleElement(table));
  if (element.everybody()) {
    return table.ErrorAt(table.line(), "an element that everybody meets");
  }
  segment->elements.push_back(std::move(element));
  return absl::OkStatus();
}

absl::Status CheckSegmentSet(const TomlTable& root, const SegmentSet& set) {
  const int line = root.Find("rule")->line();
  if (set.segments.empty() || !set.segments.back().elements.empty()) {
    return root.ErrorAt(
        line, absl::StrFormat("%s: the last segment takes everyone else, so "
                              "it has no elements",
                              set.id));
  }
  for (size_t i = 0; i + 1 < set.segments.size(); ++i) {
    if (set.segments[i].elements.empty()) {
      return root.ErrorAt(
          line,
          absl::StrFormat("%s: only the last segment has no elements", set.id));
    }
    if (set.segments[i].priority == set.segments[i + 1].priority) {
      return root.ErrorAt(
          line, absl::StrFormat("%s: two segments have one priority", set.id));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<RuleElement> ElementsOf(const SegmentSet& set) {
  std::vector<RuleElement> elements;
  for (const Segment& segment : set.segments) {
    elements.insert(elements.end(), segment.elements.begin(),
                    segment.elements.end());
  }
  return elements;
}

absl::StatusOr<std::vector<SegmentSet>> ReadSegmentSets(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray("rule_set"));
  std::vector<SegmentSet> sets;
  std::set<std::string> ids;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a rule_set is a table");
    }
    TALLY_ASSIGN_OR_RETURN(sets.emplace_back(),
                           ReadSegmentSet(value.AsTable()));
    if (!ids.insert(sets.back().id).second) {
      return root.ErrorAt(value.line(), "a rule_set is there twice");
    }
  }
  TALLY_ASSIGN_OR_RETURN(const TomlArray rules, root.GetArray("rule"));
  for (const TomlValue& value : rules) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a rule is a table");
    }
    TALLY_RETURN_IF_ERROR(AddSegmentRule(value.AsTable(), sets));
  }
  for (SegmentSet& set : sets) {
    std::stable_sort(set.segments.begin(), set.segments.end(),
                     [](const Segment& a, const Segment& b) {
                       return a.priority < b.priority;
                     });
    TALLY_RETURN_IF_ERROR(CheckSegmentSet(root, set));
  }
  return sets;
}

std::string SegmentsMissing(const MeasureContext& context,
                            const SegmentSet& set) {
  for (const RuleElement& element : ElementsOf(set)) {
    std::string missing = ElementMissing(context, element);
    if (!missing.empty()) return missing;
  }
  return "";
}

absl::Status MakeSegments(const MeasureContext& context, const SegmentSet& set,
                          CivilDay at, std::string_view list,
                          std::string_view name) {
  TALLY_RETURN_IF_ERROR(
      MatchElements(context, ElementsOf(set), at, list, "segment_hit"));
  // The first segment of which an element is met.
  std::string cases;
  size_t element = 0;
  for (size_t i = 0; i < set.segments.size(); ++i) {
    const size_t begin = element;
    element += set.segments[i].elements.size();
    if (element == begin) continue;
    cases += absl::StrFormat("WHEN %s > 0 THEN %d ",
                             ElementsMetSql(begin, element), i);
  }
  const size_t last = set.segments.size() - 1;
  const std::string segment = absl::StrFormat(
      "CASE %sELSE %d END", cases.empty() ? "WHEN false THEN 0 " : cases, last);
  return context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE %s AS SELECT l.*, "
                      "CAST(%s AS INTEGER) AS segment FROM %s AS l "
                      "LEFT JOIN segment_hit AS h ON h.person = l.person",
                      name, segment, list));
}

}  // namespace tally::analytics
