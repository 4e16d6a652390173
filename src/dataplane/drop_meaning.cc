#include "dataplane/drop_meaning.h"

#include "abi/drop_reason.h"
#include "dataplane/counts.h"

namespace ginnel::dataplane {

std::string_view drop_meaning(std::string_view reason) {
  static constexpr std::string_view kMeanings[] = {"",
#define GINNEL_DROP_MEANING(name, text) text,
                                                   GINNEL_DROP_REASONS(GINNEL_DROP_MEANING)
#undef GINNEL_DROP_MEANING
  };
  for (uint32_t each = 1; each < GINNEL_DROP_COUNT; ++each) {
    if (drop_reason_name(each) == reason) return kMeanings[each];
  }
  return "";
}

}  // namespace ginnel::dataplane
