// Between the exchange and the cookie engine: the Cookie line of each request, the Set-Cookie lines of each
// response. The request head itself stays with the plan: a request with cookies gets a copy.
#include "cookies/engine.hpp"
#include "http/custom_headers.hpp"
#include "transfer/transfer.hpp"

namespace hiper {
namespace {

constexpr std::string_view kCookieName = "Cookie: ";

/// A host as a URL or a Host header has it, without port and brackets.
std::string_view bare_host(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

/// The names by which cookies are known. CURLOPT_HTTPHEADER(3): a Host header of the application counts,
/// where it is sent.
class Origin {
 public:
  Origin(const Plan& plan, const Options& options, bool own_host) {
    const CustomHeader own = find_custom_header(options.list(Opt::httpheader), "Host");
    if (own_host && own.kind == CustomHeader::Kind::send) {
      view_.host = bare_host(own.value);
    } else if (plan.url.ascii_host(scratch_, view_.host).ok()) {
      view_.host = bare_host(view_.host);
    }
    view_.path = plan.url.path();
    view_.secure = plan.scheme->has(kSchemeTls) || is_trustworthy(view_.host);
  }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;
  const CookieOrigin& view() const noexcept { return view_; }

 private:
  std::string scratch_;
  CookieOrigin view_;
};

}  // namespace

Status Transfer::insert_cookies(std::string_view& head) {
  const RequestHead& planned = plan_->head;
  const std::string_view whole = planned.text.view();
  const Origin origin(*plan_, options(), !detour_ || detour_->changes.own_host);
  std::string text(whole, 0, planned.cookie_begin);
  text.append(kCookieName);
  const std::size_t empty = text.size();
  const std::size_t own_size = planned.cookie_end - planned.cookie_begin;
  const std::size_t taken = own_size != 0 ? own_size : kCookieName.size();
  if (taken >= kCookieHeaderMax) return Status();
  append_cookies(*easy_, origin.view(), kCookieHeaderMax - taken, text);
  if (text.size() == empty) return Status();  // nothing to add to what the plan has
  if (own_size != 0) {
    const std::size_t value = planned.cookie_begin + kCookieName.size();
    text.append("; ").append(whole, value);
  } else {
    text.append("\r\n").append(whole, planned.cookie_end);
  }
  if (!head_with_cookies_.assign(text)) return Status::out_of_memory();
  head = head_with_cookies_.view();
  return Status();
}

void Transfer::take_cookie(const HeadLine& line) {
  if (line.kind != LineKind::header || reception_->num_set_cookies >= kCookiesPerResponseMax) return;
  ++reception_->num_set_cookies;
  const Origin origin(*plan_, options(), !detour_ || detour_->changes.own_host);
  receive_cookie(*easy_, origin.view(), line.value);
}

}  // namespace hiper
