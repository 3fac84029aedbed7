#include "http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "http/custom_headers.hpp"
#include "parse/ascii.hpp"
#include "parse/scheme.hpp"

namespace hiper {
namespace {

// Smaller bodies are sent without asking: a server that does not answer an Expect would cost a second.
constexpr curl_off_t kExpectFrom = 1024 * 1024;

class HeadWriter {
 public:
  HeadWriter(const RequestContext& context, RequestHead& head)
      : context_(context), options_(context.options), head_(head), custom_(context.options.list(Opt::httpheader)) {}

  Status write() {
    if (const Status framed = choose_framing(); !framed.ok()) return framed;
    if (const Status lined = request_line(); !lined.ok()) return lined;
    host();
    authorization();
    range();
    default_header("User-Agent", options_.text(Opt::useragent));
    default_header("Accept", "*/*");
    encodings();
    default_header("Referer", context_.referer);
    if (context_.own_origin) default_header("Cookie", options_.text(Opt::cookie));
    time_condition();
    custom_headers();
    body_headers();
    out() += "\r\n";
    return Status();
  }

 private:
  std::string& out() noexcept { return head_.text; }
  void line(std::string_view name, std::string_view value) {
    out().append(name).append(": ").append(value).append("\r\n");
  }
  void number_line(std::string_view name, curl_off_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    line(name, std::string_view(digits.data(), static_cast<std::size_t>(end.ptr - digits.data())));
  }
  bool customised(std::string_view name) const noexcept {
    return find_custom_header(custom_, name).kind != CustomHeader::Kind::invalid;
  }
  /// A header that the application replaces or removes by naming it.
  void default_header(std::string_view name, const char* value) {
    if (value != nullptr && *value != '\0' && !customised(name)) line(name, value);
  }

  Status choose_framing() {
    if (!context_.has_body) return Status();
    const CustomHeader coding = find_custom_header(custom_, "Transfer-Encoding");
    const bool asked = coding.kind == CustomHeader::Kind::send && equals_ignore_case(coding.value, "chunked");
    head_.chunked = !context_.http10 && (asked || context_.body_size < 0);
    if (context_.http10 && context_.body_size < 0 && !customised("Content-Length")) {
      return Status(CURLE_UPLOAD_FAILED);
    }
    return Status();
  }

  Status request_line() {
    static constexpr std::array<const char*, 6> kNames = {"GET", "POST", "POST", "POST", "PUT", "HEAD"};
    head_.method_name = kNames[static_cast<std::size_t>(context_.method)];
    const char* const custom = options_.text(Opt::customrequest);
    if (custom != nullptr && !context_.drop_custom_method) head_.method_name = custom;
    const std::string_view method(head_.method_name);
    for (const char c : method) {
      if (is_control(c) || c == ' ') return Status(CURLE_BAD_FUNCTION_ARGUMENT);
    }
    out().append(method).append(" ");
    if (const char* const target = options_.text(Opt::request_target)) {
      out() += target;
    } else {
      context_.url.append_request_target(out());
    }
    out() += context_.http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
    return Status();
  }

  void host() {
    const CustomHeader custom = find_custom_header(custom_, "Host");
    if (custom.kind == CustomHeader::Kind::remove) return;
    if (custom.kind == CustomHeader::Kind::send && context_.own_origin) {
      line("Host", custom.value);
      return;
    }
    out().append("Host: ").append(context_.host);
    if (const Scheme* const scheme = find_scheme(context_.url.scheme());
        scheme == nullptr || scheme->default_port != context_.url.port()) {
      out().append(":").append(std::to_string(context_.url.port()));
    }
    out() += "\r\n";
  }

  void authorization() {
    if (customised("Authorization")) return;
    const char* const bearer = options_.text(Opt::xoauth2_bearer);
    const long wanted = options_.number(Opt::httpauth);
    if (bearer != nullptr && context_.own_origin && (wanted & static_cast<long>(CURLAUTH_BEARER)) != 0) {
      out().append("Authorization: Bearer ").append(bearer).append("\r\n");
      head_.auth_used = static_cast<long>(CURLAUTH_BEARER);
    } else if (context_.has_user && wanted == static_cast<long>(CURLAUTH_BASIC)) {
      std::string pair(context_.user);
      pair.append(":").append(context_.password);
      out() += "Authorization: Basic ";
      append_base64(pair);
      out() += "\r\n";
      head_.auth_used = static_cast<long>(CURLAUTH_BASIC);
    }
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
    const curl_off_t from = options_.offset(Opt::resume_from_large);
    const bool fetches = context_.method == Method::get || context_.method == Method::head;
    if (fetches && !customised("Range")) {
      if (const char* const wanted = options_.text(Opt::range)) {
        out().append("Range: bytes=").append(wanted).append("\r\n");
      } else if (from > 0) {
        out().append("Range: bytes=").append(std::to_string(from)).append("-\r\n");
      }
    }
    if (context_.method != Method::put || customised("Content-Range")) return;
    if (from > 0 && context_.body_size >= 0) {
      const curl_off_t total = from + context_.body_size;
      out().append("Content-Range: bytes ").append(std::to_string(from)).append("-");
      out().append(std::to_string(total - 1)).append("/").append(std::to_string(total)).append("\r\n");
    } else if (const char* const wanted = options_.text(Opt::range)) {
      out().append("Content-Range: bytes ").append(wanted).append("/");
      out().append(std::to_string(context_.body_size)).append("\r\n");
    }
  }

  void encodings() {
    if (options_.flag(Opt::transfer_encoding) && !customised("TE")) {
      out() += customised("Connection") ? "TE: gzip\r\n" : "Connection: TE\r\nTE: gzip\r\n";
    }
    default_header("Accept-Encoding", options_.text(Opt::accept_encoding));
  }

  void time_condition() {
    const char* name = nullptr;
    switch (options_.number(Opt::timecondition)) {
      case CURL_TIMECOND_IFMODSINCE: name = "If-Modified-Since"; break;
      case CURL_TIMECOND_IFUNMODSINCE: name = "If-Unmodified-Since"; break;
      case CURL_TIMECOND_LASTMOD: name = "Last-Modified"; break;
      default: return;
    }
    if (customised(name)) return;
    const std::time_t when = options_.offset(Opt::timevalue_large);
    std::tm parts{};
    if (gmtime_r(&when, &parts) == nullptr) return;
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%s, %02d %s %4d %02d:%02d:%02d GMT", kDays[parts.tm_wday], parts.tm_mday,
                  kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    line(name, text.data());
  }

  void custom_headers() {
    for (const curl_slist* item = custom_; item != nullptr; item = item->next) {
      const CustomHeader header = read_custom_header(item->data);
      const bool empty = header.kind == CustomHeader::Kind::send_empty;
      if ((header.kind != CustomHeader::Kind::send && !empty) || written_elsewhere(header)) continue;
      // Written as the application wrote it: some servers care about blanks and case.
      out().append(empty ? header.name : std::string_view(item->data)).append(empty ? ":\r\n" : "\r\n");
    }
  }

  bool written_elsewhere(const CustomHeader& header) const noexcept {
    if (equals_ignore_case(header.name, "Host")) return true;
    if (equals_ignore_case(header.name, "Authorization") || equals_ignore_case(header.name, "Cookie")) {
      return !context_.own_origin;
    }
    const bool mime = context_.method == Method::post_mime || context_.method == Method::post_form;
    if (mime && equals_ignore_case(header.name, "Content-Type")) return true;
    if (equals_ignore_case(header.name, "Content-Length")) return head_.chunked;
    return equals_ignore_case(header.name, "Expect") && context_.avoid_expect;
  }

  void body_headers() {
    if (!context_.has_body) return;
    if (head_.chunked) {
      if (!customised("Transfer-Encoding")) out() += "Transfer-Encoding: chunked\r\n";
    } else if (!customised("Content-Length") && context_.body_size >= 0) {
      number_line("Content-Length", context_.body_size);
    }
    const bool mime = context_.method == Method::post_mime || context_.method == Method::post_form;
    if (!context_.body_type.empty() && (mime || !customised("Content-Type"))) line("Content-Type", context_.body_type);
    expect();
  }

  void expect() {
    if (context_.http10 || context_.avoid_expect) return;
    const CustomHeader custom = find_custom_header(custom_, "Expect");
    if (custom.kind != CustomHeader::Kind::invalid) {
      head_.expect_continue =
          custom.kind == CustomHeader::Kind::send && equals_ignore_case(custom.value, "100-continue");
      return;
    }
    if (context_.body_size >= 0 && context_.body_size <= kExpectFrom) return;
    out() += "Expect: 100-continue\r\n";
    head_.expect_continue = true;
  }

  const RequestContext& context_;
  const Options& options_;
  RequestHead& head_;
  const curl_slist* custom_;
};

}  // namespace

Status write_request_head(const RequestContext& context, RequestHead& head) {
  head.text.clear();
  head.expect_continue = false;
  head.chunked = false;
  head.auth_used = 0;
  return HeadWriter(context, head).write();
}

}  // namespace hiper
