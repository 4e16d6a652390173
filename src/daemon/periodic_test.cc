#include "daemon/periodic.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace ginnel::daemon {
namespace {

TEST(Periodic, WorksAgainAndAgainUntilItIsGone) {
  std::atomic<int> calls = 0;
  std::promise<void> third;
  {
    const Periodic periodic(std::chrono::milliseconds(1), [&] {
      if (++calls == 3) third.set_value();
    });
    ASSERT_EQ(third.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  }
}

TEST(Periodic, GoesAtOnceHoweverLongItsPause) {
  const Periodic periodic(std::chrono::hours(1), [] { FAIL() << "an hour has not passed"; });
}

}  // namespace
}  // namespace ginnel::daemon
