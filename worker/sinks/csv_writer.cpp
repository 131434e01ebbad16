// CSV and plain text as Spark writes them: CSV by the rules of its writer (univocity) with Spark's settings.
#include <arrow/api.h>

#include "common/data/arrow_status.hpp"
#include "worker/sinks/internal/compressed_output.hpp"
#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

constexpr std::size_t flush_bytes = 256 << 10;

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

std::string text_option(const plan::option_map& options, const char* key, const char* otherwise) {
  const auto it = options.find(key);
  return it == options.end() ? otherwise : it->second;
}

char character_option(const plan::option_map& options, const char* key, char otherwise) {
  const auto it = options.find(key);
  return it == options.end() ? otherwise : it->second.empty() ? '\0' : it->second[0];
}

struct csv_style {
  explicit csv_style(const plan::option_map& options)
    : separator(text_option(options, "sep", text_option(options, "delimiter", ",").c_str())), quote(character_option(options, "quote", '"')),
      escape(character_option(options, "escape", '\\')), comment(character_option(options, "comment", '#')),
      quote_all(option_or(options, "quoteall", "false") == "true"), escape_quotes(option_or(options, "escapequotes", "true") == "true"),
      trim_front(option_or(options, "ignoreleadingwhitespace", "true") == "true"),
      trim_back(option_or(options, "ignoretrailingwhitespace", "true") == "true"), null_value(text_option(options, "nullvalue", "")),
      empty_value(text_option(options, "emptyvalue", "\"\"")) {
    if (separator == "\\t") separator = "\t";
  }

  void append(std::string& out, std::string_view value) const {
    const bool marked = needs_quotes(value);
    while (trim_front && !value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (trim_back && !value.empty() && is_blank(value.back())) value.remove_suffix(1);
    if (value.empty() && !quote_all) out += empty_value;
    else if (!marked) out += value;
    else append_quoted(out, value);
  }

  void append_null(std::string& out) const {
    if (quote_all && quote != 0) append_quoted(out, null_value);
    else out += null_value;
  }

  std::string separator;
  char quote, escape, comment;
  bool quote_all, escape_quotes, trim_front, trim_back;
  std::string null_value, empty_value;

private:
  bool needs_quotes(std::string_view value) const {
    if (quote == 0) return false;
    if (quote_all) return true;
    if (value.empty()) return false;
    return value[0] == quote || value[0] == comment || value.find(separator) != std::string_view::npos ||
           value.find_first_of("\r\n") != std::string_view::npos || (escape_quotes && value.find(quote) != std::string_view::npos);
  }

  void append_quoted(std::string& out, std::string_view value) const {
    out += quote;
    for (const char c : value) {
      if (c == quote || (c == escape && escape != quote)) out += escape;
      out += c;
    }
    out += quote;
  }
};

/// Columns as the texts that stand in the file.
class text_columns {
public:
  status prepare(const plan::option_map& options, const arrow::Schema& schema, const expr::eval_context& context) {
    arrow::FieldVector fields;
    context_ = context;
    for (int i = 0; i < schema.num_fields(); ++i) {
      const auto& field = schema.field(i);
      auto value = expr::column(i, field->type(), field->name());
      if (const auto format = format_of(options, *field->type()); !format.empty()) {
        auto pattern = expr::literal(std::make_shared<arrow::StringScalar>(format));
        SLUICE_ASSIGN_OR_RETURN(value, expr::call("date_format", {value, pattern}, {}, context.session));
      } else if (field->type()->id() != arrow::Type::STRING && field->type()->id() != arrow::Type::BINARY) {
        SLUICE_ASSIGN_OR_RETURN(value, expr::cast(value, arrow::utf8(), {}, context.session));
      }
      columns_.push_back(std::move(value));
    }
    return ok();
  }

  result<arrow::ArrayVector> evaluate(const data::batch_ptr& rows) const {
    arrow::ArrayVector arrays;
    for (const auto& column : columns_) {
      SLUICE_ASSIGN_OR_RETURN(auto array, expr::evaluate(*column, *rows, context_));
      arrays.push_back(std::move(array));
    }
    return arrays;
  }

private:
  static std::string format_of(const plan::option_map& options, const arrow::DataType& type) {
    if (type.id() == arrow::Type::DATE32) return text_option(options, "dateformat", "");
    if (type.id() != arrow::Type::TIMESTAMP) return {};
    if (static_cast<const arrow::TimestampType&>(type).timezone().empty())
      return text_option(options, "timestampntzformat", "yyyy-MM-dd'T'HH:mm:ss.SSS");
    return text_option(options, "timestampformat", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
  }

  expr::eval_context context_;
  std::vector<expr::expr_ptr> columns_;
};

// "[61 62 FF]"
void append_bytes(std::string& out, std::string_view bytes) {
  constexpr char digits[] = "0123456789ABCDEF";
  out += '[';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ' ';
    out += digits[static_cast<unsigned char>(bytes[i]) >> 4];
    out += digits[static_cast<unsigned char>(bytes[i]) & 15];
  }
  out += ']';
}

class csv_writer : public staged_writer {
public:
  csv_writer(compressed_output output, csv_style style, text_columns columns) : output_(std::move(output)), style_(std::move(style)), columns_(std::move(columns)) {}

  void add_header(const arrow::Schema& schema) {
    for (int i = 0; i < schema.num_fields(); ++i) {
      if (i > 0) buffer_ += style_.separator;
      style_.append(buffer_, schema.field(i)->name());
    }
    buffer_ += '\n';
  }

  status append(const data::batch_ptr& rows) override {
    SLUICE_ASSIGN_OR_RETURN(const auto arrays, columns_.evaluate(rows));
    for (std::int64_t row = 0; row < rows->num_rows(); ++row) {
      const auto start = buffer_.size();
      for (std::size_t i = 0; i < arrays.size(); ++i) {
        if (i > 0) buffer_ += style_.separator;
        append_value(*arrays[i], row);
      }
      if (buffer_.size() > start) buffer_ += '\n';  // Spark leaves a line without any character out
      if (buffer_.size() >= flush_bytes) SLUICE_RETURN_IF_ERROR(flush());
    }
    rows_ += rows->num_rows();
    return ok();
  }

  result<staged_file> finish() override {
    SLUICE_RETURN_IF_ERROR(flush());
    return output_.finish(rows_);
  }

private:
  void append_value(const arrow::Array& array, std::int64_t row) {
    if (array.IsNull(row)) return style_.append_null(buffer_);
    const auto value = static_cast<const arrow::BinaryArray&>(array).GetView(row);
    if (array.type_id() != arrow::Type::BINARY) return style_.append(buffer_, value);
    std::string shown;
    append_bytes(shown, value);
    style_.append(buffer_, shown);
  }

  status flush() {
    const auto done = output_.append(buffer_);
    buffer_.clear();
    return done;
  }

  compressed_output output_;
  csv_style style_;
  text_columns columns_;
  std::string buffer_;
  std::int64_t rows_ = 0;
};

class text_writer : public staged_writer {
public:
  explicit text_writer(compressed_output output) : output_(std::move(output)) {}

  status append(const data::batch_ptr& rows) override {
    const auto& lines = static_cast<const arrow::StringArray&>(*rows->column(0));
    std::string buffer;
    for (std::int64_t row = 0; row < lines.length(); ++row) {
      if (lines.IsValid(row)) buffer += lines.GetView(row);
      buffer += '\n';
    }
    rows_ += rows->num_rows();
    return output_.append(buffer);
  }

  result<staged_file> finish() override { return output_.finish(rows_); }

private:
  compressed_output output_;
  std::int64_t rows_ = 0;
};

} // namespace

result<std::unique_ptr<staged_writer>> make_csv_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                       const expr::eval_context& context, std::unique_ptr<output_file> file) {
  SLUICE_ASSIGN_OR_RETURN(auto output, compressed_output::make(options, std::move(file)));
  auto zoned = context;
  if (const auto it = options.find("timezone"); it != options.end()) zoned.session.time_zone = it->second;
  text_columns columns;
  SLUICE_RETURN_IF_ERROR(columns.prepare(options, *schema, zoned));
  auto writer = std::make_unique<csv_writer>(std::move(output), csv_style(options), std::move(columns));
  if (option_or(options, "header", "false") == "true") writer->add_header(*schema);
  return std::unique_ptr<staged_writer>(std::move(writer));
}

result<std::unique_ptr<staged_writer>> make_text_writer(const plan::option_map& options, std::unique_ptr<output_file> file) {
  SLUICE_ASSIGN_OR_RETURN(auto output, compressed_output::make(options, std::move(file)));
  return std::unique_ptr<staged_writer>(std::make_unique<text_writer>(std::move(output)));
}

} // namespace sluice::sinks
