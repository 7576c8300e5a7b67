// SPDX-FileCopyrightText: 2026 The da3 authors
// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <sstream>
#include <vector>

#include <ATen/core/function_schema.h>
#include <ATen/core/jit_type.h>

#include <da3/error.hpp>

#include <engine/contract.hpp>

namespace da3::engine {
namespace {

bool is_tensor(const c10::TypePtr& type) {
  return type->kind() == c10::TypeKind::TensorType;
}

bool is_tensor_dict(const c10::TypePtr& type) {
  const auto dict = type->cast<c10::DictType>();
  return dict && dict->getKeyType()->kind() == c10::TypeKind::StringType && is_tensor(dict->getValueType());
}

/// Arguments without self.
std::size_t num_arguments(const c10::FunctionSchema& schema) {
  return schema.arguments().size() - 1;
}

class Checker {
 public:
  Checker(const torch::jit::Module& module, const std::string& subject)
      : module_(module), subject_(subject) {}

  std::optional<c10::FunctionSchema> schema(const std::string& method) const {
    const auto found = module_.find_method(method);
    if (!found) return std::nullopt;
    return found->function().getSchema();
  }

  /// A method that takes the image alone.
  void check_takes_image(const std::string& method, const c10::FunctionSchema& schema) const {
    if (num_arguments(schema) != 1 || !is_tensor(schema.arguments()[1].type())) {
      fail(method, "(image: Tensor)", schema);
    }
  }

  void check_returns_dict(const std::string& method, const c10::FunctionSchema& schema) const {
    if (schema.returns().size() != 1 || !is_tensor_dict(schema.returns()[0].type())) {
      fail(method, "-> Dict[str, Tensor]", schema);
    }
  }

  bool has_image_to_dict(const std::string& method) const {
    const auto found = schema(method);
    if (!found) return false;
    check_takes_image(method, *found);
    check_returns_dict(method, *found);
    return true;
  }

  bool has_split() const {
    const auto features = schema("features");
    const auto decode = schema("decode");
    if (!features || !decode) return false;
    check_takes_image("features", *features);
    check_returns_dict("decode", *decode);
    const auto& taken = decode->arguments();
    const bool fits = num_arguments(*decode) == 3 && features->returns().size() == 1 &&
                      features->returns()[0].type()->isSubtypeOf(*taken[1].type()) &&
                      taken[2].type()->kind() == c10::TypeKind::IntType &&
                      taken[3].type()->kind() == c10::TypeKind::IntType;
    if (!fits) fail("decode", "(features: what features returns, height: int, width: int)", *decode);
    return true;
  }

  /// scene(image, cameras, reference).
  bool has_scene() const {
    const auto found = schema("scene");
    if (!found) return false;
    check_takes("scene", "(image: Tensor, cameras: Tensor, reference: int)", *found,
                {c10::TypeKind::TensorType, c10::TypeKind::TensorType, c10::TypeKind::IntType});
    check_returns_dict("scene", *found);
    return true;
  }

  /// A method that makes one tensor of what scene returned.
  bool has_of_scene(const std::string& method, const std::string& arguments,
                    const std::vector<c10::TypeKind>& kinds) const {
    const auto found = schema(method);
    if (!found) return false;
    check_takes(method, arguments, *found, kinds);
    const bool fits = is_tensor_dict(found->arguments()[1].type()) && found->returns().size() == 1 &&
                      is_tensor(found->returns()[0].type());
    if (!fits) fail(method, arguments + " -> Tensor", *found);
    if (!schema("scene")) fail("the module has a method " + method + ", but none of the name scene");
    return true;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kModelContract,
                subject_ + ": " + what + " (docs/model-format.md, Foreign networks)");
  }

 private:
  void check_takes(const std::string& method, const std::string& arguments, const c10::FunctionSchema& schema,
                   const std::vector<c10::TypeKind>& kinds) const {
    bool fits = num_arguments(schema) == kinds.size();
    for (std::size_t i = 0; fits && i < kinds.size(); ++i)
      fits = schema.arguments()[i + 1].type()->kind() == kinds[i];
    if (!fits) fail(method, arguments, schema);
  }

  [[noreturn]] void fail(const std::string& method, const std::string& expected,
                         const c10::FunctionSchema& found) const {
    std::ostringstream text;
    text << "method " << method << " must be " << expected << ", found " << found;
    fail(text.str());
  }

  const torch::jit::Module& module_;
  const std::string& subject_;
};

/// A network that da3 does not know has methods for what its record promises.
void check_promises(const Checker& checker, const Offered& offered, const ModelSpec& spec) {
  if (!spec.network_id.empty()) return;
  const auto check = [&](const char* output, bool is_here, const char* method) {
    if (!spec.has_output(output) || is_here) return;
    checker.fail(std::string("the record's outputs name \"") + output + "\", the module has no method " +
                 method);
  };
  check("rays", offered.rays, "rays_with(features: Dict[str, Tensor], height: int, width: int)");
  check("gaussians", offered.gaussians,
        "gaussians_with(features: Dict[str, Tensor], image: Tensor, height: int, width: int)");
}

}  // namespace

Offered own_contract(const ModelSpec& spec, const std::string& subject) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kModelContract,
                subject + ": " + what + " (docs/model-format.md, The record da3.json)");
  };
  Offered offered{.pose = spec.network_id != "da3-mono", .split = true, .tables = true};
  if (!spec.has_output("depth")) fail("the record's outputs do not name \"depth\"");
  if (spec.has_output("pose") && !offered.pose) {
    fail("the record's outputs name \"pose\", which the network " + spec.network_id + " does not give");
  }
  return offered;
}

Offered check_contract(const torch::jit::Module& module, const ModelSpec& spec, const std::string& subject) {
  const Checker checker(module, subject);
  if (!checker.has_image_to_dict("forward")) {
    checker.fail("the module has no method forward(image: Tensor) -> Dict[str, Tensor]");
  }
  Offered offered;
  offered.pose = checker.has_image_to_dict("pose");
  offered.split = checker.has_split();
  offered.tables = offered.split && checker.schema("tables") && checker.schema("features_with") &&
                   checker.schema("decode_with");
  using Kind = c10::TypeKind;
  offered.scene = checker.has_scene();
  offered.rays = checker.has_of_scene("rays_with", "(features: Dict[str, Tensor], height: int, width: int)",
                                      {Kind::DictType, Kind::IntType, Kind::IntType});
  offered.gaussians = checker.has_of_scene(
      "gaussians_with", "(features: Dict[str, Tensor], image: Tensor, height: int, width: int)",
      {Kind::DictType, Kind::TensorType, Kind::IntType, Kind::IntType});
  if (!spec.has_output("depth")) checker.fail("the record's outputs do not name \"depth\"");
  if (spec.has_output("pose") && !offered.pose) {
    checker.fail("the record's outputs name \"pose\", the module has no method pose(image: Tensor)");
  }
  check_promises(checker, offered, spec);
  return offered;
}

}  // namespace da3::engine
