#include "tests/fuzz/message_mutator.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <limits>

namespace sluice::fuzz {
namespace {

namespace pb = google::protobuf;
using field = pb::FieldDescriptor;

class mutation {
public:
  mutation(pb::Message& root, std::minstd_rand& random, const byte_mutator& change_bytes)
      : random_(random), change_bytes_(change_bytes) {
    collect(&root);
  }

  void run() {
    auto* message = all_[below(all_.size())];
    const auto* type = message->GetDescriptor();
    if (type->field_count() == 0) return;
    const auto* reflection = message->GetReflection();
    std::vector<const field*> present;
    reflection->ListFields(*message, &present);
    // Mostly what is there, sometimes what is not.
    const auto* at = !present.empty() && below(4) ? present[below(present.size())] : type->field(static_cast<int>(below(type->field_count())));
    if (at->is_repeated())
      change_repeated(*message, *reflection, at);
    else
      change_single(*message, *reflection, at);
  }

private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

  void collect(pb::Message* message) {
    if (all_.size() > 2000) return;
    all_.push_back(message);
    std::vector<const field*> present;
    const auto* reflection = message->GetReflection();
    reflection->ListFields(*message, &present);
    for (const auto* at : present) {
      if (at->cpp_type() != field::CPPTYPE_MESSAGE) continue;
      if (!at->is_repeated()) {
        collect(reflection->MutableMessage(message, at));
        continue;
      }
      for (int i = 0; i < reflection->FieldSize(*message, at); ++i) collect(reflection->MutableRepeatedMessage(message, at, i));
    }
  }

  std::int64_t integer() {
    const std::int64_t edges[] = {0, 1, -1, 2, 127, 128, 255, 65535, 65536, std::numeric_limits<std::int32_t>::max(),
                                  std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::min(), 1'000'000};
    return below(3) ? edges[below(std::size(edges))] : static_cast<std::int64_t>(random_()) - (1 << 30);
  }
  double real() {
    const double edges[] = {0, -0.0, 1, -1, 0.5, 1e308, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
    return edges[below(std::size(edges))];
  }
  std::string text(std::string old) {
    change_bytes_(old);
    return old;
  }
  /// Another message of the same type somewhere in the tree; null if there is none.
  const pb::Message* donor(const pb::Descriptor* type, const pb::Message* not_this) {
    std::vector<const pb::Message*> fitting;
    for (const auto* other : all_)
      if (other->GetDescriptor() == type && other != not_this && other->ByteSizeLong() < 4096) fitting.push_back(other);
    return fitting.empty() ? nullptr : fitting[below(fitting.size())];
  }
  /// A copy of such a message; null if there is none. To be made before the tree changes: that frees parts of it.
  std::unique_ptr<pb::Message> copy_from_elsewhere(const pb::Descriptor* type, const pb::Message* not_this) {
    const auto* from = donor(type, not_this);
    if (!from) return nullptr;
    std::unique_ptr<pb::Message> copy(from->New());
    copy->CopyFrom(*from);
    return copy;
  }

  void change_single(pb::Message& m, const pb::Reflection& r, const field* at) {
    if (r.HasField(m, at) && below(8) == 0) return r.ClearField(&m, at);
    switch (at->cpp_type()) {
      case field::CPPTYPE_BOOL: return r.SetBool(&m, at, below(2));
      case field::CPPTYPE_INT32: return r.SetInt32(&m, at, static_cast<std::int32_t>(integer()));
      case field::CPPTYPE_UINT32: return r.SetUInt32(&m, at, static_cast<std::uint32_t>(integer()));
      case field::CPPTYPE_INT64: return r.SetInt64(&m, at, integer());
      case field::CPPTYPE_UINT64: return r.SetUInt64(&m, at, static_cast<std::uint64_t>(integer()));
      case field::CPPTYPE_FLOAT: return r.SetFloat(&m, at, static_cast<float>(real()));
      case field::CPPTYPE_DOUBLE: return r.SetDouble(&m, at, real());
      case field::CPPTYPE_ENUM: return r.SetEnumValue(&m, at, static_cast<int>(below(static_cast<std::size_t>(at->enum_type()->value_count()) + 1)));
      case field::CPPTYPE_STRING: return r.SetString(&m, at, text(r.GetString(m, at)));
      case field::CPPTYPE_MESSAGE: {
        const auto copy = copy_from_elsewhere(at->message_type(), r.HasField(m, at) ? &r.GetMessage(m, at) : nullptr);
        auto* child = r.MutableMessage(&m, at);
        if (copy && below(2)) child->CopyFrom(*copy);
      }
    }
  }

  void change_repeated(pb::Message& m, const pb::Reflection& r, const field* at) {
    const int size = r.FieldSize(m, at);
    switch (below(4)) {
      case 0:
        if (size > 0) return r.RemoveLast(&m, at);
        break;
      case 1:
        if (size > 1) return r.SwapElements(&m, at, static_cast<int>(below(size)), static_cast<int>(below(size)));
        break;
      default: break;
    }
    switch (at->cpp_type()) {
      case field::CPPTYPE_BOOL: return r.AddBool(&m, at, below(2));
      case field::CPPTYPE_INT32: return r.AddInt32(&m, at, static_cast<std::int32_t>(integer()));
      case field::CPPTYPE_UINT32: return r.AddUInt32(&m, at, static_cast<std::uint32_t>(integer()));
      case field::CPPTYPE_INT64: return r.AddInt64(&m, at, integer());
      case field::CPPTYPE_UINT64: return r.AddUInt64(&m, at, static_cast<std::uint64_t>(integer()));
      case field::CPPTYPE_FLOAT: return r.AddFloat(&m, at, static_cast<float>(real()));
      case field::CPPTYPE_DOUBLE: return r.AddDouble(&m, at, real());
      case field::CPPTYPE_ENUM: return r.AddEnumValue(&m, at, static_cast<int>(below(static_cast<std::size_t>(at->enum_type()->value_count()))));
      case field::CPPTYPE_STRING:
        if (size > 0 && below(2)) {
          const auto i = static_cast<int>(below(size));
          return r.SetRepeatedString(&m, at, i, text(r.GetRepeatedString(m, at, i)));
        }
        return r.AddString(&m, at, size > 0 ? r.GetRepeatedString(m, at, 0) : text(""));
      case field::CPPTYPE_MESSAGE: {
        const auto copy = copy_from_elsewhere(at->message_type(), nullptr);
        auto* child = r.AddMessage(&m, at);
        if (copy) child->CopyFrom(*copy);
      }
    }
  }

  std::minstd_rand& random_;
  const byte_mutator& change_bytes_;
  std::vector<pb::Message*> all_;
};

} // namespace

void mutate(google::protobuf::Message& message, std::minstd_rand& random, const byte_mutator& change_bytes) {
  for (auto times = 1 + random() % 3; times > 0; --times) mutation(message, random, change_bytes).run();
}

} // namespace sluice::fuzz
