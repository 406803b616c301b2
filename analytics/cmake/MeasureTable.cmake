# Writes the table of measures: for every definitions/<ID>.toml its text and
# the factory Make<ID>(). Run as a script: cmake -DDEFINITIONS=... -DOUT=... -P
file(GLOB files "${DEFINITIONS}/*.toml")
list(SORT files)
set(declarations "")
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(id "${file}" NAME_WE)
  if(NOT id MATCHES "^[CD][0-9][0-9]$")
    message(FATAL_ERROR "${file}: a definition is named after its measure, as C03.toml")
  endif()
  file(READ "${file}" text)
  string(APPEND declarations "std::unique_ptr<Measure> Make${id}();\n")
  string(APPEND rows "    {\"${id}\", &Make${id}, R\"TALLYTOML(${text})TALLYTOML\"},\n")
endforeach()
set(content "// Made by analytics/cmake/MeasureTable.cmake from the definition files.
#include \"measures/measure_table.h\"

namespace tally::analytics {

${declarations}
namespace {
const MeasureEntry kEntries[] = {
${rows}};
}  // namespace

std::span<const MeasureEntry> MeasureTable() { return kEntries; }

}  // namespace tally::analytics
")
file(WRITE "${OUT}.new" "${content}")
file(COPY_FILE "${OUT}.new" "${OUT}" ONLY_IF_DIFFERENT)
