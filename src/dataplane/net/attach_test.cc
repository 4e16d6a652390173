// Both ways to attach a program, on the real kernel, with the smallest programs.
#include "dataplane/attach.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>

#include "dataplane/links.h"
#include "dataplane/net/own_network.h"
#include "dataplane/net/tiny_program.h"

namespace ginnel::dataplane {
namespace {

class AttachTest : public OwnNetwork, public testing::WithParamInterface<AttachMode> {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto made = make_attacher(GetParam(), 1);
    if (!made && GetParam() == AttachMode::tcx && made.error().code == EINVAL) GTEST_SKIP() << "a kernel without tcx";
    ASSERT_GOOD(made);
    attacher_ = std::move(*made);
  }
  std::unique_ptr<Attacher> attacher_;
};

TEST_P(AttachTest, AProgramStaysWhenItsDescriptorsAreClosed) {
  uint32_t id = 0;
  EXPECT_EQ(attacher_->attached(1).value(), 0U);
  {
    const UniqueFd program = tiny_program(kProgramName, 0);
    ASSERT_TRUE(program);
    ASSERT_GOOD(attacher_->attach(1, program.get()));
    id = program_id(program.get()).value();
  }
  EXPECT_EQ(attacher_->attached(1).value(), id);
  EXPECT_TRUE(program_by_id(id));
}

TEST_P(AttachTest, ANewProgramTakesThePlaceOfTheOld) {
  const UniqueFd old = tiny_program(kProgramName, 0), fresh = tiny_program(kProgramName, -1);
  ASSERT_GOOD(attacher_->attach(1, old.get()));
  ASSERT_GOOD(attacher_->attach(1, fresh.get()));
  ASSERT_GOOD(attacher_->attach(1, fresh.get()));
  EXPECT_EQ(attacher_->attached(1).value(), program_id(fresh.get()).value());
  ASSERT_GOOD(attacher_->detach(1));
  EXPECT_EQ(attacher_->attached(1).value(), 0U) << "the old program is still there";
  ASSERT_GOOD(attacher_->detach(1));
}

TEST_P(AttachTest, ADeviceThatIsGoneIsAnError) {
  const UniqueFd program = tiny_program(kProgramName, 0);
  const auto status = attacher_->attach(77, program.get());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ENODEV) << status.error().text();
  EXPECT_NE(status.error().text().find("device 77"), std::string::npos) << status.error().text();
}

INSTANTIATE_TEST_SUITE_P(Both, AttachTest, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

class TcxTest : public OwnNetwork {};

TEST_F(TcxTest, ProgramsOfOthersAreLeftAlone) {
  auto attacher = make_attacher(AttachMode::tcx, 1);
  if (!attacher && attacher.error().code == EINVAL) GTEST_SKIP() << "a kernel without tcx";
  ASSERT_GOOD(attacher);
  const UniqueFd other = tiny_program("other", -1), ours = tiny_program(kProgramName, -1);
  ASSERT_EQ(bpf_prog_attach(other.get(), 1, static_cast<bpf_attach_type>(46), 0), 0);
  EXPECT_EQ((*attacher)->attached(1).value(), 0U);
  ASSERT_GOOD((*attacher)->attach(1, ours.get()));
  EXPECT_EQ((*attacher)->attached(1).value(), program_id(ours.get()).value());
  ASSERT_GOOD((*attacher)->detach(1));
  std::array<uint32_t, 4> ids{};
  uint32_t count = ids.size();
  ASSERT_EQ(bpf_prog_query(1, static_cast<bpf_attach_type>(46), 0, nullptr, ids.data(), &count), 0);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(ids[0], program_id(other.get()).value());
}

}  // namespace
}  // namespace ginnel::dataplane
