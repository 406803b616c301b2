// dataset list, describe, accept: what leaves, in words, before it is agreed.

#include <cstdio>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"
#include "pseudonymiser/delivery_plan.h"

namespace tally::pseudonymiser {
namespace {

struct DatasetArguments {
  std::string dataset;
  std::string digest;
};

absl::Status ListDatasets(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  const SpecificationStore store(configuration);
  TablePrinter table({"dataset", "version", "accepted", "digest", "title"});
  for (const auto& [id, settings] : configuration.datasets) {
    TALLY_ASSIGN_OR_RETURN(const auto specification, store.LoadAny(id));
    TALLY_ASSIGN_OR_RETURN(const std::string accepted,
                           store.AcceptedDigest(id));
    table.AddRow({id, int64_t{specification->version()},
                  accepted == specification->digest_hex(),
                  specification->digest_hex(),
                  std::string(specification->title())});
  }
  return table.Print(flags.json ? OutputFormat::kJson : flags.format);
}

JsonValue ColumnJson(const dataset::ColumnSpec& column) {
  JsonValue json = JsonValue::MakeObject();
  json.Set("name", column.name);
  json.Set("type", dataset::ColumnTypeName(column.type));
  json.Set("class", dataset::ColumnClassName(column.column_class));
  json.Set("description", column.description);
  json.Set("required", column.required);
  json.Set("from", column.input());
  if (column.derive.kind != dataset::DerivationKind::kNone) {
    json.Set("derivation", column.derive.Describe());
  }
  return json;
}

void PrintDescription(const dataset::Specification& specification) {
  std::printf("%s version %u: %s\ndigest %s\n\nleaves:\n",
              specification.id().c_str(), specification.version(),
              specification.title().c_str(),
              specification.digest_hex().c_str());
  for (const dataset::ColumnSpec& column : specification.columns()) {
    std::printf(
        "  %-24s %-7s %-5s %s%s\n", column.name.c_str(),
        std::string(dataset::ColumnTypeName(column.type)).c_str(),
        std::string(dataset::ColumnClassName(column.column_class)).c_str(),
        column.description.c_str(),
        column.derive.kind == dataset::DerivationKind::kNone
            ? ""
            : absl::StrFormat(" (%s)", column.derive.Describe()).c_str());
  }
  std::printf("\nread and kept here:\n");
  for (const dataset::InputSpec& input : specification.inputs()) {
    if (input.drop_reason.empty()) continue;
    std::printf("  %-24s %s\n", input.name.c_str(), input.drop_reason.c_str());
  }
  std::printf("\nlists needed:");
  for (const dataset::ListName list : specification.lists()) {
    std::printf(" %s", std::string(dataset::ListNameText(list)).c_str());
  }
  std::printf("\nat most %g of the rows may be faulty, %g without a person\n",
              specification.max_reject(), specification.max_unlinked());
}

absl::Status DescribeDataset(const DatasetArguments& arguments,
                             const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  TALLY_ASSIGN_OR_RETURN(
      const auto specification,
      SpecificationStore(configuration).LoadAny(arguments.dataset));
  if (!flags.json) {
    PrintDescription(*specification);
    return absl::OkStatus();
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("dataset", specification->id());
  json.Set("version", int64_t{specification->version()});
  json.Set("title", specification->title());
  json.Set("digest", specification->digest_hex());
  JsonValue columns = JsonValue::MakeArray();
  for (const dataset::ColumnSpec& column : specification->columns()) {
    columns.Append(ColumnJson(column));
  }
  json.Set("columns", std::move(columns));
  PrintJson(json);
  return absl::OkStatus();
}

absl::Status AcceptDataset(const DatasetArguments& arguments,
                           const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const Configuration configuration,
                         ReadConfiguration(flags));
  const SpecificationStore store(configuration);
  TALLY_ASSIGN_OR_RETURN(const auto specification,
                         store.LoadAny(arguments.dataset));
  std::string digest = arguments.digest;
  if (digest.empty()) {
    TALLY_RETURN_IF_ERROR(Confirm(
        flags, absl::StrFormat("Accept %s version %d with the digest %s?",
                               arguments.dataset, specification->version(),
                               specification->digest_hex())));
    digest = specification->digest_hex();
  }
  if (digest != specification->digest_hex()) {
    return ConflictError(absl::StrFormat(
        "the specification of %s has the digest %s: it is not the one that was "
        "agreed",
        arguments.dataset, specification->digest_hex()));
  }
  if (!flags.dry_run) {
    TALLY_RETURN_IF_ERROR(store.Accept(arguments.dataset, digest));
  }
  Say(flags, absl::StrFormat("%s %s version %d",
                             flags.dry_run ? "would accept" : "accepted",
                             arguments.dataset, specification->version()));
  return absl::OkStatus();
}

}  // namespace

void AddDatasetCommands(CommandLine& line) {
  line.AddCommand("dataset list",
                  "Lists the configured datasets and whether their "
                  "specification was accepted",
                  {"pseudonymiser dataset list",
                   "pseudonymiser dataset list --format csv"},
                  kTraitLists)
      .SetHandler(ListDatasets);

  auto describe = std::make_shared<DatasetArguments>();
  line.AddCommand("dataset describe",
                  "Says what leaves, what is read and kept here, and why",
                  {"pseudonymiser dataset describe gp-event",
                   "pseudonymiser dataset describe gp-event --json"})
      .AddPositional("DATASET", &describe->dataset, "id of the dataset")
      .SetHandler([describe](const CommonFlags& flags) {
        return DescribeDataset(*describe, flags);
      });

  auto accept = std::make_shared<DatasetArguments>();
  Command& accept_command = line.AddCommand(
      "dataset accept",
      "Accepts a specification: only what was accepted is ever used",
      {"pseudonymiser dataset accept gp-event --digest 64-hex-digits",
       "pseudonymiser dataset accept gp-event --yes"},
      kTraitChanges | kTraitDestroys);
  accept_command.AddPositional("DATASET", &accept->dataset,
                               "id of the dataset");
  accept_command.AddOption("--digest", &accept->digest,
                           "SHA-256 that was agreed with the hub's operator",
                           "HEX");
  accept_command.SetHandler([accept](const CommonFlags& flags) {
    return AcceptDataset(*accept, flags);
  });
  accept_command.SetNext("pseudonymiser check");
}

}  // namespace tally::pseudonymiser
