#include <curl/curl.h>
#include <curl/mprintf.h>
#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <string>

#include "base/memory.hpp"
#include "support/failing_memory.hpp"

// The formats of these tests are not those of the C library.
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

namespace {

/// The text of curl_maprintf, after a look at whether curl_msnprintf agrees.
std::string format(const char* text, ...) {
  va_list arguments;
  va_start(arguments, text);
  va_list again;
  va_copy(again, arguments);
  char* const made = curl_mvaprintf(text, arguments);
  char buffer[8192];
  const int length = curl_mvsnprintf(buffer, sizeof buffer, text, again);
  va_end(again);
  va_end(arguments);
  if (made == nullptr) return "(null)";
  EXPECT_STREQ(made, buffer);
  std::string result(buffer, static_cast<std::size_t>(length));
  hiper::release(made);
  return result;
}

const char* const kNull = nullptr;

TEST(Printf, IntegersOfAllLengths) {
  EXPECT_EQ(format("%d|%i|%u", -5, INT_MIN, 4000000000u), "-5|-2147483648|4000000000");
  EXPECT_EQ(format("%x %X %o", 255, 255, 8), "ff FF 10");
  EXPECT_EQ(format("%ld %lu %lx", -5000000000L, 5000000000UL, 5000000000UL),
            "-5000000000 5000000000 12a05f200");
  EXPECT_EQ(format("%lld %llu %qd", LLONG_MIN, ULLONG_MAX, -5LL),
            "-9223372036854775808 18446744073709551615 -5");
  EXPECT_EQ(format("%zd %zu", static_cast<ssize_t>(-3), SIZE_MAX), "-3 18446744073709551615");
  EXPECT_EQ(format("%Od %" CURL_FORMAT_CURL_OFF_T, curl_off_t{5000000000}, curl_off_t{-7}), "5000000000 -7");
  EXPECT_EQ(format("%x %hd", -1, 70000), "ffffffff 70000");
}

TEST(Printf, WidthPrecisionAndFlagsOfIntegers) {
  EXPECT_EQ(format("%5d|%-5d|%05d|%+d|% d|%-05d|", 42, 42, 42, 42, 42, 42),
            "   42|42   |00042|+42| 42|42   |");
  EXPECT_EQ(format("%05d|%+05d|% 05d", -42, 42, 42), "-0042|+0042| 0042");
  EXPECT_EQ(format("%.5d|%8.5d|%-8.5d|%08.5d", 42, 42, 42, 42), "00042|   00042|00042   |00000042");
  EXPECT_EQ(format("%.0d|%.d|%5.0d|", 0, 0, 0), "||     |");
  EXPECT_EQ(format("%#x %#X %#o %#o %#x", 255, 255, 8, 0, 0), "0xff 0XFF 010 0 0x0");
  EXPECT_EQ(format("%#8x|%#08x|%-#8x|%#10.6x|", 255, 255, 255, 255),
            "    0xff|0x0000ff|0xff    |  0x0000ff|");
  EXPECT_EQ(format("%*d|%-*d|%*d|%.*d|%.*d|", 5, 42, 5, 42, -5, 42, 4, 7, -4, 7),
            "   42|42   |42   |0007|7|");
}

TEST(Printf, StringsAndCharacters) {
  EXPECT_EQ(format("%s|%8s|%-8s|%.3s|%8.3s|%-8.3s|", "hello", "hello", "hello", "hello", "hello", "hello"),
            "hello|   hello|hello   |hel|     hel|hel     |");
  EXPECT_EQ(format("%.*s|%.*s", 2, "hello", -2, "hello"), "he|hello");
  EXPECT_EQ(format("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd'), "ab|  c|d  |");
  EXPECT_EQ(format("a%cb", 0), std::string("a\0b", 3));
  const char unterminated[3] = {'a', 'b', 'c'};
  EXPECT_EQ(format("%.3s", unterminated), "abc");
}

TEST(Printf, HashAndCapitalSQuoteStrings) {
  EXPECT_EQ(format("%#s|%S|%.2S", "abc", "hello", "hello"), "\"abc\"|\"hello\"|\"he\"");
  EXPECT_EQ(format("%7S|%-7S|", "hi", "hi"), "   \"hi\"|\"hi\"   |");
}

TEST(Printf, NullStringsAndPointers) {
  EXPECT_EQ(format("%s|%8s|%#s", kNull, kNull, kNull), "(nil)|   (nil)|(nil)");
  EXPECT_EQ(format("%.3s|%.4s|%.5s|%5.2s|", kNull, kNull, kNull, kNull), "||(nil)|     |");
  EXPECT_EQ(format("%p %p|%10p|%-10p|", reinterpret_cast<void*>(0x1234), nullptr,
                   reinterpret_cast<void*>(0x12), reinterpret_cast<void*>(0x12)),
            "0x1234 (nil)|      0x12|0x12      |");
}

TEST(Printf, FloatingPoint) {
  EXPECT_EQ(format("%f|%.2f|%9.3f|%-9.3f|%09.3f|%+f", 3.14159, 3.14159, 3.14159, 3.14159, 3.14159, 3.14159),
            "3.141590|3.14|    3.142|3.142    |00003.142|+3.141590");
  EXPECT_EQ(format("%e|%E|%g|%G|%F", 31415.9, 31415.9, 31415.9, 3.14e-10, 2.5),
            "3.141590e+04|3.141590E+04|31415.9|3.14E-10|2.500000");
  EXPECT_EQ(format("%Lf %d", 1.5L, 7), "1.500000 7");
  EXPECT_EQ(format("%-*.*f|", 8, 2, 3.14159), "3.14    |");
  EXPECT_EQ(format("%.400f", 1.5).size(), 325u);
  EXPECT_EQ(format("%1000f", 1.5).size(), 325u);
}

TEST(Printf, PositionalArguments) {
  EXPECT_EQ(format("%2$s %1$s", "a", "b"), "b a");
  EXPECT_EQ(format("%2$*1$d|", 6, 42), "    42|");
  EXPECT_EQ(format("%1$d %1$d %2$s", 5, "x"), "5 5 x");
  EXPECT_EQ(format("%1$.*2$s|%1$*3$.*2$s|", "hello", 3, 5), "hel|  hel|");
  EXPECT_EQ(format("%3$f %1$d %2$s", 7, "x", 0.5), "0.500000 7 x");
}

TEST(Printf, CountOfCharactersIsStored) {
  int plain = 0;
  long longer = 0;
  long long longest = 0;
  short half = 0;
  EXPECT_EQ(format("abc%nd%ln%lln%hn", &plain, &longer, &longest, &half), "abcd");
  EXPECT_EQ(plain, 3);
  EXPECT_EQ(longer, 4);
  EXPECT_EQ(longest, 4);
  EXPECT_EQ(half, 4);
}

TEST(Printf, PercentAndBrokenFormats) {
  EXPECT_EQ(format("%%|%d%%", 3), "%|3%");
  EXPECT_EQ(format("abc%"), "abc");
  EXPECT_EQ(format("%5"), "");
  EXPECT_EQ(format("%."), "");
  EXPECT_EQ(format("%l"), "");
  EXPECT_EQ(format("%k|%d", 5), "|5");
  EXPECT_EQ(format("%129$d", 1), "(null)");
}

TEST(Printf, HugeWidthsEndAtTheBuffer) {
  char buffer[16];
  const std::string too_wide = "%99999999999d";
  const std::string given_width = "%*d";
  EXPECT_EQ(curl_msnprintf(buffer, sizeof buffer, too_wide.c_str(), 5), 15);
  EXPECT_EQ(std::string(buffer), std::string(15, ' '));
  EXPECT_EQ(curl_msnprintf(buffer, sizeof buffer, given_width.c_str(), INT_MIN, 5), 15);
  EXPECT_EQ(buffer[0], '5');
}

TEST(Printf, ShortBuffersAreCutAndTerminated) {
  char buffer[8] = "@@@@@@@";
  EXPECT_EQ(curl_msnprintf(buffer, 0, "abc"), 0);
  EXPECT_EQ(buffer[0], '@');
  EXPECT_EQ(curl_msnprintf(buffer, 1, "abc"), 0);
  EXPECT_STREQ(buffer, "");
  EXPECT_EQ(curl_msnprintf(buffer, 3, "abc"), 2);
  EXPECT_STREQ(buffer, "ab");
  EXPECT_EQ(curl_msnprintf(buffer, 4, "abc"), 3);
  EXPECT_STREQ(buffer, "abc");
  EXPECT_EQ(curl_msprintf(buffer, "%d-%s", 5, "xy"), 4);
  EXPECT_STREQ(buffer, "5-xy");
}

TEST(Printf, FilesGetTheTextAndAFullDiskStopsIt) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(curl_mfprintf(file, "hello %d", 5), 7);
  std::rewind(file);
  char text[16] = "";
  ASSERT_NE(std::fgets(text, sizeof text, file), nullptr);
  EXPECT_STREQ(text, "hello 5");
  std::fclose(file);
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  std::setvbuf(full, nullptr, _IONBF, 0);
  EXPECT_EQ(curl_mfprintf(full, "hello"), 0);
  std::fclose(full);
}

TEST(Printf, AllocatedTextIsNullWithoutMemory) {
  const hiper::testing::FailingMemory memory(1);
  EXPECT_EQ(curl_maprintf("%d", 5), nullptr);
}

}  // namespace
