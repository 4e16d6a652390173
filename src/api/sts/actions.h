// The actions of sts by name.
#pragma once

#include "api/action_table.h"

namespace ginnel::api {

void add_sts_actions(ActionTable& table);

}  // namespace ginnel::api
