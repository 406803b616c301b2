#include "demo/population.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/files.h"
#include "base/status.h"
#include "demo/cast.h"
#include "demo/conditions.h"
#include "demo/csv_file.h"
#include "demo/delivery.h"
#include "demo/gp_writer.h"
#include "demo/list_writer.h"
#include "demo/national_writer.h"
#include "demo/plain_counts.h"
#include "demo/truth_writer.h"

namespace tally::demo {
namespace {

constexpr uint64_t kProgressEvery = 1000;

// The files of supplier a and of the national source are in the order of the
// index, which is that of the NHS Numbers; supplier b's in the order of names.
// So the people are walked twice.
class Population {
 public:
  Population(const PopulationOptions& options, std::string directory)
      : cast_(CastOf(options)),
        maker_(options, cast_),
        conditions_(maker_),
        directory_(std::move(directory)) {}

  absl::Status Write(const std::function<void(uint64_t)>& progress) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(directory_ + "/truth", 0755));
    TALLY_RETURN_IF_ERROR(WriteByName(progress));
    TALLY_RETURN_IF_ERROR(WriteByNumber(progress));
    TALLY_RETURN_IF_ERROR(WriteLists(maker_, directory_));
    if (cast_ != nullptr) {
      cast_->Book(measures_);
      plain_->Finish(ledger_);
      TALLY_RETURN_IF_ERROR(MakeDirectories(directory_ + "/reference", 0755));
      TALLY_RETURN_IF_ERROR(
          WriteFileAtomically(directory_ + "/reference/contract_plan.toml",
                              ContractPlanText(), 0644));
    }
    TALLY_RETURN_IF_ERROR(measures_.Write(directory_ + "/truth"));
    return ledger_.Write(directory_ + "/truth");
  }

 private:
  static std::shared_ptr<const Cast> CastOf(const PopulationOptions& options) {
    if (!options.lanes || !Cast::Fits(options)) return nullptr;
    return std::make_shared<const Cast>(AllLanes());
  }

  absl::Status WriteByName(const std::function<void(uint64_t)>& progress) {
    TALLY_ASSIGN_OR_RETURN(auto writer,
                           GpWriter::Create(maker_, conditions_, 1, directory_,
                                            ledger_, measures_));
    const uint64_t people = maker_.size();
    for (uint64_t rank = 0; rank < people; ++rank) {
      writer->Write(maker_.MakeByName(rank));
      if (rank % kProgressEvery == 0) progress(rank / 2);
    }
    return writer->Close();
  }

  absl::Status WriteByNumber(const std::function<void(uint64_t)>& progress) {
    TALLY_ASSIGN_OR_RETURN(auto supplier_a,
                           GpWriter::Create(maker_, conditions_, 0, directory_,
                                            ledger_, measures_));
    TALLY_ASSIGN_OR_RETURN(
        auto national,
        NationalWriter::Create(maker_, directory_, ledger_, measures_));
    const GpEvents events(maker_, conditions_);
    TALLY_ASSIGN_OR_RETURN(
        auto truth, TruthWriter::Create(maker_, events, directory_, ledger_));
    // Its rules name days, as lanes do.
    if (cast_ != nullptr) {
      plain_ = std::make_unique<PlainCounts>(maker_, conditions_, measures_);
    }
    const uint64_t people = maker_.size();
    for (uint64_t index = 0; index < people; ++index) {
      const Person person = maker_.Make(index);
      supplier_a->Write(person);
      NationalTruth found;
      NationalIdentity identity;
      if (person.hospital || person.death_month != kOpen) {
        identity = NationalIdentityOf(maker_, person);
        national->Write(person, identity, found);
      }
      truth->Add(person, identity, found);
      if (plain_ != nullptr) plain_->Add(person, identity);
      if (index % kProgressEvery == 0) progress((people + index) / 2);
    }
    TALLY_RETURN_IF_ERROR(supplier_a->Close());
    TALLY_RETURN_IF_ERROR(national->Close());
    return truth->Close();
  }

  std::shared_ptr<const Cast> cast_;
  PersonMaker maker_;
  ConditionMaker conditions_;
  std::string directory_;
  Ledger ledger_;
  MeasureTruth measures_;
  std::unique_ptr<PlainCounts> plain_;
};

}  // namespace

absl::Status WritePopulation(const PopulationOptions& options,
                             const std::string& directory,
                             const std::function<void(uint64_t)>& progress) {
  return Population(options, directory).Write(progress);
}

}  // namespace tally::demo
