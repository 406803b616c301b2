// A page set with every type of chart, from gated tables, with hostile names,
// hidden and missing cells, one row, no rows and many rows.
#ifndef TALLY_TESTS_PAGES_GALLERY_H_
#define TALLY_TESTS_PAGES_GALLERY_H_

#include <string>
#include <variant>
#include <vector>

#include "analytics/dashboard/dashboard.h"

namespace tally::analytics {

// A cell: a level or word, a count, a figure; Na() is not available.
struct GalleryNa {};
using GalleryValue = std::variant<std::string, int64_t, double, GalleryNa>;
using GalleryRow = std::vector<GalleryValue>;

struct GalleryColumn {
  std::string name;
  std::string title;
  std::string unit;  // "text": a level; "count": counts; else of a figure
};

// A chart of a table that went through the gate under nhs-subnational: counts
// of 1 to 7 become `*`, others are rounded to 5; figures have two decimals.
// Title and summary are made from the first row.
Chart GalleryChart(const std::string& id, const std::string& type,
                   const std::vector<GalleryColumn>& columns,
                   const std::vector<GalleryRow>& rows);

// The gated table itself, for charts that want more than all its columns.
GatedTable GalleryTable(const std::string& id,
                        const std::vector<GalleryColumn>& columns,
                        const std::vector<GalleryRow>& rows);

// Names that must stay text.
extern const char* const kHostileScript;
extern const char* const kHostileFormula;
extern const char* const kLongName;

// "2023-04" and so on.
std::string GalleryMonth(int number);
// Between 0 and 1, the same on every machine.
double GalleryNoise(int seed);

// Parts of the gallery, in files of their own.
std::vector<Page> GalleryBars();
std::vector<Page> GalleryDots();
std::vector<Page> GallerySeries();
std::vector<Page> GalleryFlows();

PageSet Gallery();

}  // namespace tally::analytics

#endif  // TALLY_TESTS_PAGES_GALLERY_H_
