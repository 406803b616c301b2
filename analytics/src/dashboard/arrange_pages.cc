// Puts what measures drew into pages, in their order.
#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

struct PageKind {
  std::string_view id;
  std::string_view title;
  std::string_view question;
};

constexpr std::array<PageKind, 14> kPages = {{
    {"summary", "Summary", "What changed?"},
    {"where-to-look", "Where to look", "Where are we unlike our peers?"},
    {"area", "Area profile", "How do we compare over many indicators?"},
    {"population", "Population", "Who lives here, and in which segments?"},
    {"needs", "Needs", "Which conditions, where, and how unequal?"},
    {"risk", "Risk", "Who is at rising risk, and is the model fair?"},
    {"emergency", "Emergency care", "Is it improving, and in which practices?"},
    {"medicines", "Medicines", "Where is prescribing high or risky?"},
    {"capacity", "Capacity", "What is coming?"},
    {"benchmarking", "Benchmarking", "How do we stand against peers?"},
    {"finance", "Finance", "Why is our share what it is?"},
    {"pathways", "Pathways", "How do people move?"},
    {"quality", "Data quality", "Can I trust this?"},
    {"about", "About", "Where do the figures come from, and how?"},
}};

constexpr size_t kSentences = 3;

// What a page shows, most important first; a chart that is not named here comes
// after, in the order of its measure.
struct PageOrder {
  std::string_view page;
  std::vector<std::string_view> charts;
};

const std::vector<PageOrder>& PageOrders() {
  static const auto& orders = *new std::vector<PageOrder>{
      {"summary",
       {"quality-matrix", "off-plan", "spc", "conditions", "inequality-forest",
        "mortality-trend", "polypharmacy-thresholds", "quality-icons"}},
      {"where-to-look", {"benchmark", "ebi-opportunity"}},
      {"population",
       {"pyramid", "segments", "segments-deprivation", "deprivation",
        "ethnicity", "dependency", "list-sizes", "segment-moves"}},
      {"emergency",
       {"spc-urgent", "readmission-funnel", "readmission-months",
        "readmission-providers", "readmission-reasons", "acsc-conditions",
        "acsc-practices", "acsc-months", "hiu-thresholds"}},
      {"capacity",
       {"forecast", "activity-plan", "rtt-trajectory", "rtt-standard",
        "rtt-weeks", "rtt-queues", "forecast-errors"}},
      {"finance",
       {"capitation-weighted", "capitation-distance", "budget-burn",
        "provider-bridge", "provider-overview", "provider-months",
        "provider-day-cases"}},
      {"quality",
       {"link-rates", "link-rates-month", "reasons", "dq-scores",
        "dq-timeliness", "dq-failures", "overlap", "validation"}},
      {"about",
       {"release", "measures", "catalogue", "gate-decisions", "audit"}}};
  return orders;
}

size_t PlaceOn(std::string_view page, const std::string& chart) {
  for (const PageOrder& order : PageOrders()) {
    if (order.page != page) continue;
    return static_cast<size_t>(
        std::find(order.charts.begin(), order.charts.end(), chart) -
        order.charts.begin());
  }
  return 0;
}

// Orders charts, and makes sure that no two share an id: the page finds its
// pictures, lists and downloads by it.
void OrderCharts(std::string_view page, std::vector<Chart>& charts) {
  std::stable_sort(charts.begin(), charts.end(),
                   [&](const Chart& a, const Chart& b) {
                     return PlaceOn(page, a.id()) < PlaceOn(page, b.id());
                   });
  std::set<std::string> ids;
  for (const Chart& chart : charts) {
    TALLY_CHECK(ids.insert(chart.id()).second);
  }
}

std::vector<std::string> Opening(std::vector<Sentence> sentences,
                                 const PageSet& about) {
  std::stable_sort(
      sentences.begin(), sentences.end(),
      [](const Sentence& a, const Sentence& b) { return a.rank < b.rank; });
  std::vector<std::string> texts;
  for (Sentence& sentence : sentences) {
    const bool known =
        std::find(texts.begin(), texts.end(), sentence.text) != texts.end();
    if (!known && texts.size() < kSentences) {
      texts.push_back(std::move(sentence.text));
    }
  }
  const std::string fillers[kSentences] = {
      absl::StrFormat("The figures come from %s.", about.release),
      absl::StrFormat("They are printed under the profile %s.", about.profile),
      absl::StrFormat("Areas are compared with %s.", about.peer_group)};
  for (const std::string& filler : fillers) {
    if (texts.size() < kSentences) texts.push_back(filler);
  }
  return texts;
}

// What `about` knows of measures that this page lacks.
std::vector<std::string> MissingOn(std::string_view page,
                                   const PageSet& about) {
  std::vector<std::string> texts;
  for (const MissingMeasure& measure : about.missing) {
    if (measure.page != page) continue;
    texts.push_back(absl::StrFormat("%s %s: %s", measure.id, measure.title,
                                    measure.reason));
  }
  return texts;
}

Page PageOf(const PageKind& kind, std::vector<PagePart> parts,
            const PageSet& about) {
  Page page;
  page.id = std::string(kind.id);
  page.title = std::string(kind.title);
  page.question = std::string(kind.question);
  page.missing = MissingOn(kind.id, about);
  std::vector<Sentence> sentences;
  for (PagePart& part : parts) {
    for (Sentence& s : part.sentences) sentences.push_back(std::move(s));
    for (Chart& chart : part.charts) {
      if (chart.rows() > 0) page.charts.push_back(std::move(chart));
    }
  }
  OrderCharts(kind.id, page.charts);
  if (page.charts.empty() && sentences.empty()) {
    sentences.push_back(
        {0,
         "Not available: no measure computed from this release fills this "
         "page."});
  }
  page.sentences = Opening(std::move(sentences), about);
  return page;
}

}  // namespace

std::vector<std::string> PageIds() {
  std::vector<std::string> ids;
  for (const PageKind& kind : kPages) ids.emplace_back(kind.id);
  return ids;
}

absl::Status CheckPagesExist(const std::vector<std::string>& wanted) {
  const std::vector<std::string> ids = PageIds();
  for (const std::string& id : wanted) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    const std::string near = NearestMatch(id, ids);
    return NotFoundError(absl::StrFormat(
        "there is no such page%s; pages are %s",
        near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
        JoinText(ids, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Page>> ArrangePages(
    std::vector<PagePart> parts, const std::vector<std::string>& wanted,
    const PageSet& about) {
  TALLY_RETURN_IF_ERROR(CheckPagesExist(wanted));
  std::vector<Page> pages;
  for (const PageKind& kind : kPages) {
    const bool asked = wanted.empty() || std::find(wanted.begin(), wanted.end(),
                                                   kind.id) != wanted.end();
    if (!asked) continue;
    std::vector<PagePart> own;
    for (PagePart& part : parts) {
      if (part.page == kind.id) own.push_back(std::move(part));
    }
    pages.push_back(PageOf(kind, std::move(own), about));
  }
  return pages;
}

}  // namespace tally::analytics
