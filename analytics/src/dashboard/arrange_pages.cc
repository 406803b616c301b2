// Puts what measures drew into pages, in their order.
#include <algorithm>
#include <array>
#include <utility>

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
};

// Further pages take their place here by id when their measures exist.
constexpr std::array<PageKind, 14> kPages = {{
    {"summary", "Summary"},
    {"where-to-look", "Where to look"},
    {"area", "Area profile"},
    {"population", "Population"},
    {"needs", "Needs"},
    {"risk", "Risk"},
    {"emergency", "Emergency care"},
    {"medicines", "Medicines"},
    {"capacity", "Capacity"},
    {"benchmarking", "Benchmarking"},
    {"finance", "Finance"},
    {"pathways", "Pathways"},
    {"quality", "Data quality"},
    {"about", "About"},
}};

constexpr size_t kSentences = 3;

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

Page PageOf(const PageKind& kind, std::vector<PagePart> parts,
            const PageSet& about) {
  Page page{std::string(kind.id), std::string(kind.title), {}, {}};
  std::vector<Sentence> sentences;
  for (PagePart& part : parts) {
    for (Sentence& s : part.sentences) sentences.push_back(std::move(s));
    for (Chart& chart : part.charts) {
      if (chart.rows() > 0) page.charts.push_back(std::move(chart));
    }
  }
  page.sentences = Opening(std::move(sentences), about);
  return page;
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

}  // namespace

std::vector<std::string> PageIds() {
  std::vector<std::string> ids;
  for (const PageKind& kind : kPages) ids.emplace_back(kind.id);
  return ids;
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
    if (!own.empty()) pages.push_back(PageOf(kind, std::move(own), about));
  }
  return pages;
}

}  // namespace tally::analytics
