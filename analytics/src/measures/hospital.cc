#include "measures/hospital.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "analytics/measures/spells.h"
#include "base/error.h"
#include "base/status.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kApc = "sus_apc";

// What a spell says of its first episode, beside SpellColumns(); and its type.
struct HospitalColumn {
  std::string_view name;
  std::string_view type;
};
constexpr HospitalColumn kHospitalColumns[] = {
    {"age_fy", "INTEGER"},         {"sex", "VARCHAR"},
    {"practice_code", "VARCHAR"},  {"imd_decile", "INTEGER"},
    {"main_specialty", "VARCHAR"}, {"treatment_function", "VARCHAR"},
    {"episode_type", "VARCHAR"},   {"hrg_spell", "VARCHAR"},
    {"diag_01", "VARCHAR"},        {"commissioner_code", "VARCHAR"},
};

bool HasApc(const MeasureContext& context, std::string_view column) {
  return context.release.Column(kApc, column) != nullptr;
}

// First and last three characters of a chapter, both included, and its title.
struct Chapter {
  std::string_view from;
  std::string_view to;
  std::string_view title;
};
constexpr Chapter kChapters[] = {
    {"A00", "B99", "Infections"},
    {"C00", "D48", "Neoplasms"},
    {"D50", "D89", "Blood and immune system"},
    {"E00", "E90", "Endocrine and metabolic"},
    {"F00", "F99", "Mental and behavioural"},
    {"G00", "G99", "Nervous system"},
    {"H00", "H59", "Eye"},
    {"H60", "H95", "Ear"},
    {"I00", "I99", "Circulation"},
    {"J00", "J99", "Respiratory"},
    {"K00", "K93", "Digestive"},
    {"L00", "L99", "Skin"},
    {"M00", "M99", "Musculoskeletal"},
    {"N00", "N99", "Genitourinary"},
    {"O00", "O99", "Pregnancy and childbirth"},
    {"P00", "P96", "Newborn"},
    {"Q00", "Q99", "Congenital"},
    {"R00", "R99", "Symptoms and signs"},
    {"S00", "T98", "Injury and poisoning"},
    {"V01", "Y98", "External causes"},
    {"Z00", "Z99", "Contact with services"},
    {"U00", "U99", "Special codes"},
};

}  // namespace

std::vector<std::string> ReleaseColumns(const MeasureContext& context,
                                        std::string_view table) {
  std::vector<std::string> names;
  for (const auto& words : context.release.dictionary().tables) {
    if (words.name != table) continue;
    for (const auto& column : words.columns) names.push_back(column.name);
  }
  return names;
}

absl::Status MakeHospitalSpells(const MeasureContext& context) {
  return context.base.Once("provider_spell", [&]() -> absl::Status {
    std::vector<std::string> carried;
    for (const HospitalColumn& column : kHospitalColumns) {
      if (HasApc(context, column.name)) carried.emplace_back(column.name);
    }
    const auto own = [&](std::string_view column, std::string_view type) {
      return HasApc(context, column)
                 ? absl::StrFormat("CAST(%s AS %s)", column, type)
                 : absl::StrFormat("CAST(NULL AS %s)", type);
    };
    const std::vector<std::string> columns = ReleaseColumns(context, kApc);
    TALLY_RETURN_IF_ERROR(MakeProviderSpells(
        context.connection, carried,
        {{"diagnoses", PackedCodes(CodeKind::kDiagnosis, columns)},
         {"procedures", PackedCodes(CodeKind::kProcedure, columns)},
         {"price_pence", own("tariff_pence", "BIGINT")},
         {"factor", own("mff", "DOUBLE")}}));
    for (const char* table : {"provider_spell", "spell_episode"}) {
      for (const HospitalColumn& column : kHospitalColumns) {
        if (HasApc(context, column.name)) continue;
        TALLY_RETURN_IF_ERROR(context.connection.Execute(
            absl::StrFormat("ALTER TABLE %s ADD COLUMN %s %s", table,
                            column.name, column.type)));
      }
    }
    return absl::OkStatus();
  });
}

absl::Status MakeHospitalChains(const MeasureContext& context) {
  TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
  return context.base.Once("cip_spell",
                           [&] { return MakeCipSpells(context.connection); });
}

std::string AnyCodeSql(std::string_view packed,
                       const std::vector<std::string>& starts) {
  std::string alternatives;
  for (const std::string& start : starts) {
    TALLY_CHECK(!start.empty() &&
                std::all_of(start.begin(), start.end(), [](char c) {
                  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                }));
    if (!alternatives.empty()) alternatives += '|';
    alternatives += start;
  }
  if (starts.empty()) return "false";
  return absl::StrFormat("coalesce(regexp_matches(%s, '(^| )(?:%s)'), false)",
                         packed, alternatives);
}

std::string FirstCodeSql(std::string_view packed) {
  return absl::StrFormat("nullif(split_part(%s, ' ', 1), '')", packed);
}

std::string ChapterSql(std::string_view code) {
  std::string sql = "CASE";
  for (const Chapter& chapter : kChapters) {
    sql += absl::StrFormat(" WHEN left(%s, 3) BETWEEN '%s' AND '%s' THEN '%s'",
                           code, chapter.from, chapter.to, chapter.title);
  }
  return sql + " END";
}

std::string AgeBandOfSql(std::string_view age) {
  return absl::StrFormat(
      "CASE WHEN %1$s >= 90 THEN '90+' ELSE CAST(%1$s // 5 * 5 AS VARCHAR) "
      "|| '-' || CAST(%1$s // 5 * 5 + 4 AS VARCHAR) END",
      age);
}

std::string SexOfSql(std::string_view sex) {
  return absl::StrFormat(
      "CASE %s WHEN '1' THEN 'male' WHEN '2' THEN 'female' "
      "END",
      sex);
}

std::string IsEmergencySql(std::string_view method) {
  return absl::StrFormat(
      "coalesce(%s IN ('21', '22', '23', '24', '25', '2A', '2B', '2C', '2D', "
      "'28'), false)",
      method);
}

std::string AdmissionGroupSql(std::string_view method) {
  return absl::StrFormat(
      "CASE WHEN %1$s LIKE '1%%' THEN 'elective' WHEN %2$s THEN 'emergency' "
      "ELSE 'other' END",
      method, IsEmergencySql(method));
}

}  // namespace tally::analytics
