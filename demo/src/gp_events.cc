#include "demo/gp_events.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tally::demo {

GpEvents::GpEvents(const PersonMaker& maker, const ConditionMaker& conditions)
    : maker_(maker),
      conditions_(conditions),
      draws_(maker.options().seed, "gp event") {}

bool GpEvents::Place(const Person& person, int month, GpEvent& event) const {
  if (person.death_month != kOpen && month >= person.death_month) return false;
  for (const Registration& stay : person.registrations) {
    if (month >= stay.first_month &&
        (stay.last_month == kOpen || month <= stay.last_month)) {
      event.month = month;
      event.practice = stay.practice;
      return true;
    }
  }
  return false;
}

void GpEvents::AddBackground(const Person& person,
                             std::vector<GpEvent>& events) const {
  const int first = maker_.first_month();
  const int last = maker_.options().last_month;
  const uint64_t count = 17 + draws_.Below(9, person.index);
  for (uint64_t i = 0; i < count; ++i) {
    GpEvent event;
    const int month =
        static_cast<int>(draws_.Between(first, last, person.index, 8 * i + 1));
    if (!Place(person, month, event)) continue;
    event.day =
        static_cast<int>(draws_.Between(1, 28, person.index, 8 * i + 2));
    const Background& kind = Backgrounds()[static_cast<size_t>(
        draws_.Below(Backgrounds().size(), person.index, 8 * i + 3))];
    event.concept_id = kind.concept_id;
    const auto same = [&](const GpEvent& other) {
      return other.month == event.month && other.day == event.day &&
             other.concept_id == event.concept_id;
    };
    if (std::any_of(events.begin(), events.end(), same)) continue;
    event.unit = kind.unit;
    if (kind.high1 > kind.low1) {
      // Whole and tenths from the draw, then the tracer: one more than the
      // person's index, in the fourth to tenth decimal. It lets a check follow
      // a value of a release back to the truth; 0 is no tracer.
      const double step =
          static_cast<double>(draws_.Below(1000, person.index, 8 * i + 4));
      const double value = kind.low1 + (kind.high1 - kind.low1) * step / 1000;
      event.value1 =
          absl::StrFormat("%d.%d00%07d", static_cast<int>(value),
                          static_cast<int>(value * 10) % 10, person.index + 1);
      event.traced = true;
    }
    if (kind.high2 > kind.low2) {
      event.value2 = absl::StrCat(static_cast<int>(
          kind.low2 + static_cast<double>(draws_.Below(
                          static_cast<uint64_t>(kind.high2 - kind.low2),
                          person.index, 8 * i + 5))));
    }
    events.push_back(std::move(event));
  }
}

void GpEvents::AddConditions(const Person& person,
                             std::vector<GpEvent>& events) const {
  for (size_t i = 0; i < Conditions().size(); ++i) {
    if (!conditions_.Has(person, i)) continue;
    const int start = std::max(maker_.first_month(),
                               person.registrations.front().first_month);
    GpEvent event;
    const int month = static_cast<int>(
        draws_.Between(start, std::max(start, maker_.options().last_month),
                       person.index, 1000 + i));
    if (!Place(person, month, event)) continue;
    event.day = 1 + static_cast<int>(draws_.Below(28, person.index, 1100 + i));
    event.concept_id = Conditions()[i].concept_id;
    event.condition = static_cast<int>(i);
    events.push_back(std::move(event));
  }
}

void GpEvents::AddPlanted(const Person& person,
                          std::vector<GpEvent>& events) const {
  GpEvent event;
  const int month =
      std::max(maker_.first_month(), person.registrations.front().first_month);
  if (!Place(person, month, event)) return;
  event.day = 14;
  event.concept_id = Backgrounds().front().concept_id;
  event.unit = "mmHg";
  event.value1 = "120";
  const auto faulty = [&](const char* reason) {
    event.fate = RowFate::kDropped;
    event.reason = reason;
  };
  switch (person.plant) {
    case Plant::kRestrictedCode: {
      faulty("RESTRICTED_LINKED_ROW");
      event.consultation = 900;
      events.push_back(event);  // tied to the next by its consultation
      event.concept_id = kRestrictedConcept;
      event.reason = "RESTRICTED_CODE";
      break;
    }
    case Plant::kSensitiveFlag:
      event.sensitive = true;
      faulty("SENSITIVE_FLAG");
      break;
    case Plant::kDateInvalid:
      event.date_fault = DateFault::kInvalid;
      faulty("DATE_INVALID");
      break;
    case Plant::kDateFuture:
      event.date_fault = DateFault::kFuture;
      faulty("DATE_FUTURE");
      break;
    case Plant::kValueType:
      event.value1 = "high";
      faulty("VALUE_TYPE");
      break;
    case Plant::kValueOutside:
      event.value1 = "99999";
      break;
    case Plant::kOutsidePeriod:
      event.date_fault = DateFault::kLongAgo;
      faulty("OUTSIDE_PERIOD");
      break;
    case Plant::kHiddenPattern:
      event.unit = maker_.NhsNumber(person.index, 2);
      faulty("HIDDEN_IDENTIFIER_PATTERN");
      break;
    case Plant::kPatternWrong:
      event.unit = maker_.NhsNumber(person.index, 2);
      event.unit.back() = event.unit.back() == '9'
                              ? '0'
                              : static_cast<char>(event.unit.back() + 1);
      break;
    default:
      return;
  }
  events.push_back(std::move(event));
}

void GpEvents::AddScript(const Person& person,
                         std::vector<GpEvent>& events) const {
  for (const CodedEvent& row : person.script->events) {
    GpEvent event;
    if (!Place(person, MonthOfDay(row.day), event)) continue;
    event.day = CivilDay::FromDays(row.day)->day();
    event.concept_id = ClusterCode(row.cluster);
    event.value1 = row.value1;
    event.value2 = row.value2;
    event.unit = row.unit;
    event.condition = ConditionOf(row.cluster);
    events.push_back(std::move(event));
  }
}

std::vector<GpEvent> GpEvents::Of(const Person& person) const {
  std::vector<GpEvent> events;
  if (person.registrations.empty()) return events;
  if (person.script != nullptr) {
    AddScript(person, events);
  } else {
    AddBackground(person, events);
    AddConditions(person, events);
    AddPlanted(person, events);
  }
  for (size_t i = 0; i < events.size(); ++i) {
    events[i].number = i;
    if (events[i].consultation == 0) events[i].consultation = i;
  }
  return events;
}

bool GpEvents::GoneFromRevision(const Person& person, const GpEvent& event) {
  return event.condition < 0 && person.plant == Plant::kNone &&
         person.script == nullptr && (person.index + event.number) % 97 == 0;
}

GpTruth GpEvents::TruthOf(const Person& person) const {
  GpTruth truth;
  truth.conditions.resize(Conditions().size());
  if (OptedOut(person, Stage::kRevision) ||
      person.plant == Plant::kNotVerified) {
    return truth;
  }
  const int newest = maker_.options().last_month;
  const auto participates = [&](int practice) {
    return maker_.practices()[static_cast<size_t>(practice)].participates;
  };
  for (const Registration& stay : person.registrations) {
    if (stay.first_month > newest || !participates(stay.practice)) continue;
    truth.any_row = true;
    const bool alive =
        person.death_month == kOpen || person.death_month > newest;
    if (alive && (stay.last_month == kOpen || stay.last_month >= newest)) {
      truth.listed = true;
      truth.practice = stay.practice;
    }
  }
  for (const GpEvent& event : Of(person)) {
    // An event of the history left with the history: half of the Type 1
    // opt-outs came later, but those people are gone from the snapshot.
    if (!participates(event.practice)) continue;
    if (event.condition >= 0) {
      truth.conditions[static_cast<size_t>(event.condition)] = true;
    }
    if (event.traced &&
        (event.month != newest || !GoneFromRevision(person, event))) {
      truth.traced = true;
    }
  }
  return truth;
}

}  // namespace tally::demo
