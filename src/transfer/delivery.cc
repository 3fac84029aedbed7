// From the response to the application: header lines and body go to its callbacks, results to getinfo. The
// receiving half of Transfer.
#include <charconv>
#include <new>

#include "http/auth.hpp"
#include "parse/ascii.hpp"
#include "parse/date.hpp"
#include "transfer/redirect.hpp"
#include "transfer/transfer.hpp"

namespace hiper {
namespace {

/// Where the bytes of a 206 begin: Content-Range, RFC 9110 section 14.4. -1 if it does not say.
curl_off_t range_start(std::string_view text) noexcept {
  const std::size_t digits = text.find_first_of("0123456789*");
  curl_off_t start = -1;
  if (digits != std::string_view::npos)
    std::from_chars(text.data() + digits, text.data() + text.size(), start);
  return start;
}

/// What few applications set. Without any of it, the defaults of WriteConfig and ResponseRules hold.
/// (http_content_decoding only takes away what accept_encoding asks for.)
constexpr OptSet kDeliveryOptions{
    Opt::headerfunction,         Opt::headerdata,           Opt::header,     Opt::accept_encoding,
    Opt::http_transfer_decoding, Opt::maxfilesize_large,    Opt::buffersize, Opt::http200aliases,
    Opt::http09_allowed,         Opt::ignore_content_length};
static_assert(WriteConfig().buffer_size == initial_of(Opt::buffersize));
static_assert(WriteConfig().size_max == initial_of(Opt::maxfilesize_large));
static_assert(WriteConfig().decode_transfer == (initial_of(Opt::http_transfer_decoding) != 0));
static_assert(ResponseRules().http09_allowed == (initial_of(Opt::http09_allowed) != 0));

}  // namespace

WriteConfig Transfer::write_config() const noexcept {
  WriteConfig config;
  config.write = options().function<curl_write_callback>(Opt::writefunction);
  config.write_data = options().pointer(Opt::writedata);
  if (!options().any_of(kDeliveryOptions)) return config;
  config.header = options().function<curl_write_callback>(Opt::headerfunction);
  config.header_data = options().pointer(Opt::headerdata);
  config.headers_in_body = options().flag(Opt::header);
  config.decode_content =
      options().text(Opt::accept_encoding) != nullptr && options().flag(Opt::http_content_decoding);
  config.decode_transfer = options().flag(Opt::http_transfer_decoding);
  config.size_max = options().offset(Opt::maxfilesize_large);
  config.buffer_size = static_cast<std::size_t>(options().number(Opt::buffersize));
  return config;
}

ResponseRules Transfer::response_rules() const noexcept {
  ResponseRules rules;
  rules.no_body = plan_->method == Method::head;
  if (!options().any_of(kDeliveryOptions)) return rules;
  rules.aliases = options().list(Opt::http200aliases);
  rules.size_max = options().offset(Opt::maxfilesize_large);
  rules.http09_allowed = options().flag(Opt::http09_allowed);
  rules.ignore_length = options().flag(Opt::ignore_content_length);
  rules.decode_transfer = options().flag(Opt::http_transfer_decoding);
  return rules;
}

H1Response& Transfer::begin_response() {
  void* const room = reactor().allocate_frame(sizeof(Reception));
  if (room == nullptr) throw std::bad_alloc();
  auto* const made = new (room) Reception(*this, response_rules(), write_config(), reactor());
  reception_.reset(made);
  return reception_->response;
}

Outcome Transfer::paused(const Outcome& outcome) noexcept {
  if (outcome.kind() == Outcome::Kind::paused) pause_ |= CURLPAUSE_RECV;
  return outcome;
}

// The headers that header() acts on. With nobody to tell, all others only have to be recorded: what came
// together in one step.
HeaderNames Transfer::lines_wanted() const noexcept {
  const bool told = verbose_ || !HeaderWriter::idle(reception_->writer.config());
  const HeaderNames hsts = hsts_ != Hsts::off ? set_of(HeaderName::strict_transport_security) : 0;
  const HeaderNames cookies = cookies_on_ ? set_of(HeaderName::set_cookie) : 0;
  const HeaderNames always = BodyWriter::kHeadersSeen | set_of(HeaderName::www_authenticate);
  return told ? kEveryHeaderName : always | hsts | cookies;
}

void Transfer::head_begins() noexcept {
  // Header callbacks ask for these.
  numbers().response_code = reception_->response.status();
  numbers().http_version = static_cast<std::uint8_t>(reception_->response.version());
  easy_->info.content_type_at = {};
  easy_->info.content_type.clear();
  reception_->challenged = 0;
  reception_->hsts_said = false;
  reception_->num_set_cookies = 0;
}

void Transfer::head_lines(const HeadLines& lines) {
  if (lines.begins_head) head_begins();
  numbers().header_size += static_cast<std::uint32_t>(lines.raw.size());
  easy_->headers.add(lines);
}

Outcome Transfer::header(const HeadLine& line) {
  if (line.kind == LineKind::status) head_begins();
  if (line.name == HeaderName::www_authenticate && reception_->response.status() == 401) {
    reception_->challenged |= static_cast<std::uint32_t>(challenged_schemes(line.value));
    numbers().httpauth_avail |= reception_->challenged;
  }
  if (line.name == HeaderName::strict_transport_security && hsts_ != Hsts::off) note_hsts(line);
  if (cookies_on_ && line.name == HeaderName::set_cookie) take_cookie(line);
  if (line.kind != LineKind::trailer) numbers().header_size += static_cast<std::uint32_t>(line.raw.size());
  easy_->headers.add(line);
  if (line.name == HeaderName::content_type)
    easy_->info.content_type_at = reception_->response.content_type();
  if (line.kind == LineKind::blank && !line.interim)
    numbers().content_length_download = reception_->response.content_length();
  if (verbose_) debug(CURLINFO_HEADER_IN, line.raw);
  const CURLcode code = reception_->writer.header_seen(line, *this);
  if (code != CURLE_OK) return Outcome::failed(code);
  if (HeaderWriter::idle(reception_->writer.config())) return Outcome::ok(line.raw.size());
  const WriteConfig& config = reception_->writer.config();
  const Outcome told = paused(reception_->header_writer.write(config, line.raw, line.kind, *this));
  // The callback may have called curl_easy_pause: the lines behind this one are for later, too.
  return told.is_ok() && receiving_paused() ? Outcome::paused(line.raw.size()) : told;
}

// Only over TLS, and only the first one of a response (RFC 6797, section 8.1). What the certificate is worth
// is for the application to say, here as for all else that a server answers.
void Transfer::note_hsts(const HeadLine& line) {
  if (line.kind != LineKind::header || line.interim || !plan_->scheme->has(kSchemeTls)) return;
  HstsPolicy policy;
  std::string name;
  if (std::exchange(reception_->hsts_said, true) || !parse_hsts_policy(line.value, policy)) return;
  if (hsts_name(plan_->url.host(), name)) parts_of(*easy_).hsts->learn(name, policy);
}

HeadVerdict Transfer::head_complete(const H1Response& response) {
  numbers().response_code = response.status();
  if (response.is_interim()) {
    continue_seen_ = response.status() == 100;
    return {};
  }
  note_head(response);
  return judge(response);
}

void Transfer::note_head(const H1Response& response) {
  InfoNumbers& n = numbers();
  n.http_version = static_cast<std::uint8_t>(response.version());
  n.content_length_download = response.content_length();
  easy_->info.content_type_at = response.content_type();
  if (options().flag(Opt::filetime) && !response.last_modified().empty()) {
    easy_->info.rare().filetime = date_or_minus_one(easy_->headers.view(response.last_modified()));
  }
  if (!response.retry_after().empty()) {
    const std::string_view text = easy_->headers.view(response.retry_after());
    easy_->info.rare().retry_after = retry_after_seconds(text, static_cast<std::int64_t>(time(nullptr)));
  }
  if (response.status() == 304 && options().number(Opt::timecondition) != CURL_TIMECOND_NONE)
    n.condition_unmet = true;
}

HeadVerdict Transfer::judge(const H1Response& response) {
  const int status = response.status();
  const curl_off_t resume = options().offset(Opt::resume_from_large);
  another_round_ = wanted_round(status);
  if (another_round_ != Round::none) return {HeadVerdict::Action::ignore, CURLE_OK};
  if (status >= 400 && options().flag(Opt::failonerror) && !(status == 416 && resume > 0)) {
    failuref("The server answered with the error %d", status);
    return {HeadVerdict::Action::fail, CURLE_HTTP_RETURNED_ERROR};
  }
  if (status / 100 == 3 && !response.location().empty()) {
    std::string target = resolve_redirect(plan_->url, easy_->headers.view(response.location()), options());
    if (options().number(Opt::followlocation) != 0) {
      reception_->redirect_to = std::move(target);
      return {HeadVerdict::Action::ignore, CURLE_OK};
    }
    if (!easy_->info.rare().redirect_url.assign(target))
      return {HeadVerdict::Action::fail, CURLE_OUT_OF_MEMORY};
  }
  return resume > 0 && plan_->method == Method::get ? judge_resumed(response, resume) : HeadVerdict();
}

// The application appends what it gets to what it has: bytes from another place, or an error page, must not
// get there.
HeadVerdict Transfer::judge_resumed(const H1Response& response, curl_off_t resume) {
  if (response.status() == 416) return {HeadVerdict::Action::ignore, CURLE_OK};  // it has everything
  const curl_off_t start = range_start(easy_->headers.view(response.content_range()));
  if (start == resume) return {};
  if (start < 0 && response.content_length() == resume) return {HeadVerdict::Action::ignore, CURLE_OK};
  failure("The server does not send what was asked for: the download cannot be resumed");
  return {HeadVerdict::Action::fail, CURLE_RANGE_ERROR};
}

Outcome Transfer::body(std::span<const char> bytes) {
  if (verbose_) debug(CURLINFO_DATA_IN, bytes);
  const Outcome outcome = reception_->writer.write(bytes, *this);
  numbers().size_download = reception_->writer.downloaded();
  numbers().size_delivered = reception_->writer.delivered();
  return paused(outcome);
}

Outcome Transfer::resume_delivery() {
  if (reception_->header_writer.has_pending()) {
    const Outcome headers = reception_->header_writer.resume(reception_->writer.config(), *this);
    if (!headers.is_ok()) return paused(headers);
  }
  const Outcome outcome = reception_->writer.resume(*this);
  numbers().size_delivered = reception_->writer.delivered();
  return paused(outcome);
}

Outcome Transfer::finish_delivery() {
  const Outcome outcome = reception_->writer.finish(*this);
  numbers().size_delivered = reception_->writer.delivered();
  return paused(outcome);
}

}  // namespace hiper
