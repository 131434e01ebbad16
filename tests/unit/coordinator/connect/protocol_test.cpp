// Every field that proto/spark/connect declares is the one of the recorded PySpark: number, type, label, oneof.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "proto/spark/connect/base.pb.h"
#include "proto/spark/connect/error.pb.h"

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using lines = std::set<std::string>;

std::string type_of(const FieldDescriptor& field) {
  if (field.message_type()) return field.message_type()->full_name();
  return field.enum_type() ? field.enum_type()->full_name() : field.type_name();
}

std::string label_of(const FieldDescriptor& field) {
  if (field.is_map())
    return "map<" + type_of(*field.message_type()->field(0)) + "," + type_of(*field.message_type()->field(1)) + ">";
  if (field.is_repeated()) return "repeated " + type_of(field);
  return (field.has_optional_keyword() ? "optional " : "") + type_of(field);
}

void add(const EnumDescriptor& what, lines& out) {
  for (int i = 0; i < what.value_count(); ++i)
    out.insert(what.full_name() + ": " + what.value(i)->name() + " = " + std::to_string(what.value(i)->number()));
}

void add(const Descriptor& message, lines& out) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    auto line = message.full_name() + ": " + field.name() + " = " + std::to_string(field.number()) + " " + label_of(field);
    if (const auto* group = field.real_containing_oneof()) line += " in " + group->name();
    out.insert(line);
  }
  for (int i = 0; i < message.nested_type_count(); ++i)
    if (!message.nested_type(i)->options().map_entry()) add(*message.nested_type(i), out);
  for (int i = 0; i < message.enum_type_count(); ++i) add(*message.enum_type(i), out);
}

void add(const FileDescriptor& file, lines& out) {
  for (int i = 0; i < file.message_type_count(); ++i) add(*file.message_type(i), out);
  for (int i = 0; i < file.enum_type_count(); ++i) add(*file.enum_type(i), out);
  for (int i = 0; i < file.service_count(); ++i)
    for (int k = 0; k < file.service(i)->method_count(); ++k) {
      const auto& method = *file.service(i)->method(k);
      out.insert(file.service(i)->full_name() + ": " + method.name() + " " + method.input_type()->full_name() +
                 (method.server_streaming() ? " stream " : " single ") + method.output_type()->full_name());
    }
  for (int i = 0; i < file.dependency_count(); ++i)
    if (file.dependency(i)->name().starts_with("proto/")) add(*file.dependency(i), out);
}

lines recorded() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/connect/descriptors.txt");
  lines out;
  for (std::string line; std::getline(file, line);) out.insert(line);
  return out;
}

TEST(SparkConnectProtocol, DeclaresOnlyWhatPySparkDeclares) {
  lines ours;
  add(*spark::connect::ExecutePlanRequest::descriptor()->file(), ours);
  add(*google::rpc::ErrorInfo::descriptor()->file(), ours);
  ASSERT_GT(ours.size(), 250U);
  auto theirs = recorded();
  ASSERT_GT(theirs.size(), ours.size());
  for (const auto& line : ours) EXPECT_TRUE(theirs.contains(line)) << "PySpark has no such line: " << line;
}

} // namespace
