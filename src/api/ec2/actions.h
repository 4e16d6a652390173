// The actions of ec2 by name.
#pragma once

#include "api/action_table.h"

namespace ginnel::api {

void add_ec2_actions(ActionTable& table);

}  // namespace ginnel::api
