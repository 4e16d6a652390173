// A flow as a row of a table, and as an object of JSON.
#pragma once

#include <boost/json/object.hpp>

#include "cli/name_book.h"
#include "cli/table.h"
#include "dataplane/flow_view.h"

namespace ginnel::cli {

[[nodiscard]] Table::Row flow_header();
[[nodiscard]] Table::Row flow_row(const dataplane::Flow& flow, NameBook& names);
// docs/monitoring.md lists the members.
[[nodiscard]] boost::json::object flow_object(const dataplane::Flow& flow, NameBook& names);

}  // namespace ginnel::cli
