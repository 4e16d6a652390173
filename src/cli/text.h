// JSON as a person reads it, and text as a shell reads it.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace ginnel::cli {

// An object is a line "name: value" for each member, a list of plain values stands on one line, a list of objects is
// a table with a header. Underscores in names become spaces. Ends in a newline unless it is empty.
std::string in_words(const boost::json::value& value);

// Quoted for a POSIX shell: one word, whatever is in it.
std::string shell_quoted(std::string_view text);

}  // namespace ginnel::cli
