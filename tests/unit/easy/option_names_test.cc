#include "easy/option_names.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "easy/option_rows.hpp"

namespace hiper {
namespace {

TEST(OptionNames, AreFoundInAnyCaseAndWithoutPrefix) {
  EXPECT_EQ(option_by_name("url")->id, CURLOPT_URL);
  EXPECT_EQ(option_by_name("Http_Version")->type, CURLOT_VALUES);
  EXPECT_EQ(option_by_name("CURLOPT_URL"), nullptr);
  EXPECT_EQ(option_by_name(""), nullptr);
  EXPECT_EQ(option_by_name("URL "), nullptr);
  EXPECT_EQ(option_by_name(nullptr), nullptr);
}

TEST(OptionNames, AliasesAreFoundByNameNeverByNumber) {
  const curl_easyoption* const alias = option_by_name("FILE");
  ASSERT_NE(alias, nullptr);
  EXPECT_EQ(alias->flags, CURLOT_FLAG_ALIAS);
  EXPECT_STREQ(option_by_id(alias->id)->name, "WRITEDATA");
  EXPECT_STREQ(option_by_id(CURLOPT_KEYPASSWD)->name, "KEYPASSWD");
  EXPECT_EQ(option_by_id(0), nullptr);
}

TEST(OptionNames, AreWalkedInOrderOnce) {
  std::set<std::string> seen;
  const char* last = "";
  for (const curl_easyoption* option = option_after(nullptr); option != nullptr;
       option = option_after(option)) {
    EXPECT_LT(std::strcmp(last, option->name), 0);
    last = option->name;
    seen.insert(last);
    EXPECT_EQ(option_by_name(option->name), option);
    EXPECT_NE(find_option_row(option->id), nullptr) << option->name;
  }
  EXPECT_EQ(seen.size(), 327u);
}

TEST(OptionNames, TypesFitTheNumbers) {
  for (const curl_easyoption* option = option_after(nullptr); option != nullptr;
       option = option_after(option)) {
    const int base = static_cast<int>(option->id) / 10000 * 10000;
    switch (option->type) {
      case CURLOT_LONG:
      case CURLOT_VALUES:
        EXPECT_EQ(base, CURLOPTTYPE_LONG) << option->name;
        break;
      case CURLOT_OFF_T:
        EXPECT_EQ(base, CURLOPTTYPE_OFF_T) << option->name;
        break;
      case CURLOT_FUNCTION:
        EXPECT_EQ(base, CURLOPTTYPE_FUNCTIONPOINT) << option->name;
        break;
      case CURLOT_BLOB:
        EXPECT_EQ(base, CURLOPTTYPE_BLOB) << option->name;
        break;
      default:
        EXPECT_EQ(base, CURLOPTTYPE_OBJECTPOINT) << option->name;
    }
  }
}

}  // namespace
}  // namespace hiper
