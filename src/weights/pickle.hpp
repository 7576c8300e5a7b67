// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Private to the module.
namespace da3::weights {

/// The values of a pickle as TorchScript archives have them. Nothing is imported, made or called: a call is a
/// value that says what would be called. Reading takes memory in proportion to the pickle and no recursion,
/// whatever the bytes are. Source: LibTorch's torch/csrc/jit/serialization/pickler.cpp, of whose instructions
/// these are those that modules need.
class Pickle {
 public:
  /// Where a value is; two places may hold the same.
  using Index = std::uint32_t;

  enum class Kind : std::uint8_t {
    kOther,       ///< Numbers that are not whole, true, false, None, lists
    kInteger,     ///< number()
    kText,        ///< text()
    kName,        ///< Of a class or function; text() is "MODULE\nNAME"
    kTuple,       ///< items(): its elements
    kDictionary,  ///< items(): key, value, key, value, ...
    kObject,      ///< items(): its state; none if it was given none
    kCall,        ///< items(): function, arguments
    kPersistent,  ///< items(): what names an object outside the pickle
  };

  /// Reads `bytes`. Lifetime: they have to outlive this object. Throws: Error kModelDamaged, whose text
  /// begins with `subject`.
  Pickle(std::span<const std::byte> bytes, std::string subject);

  /// What the pickle is of.
  Index top() const { return stack_.front(); }

  Kind kind(Index value) const { return values_[value].kind; }
  std::int64_t number(Index value) const { return values_[value].number; }
  std::string_view text(Index value) const;         ///< Empty for a value of another kind
  std::span<const Index> items(Index value) const;  ///< The same

 private:
  struct Value {
    Kind kind = Kind::kOther;
    std::uint32_t first = 0;  ///< Of a text its first byte, else the first of items_
    std::uint32_t count = 0;
    std::int64_t number = 0;
  };

  [[noreturn]] void fail(const std::string& what) const;
  std::uint64_t take(std::size_t bytes);
  Value take_text(std::uint64_t size);
  Value take_name();
  bool step();
  void push(Value value);
  void push_known(Index value);
  Index pop();
  void remember(std::uint64_t place);
  void recall(std::uint64_t place);
  Value group(Kind kind, std::size_t first);
  std::size_t after_mark();
  void take_items();
  void set_state();

  std::string subject_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Value> values_;
  std::vector<Index> items_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;
  std::vector<Index> memo_;
};

}  // namespace da3::weights
