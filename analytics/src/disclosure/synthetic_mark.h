// What every table of a synthetic release says about itself.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_SYNTHETIC_MARK_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_SYNTHETIC_MARK_H_

#include <algorithm>
#include <string>

#include "analytics/disclosure/raw_table.h"

namespace tally::analytics {

inline constexpr char kSyntheticTitle[] = "Synthetic: ";
inline constexpr char kSyntheticNote[] =
    "Synthetic data, made from the data dictionary alone: these people do not "
    "exist, and the figures say nothing about anybody.";

// Puts "Synthetic: " before the title and the note before all others; once.
inline void MarkSynthetic(TableInfo& info) {
  if (!info.title.starts_with(kSyntheticTitle)) {
    info.title = kSyntheticTitle + info.title;
  }
  auto& notes = info.notes;
  notes.erase(std::remove(notes.begin(), notes.end(), kSyntheticNote),
              notes.end());
  notes.insert(notes.begin(), kSyntheticNote);
}

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_SYNTHETIC_MARK_H_
