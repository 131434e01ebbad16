"""Prints what the installed PySpark knows of the Spark Connect protocol: one line per field, enum value and method.

    python -m pip install "pyspark[connect]==4.3.0" "pandas<3"     (in a virtual environment outside of this tree)
    python tests/connect/record_descriptors.py > tests/connect/descriptors.txt

The unit tests compare proto/spark/connect/ with the recorded lines, so that they need no PySpark.
"""
import pyspark
from google.protobuf.descriptor import FieldDescriptor
from google.rpc import error_details_pb2, status_pb2
from pyspark.sql.connect.proto import base_pb2, catalog_pb2, commands_pb2, common_pb2, expressions_pb2, relations_pb2, types_pb2

NAMES = {value: name[5:].lower() for name, value in vars(FieldDescriptor).items() if name.startswith("TYPE_")}
lines = []


def type_of(field):
    if field.message_type is not None:
        return field.message_type.full_name
    return field.enum_type.full_name if field.enum_type is not None else NAMES[field.type]


def label_of(field):
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        return f"map<{type_of(key)},{type_of(value)}>"
    if field.is_repeated:
        return "repeated " + type_of(field)
    oneof = field.containing_oneof
    optional = oneof is not None and oneof.name == "_" + field.name
    return ("optional " if optional else "") + type_of(field)


def add_enum(enum):
    lines.extend(f"{enum.full_name}: {value.name} = {value.number}" for value in enum.values)


def add_message(message):
    for field in message.fields:
        oneof = field.containing_oneof
        group = f" in {oneof.name}" if oneof is not None and oneof.name != "_" + field.name else ""
        lines.append(f"{message.full_name}: {field.name} = {field.number} {label_of(field)}{group}")
    for nested in message.nested_types:
        if not nested.GetOptions().map_entry:
            add_message(nested)
    for enum in message.enum_types:
        add_enum(enum)


for module in (base_pb2, catalog_pb2, commands_pb2, common_pb2, expressions_pb2, relations_pb2, types_pb2):
    file = module.DESCRIPTOR
    for message in file.message_types_by_name.values():
        add_message(message)
    for enum in file.enum_types_by_name.values():
        add_enum(enum)
    for service in file.services_by_name.values():
        for method in service.methods:
            shape = "stream" if method.server_streaming else "single"
            lines.append(f"{service.full_name}: {method.name} {method.input_type.full_name} {shape} {method.output_type.full_name}")
add_message(status_pb2.DESCRIPTOR.message_types_by_name["Status"])
add_message(error_details_pb2.DESCRIPTOR.message_types_by_name["ErrorInfo"])

print(f"# PySpark {pyspark.__version__}, by tests/connect/record_descriptors.py")
print("\n".join(sorted(lines)))
