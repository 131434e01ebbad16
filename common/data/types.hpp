#pragma once
/// Spark's types on Arrow's. The engine's type of a column is an arrow::DataType:
///   boolean bool | tinyint..bigint int8..int64 | float double | decimal(p,s) decimal128 | string utf8 | binary
///   date date32 | timestamp timestamp(us,"UTC") | timestamp_ntz timestamp(us) | struct | array list(field "element")
///   map map_(key, value) | interval month_day_nano_interval | void null
/// Names are Spark's catalog strings ("struct<start:timestamp,end:timestamp>"), used in DDL, plans and messages.
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.hpp"

namespace arrow {
class DataType;
class Field;
class Schema;
class RecordBatch;
class Array;
class ArrayBuilder;
class Scalar;
class Buffer;
class Table;
} // namespace arrow

namespace sluice::data {

using type_ptr = std::shared_ptr<arrow::DataType>;
using schema_ptr = std::shared_ptr<arrow::Schema>;
using batch_ptr = std::shared_ptr<arrow::RecordBatch>;
using array_ptr = std::shared_ptr<arrow::Array>;

/// Spark's catalog string of a type: "bigint", "decimal(10,2)", "array<string>". Unknown Arrow types give their Arrow name.
std::string type_name(const arrow::DataType& type);
/// Inverse of type_name; also accepts Spark's synonyms (int/integer, long, short, byte, real, dec, numeric, varchar(n)…),
/// any case, blanks. Error: datatype_mismatch.
result<type_ptr> type_from_name(std::string_view text);
/// "a bigint, b string" or "a: bigint" to a schema of nullable fields; back-quoted names allowed; "NOT NULL" and "COMMENT 'x'" accepted.
result<schema_ptr> schema_from_ddl(std::string_view text);
/// "a bigint, b string NOT NULL"; names quoted where needed. Round-trips with schema_from_ddl.
std::string schema_to_ddl(const arrow::Schema& schema);

type_ptr timestamp_type();      ///< TIMESTAMP: microseconds, UTC
type_ptr timestamp_ntz_type();  ///< TIMESTAMP_NTZ: microseconds without zone
/// struct<start, end> of the given timestamp type: the type of window().
type_ptr window_type(const type_ptr& timestamp);

/// Equality as Spark sees it (field names count, metadata does not).
bool same_type(const arrow::DataType& a, const arrow::DataType& b);

} // namespace sluice::data
