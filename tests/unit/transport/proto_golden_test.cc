// Bytes on the wire never change: every message of every package, each field
// set to a value that follows from its number, against a golden file; and the
// numbers of the two lists of reasons against those of our own code.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "base/bytes.h"
#include "base/error.h"
#include "base/strings.h"
#include "dataset/row_reason.h"
#include "tally/common/v1/error.pb.h"
#include "tally/common/v1/row_reason.pb.h"
#include "tally/extract/v1/extract.pb.h"
#include "tally/hub/v1/audit.pb.h"
#include "tally/hub/v1/hub.pb.h"
#include "tally/hub/v1/linkage.pb.h"
#include "tally/hub/v1/project.pb.h"
#include "tally/hub/v1/release_admin.pb.h"
#include "tally/hub/v1/source.pb.h"
#include "tally/release/v1/release.pb.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const char kGolden[] =
    TALLY_SOURCE_DIR "/tests/unit/transport/golden/messages.txt";

std::vector<const google::protobuf::FileDescriptor*> Files() {
  return {
      tally::common::v1::Access::descriptor()->file(),
      tally::common::v1::ErrorDetail::descriptor()->file(),
      tally::common::v1::Progress::descriptor()->file(),
      tally::extract::v1::Extract::descriptor()->file(),
      tally::hub::v1::AuditEvent::descriptor()->file(),
      tally::hub::v1::GetStatusRequest::descriptor()->file(),
      tally::hub::v1::LinkageQualityRow::descriptor()->file(),
      tally::hub::v1::Project::descriptor()->file(),
      tally::hub::v1::Release::descriptor()->file(),
      tally::hub::v1::Source::descriptor()->file(),
      tally::release::v1::Release::descriptor()->file(),
  };
}

void Fill(Message& message, int depth);

// Sets (or adds to) one field; the value follows from the field's number.
void FillField(Message& message, const FieldDescriptor* field, int depth) {
  const auto* reflection = message.GetReflection();
  const int n = field->number();
  const bool many = field->is_repeated();
  const std::string text = "t" + std::to_string(n);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      many ? reflection->AddInt32(&message, field, -n)
           : reflection->SetInt32(&message, field, -n);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      many ? reflection->AddInt64(&message, field, -1000LL * n)
           : reflection->SetInt64(&message, field, 1000LL * n);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      many ? reflection->AddUInt32(&message, field, 300U + n)
           : reflection->SetUInt32(&message, field, 300U + n);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      many ? reflection->AddDouble(&message, field, n / 4.0)
           : reflection->SetDouble(&message, field, n / 4.0);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection->SetBool(&message, field, true);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      many ? reflection->AddEnumValue(&message, field, 1)
           : reflection->SetEnumValue(&message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      many ? reflection->AddString(&message, field, text)
           : reflection->SetString(&message, field, text);
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      Fill(many ? *reflection->AddMessage(&message, field)
                : *reflection->MutableMessage(&message, field),
           depth + 1);
      break;
    default:
      FAIL() << "a type that no message had before: " << field->full_name();
  }
}

void Fill(Message& message, int depth) {
  ASSERT_LT(depth, 10);
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    FillField(message, message.GetDescriptor()->field(i), depth);
  }
}

std::string Bytes(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// One line for the message with all fields; of a oneof the last one stays, so
// one more line for each field of it alone.
void AddLines(const Descriptor* type, std::string& lines) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type);
  const std::unique_ptr<Message> all(prototype->New());
  Fill(*all, 0);
  lines += type->full_name() + " " + HexEncode(AsBytes(Bytes(*all))) + "\n";
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->containing_oneof() == nullptr) continue;
    const std::unique_ptr<Message> one(prototype->New());
    FillField(*one, type->field(i), 0);
    lines += type->field(i)->full_name() + " " +
             HexEncode(AsBytes(Bytes(*one))) + "\n";
  }
}

TEST(ProtoGolden, BytesOfEveryMessageAreThoseOfBefore) {
  std::string lines;
  for (const auto* file : Files()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      AddLines(file->message_type(i), lines);
    }
  }
  if (std::getenv("TALLY_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(kGolden) << lines;
  }
  EXPECT_EQ(lines, ReadText(kGolden));
}

TEST(ProtoGolden, PackedFieldsHoldTheBytesOfTheSpecification) {
  tally::extract::v1::RowBatch batch;
  batch.set_row_count(2);
  batch.add_person_index(-1);
  batch.add_person_index(5);
  auto* column = batch.add_columns();
  column->set_column(3);
  column->mutable_int32s()->add_values(-1);
  EXPECT_EQ(HexEncode(AsBytes(Bytes(batch))),
            "1802"                  // 3 row_count = 2
            "2208ffffffff05000000"  // 4 person_index, packed sfixed32
            "3207"                  // 6 columns
            "0803"                  // 1 column = 3
            "22030a0101");          // 4 int32s { 1 values: zigzag(-1) }
}

TEST(ProtoGolden, ErrorReasonsAreThoseOfTheBaseLibrary) {
  const auto* names = tally::common::v1::ErrorReason_descriptor();
  EXPECT_EQ(static_cast<size_t>(names->value_count()), AllReasons().size() + 1);
  for (const Reason reason : AllReasons()) {
    const auto* value = names->FindValueByNumber(static_cast<int>(reason));
    ASSERT_NE(value, nullptr) << ReasonName(reason);
    EXPECT_EQ(value->name(), "ERROR_REASON_" + std::string(ReasonName(reason)));
  }
}

TEST(ProtoGolden, RowReasonsAreThoseOfTheDatasetLibrary) {
  const auto* names = tally::common::v1::RowReason_descriptor();
  for (int i = 0; i < names->value_count(); ++i) {
    const auto* value = names->value(i);
    if (value->number() == 0) continue;
    ASSERT_LT(value->number(), 256);
    EXPECT_EQ(
        "ROW_REASON_" + std::string(dataset::RowReasonName(
                            static_cast<dataset::RowReason>(value->number()))),
        value->name());
  }
  // And no more there than here.
  EXPECT_TRUE(dataset::RowReasonName(
                  static_cast<dataset::RowReason>(names->value_count()))
                  .empty());
}

}  // namespace
}  // namespace tally::transport
