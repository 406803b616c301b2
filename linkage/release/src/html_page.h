#ifndef TALLY_LINKAGE_RELEASE_SRC_HTML_PAGE_H_
#define TALLY_LINKAGE_RELEASE_SRC_HTML_PAGE_H_

// A plain page: headings, paragraphs and tables, no script, nothing from
// elsewhere. Whatever is put in is escaped here.
//
// Threading: values.
// Secrets: none.

#include <string>
#include <string_view>
#include <vector>

namespace tally::linkage {

class HtmlPage {
 public:
  HtmlPage(std::string_view title, std::string_view lead);

  void Heading(std::string_view text);
  void Paragraph(std::string_view text);
  void List(const std::vector<std::string>& items);
  // `right` columns, from the first number on, are aligned as numbers.
  void Table(std::string_view caption, const std::vector<std::string>& header,
             const std::vector<std::vector<std::string>>& rows,
             size_t first_number_column);

  std::string Finish();

 private:
  std::string body_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_HTML_PAGE_H_
