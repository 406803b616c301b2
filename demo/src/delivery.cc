#include "demo/delivery.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "demo/activity.h"

namespace tally::demo {
std::string Delivery::Period() const {
  if (first_month == last_month) return MonthText(last_month);
  return absl::StrCat(MonthText(first_month), "..", MonthText(last_month));
}

std::vector<Delivery> DeliveriesOf(const PersonMaker& maker,
                                   std::string_view source,
                                   std::string_view directory) {
  const int last = maker.options().last_month;
  std::vector<Delivery> deliveries;
  const auto add = [&](Stage stage, int first, int end, int revision) {
    const std::string extract =
        absl::StrCat("p", MonthText(end), "-r", revision);
    deliveries.push_back(
        {stage, std::string(source), extract, first, end,
         absl::StrFormat("%s/%s/%s", directory, source, extract)});
  };
  add(Stage::kHistory, maker.first_month(), last - 1, 1);
  add(Stage::kMonth, last, last, 1);
  add(Stage::kRevision, last, last, 2);
  return deliveries;
}

bool OnType1List(const Person& person, Stage stage) {
  switch (person.plant) {
    case Plant::kType1List:
      return person.index % 2 == 0 || stage == Stage::kRevision;
    case Plant::kType1Both:
    case Plant::kType1SameDay:
      return true;
    default:
      return false;
  }
}

bool OptedOut(const Person& person, Stage stage) {
  return OnType1List(person, stage) || person.plant == Plant::kType1Column ||
         person.plant == Plant::kNationalOptOut;
}

std::string Dimensions(const Delivery& delivery) {
  return absl::StrCat("source=", delivery.source,
                      ";extract=", delivery.extract);
}

FateBook::FateBook(Ledger& ledger, const Delivery& delivery,
                   std::string_view dataset)
    : ledger_(ledger),
      dimensions_(
          absl::StrFormat("%s;dataset=%s", Dimensions(delivery), dataset)),
      read_(ledger.Figure("rows_read", dimensions_)),
      sent_(ledger.Figure("rows_sent", dimensions_)),
      opted_out_(ledger.Figure("rows_opted_out", Dimensions(delivery))) {}

void FateBook::Add(RowFate fate, std::string_view reason) {
  ++read_;
  switch (fate) {
    case RowFate::kSent:
      ++sent_;
      break;
    case RowFate::kUnlinked:
      ++sent_;
      ledger_.Add("rows_unlinked",
                  absl::StrFormat("%s;reason=%s", dimensions_, reason));
      break;
    case RowFate::kDropped:
      ledger_.Add("rows_dropped",
                  absl::StrFormat("%s;reason=%s", dimensions_, reason));
      break;
    case RowFate::kOptedOut:
      ++opted_out_;
      break;
  }
}

}  // namespace tally::demo
