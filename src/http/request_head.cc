#include "http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "http/custom_headers.hpp"
#include "parse/ascii.hpp"
#include "parse/h1_head.hpp"
#include "parse/scheme.hpp"

namespace hiper {
namespace {

// Bodies up to this size are sent without asking: a server that does not answer an Expect would cost a
// second.
constexpr curl_off_t kExpectAbove = 1024 * 1024;

constexpr std::size_t kUsualHead = 512;  // bytes

// What CURLOPT_ACCEPT_ENCODING "" stands for: all that body/decoder can undo.
constexpr const char* kEveryCoding = "deflate, gzip";

class HeadWriter {
 public:
  /// The text goes to `text`, all else to `head`.
  HeadWriter(const RequestContext& context, RequestHead& head, std::string& text)
      : context_(context),
        options_(context.options),
        head_(head),
        out_(text),
        custom_(context.options.list(Opt::httpheader)) {}

  Status write() {
    if (const Status framed = choose_framing(); !framed.ok()) return framed;
    request_line();
    host();
    authorization();
    range();
    default_header("User-Agent", options_.text(Opt::useragent));
    default_header("Accept", "*/*");
    encodings();
    default_header("Referer", context_.referer);
    if (head_.chunked && !customised("Transfer-Encoding")) line("Transfer-Encoding", "chunked");
    head_.cookie_begin = static_cast<std::uint32_t>(out().size());
    if (context_.own_origin) default_header("Cookie", options_.text(Opt::cookie));
    head_.cookie_end = static_cast<std::uint32_t>(out().size());
    time_condition();
    custom_headers();
    body_headers();
    out() += "\r\n";
    return broken_ ? Status(CURLE_BAD_FUNCTION_ARGUMENT) : Status();
  }

 private:
  std::string& out() noexcept { return out_; }
  /// A text of the application as a part of one line.
  void text(std::string_view given) {
    const std::string_view clean = without_line_end(given);
    broken_ = broken_ || !is_one_line(clean);
    out().append(clean);
  }
  void line(std::string_view name, std::string_view value) {
    out().append(name).append(": ");
    text(value);
    out().append("\r\n");
  }
  void number(curl_off_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out().append(digits.data(), end.ptr);
  }
  CustomHeader custom(std::string_view name) const noexcept { return find_custom_header(custom_, name); }
  bool customised(std::string_view name) const noexcept {
    return custom(name).kind != CustomHeader::Kind::invalid;
  }
  /// A header that the application replaces or removes by naming it.
  void default_header(std::string_view name, const char* value) {
    if (value != nullptr && *value != '\0' && !customised(name)) line(name, value);
  }
  bool is_mime() const noexcept { return context_.body_is_mime; }

  // Chunks when the application says so, or when the size is unknown and the application has not taken the
  // framing into its own hands.
  Status choose_framing() {
    if (!context_.has_body) return Status();
    const CustomHeader coding = custom("Transfer-Encoding");
    const bool unknown = context_.body_size < 0;
    const bool own_framing = coding.kind != CustomHeader::Kind::invalid;
    head_.chunked = own_framing ? ends_with_chunked(coding) : unknown && !context_.http10;
    if (unknown && context_.http10 && !own_framing && !customised("Content-Length"))
      return Status(CURLE_UPLOAD_FAILED);
    return Status();
  }

  static bool ends_with_chunked(const CustomHeader& coding) noexcept {
    const std::size_t comma = coding.value.rfind(',');
    const std::string_view last =
        comma == std::string_view::npos ? coding.value : coding.value.substr(comma + 1);
    return equals_ignore_case(trim_blanks(last), "chunked");
  }

  void request_line() {
    static constexpr std::array<const char*, 6> kNames = {"GET", "POST", "POST", "POST", "PUT", "HEAD"};
    head_.method_name = kNames[static_cast<std::size_t>(context_.method)];
    const char* const own = options_.text(Opt::customrequest);
    if (own != nullptr && !context_.drop_custom_method) head_.method_name = own;
    text(head_.method_name);
    out() += ' ';
    if (const char* const target = options_.text(Opt::request_target)) {
      text(target);
    } else {
      context_.url.append_request_target(out());
    }
    out() += context_.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  }

  void host() {
    const CustomHeader own = custom("Host");
    if (own.kind != CustomHeader::Kind::invalid && context_.own_host) {
      if (own.kind != CustomHeader::Kind::remove) out().append("Host:").append(own.raw).append("\r\n");
      return;
    }
    out().append("Host: ").append(context_.host);
    if (const Scheme* const scheme = find_scheme(context_.url.scheme());
        scheme == nullptr || scheme->default_port != context_.url.port()) {
      out() += ':';
      number(context_.url.port());
    }
    out() += "\r\n";
  }

  void authorization() {
    if (context_.auth == 0 || customised("Authorization")) return;
    if (context_.auth == static_cast<long>(CURLAUTH_BEARER)) {
      out() += "Authorization: Bearer ";
      text(options_.text(Opt::xoauth2_bearer));
    } else {
      std::string pair(context_.user);
      pair.append(":").append(context_.password);
      out() += "Authorization: Basic ";
      append_base64(pair);
    }
    out() += "\r\n";
    head_.auth_used = static_cast<std::uint32_t>(context_.auth);
  }

  void append_base64(std::string_view bytes) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
      const std::size_t left = std::min<std::size_t>(3, bytes.size() - at);
      unsigned group = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        group = group << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0u);
      }
      for (std::size_t i = 0; i < 4; ++i) {
        out() += i <= left ? kAlphabet[group >> (18 - 6 * i) & 63] : '=';
      }
    }
  }

  void range() {
    switch (context_.method) {
      case Method::get:
      case Method::head:
        return wanted_range();
      case Method::post:
      case Method::put:
        return sent_range();
      default:
        return;
    }
  }

  // CURLOPT_RESUME_FROM wins over CURLOPT_RANGE.
  void wanted_range() {
    const char* const wanted = options_.text(Opt::range);
    const curl_off_t from = options_.offset(Opt::resume_from_large);
    if ((from <= 0 && wanted == nullptr) || customised("Range")) return;
    out() += "Range: bytes=";
    if (from > 0) {
      number(from);
      out() += '-';
    } else {
      text(wanted);
    }
    out() += "\r\n";
  }

  // Which part of the resource the body is (RFC 9110, section 14.5).
  void sent_range() {
    const char* const wanted = options_.text(Opt::range);
    const curl_off_t resume = options_.offset(Opt::resume_from_large);
    const bool resumes = resume != 0 && context_.method == Method::put && context_.body_size >= 0;
    if ((!resumes && wanted == nullptr) || customised("Content-Range")) return;
    out() += "Content-Range: bytes ";
    curl_off_t total = context_.body_size;
    if (resumes) {
      const curl_off_t from = resume > 0 ? resume : 0;
      total += from;
      number(from);
      out() += '-';
      number(total - 1);
    } else {
      text(wanted);
    }
    out() += '/';
    if (total >= 0) {
      number(total);
    } else {
      out() += '*';
    }
    out() += "\r\n";
  }

  void encodings() {
    if (offers_transfer_encoding()) {
      // The header is hop by hop, Connection has to say so (RFC 9110, section 10.1.4).
      const CustomHeader own = custom("Connection");
      const bool adds = own.kind == CustomHeader::Kind::send;
      out()
          .append("Connection: ")
          .append(adds ? own.value : "")
          .append(adds ? ", TE" : "TE")
          .append("\r\nTE: gzip\r\n");
    }
    const char* const codings = options_.text(Opt::accept_encoding);
    if (codings == nullptr || customised("Accept-Encoding")) return;
    line("Accept-Encoding", *codings == '\0' ? kEveryCoding : codings);
  }
  bool offers_transfer_encoding() const noexcept {
    return options_.flag(Opt::transfer_encoding) && !customised("TE");
  }

  void time_condition() {
    const char* name = nullptr;
    switch (options_.number(Opt::timecondition)) {
      case CURL_TIMECOND_IFMODSINCE:
        name = "If-Modified-Since";
        break;
      case CURL_TIMECOND_IFUNMODSINCE:
        name = "If-Unmodified-Since";
        break;
      case CURL_TIMECOND_LASTMOD:
        name = "Last-Modified";
        break;
      default:
        return;
    }
    if (customised(name)) return;
    const std::time_t when = options_.offset(Opt::timevalue_large);
    std::tm parts{};
    if (gmtime_r(&when, &parts) == nullptr) return;
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%s, %02d %s %4d %02d:%02d:%02d GMT", kDays[parts.tm_wday],
                  parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                  parts.tm_sec);
    line(name, text.data());
  }

  void custom_headers() {
    for (const curl_slist* item = custom_; item != nullptr; item = item->next) {
      const CustomHeader header = read_custom_header(item->data);
      broken_ = broken_ || header.kind == CustomHeader::Kind::broken;
      const bool empty = header.kind == CustomHeader::Kind::send_empty;
      if ((header.kind != CustomHeader::Kind::send && !empty) || left_out(header)) continue;
      // Written as the application wrote it: some servers care about blanks and case.
      out().append(empty ? header.name : header.text).append(empty ? ":\r\n" : "\r\n");
    }
  }

  /// Written elsewhere, or not for this request.
  bool left_out(const CustomHeader& header) const noexcept {
    if (header.is("Host")) return true;
    if (header.is("Authorization") || header.is("Cookie")) return !context_.own_origin;
    if (header.is("Content-Type")) return is_mime();
    if (header.is("Connection")) return offers_transfer_encoding();
    // With chunks a length is forbidden (RFC 9112, section 6.2).
    if (header.is("Content-Length")) return head_.chunked || context_.dropped_body;
    if (header.is("Transfer-Encoding")) return context_.dropped_body;
    return header.is("Expect") && (context_.avoid_expect || context_.dropped_body);
  }

  void body_headers() {
    if (!context_.has_body) return;
    if (!head_.chunked && context_.body_size >= 0 && !customised("Content-Length")) {
      out() += "Content-Length: ";
      number(context_.body_size);
      out() += "\r\n";
    }
    if (!context_.body_type.empty() && (is_mime() || !customised("Content-Type")))
      line("Content-Type", context_.body_type);
    expect();
  }

  void expect() {
    if (context_.http10 || context_.avoid_expect) return;
    const CustomHeader own = custom("Expect");
    if (own.kind != CustomHeader::Kind::invalid) {
      head_.expect_continue = equals_ignore_case(own.value, "100-continue");
      return;
    }
    if (context_.body_size >= 0 && context_.body_size <= kExpectAbove) return;
    out() += "Expect: 100-continue\r\n";
    head_.expect_continue = true;
  }

  const RequestContext& context_;
  const Options& options_;
  RequestHead& head_;
  std::string& out_;
  const curl_slist* custom_;
  bool broken_ = false;  ///< a text has a line break inside
};

}  // namespace

Status write_request_head(const RequestContext& context, RequestHead& head) {
  head.expect_continue = false;
  head.chunked = false;
  head.auth_used = 0;
  std::string text;
  text.reserve(kUsualHead);
  const Status written = HeadWriter(context, head, text).write();
  return head.text.assign(text) ? written : Status::out_of_memory();
}

}  // namespace hiper
