// Logins from the text of a .netrc file.
#include "parse/netrc.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using hiper::find_netrc_login;
using hiper::NetrcLogin;
using hiper::NetrcResult;

struct Case {
  const char* text;
  const char* login;           ///< "user:password" for h.test; nullptr: none; "!": malformed
  const char* user = nullptr;  ///< asked for
};

constexpr Case kCases[] = {
    {"machine h.test login u password p\n", "u:p"},
    {"machine H.TEST login u password p\n", "u:p"},
    {"machine h.test\nlogin u\npassword p\n", "u:p"},
    {"machine\th.test\tlogin\tu\tpassword\tp\r\n", "u:p"},
    {"MACHINE h.test LOGIN u PASSWORD p\n", "u:p"},
    {"machine h.test password p login u", "u:p"},
    {"machine \"h.test\" login u password p", "u:p"},
    {"machine h.test login u", "u:"},
    {"machine h.test password p", ":p"},
    {"machine h.test login u password", "u:"},
    {"machine h.test login", nullptr},
    {"machine h.test", nullptr},
    {"machine", nullptr},
    {"", nullptr},
    {" \n\t\r\n", nullptr},
    {"machine h.test login machine password login", "machine:login"},
    {"login u password p", nullptr},
    // Which entry.
    {"machine x.test login a password b\nmachine h.test login u password p", "u:p"},
    {"machine h.test. login u password p", nullptr},
    {"machine h.test:80 login u password p", nullptr},
    {"machine x.h.test login u password p", nullptr},
    {"default login d password e", "d:e"},
    {"default login d password e\nmachine h.test login u password p", "d:e"},
    {"machine h.test login u password p\ndefault login d password e", "u:p"},
    {"machine x.test login u password p\ndefault login d password e", "d:e"},
    {"machine h.test\nmachine h.test login u password p", "u:p"},
    {"machine h.test login u password p login v password w", "u:p"},
    {"machine h.test login u1 password p1\nmachine h.test login u2 password p2", "u1:p1"},
    // With a user.
    {"machine h.test login u1 password p1\nmachine h.test login u2 password p2", "u2:p2", "u2"},
    {"machine h.test login u1 password p1", nullptr, "other"},
    {"machine h.test login u1 password p1", nullptr, "U1"},
    {"machine h.test login u1 password p1", nullptr, ""},
    {"machine h.test password p1", "other:p1", "other"},
    {"machine h.test login u1 password p1\ndefault password p2", "other:p2", "other"},
    {"machine h.test password p1 login u1", nullptr, "other"},
    // Quotes.
    {"machine h.test login \"u 1\" password \"p \\\"q\\\\ \\n\\r\\t\\x\"", "u 1:p \"q\\ \n\r\tx"},
    {"machine h.test login \"\" password p", ":p"},
    {"machine h.test login u password \"\"", "u:"},
    {"machine h.test login \"u\"x password p", "u:p"},
    {"machine h.test login u\"x\" password p", "u\"x\":p"},
    {"machine h.test login \"u 1\npassword \"p\"", "!"},
    {"machine h.test login \"", "!"},
    {"machine h.test login \"u\\", "!"},
    {"machine h.test login \"u\\\n\"", "!"},
    {"\"machine", "!"},
    {"machine h.test login u password p\nmachine \"x", "u:p"},  // the rest is not read
    // Comments.
    {"#machine h.test login u password p\nmachine h.test login v password q", "v:q"},
    {"machine h.test login u # password c\npassword p", "u:p"},
    {"machine h.test login u #x password p", "u:"},
    {"machine h.test login u password p#x", "u:p#x"},
    {"machine h.test login u password #p", "u:#p"},
    {"machine h.test # login u", nullptr},
    {"#", nullptr},
    {"machine h.test login u #", "u:"},
    // Macros and what is not known.
    {"macdef foo\nmachine h.test login no password no\n\nmachine h.test login u password p", "u:p"},
    {"macdef foo\nmachine h.test login no password no\n \r\nmachine h.test login u password p", "u:p"},
    {"machine x.test macdef foo\nmachine h.test login no\n\nmachine h.test login u password p", "u:p"},
    {"machine h.test login u password p macdef init\nlogin v\n\n", "u:p"},
    {"macdef foo\nmachine h.test login no password no", nullptr},
    {"macdef", nullptr},
    {"macdef \"x\n\nmachine h.test login u", "u:"},
    {"machine h.test account a login u password p", "u:p"},
    {"machine h.test account login login u password p", "u:p"},
    {"machine h.test port 21 login u password p", "u:p"},
};

TEST(Netrc, FindsWhatTheTableSays) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(std::string(row.text) + " / " + (row.user != nullptr ? row.user : "anybody"));
    NetrcLogin login{"before", "before"};
    const std::string text = row.text;
    const std::vector<char> exact(text.begin(), text.end());
    const std::optional<std::string_view> user =
        row.user != nullptr ? std::optional<std::string_view>(row.user) : std::nullopt;
    const NetrcResult result = find_netrc_login({exact.data(), exact.size()}, "h.test", user, login);
    const std::string expected = row.login != nullptr ? row.login : "";
    const NetrcResult wanted = row.login == nullptr ? NetrcResult::none
                               : expected == "!"    ? NetrcResult::malformed
                                                    : NetrcResult::found;
    EXPECT_EQ(result, wanted);
    EXPECT_EQ(login.user + ":" + login.password, result == NetrcResult::found ? expected : "before:before");
  }
}

TEST(Netrc, EveryBeginningOfAFileIsReadWithoutHarm) {
  for (const Case& row : kCases) {
    const std::string text = row.text;
    for (std::size_t length = 0; length < text.size(); ++length) {
      const std::vector<char> exact(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
      NetrcLogin login{"before", ""};
      const NetrcResult result = find_netrc_login({exact.data(), exact.size()}, "h.test", {}, login);
      EXPECT_EQ(login.user == "before", result != NetrcResult::found);
    }
  }
}

}  // namespace
