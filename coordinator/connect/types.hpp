#pragma once
/// Sluice's types as Spark Connect's DataType and back, and the two texts in which a client writes a schema. Pure.
#include <string>

#include "common/data/types.hpp"

namespace spark::connect {
class DataType;
} // namespace spark::connect

namespace sluice::connect {

/// Types without a counterpart (there is none in Sluice's engine) read as their name, unparsed.
void fill(const arrow::DataType& type, spark::connect::DataType& out);
/// A schema is a struct.
void fill(const arrow::Schema& schema, spark::connect::DataType& out);
/// Error: datatype_mismatch, naming a type that Sluice has not.
result<data::type_ptr> type_of(const spark::connect::DataType& type);

/// StructType JSON (`{"fields":[…],"type":"struct"}`) or DDL ("a int, b string"); a type alone is one column `value`, as in
/// Spark. Errors: datatype_mismatch, invalid_argument.
result<data::schema_ptr> schema_from_text(const std::string& text);

/// The same columns, each of which may be null.
data::schema_ptr all_nullable(const data::schema_ptr& schema);

} // namespace sluice::connect
