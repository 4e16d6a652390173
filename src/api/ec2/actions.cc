#include "api/ec2/actions.h"

namespace ginnel::api {

void add_ec2_actions(ActionTable&) {}

}  // namespace ginnel::api
