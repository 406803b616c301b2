#ifndef TALLY_BASE_HTML_H_
#define TALLY_BASE_HTML_H_

// Text inside HTML.
//
// Threading: no state.

#include <string>
#include <string_view>

namespace tally {

// `text` with & < > " and ' as entities: harmless inside elements and quoted
// attributes, and nowhere else (not in scripts, styles or addresses). Linear.
std::string HtmlEscape(std::string_view text);

}  // namespace tally

#endif  // TALLY_BASE_HTML_H_
