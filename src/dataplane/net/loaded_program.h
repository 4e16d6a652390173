// The packet program and its maps, on no device.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "dataplane/net/own_network.h"
#include "dataplane/programs.h"

namespace ginnel::dataplane {

class LoadedProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: loads the packet program";
    LoadOptions options;
    options.flows = 1024;
    auto loaded = Program::load(options, log_);
    ASSERT_GOOD(loaded);
    program_ = std::make_unique<Program>(std::move(*loaded));
  }
  Log log_ = Log::discard();
  std::unique_ptr<Program> program_;
};

}  // namespace ginnel::dataplane
