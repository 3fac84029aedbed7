// Which authentication scheme is used when.
#include "http/auth.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

namespace {

using hiper::best_auth;
using hiper::challenged_schemes;
using hiper::first_auth;

constexpr long bits(unsigned long mask) { return static_cast<long>(mask); }

TEST(Challenges, SchemesAreFoundInAnyCase) {
  EXPECT_EQ(challenged_schemes("Basic realm=\"x\""), bits(CURLAUTH_BASIC));
  EXPECT_EQ(challenged_schemes("BEARER"), bits(CURLAUTH_BEARER));
  EXPECT_EQ(challenged_schemes("ntlm"), bits(CURLAUTH_NTLM));
  EXPECT_EQ(challenged_schemes("Negotiate YII="), bits(CURLAUTH_NEGOTIATE));
}

TEST(Challenges, SeveralMayShareOneHeader) {
  EXPECT_EQ(challenged_schemes(
                "Bearer, Basic realm=\"x\", charset=\"UTF-8\", Digest nonce=n, qop=\"auth,auth-int\""),
            bits(CURLAUTH_BEARER | CURLAUTH_BASIC | CURLAUTH_DIGEST));
}

TEST(Challenges, ParametersAndQuotedTextAreNoSchemes) {
  EXPECT_EQ(challenged_schemes("Other realm=\"a, Basic b\", basic=1, digest = 2"), 0);
  EXPECT_EQ(challenged_schemes("Other x=\"\\\", Basic \""), 0);
  EXPECT_EQ(challenged_schemes("Basicx"), 0);
}

TEST(Challenges, NonsenseIsSkipped) {
  for (const char* const text : {"", " ", ",", ",,", "=", "= ,", "\"", "\"\\", "Other \""}) {
    EXPECT_EQ(challenged_schemes(text), 0) << text;
  }
  EXPECT_EQ(challenged_schemes(" , ,Basic"), bits(CURLAUTH_BASIC));
}

TEST(FirstAuth, TheOnlySchemeAskedForIsSentAtOnce) {
  EXPECT_EQ(first_auth(bits(CURLAUTH_BASIC), bits(CURLAUTH_BASIC)), bits(CURLAUTH_BASIC));
  EXPECT_EQ(first_auth(bits(CURLAUTH_BASIC | CURLAUTH_ONLY), bits(CURLAUTH_BASIC)), bits(CURLAUTH_BASIC));
  EXPECT_EQ(first_auth(bits(CURLAUTH_BEARER), bits(CURLAUTH_BEARER)), bits(CURLAUTH_BEARER));
}

TEST(FirstAuth, WithAChoiceNothingIsSentBeforeTheServerAsks) {
  EXPECT_EQ(first_auth(bits(CURLAUTH_BASIC | CURLAUTH_DIGEST), bits(CURLAUTH_BASIC)), 0);
  EXPECT_EQ(first_auth(bits(CURLAUTH_ANY), bits(CURLAUTH_BASIC)), 0);
}

TEST(FirstAuth, WithoutCredentialsNothingIsSent) {
  EXPECT_EQ(first_auth(bits(CURLAUTH_BASIC), 0), 0);
  EXPECT_EQ(first_auth(0, 0), 0);
}

TEST(BestAuth, ATokenIsBetterThanAPassword) {
  EXPECT_EQ(best_auth(bits(CURLAUTH_BASIC | CURLAUTH_BEARER)), bits(CURLAUTH_BEARER));
  EXPECT_EQ(best_auth(bits(CURLAUTH_BASIC | CURLAUTH_NTLM)), bits(CURLAUTH_BASIC));
  EXPECT_EQ(best_auth(bits(CURLAUTH_NTLM)), 0);
}

}  // namespace
