#include "aws/xml_writer.h"

#include <gtest/gtest.h>

namespace ginnel::aws {

struct Pair {
  std::optional<std::string> key;
  std::optional<int> number;
};

static void encode(XmlWriter& xml, const Pair& pair) {
  xml.member("key", pair.key);
  xml.member("number", pair.number);
}

namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string text_of(std::string_view text) {
  XmlWriter xml;
  xml.element("a", text);
  std::string out = xml.finish().substr(kDeclaration.size());
  return out.substr(3, out.size() - 7);
}

TEST(XmlWriter, WritesMembersThatAreSet) {
  XmlWriter xml;
  xml.open("Answer", "http://x/?a&b");
  xml.member("flag", std::optional<bool>(false));
  xml.member("absent", std::optional<std::string>());
  xml.member("pair", std::optional<Pair>(Pair{"k", 1}));
  xml.list("empty", "item", std::vector<std::string>{});
  xml.list("pairs", "item", std::vector<Pair>{{"a", {}}, {{}, 2}});
  xml.member("at", std::optional<WallTime>(WallTime(std::chrono::milliseconds(1))));
  EXPECT_EQ(xml.finish(),
            std::string(kDeclaration) +
                "<Answer xmlns=\"http://x/?a&amp;b\"><flag>false</flag><pair><key>k</key><number>1</number></pair>"
                "<empty></empty><pairs><item><key>a</key></item><item><number>2</number></item></pairs>"
                "<at>1970-01-01T00:00:00.001Z</at></Answer>");
}

TEST(XmlWriter, EscapesWhatWouldBeMarkup) { EXPECT_EQ(text_of("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;"); }

TEST(XmlWriter, ReplacesWhatXmlCannotCarry) {
  EXPECT_EQ(text_of(std::string_view("a\0b\x1B", 4)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(text_of("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(text_of("\xF0\x9F\x90\x88"), "\xF0\x9F\x90\x88");
  EXPECT_EQ(text_of("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(text_of("\xEF\xBF\xBF"), "\xEF\xBF\xBD");
  EXPECT_EQ(text_of("a\tb\nc\rd"), "a\tb\nc&#13;d");
}

}  // namespace
}  // namespace ginnel::aws
