#include "api/sts/actions.h"

#include "api/sts/caller_identity.h"

namespace ginnel::api {

void add_sts_actions(ActionTable& table) { table.add<sts::GetCallerIdentity>(get_caller_identity); }

}  // namespace ginnel::api
