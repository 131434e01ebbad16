#include <arrow/util/compression.h>

#include <algorithm>
#include <cctype>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/line_source.hpp"

namespace sluice::readers {

namespace {

class plain_stream : public byte_stream {
public:
  plain_stream(split_file& file, std::int64_t offset) : file_(file), offset_(offset) {}

  result<std::size_t> read(char* buffer, std::size_t length) override {
    SLUICE_ASSIGN_OR_RETURN(const std::size_t got, file_.read_at(offset_, buffer, length));
    offset_ += static_cast<std::int64_t>(got);
    return got;
  }

private:
  split_file& file_;
  std::int64_t offset_;
};

// Several compressed members in a row are one stream, as gzip -d reads them.
class inflating_stream : public byte_stream {
public:
  inflating_stream(split_file& file, std::shared_ptr<arrow::util::Decompressor> decompressor)
    : file_(file), source_(file, 0), decompressor_(std::move(decompressor)), input_(64 << 10, '\0') {}

  result<std::size_t> read(char* buffer, std::size_t length) override {
    for (;;) {
      if (begin_ == end_ && !source_done_) SLUICE_RETURN_IF_ERROR(refill());
      if (decompressor_->IsFinished() || fresh_) {
        if (begin_ == end_) return std::size_t{0};
        if (!fresh_ && !decompressor_->Reset().ok()) return broken("the decompressor cannot start again");
        fresh_ = false;
      }
      auto step = decompressor_->Decompress(end_ - begin_, reinterpret_cast<const std::uint8_t*>(input_.data()) + begin_,
                                            static_cast<std::int64_t>(length), reinterpret_cast<std::uint8_t*>(buffer));
      if (!step.ok()) return broken(step.status().message());
      begin_ += step->bytes_read;
      if (step->bytes_written > 0) return static_cast<std::size_t>(step->bytes_written);
      if (step->need_more_output) return broken("the decompressor makes no progress");
      if (step->bytes_read == 0 && begin_ == end_ && source_done_ && !decompressor_->IsFinished()) return broken("it ends too early");
      if (step->bytes_read == 0 && begin_ != end_ && !decompressor_->IsFinished()) return broken("the decompressor makes no progress");
    }
  }

private:
  status refill() {
    SLUICE_ASSIGN_OR_RETURN(const std::size_t got, source_.read(input_.data(), input_.size()));
    begin_ = 0;
    end_ = static_cast<std::int64_t>(got);
    source_done_ = got == 0;
    return ok();
  }
  status broken(const std::string& why) const {
    return {errc::source_file_unreadable, "input file " + file_.path() + " cannot be decompressed: " + why};
  }

  split_file& file_;
  plain_stream source_;
  std::shared_ptr<arrow::util::Decompressor> decompressor_;
  std::string input_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  bool source_done_ = false;
  bool fresh_ = true;
};

struct codec_name {
  std::string_view suffix;
  std::string_view option;
  compression codec;
};
constexpr codec_name codecs[] = {{".gz", "gzip", compression::gzip},
                                 {".zst", "zstd", compression::zstd},
                                 {".bz2", "bzip2", compression::bzip2},
                                 {".deflate", "deflate", compression::zlib},
                                 {"", "none", compression::none},
                                 {"", "uncompressed", compression::none}};

std::string lower_text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

} // namespace

result<compression> compression_of(const plan::option_map& options, const std::string& path) {
  const auto name = lower_text(path);
  for (const auto& known : codecs)
    if (!known.suffix.empty() && name.ends_with(known.suffix)) return known.codec;
  for (const std::string_view other : {".snappy", ".lz4", ".lzo", ".xz"})
    if (name.ends_with(other)) return status{errc::unsupported_feature, "files compressed as " + std::string{other} + " cannot be read: " + path};
  auto option = options.find("compression");
  if (option == options.end()) option = options.find("codec");
  if (option == options.end()) return compression::none;
  const auto value = lower_text(option->second);
  for (const auto& known : codecs)
    if (known.option == value) return known.codec;
  return status{errc::invalid_option, "option compression cannot be " + option->second + "; one of none, gzip, zstd, bzip2, deflate"};
}

result<std::unique_ptr<byte_stream>> open_bytes(split_file& file, compression codec, std::int64_t offset) {
  if (codec == compression::none) return std::unique_ptr<byte_stream>(std::make_unique<plain_stream>(file, offset));
  auto type = arrow::Compression::GZIP;
  if (codec == compression::zstd) type = arrow::Compression::ZSTD;
  if (codec == compression::bzip2) type = arrow::Compression::BZ2;
  arrow::util::GZipCodecOptions zlib;
  zlib.gzip_format = arrow::util::GZipFormat::ZLIB;
  auto made = codec == compression::zlib ? arrow::util::Codec::Create(type, zlib) : arrow::util::Codec::Create(type);
  SLUICE_ASSIGN_OR_RETURN(auto arrow_codec, data::from_arrow(std::move(made), errc::unsupported_feature));
  SLUICE_ASSIGN_OR_RETURN(auto decompressor, data::from_arrow(arrow_codec->MakeDecompressor(), errc::unsupported_feature));
  return std::unique_ptr<byte_stream>(std::make_unique<inflating_stream>(file, std::move(decompressor)));
}

} // namespace sluice::readers
