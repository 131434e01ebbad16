#pragma once
/// Changes a message field by field, so that what comes out is still a message. Only for fuzzing.
#include <functional>
#include <random>
#include <string>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace sluice::fuzz {

/// Changes bytes somehow.
using byte_mutator = std::function<void(std::string&)>;

/// One to three changes at random places of the tree: fields set, cleared, doubled, exchanged or copied from elsewhere in it.
void mutate(google::protobuf::Message& message, std::minstd_rand& random, const byte_mutator& change_bytes);

} // namespace sluice::fuzz
