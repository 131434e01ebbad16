#include <arrow/api.h>

#include "common/expr/json_text.hpp"
#include "worker/sinks/internal/compressed_output.hpp"
#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

constexpr std::size_t flush_bytes = 256 << 10;

class json_lines_writer : public staged_writer {
public:
  json_lines_writer(compressed_output output, expr::eval_context context) : output_(std::move(output)), context_(std::move(context)), text_(context_.session.time_zone, expr::json_style::spark) {}

  /// Columns that options give a format are turned into text first.
  status prepare(const plan::option_map& options, const arrow::Schema& schema) {
    arrow::FieldVector fields;
    for (int i = 0; i < schema.num_fields(); ++i) {
      const auto& field = schema.field(i);
      auto value = expr::column(i, field->type(), field->name());
      const auto format = format_of(options, *field->type());
      if (!format.empty()) {
        auto pattern = expr::literal(std::make_shared<arrow::StringScalar>(format));
        SLUICE_ASSIGN_OR_RETURN(value, expr::call("date_format", {value, pattern}, {}, context_.session));
        any_format_ = true;
      }
      fields.push_back(arrow::field(field->name(), value->type));
      columns_.push_back(std::move(value));
    }
    formatted_ = arrow::schema(std::move(fields));
    keep_nulls_ = option_or(options, "ignorenullfields", "true") == "false";
    return ok();
  }

  status append(const data::batch_ptr& rows) override {
    SLUICE_ASSIGN_OR_RETURN(const auto batch, with_formats(rows));
    for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
      if (keep_nulls_) append_with_nulls(*batch, row);
      else text_.append_row(buffer_, *batch, row);
      buffer_ += '\n';
      if (buffer_.size() >= flush_bytes) SLUICE_RETURN_IF_ERROR(flush());
    }
    rows_ += batch->num_rows();
    return ok();
  }

  result<staged_file> finish() override {
    SLUICE_RETURN_IF_ERROR(flush());
    return output_.finish(rows_);
  }

private:
  static std::string format_of(const plan::option_map& options, const arrow::DataType& type) {
    const char* key = nullptr;
    if (type.id() == arrow::Type::DATE32) key = "dateformat";
    if (type.id() == arrow::Type::TIMESTAMP)
      key = static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "timestampntzformat" : "timestampformat";
    if (key == nullptr) return {};
    const auto it = options.find(key);
    return it == options.end() ? std::string{} : it->second;
  }

  result<data::batch_ptr> with_formats(const data::batch_ptr& rows) const {
    if (!any_format_) return rows;
    std::vector<data::array_ptr> arrays;
    for (const auto& column : columns_) {
      SLUICE_ASSIGN_OR_RETURN(auto array, expr::evaluate(*column, *rows, context_));
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(formatted_, rows->num_rows(), std::move(arrays));
  }

  // ignoreNullFields=false: every column stands in the line; nulls inside nested values are left out all the same.
  void append_with_nulls(const arrow::RecordBatch& batch, std::int64_t row) {
    buffer_ += '{';
    for (int i = 0; i < batch.num_columns(); ++i) {
      if (i > 0) buffer_ += ',';
      expr::append_json_string(buffer_, batch.schema()->field(i)->name());
      buffer_ += ':';
      text_.append(buffer_, *batch.column(i), row);
    }
    buffer_ += '}';
  }

  status flush() {
    const auto done = output_.append(buffer_);
    buffer_.clear();
    return done;
  }

  compressed_output output_;
  expr::eval_context context_;
  expr::json_writer text_;
  std::vector<expr::expr_ptr> columns_;
  data::schema_ptr formatted_;
  bool any_format_ = false;
  bool keep_nulls_ = false;
  std::string buffer_;
  std::int64_t rows_ = 0;
};

} // namespace

result<std::unique_ptr<staged_writer>> make_json_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                        const expr::eval_context& context, std::unique_ptr<output_file> file) {
  SLUICE_ASSIGN_OR_RETURN(auto output, compressed_output::make(options, std::move(file)));
  auto zoned = context;
  if (const auto it = options.find("timezone"); it != options.end()) zoned.session.time_zone = it->second;
  auto writer = std::make_unique<json_lines_writer>(std::move(output), std::move(zoned));
  SLUICE_RETURN_IF_ERROR(writer->prepare(options, *schema));
  return std::unique_ptr<staged_writer>(std::move(writer));
}

} // namespace sluice::sinks
