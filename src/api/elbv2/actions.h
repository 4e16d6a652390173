// The actions of elbv2 by name.
#pragma once

#include "api/action_table.h"

namespace ginnel::api {

void add_elbv2_actions(ActionTable& table);

}  // namespace ginnel::api
