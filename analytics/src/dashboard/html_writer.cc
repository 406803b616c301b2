// The dashboard as one HTML text: static, escaped tables, the data slot, and
// the policy that lets only our script run.
#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "base/html.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dashboard/embedded_shell.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kScriptBegin = "<script>";
constexpr std::string_view kScriptEnd = "</script>";

// The shell cut at its placeholders, so that nothing that is put in can be
// taken for a placeholder.
struct Shell {
  std::array<std::string_view, 5> pieces;  // around CSP, TITLE, BODY, DATA
  std::string_view script;
};

absl::StatusOr<Shell> CutShell(std::string_view text) {
  constexpr std::array<std::string_view, 4> kSlots = {"{{CSP}}", "{{TITLE}}",
                                                      "{{BODY}}", "{{DATA}}"};
  Shell shell;
  for (size_t i = 0; i < kSlots.size(); ++i) {
    const size_t at = text.find(kSlots[i]);
    if (at == std::string_view::npos) {
      return absl::InternalError("the page shell lacks a slot");
    }
    shell.pieces[i] = text.substr(0, at);
    text.remove_prefix(at + kSlots[i].size());
  }
  shell.pieces[4] = text;
  const size_t begin = text.find(kScriptBegin);
  const size_t end = text.rfind(kScriptEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos) {
    return absl::InternalError("the page shell has no script");
  }
  shell.script = text.substr(begin + kScriptBegin.size(),
                             end - begin - kScriptBegin.size());
  return shell;
}

std::string Policy(std::string_view script) {
  const auto digest = Sha256Of(script);
  return absl::StrFormat(
      "default-src 'none'; script-src 'sha256-%s'; style-src 'unsafe-inline'; "
      "img-src data:",
      Base64Encode(digest));
}

// JSON inside a script element: no `<` can end it.
std::string DataText(const JsonValue& json) {
  std::string text = json.Dump();
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

// How a cell of text takes its room: a very long word may break anywhere, and
// a sentence is not pressed into a column of single words. As in table.js.
constexpr size_t kLongWord = 24;
constexpr size_t kLongText = 48;
// A table that is wider than a sheet of paper breaks its words there.
constexpr size_t kManyColumns = 8;

std::string_view CellClass(std::string_view text, bool numeric) {
  if (numeric) return " class=\"n\"";
  size_t word = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    word = text[i] == ' ' ? 0 : word + 1;
    if (word > kLongWord) return " class=\"b\"";
  }
  return text.size() > kLongText ? " class=\"t\"" : "";
}

// What control charts say, in words, as in spc_words.js: an option of the chart
// names the column, a code is its cell.
std::string SpcWords(const Chart& chart, size_t row, size_t column) {
  static constexpr std::array<std::string_view, 2> kVariation = {"variation",
                                                                 "point"};
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"common", "no special cause"},
      {"improvement", "improvement"},
      {"concern", "concern"},
      {"neutral_high", "special cause, high"},
      {"neutral_low", "special cause, low"},
      {"too_few", "too few months to judge"},
      {"too_equal", "too few different values to judge"},
      {"unstable", "not stable enough to judge"},
      {"none", "no value"}};
  static constexpr std::pair<std::string_view, std::string_view> kAssurance[] =
      {{"pass", "passes the target"},
       {"fail", "fails the target"},
       {"inconsistent", "passes and fails by chance"},
       {"not_judged", "not to be judged"},
       {"no_target", "no target"}};
  const std::string& name = chart.columns()[column].name;
  const auto named_by = [&](std::string_view option) {
    const JsonValue* value = chart.options.Find(option);
    return value != nullptr && value->is_string() && value->AsString() == name;
  };
  const std::string shown = chart.display_text(row, column);
  const auto in = [&](const auto& words) {
    for (const auto& [code, said] : words) {
      if (code == shown) return std::string(said);
    }
    return shown;
  };
  if (std::any_of(kVariation.begin(), kVariation.end(), named_by)) {
    return in(kWords);
  }
  return named_by("assurance") ? in(kAssurance) : shown;
}

// A definition without a method or denominator says "None" or "none: counts".
bool SaysSomething(const std::string& text) {
  return !text.empty() && !absl::AsciiStrToLower(text).starts_with("none");
}

// As many rows of a table are printed on paper, as in table.js and style.css.
constexpr size_t kRowsOnPaper = 12;

// What is left out of the printed table says so below it, on screen for
// columns, on paper for rows.
void WriteLeftOut(const Chart& chart, size_t rows, std::string& out) {
  std::vector<std::string> empty;
  for (size_t i = 0; i < chart.columns().size(); ++i) {
    if (chart.IsEmptyColumn(i)) empty.push_back(chart.columns()[i].title);
  }
  if (!empty.empty()) {
    out += absl::StrFormat(
        "<p class=\"dropped\">Left out, without any value: %s. The CSV has "
        "%s.</p>",
        HtmlEscape(JoinText(empty, "; ")), empty.size() == 1 ? "it" : "them");
  }
  out += absl::StrFormat(
      "<p class=\"cut\"%s>The first %d of %s rows. The page on a screen and "
      "its CSV have them all.</p>",
      rows > kRowsOnPaper ? "" : " hidden", kRowsOnPaper,
      WithThousands(std::to_string(rows)));
}

void WriteTable(const Page& page, const Chart& chart, std::string& out) {
  const bool only_table = chart.type() == "table";
  std::vector<size_t> listed;
  for (size_t i = 0; i < chart.columns().size(); ++i) {
    if (!chart.IsEmptyColumn(i)) listed.push_back(i);
  }
  out += absl::StrFormat(
      "<details%s><summary>Data table</summary><div class=\"scroll\" "
      "tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table%s>"
      "<caption>%s</caption><thead><tr>",
      only_table ? " open" : "",
      HtmlEscape(
          absl::StrFormat("%s, data table: %s", page.title, chart.title)),
      listed.size() > kManyColumns ? " class=\"many\"" : "",
      HtmlEscape(!SaysSomething(chart.denominator)
                     ? chart.title
                     : absl::StrFormat("Denominator: %s", chart.denominator)));
  for (const size_t i : listed) {
    const ChartColumn& column = chart.columns()[i];
    const bool said = column.unit.empty() ||
                      absl::StrContains(absl::AsciiStrToLower(column.title),
                                        absl::AsciiStrToLower(column.unit));
    const std::string unit = said ? "" : absl::StrFormat(" (%s)", column.unit);
    out += absl::StrFormat("<th scope=\"col\"%s>%s</th>",
                           column.numeric ? " class=\"n\"" : "",
                           HtmlEscape(column.title + unit));
  }
  out += "</tr></thead><tbody>";
  const bool selects = !chart.select_column().empty();
  const size_t select =
      selects ? chart.ColumnIndex(chart.select_column()) : size_t{0};
  size_t rows = 0;
  for (size_t row = 0; row < chart.rows(); ++row) {
    if (selects && chart.text(row, select) != chart.first_level()) {
      continue;
    }
    ++rows;
    out += "<tr>";
    for (const size_t i : listed) {
      const std::string shown = SpcWords(chart, row, i);
      const std::string text = HtmlEscape(shown);
      const std::string numeric(CellClass(shown, chart.columns()[i].numeric));
      if (i == 0) {
        out += absl::StrFormat("<th scope=\"row\"%s>%s</th>", numeric, text);
      } else {
        out += absl::StrFormat("<td%s>%s</td>", numeric, text);
      }
    }
    out += "</tr>";
  }
  out += "</tbody></table></div>";
  WriteLeftOut(chart, rows, out);
  out += absl::StrFormat(
      "<a class=\"csv\" hidden href=\"#\" download=\"%s.csv\">Download these "
      "figures as CSV</a></details>",
      HtmlEscape(absl::StrFormat("%s-%s", page.id, chart.id())));
}

void WritePicker(const Page& page, const Chart& chart, std::string& out) {
  if (chart.select_column().empty()) return;
  const JsonValue json = chart.ToJson();
  const std::string label =
      json.Find("options")->Find("select")->GetString("label").value_or("");
  const std::string id = absl::StrFormat("pick-%s-%s", page.id, chart.id());
  out += absl::StrFormat(
      "<div class=\"picker\" hidden><label for=\"%s\">%s</label>"
      "<select id=\"%s\">",
      HtmlEscape(id), HtmlEscape(label), HtmlEscape(id));
  for (const std::string& level : chart.LevelsOf(chart.select_column())) {
    out += absl::StrFormat(
        "<option value=\"%s\"%s>%s</option>", HtmlEscape(level),
        level == chart.first_level() ? " selected" : "", HtmlEscape(level));
  }
  out += "</select></div>";
}

// Pictures that say nothing in half the width of a page.
constexpr std::string_view kWideTypes[] = {"table",  "flow",  "sankey",
                                           "matrix", "spine", "multiples"};

bool IsWide(const Chart& chart) {
  const JsonValue* asked = chart.options.Find("wide");
  if (asked != nullptr && asked->is_bool()) return asked->AsBool();
  return std::find(std::begin(kWideTypes), std::end(kWideTypes),
                   chart.type()) != std::end(kWideTypes);
}

// A figure that would stand alone beside nothing takes both columns.
bool StandsAlone(const std::vector<Chart>& charts, size_t at) {
  return (at == 0 || IsWide(charts[at - 1])) &&
         (at + 1 == charts.size() || IsWide(charts[at + 1]));
}

// Notes of a measure stand below each of its figures; on paper below the first
// one of a page, which `said` finds.
void WriteChartNotes(const Chart& chart, std::set<std::string>& said,
                     std::string& out) {
  std::vector<std::string> notes = chart.notes;
  if (SaysSomething(chart.method)) notes.push_back("Method: " + chart.method);
  notes.push_back("Source: " + chart.source);
  out += "<ul class=\"notes\">";
  for (std::string& note : notes) {
    if (!note.ends_with('.')) note += '.';
    out += absl::StrFormat("<li%s>%s</li>\n",
                           said.insert(note).second ? "" : " class=\"again\"",
                           HtmlEscape(note));
  }
  out += "</ul>";
}

void WriteChart(const Page& page, const Chart& chart, bool wide,
                std::set<std::string>& said, std::string& out) {
  out += absl::StrFormat(
      "<figure id=\"chart-%s-%s\" data-type=\"%s\"%s><figcaption>"
      "<h3>%s</h3>",
      HtmlEscape(page.id), HtmlEscape(chart.id()), HtmlEscape(chart.type()),
      wide ? " class=\"wide\"" : "", HtmlEscape(chart.title));
  out += absl::StrFormat("<p class=\"summary\">%s</p></figcaption>",
                         HtmlEscape(chart.summary));
  WritePicker(page, chart, out);
  if (chart.type() != "table") {
    out += absl::StrFormat(
        "<div class=\"draw\" role=\"img\" aria-label=\"%s\"></div>",
        HtmlEscape(chart.summary));
  }
  WriteTable(page, chart, out);
  WriteChartNotes(chart, said, out);
  out += "</figure>";
}

void WriteMissing(const Page& page, std::string& out) {
  if (page.missing.empty()) return;
  out += "<div class=\"missing\"><h3>Not available from this release</h3><ul>";
  for (const std::string& text : page.missing) {
    out += absl::StrFormat("<li>%s</li>", HtmlEscape(text));
  }
  out += "</ul></div>";
}

// What a reader must know of the figures, on every page.
void WriteAboutData(const PageSet& set, std::string& out) {
  const std::pair<std::string_view, std::string> facts[] = {
      {"Release", set.release},
      {"Project", set.project},
      {"Data up to", set.data_date.ToText()},
      {"Page made", set.generated},
      {"Disclosure profile",
       absl::StrFormat("%s: %s", set.profile, set.profile_description)},
      {"Compared with", set.peer_group}};
  out +=
      "<details class=\"about-data\"><summary>About these data</summary><dl>";
  for (const auto& [term, text] : facts) {
    out += absl::StrFormat("<dt>%s</dt><dd>%s</dd>", term, HtmlEscape(text));
  }
  out += "</dl></details>";
}

void WritePage(const Page& page, const PageSet& set, std::string& out) {
  out += absl::StrFormat(
      "<section class=\"page\" id=\"%s\" aria-labelledby=\"title-%s\">"
      "<h2 id=\"title-%s\" tabindex=\"-1\">%s</h2>",
      page.id, page.id, page.id, HtmlEscape(page.title));
  if (!page.question.empty()) {
    out += absl::StrFormat("<p class=\"question\">%s</p>",
                           HtmlEscape(page.question));
  }
  out += "<div class=\"lead\">";
  for (const std::string& sentence : page.sentences) {
    out += absl::StrFormat("<p>%s</p>", HtmlEscape(sentence));
  }
  out += absl::StrFormat("<p class=\"date\">Data up to %s.</p></div>",
                         set.data_date.ToText());
  out += "<div class=\"grid\">";
  std::set<std::string> said;
  for (size_t i = 0; i < page.charts.size(); ++i) {
    const bool wide = IsWide(page.charts[i]) || StandsAlone(page.charts, i);
    WriteChart(page, page.charts[i], wide, said, out);
  }
  out += "</div>";
  WriteMissing(page, out);
  WriteAboutData(set, out);
  out += "</section>";
}

std::string Banner(const PageSet& set) {
  if (set.environment == "production") return "";
  return absl::StrFormat(
      "<p class=\"banner\">Environment %s: these people do not exist.</p>",
      HtmlEscape(set.environment));
}

const std::string& Heading(const PageSet& set) {
  return set.title.empty() ? set.project : set.title;
}

std::string Body(const PageSet& set) {
  std::string out;
  out += "<header>" + Banner(set);
  out += absl::StrFormat(
      "<h1>%s</h1><p class=\"meta\">Release %s. Compared with %s.</p></header>",
      HtmlEscape(Heading(set)), HtmlEscape(set.release),
      HtmlEscape(set.peer_group));
  out += "<nav aria-label=\"Pages\"><ul>";
  for (const Page& page : set.pages) {
    out += absl::StrFormat("<li><a href=\"#%s\">%s</a></li>", page.id,
                           HtmlEscape(page.title));
  }
  out += "</ul></nav><main id=\"main\" tabindex=\"-1\">";
  for (const Page& page : set.pages) WritePage(page, set, out);
  out += absl::StrFormat(
      "</main><footer><p>Disclosure profile %s: %s. <code>*</code> stands for "
      "a number that is not shown, NA for one that is not available. Totals "
      "are counted and rounded by themselves: the cells beside them may add up "
      "to a little more or less.</p><p>Made on %s. The data stay personal "
      "data: re-identifying anyone without the controller's consent is an "
      "offence (Data Protection Act 2018, section 171).</p></footer>",
      HtmlEscape(set.profile), HtmlEscape(set.profile_description),
      HtmlEscape(set.generated));
  return out;
}

}  // namespace

JsonValue PageSet::ToJson() const {
  JsonValue json = JsonValue::MakeObject();
  JsonValue list = JsonValue::MakeArray();
  for (const Page& page : pages) {
    JsonValue texts = JsonValue::MakeArray();
    for (const std::string& sentence : page.sentences) texts.Append(sentence);
    JsonValue charts = JsonValue::MakeArray();
    for (const Chart& chart : page.charts) charts.Append(chart.ToJson());
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("id", page.id)
        .Set("title", page.title)
        .Set("sentences", std::move(texts))
        .Set("charts", std::move(charts));
    list.Append(std::move(entry));
  }
  json.Set("format", kDashboardFormat)
      .Set("release", release)
      .Set("project", project)
      .Set("generated", generated)
      .Set("data_date", data_date.ToIso())
      .Set("profile", profile)
      .Set("peer_group", peer_group)
      .Set("pages", std::move(list));
  return json;
}

absl::StatusOr<std::string> WriteDashboard(const PageSet& pages) {
  TALLY_ASSIGN_OR_RETURN(const Shell shell, CutShell(EmbeddedShell()));
  std::string out;
  out += shell.pieces[0];
  out += Policy(shell.script);
  out += shell.pieces[1];
  out += HtmlEscape(
      absl::StrFormat("%s, %s", Heading(pages), pages.data_date.ToText()));
  out += shell.pieces[2];
  out += Body(pages);
  out += shell.pieces[3];
  out += DataText(pages.ToJson());
  out += shell.pieces[4];
  return out;
}

}  // namespace tally::analytics
