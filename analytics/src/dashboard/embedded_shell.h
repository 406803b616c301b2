// The page shell that the build bundled: one HTML text with a slot for data.
// Threading: constant.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DASHBOARD_EMBEDDED_SHELL_H_
#define TALLY_ANALYTICS_SRC_DASHBOARD_EMBEDDED_SHELL_H_

#include <string_view>

namespace tally::analytics {

std::string_view EmbeddedShell();

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DASHBOARD_EMBEDDED_SHELL_H_
