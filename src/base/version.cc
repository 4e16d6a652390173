#include "base/version.h"

namespace ginnel {

const char* version() { return GINNEL_VERSION; }

}  // namespace ginnel
