#include "common/expr/rows.hpp"

namespace sluice::expr {

status row_call::bad_parameter(std::string_view parameter, const std::string& why, std::string condition) const {
  return fail(errc::invalid_parameter_value,
              "The value of parameter(s) `" + std::string{parameter} + "` in `" + call_.call.name + "` is invalid: " + why,
              "INVALID_PARAMETER_VALUE." + std::move(condition));
}

zone_cursor& row_call::zone() const {
  if (!zone_) {
    auto found = find_zone(call_.context.session.time_zone);
    zone_.emplace(found.ok() ? *found : expr::zone{});
  }
  return *zone_;
}

} // namespace sluice::expr
