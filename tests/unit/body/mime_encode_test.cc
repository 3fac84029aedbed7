#include "body/mime_encode.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using hiper::Base64Encoder;
using hiper::QuotedPrintableEncoder;
using hiper::SevenBitEncoder;

/// `text` fed in pieces of `step` bytes; what an encoder leaves is offered again with the next piece.
template <class Encoder>
std::string encode(const std::string& text, std::size_t step) {
  Encoder encoder;
  std::string out;
  std::string waiting;
  for (std::size_t at = 0; at < text.size() && !encoder.failed(); at += step) {
    waiting += text.substr(at, step);
    waiting.erase(0, encoder.encode(waiting, false, out));
    EXPECT_LE(waiting.size(), 2u);
  }
  if (encoder.failed()) return out + "<failed>";
  EXPECT_EQ(encoder.encode(waiting, true, out), waiting.size());
  return out;
}

/// The one result that all ways to cut the text give.
template <class Encoder>
std::string encode(const std::string& text) {
  const std::string whole = encode<Encoder>(text, text.size() + 1);
  for (std::size_t step = 1; step <= 5; ++step) EXPECT_EQ(encode<Encoder>(text, step), whole) << step;
  return whole;
}

std::string digits(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text.push_back(static_cast<char>('0' + i % 10));
  return text;
}

TEST(Base64Encoder, PadsTheLastGroup) {
  EXPECT_EQ(encode<Base64Encoder>(""), "");
  EXPECT_EQ(encode<Base64Encoder>("f"), "Zg==");
  EXPECT_EQ(encode<Base64Encoder>("fo"), "Zm8=");
  EXPECT_EQ(encode<Base64Encoder>("foo"), "Zm9v");
  EXPECT_EQ(encode<Base64Encoder>("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode<Base64Encoder>("\xff\xfe\xfd"), "//79");
}

TEST(Base64Encoder, LinesHave76CharactersAndTheSizeIsKnown) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string encoded = encode<Base64Encoder>(std::string(size, 'x'), 64);
    EXPECT_EQ(Base64Encoder::encoded_size(static_cast<curl_off_t>(size)),
              static_cast<curl_off_t>(encoded.size()));
    for (std::size_t at = 76; at < encoded.size(); at += 78) EXPECT_EQ(encoded.substr(at, 2), "\r\n");
    EXPECT_FALSE(encoded.ends_with('\n'));
  }
  EXPECT_EQ(Base64Encoder::encoded_size(-1), -1);
  EXPECT_EQ(Base64Encoder::encoded_size(INT64_MAX), -1);
}

TEST(QuotedPrintableEncoder, EncodesWhatIsNotPlainText) {
  EXPECT_EQ(encode<QuotedPrintableEncoder>(""), "");
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a=b\x7f\xc3\xa9"), "a=3Db=7F=C3=A9");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(std::string("\0\x1f", 2)), "=00=1F");
}

TEST(QuotedPrintableEncoder, LineEndsStayAndLoneOnesAreEncoded) {
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a\r\nb"), "a\r\nb");
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a\nb\rc"), "a=0Ab=0Dc");
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a\r\r\nb\r"), "a=0D\r\nb=0D");
}

TEST(QuotedPrintableEncoder, BlanksAtLineEndsAreEncoded) {
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a b \t"), "a b =09");
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a  \r\nb"), "a =20\r\nb");
  EXPECT_EQ(encode<QuotedPrintableEncoder>("a \n"), "a =0A");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(" \r\n "), "=20\r\n=20");
}

TEST(QuotedPrintableEncoder, LongLinesAreBrokenAt76) {
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(76)), digits(76));
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(77)), digits(75) + "=\r\n56");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(76) + "\r\nab"), digits(76) + "\r\nab");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(73) + "="), digits(73) + "=3D");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(74) + "="), digits(74) + "=\r\n=3D");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(72) + "==="), digits(72) + "=3D=\r\n=3D=3D");
  EXPECT_EQ(encode<QuotedPrintableEncoder>(digits(75) + " "), digits(75) + "=\r\n=20");
}

TEST(SevenBitEncoder, StopsAtTheFirstHighByte) {
  EXPECT_EQ(encode<SevenBitEncoder>("plain\x7f"), "plain\x7f");
  EXPECT_EQ(encode<SevenBitEncoder>("pl\x80n"), "pl<failed>");
}

}  // namespace
