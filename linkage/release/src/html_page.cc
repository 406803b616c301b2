#include "html_page.h"

#include "absl/strings/str_cat.h"
#include "base/html.h"

namespace tally::linkage {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 Arial,sans-serif;color:#212b32;margin:2rem auto;"
    "max-width:75rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0 2rem;display:block;"
    "overflow-x:auto}"
    "caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "th,td{border-bottom:1px solid #aeb7bd;padding:.3rem .8rem .3rem 0;"
    "text-align:left;vertical-align:top}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "@media print{body{max-width:none}}";

}  // namespace

HtmlPage::HtmlPage(std::string_view title, std::string_view lead) {
  const std::string heading = HtmlEscape(title);
  body_ = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,"
      "initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>",
      heading, "</title><style>", std::string(kStyle),
      "</style></head><body><main><h1>", heading, "</h1>\n<p>",
      HtmlEscape(lead), "</p>\n");
}

void HtmlPage::Heading(std::string_view text) {
  absl::StrAppend(&body_, "<h2>", HtmlEscape(text), "</h2>\n");
}

void HtmlPage::Paragraph(std::string_view text) {
  absl::StrAppend(&body_, "<p>", HtmlEscape(text), "</p>\n");
}

void HtmlPage::List(const std::vector<std::string>& items) {
  if (items.empty()) return;
  absl::StrAppend(&body_, "<ul>");
  for (const std::string& item : items) {
    absl::StrAppend(&body_, "<li>", HtmlEscape(item), "</li>");
  }
  absl::StrAppend(&body_, "</ul>\n");
}

void HtmlPage::Table(std::string_view caption,
                     const std::vector<std::string>& header,
                     const std::vector<std::vector<std::string>>& rows,
                     size_t first_number_column) {
  absl::StrAppend(&body_, "<table><caption>", HtmlEscape(caption),
                  "</caption><thead><tr>");
  for (size_t i = 0; i < header.size(); ++i) {
    absl::StrAppend(&body_, "<th scope=\"col\"",
                    i >= first_number_column ? " class=\"n\">" : ">",
                    HtmlEscape(header[i]), "</th>");
  }
  absl::StrAppend(&body_, "</tr></thead><tbody>\n");
  for (const std::vector<std::string>& row : rows) {
    absl::StrAppend(&body_, "<tr>");
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&body_,
                      i >= first_number_column ? "<td class=\"n\">" : "<td>",
                      HtmlEscape(row[i]), "</td>");
    }
    absl::StrAppend(&body_, "</tr>\n");
  }
  absl::StrAppend(&body_, "</tbody></table>\n");
}

std::string HtmlPage::Finish() {
  absl::StrAppend(&body_, "</main></body></html>\n");
  return std::move(body_);
}

}  // namespace tally::linkage
