// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <da3/error.hpp>

#include <weights/pickle.hpp>

namespace da3::weights {
namespace {

/// Several times that of a network of the most blocks that a configuration may have.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

}  // namespace

Pickle::Pickle(std::span<const std::byte> bytes, std::string subject)
    : subject_(std::move(subject)), text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {
  if (text_.size() > kMostBytes)
    fail("has " + std::to_string(text_.size()) + " bytes, too many for a module");
  while (step()) {
  }
  if (stack_.size() != 1 || !marks_.empty()) fail("does not end with one value");
}

std::string_view Pickle::text(Index value) const {
  if (kind(value) != Kind::kText && kind(value) != Kind::kName) return {};
  return text_.substr(values_[value].first, values_[value].count);
}

std::span<const Pickle::Index> Pickle::items(Index value) const {
  if (kind(value) < Kind::kTuple) return {};
  return std::span(items_).subspan(values_[value].first, values_[value].count);
}

void Pickle::fail(const std::string& what) const {
  throw Error(ErrorCode::kModelDamaged, subject_ + " " + what + "; get or export the file again");
}

/// A little-endian number.
std::uint64_t Pickle::take(std::size_t bytes) {
  if (bytes > text_.size() - at_) fail("is cut short");
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    number |= std::uint64_t{static_cast<unsigned char>(text_[at_ + i])} << (8 * i);
  }
  at_ += bytes;
  return number;
}

Pickle::Value Pickle::take_text(std::uint64_t size) {
  if (size > text_.size() - at_) fail("is cut short");
  const Value value{.kind = Kind::kText,
                    .first = static_cast<std::uint32_t>(at_),
                    .count = static_cast<std::uint32_t>(size)};
  at_ += size;
  return value;
}

Pickle::Value Pickle::take_name() {
  const std::size_t module_end = text_.find('\n', at_);
  const std::size_t end =
      module_end == std::string_view::npos ? module_end : text_.find('\n', module_end + 1);
  if (end == std::string_view::npos) fail("is cut short");
  Value value = take_text(end - at_);
  value.kind = Kind::kName;
  ++at_;
  return value;
}

void Pickle::push(Value value) {
  values_.push_back(value);
  stack_.push_back(static_cast<Index>(values_.size() - 1));
}

void Pickle::push_known(Index value) {
  stack_.push_back(value);
}

Pickle::Index Pickle::pop() {
  const std::size_t bottom = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= bottom) fail("takes a value where there is none");
  const Index value = stack_.back();
  stack_.pop_back();
  return value;
}

/// Places are numbered in the order in which they are filled.
void Pickle::remember(std::uint64_t place) {
  if (stack_.empty() || place > memo_.size()) fail("keeps a value in place " + std::to_string(place));
  if (place == memo_.size()) memo_.push_back(stack_.back());
  memo_[place] = stack_.back();
}

void Pickle::recall(std::uint64_t place) {
  if (place >= memo_.size()) fail("takes a value from the empty place " + std::to_string(place));
  push_known(memo_[place]);
}

/// A value of what lies on the stack from `first` on, which goes.
Pickle::Value Pickle::group(Kind kind, std::size_t first) {
  const Value value{.kind = kind,
                    .first = static_cast<std::uint32_t>(items_.size()),
                    .count = static_cast<std::uint32_t>(stack_.size() - first)};
  items_.insert(items_.end(), stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  stack_.resize(first);
  return value;
}

std::size_t Pickle::after_mark() {
  if (marks_.empty()) fail("ends a group that did not begin");
  const std::size_t first = marks_.back();
  marks_.pop_back();
  return first;
}

/// The group becomes the contents of the dictionary or list below it.
void Pickle::take_items() {
  const std::size_t first = after_mark();
  const Value items = group(Kind::kDictionary, first);
  const Index target = pop();
  Value& value = values_[target];
  if (value.kind == Kind::kDictionary) {
    if (value.count != 0) fail("fills a dictionary twice");
    if (items.count % 2 != 0) fail("has a key without a value");
    value = items;
  }
  push_known(target);
}

void Pickle::set_state() {
  const Index state = pop();
  const Index target = pop();
  Value& value = values_[target];
  if (value.kind == Kind::kObject) {
    value.first = static_cast<std::uint32_t>(items_.size());
    value.count = 1;
    items_.push_back(state);
  }
  push_known(target);
}

/// Whether there is more after the next instruction.
bool Pickle::step() {
  const auto tuple_of = [&](std::size_t count) {
    const std::size_t bottom = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - bottom < count) fail("takes a value where there is none");
    push(group(Kind::kTuple, stack_.size() - count));
  };
  const std::size_t at = at_;
  switch (const std::uint64_t code = take(1); code) {
    case 0x80:  // PROTO
      take(1);
      break;
    case '.':  // STOP
      return false;
    case '(':  // MARK
      marks_.push_back(stack_.size());
      break;
    case 'N':   // NONE
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
    case ']':   // EMPTY_LIST
      push({});
      break;
    case 'G':  // BINFLOAT
      take(8);
      push({});
      break;
    case 'K':  // BININT1
      push({.kind = Kind::kInteger, .number = static_cast<std::int64_t>(take(1))});
      break;
    case 'M':  // BININT2
      push({.kind = Kind::kInteger, .number = static_cast<std::int64_t>(take(2))});
      break;
    case 'J':  // BININT
      push({.kind = Kind::kInteger, .number = static_cast<std::int32_t>(take(4))});
      break;
    case 0x8a:  // LONG1, which LibTorch writes with 8 bytes only
      if (take(1) != 8) fail("has a number of another size than 8 bytes");
      push({.kind = Kind::kInteger, .number = static_cast<std::int64_t>(take(8))});
      break;
    case 'X':  // BINUNICODE
      push(take_text(take(4)));
      break;
    case 'c':  // GLOBAL
      push(take_name());
      break;
    case ')':  // EMPTY_TUPLE
      push({.kind = Kind::kTuple});
      break;
    case 't':  // TUPLE
      push(group(Kind::kTuple, after_mark()));
      break;
    case 0x85:  // TUPLE1 to TUPLE3
    case 0x86:
    case 0x87:
      tuple_of(code - 0x84);
      break;
    case '}':  // EMPTY_DICT
      push({.kind = Kind::kDictionary});
      break;
    case 'e':  // APPENDS
    case 'u':  // SETITEMS
      take_items();
      break;
    case 0x81:  // NEWOBJ: of a class and arguments
      pop();
      pop();
      push({.kind = Kind::kObject});
      break;
    case 'b':  // BUILD
      set_state();
      break;
    case 'R':  // REDUCE
      tuple_of(2);
      values_.back().kind = Kind::kCall;
      break;
    case 'Q':  // BINPERSID
      tuple_of(1);
      values_.back().kind = Kind::kPersistent;
      break;
    case 'q':  // BINPUT
      remember(take(1));
      break;
    case 'r':  // LONG_BINPUT
      remember(take(4));
      break;
    case 'h':  // BINGET
      recall(take(1));
      break;
    case 'j':  // LONG_BINGET
      recall(take(4));
      break;
    default:
      fail("has at byte " + std::to_string(at) + " the instruction " + std::to_string(code) +
           ", which pickles of modules do not have");
  }
  return true;
}

}  // namespace da3::weights
