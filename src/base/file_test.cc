#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/unix_socket.h"

namespace ginnel {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    char pattern[] = "/tmp/ginnel-file-XXXXXX";
    folder_ = ::mkdtemp(pattern);
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileTest, WritesAndReadsBackWithTheMode) {
  const std::string path = folder_ + "/key";
  ASSERT_TRUE(write_file_atomically(path, "one", 0644));
  ASSERT_TRUE(write_file_atomically(path, "two", 0600));
  EXPECT_EQ(*read_file(path), "two");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(FileTest, AMissingFileIsNoValueOrAnErrorThatNamesIt) {
  const auto none = read_file_if_exists(folder_ + "/absent");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
  const auto error = read_file(folder_ + "/absent");
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().text(), "open " + folder_ + "/absent: No such file or directory");
}

TEST_F(FileTest, ALongFileIsRefused) {
  ASSERT_TRUE(write_file_atomically(folder_ + "/long", "12345", 0644));
  EXPECT_TRUE(read_file(folder_ + "/long", 5));
  EXPECT_FALSE(read_file(folder_ + "/long", 4));
}

TEST_F(FileTest, MakesFoldersAndRefusesAFileInTheWay) {
  EXPECT_TRUE(make_directories(folder_ + "/a/b/c", 0700));
  EXPECT_TRUE(make_directories(folder_ + "/a/b/c", 0700));
  ASSERT_TRUE(write_file_atomically(folder_ + "/file", "", 0644));
  const Status refused = make_directories(folder_ + "/file", 0700);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), "make folder " + folder_ + "/file: Not a directory");
}

TEST_F(FileTest, ASocketReplacesAStaleOneButNotALivingOne) {
  const std::string path = folder_ + "/socket";
  {
    const auto first = listen_unix(path, 0600);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_TRUE(connect_unix(path));
    const auto second = listen_unix(path, 0600);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
  }
  EXPECT_EQ(connect_unix(path).error().code, ECONNREFUSED);
  EXPECT_TRUE(listen_unix(path, 0600));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(FileTest, ASocketDoesNotReplaceAnotherKindOfFile) {
  const std::string path = folder_ + "/precious";
  ASSERT_TRUE(write_file_atomically(path, "data", 0644));
  EXPECT_FALSE(listen_unix(path, 0600));
  EXPECT_EQ(*read_file(path), "data");
}

TEST_F(FileTest, ALongSocketPathIsRefusedWithItsLength) {
  const auto refused = connect_unix(std::string(108, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, "the path has 108 bytes; a socket's path has 1 to 107");
}

}  // namespace
}  // namespace ginnel
