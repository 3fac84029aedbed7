// The flow of a transfer: one request after the other until the answer is the final one.
#include <sys/socket.h>

#include "conn/connect.hpp"
#include "conn/proxy_choice.hpp"
#include "cookies/engine.hpp"
#include "dns/resolver.hpp"
#include "http/auth.hpp"
#include "http/h1_exchange.hpp"
#include "transfer/redirect.hpp"
#include "transfer/shared.hpp"
#include "transfer/transfer.hpp"

namespace hiper {
namespace {

constexpr unsigned kRetriesMax = 5;
constexpr long kConnectTimeoutMs = 300000;  // what 0 stands for, CURLOPT_CONNECTTIMEOUT_MS(3)

std::string without_credentials(const Url& url) {
  Url bare = url;
  std::string text;
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT}) {
    static_cast<void>(bare.clear(part));
  }
  static_cast<void>(bare.to_string(0, text));
  return text;
}

}  // namespace

// After each request: a failed one may be tried again, a response may ask for another one.
bool Transfer::goes_on(Status& result) {
  if (!result.ok()) {
    if (!should_retry(result.code())) return false;
    result = prepare_retry();
    return result.ok();
  }
  bool again = false;
  result = after_response(again);
  return again && result.ok();
}

Flow<Status> Transfer::one_request(Task& task) {
  Status step = prepare();
  if (step.ok() && !take_idle_connection()) {
    const Status connected = co_await get_connection(task);
    step = connected;
  }
  if (!step.ok()) co_return step;
  if (options().number(Opt::connect_only) != 0) co_return make_place_to_hold();
  H1Request request;
  step = before_request(request);
  if (!step.ok()) co_return step;
  H1Exchange exchange(services_, *lease_, request, *this);
  for (;;) {
    step = exchange.advance();
    if (!step.ok() || exchange.finished()) break;
    if (exchange.must_yield()) task.reactor().make_ready_next_turn(task);
    co_await WaitIo(task, lease_->stream->watch(), exchange.wants(), exchange.deadline());
  }
  reusable_ = exchange.reusable();
  peer_was_gone_ = exchange.peer_was_gone();
  co_return step;
}

// The connection will be kept for the application: that must not fail once the transfer is done.
Status Transfer::make_place_to_hold() {
  EasyParts& parts = parts_of(*easy_);
  if (!parts.held) parts.held = std::make_unique<HeldConnection>();
  return Status();
}

ReuseRules Transfer::rules_of_reuse() const noexcept {
  ReuseRules rules = reuse_rules(options(), plan_->method);
  rules.probe = rules.probe || num_retries_ > 0;
  rules.shared = shared_connections(*easy_);
  rules.easy = easy_->handle();
  return rules;
}

// The usual case, which needs no flow.
bool Transfer::take_idle_connection() {
  lease_ = services_.pool.take_idle(plan_->key, rules_of_reuse());
  if (!lease_) return false;
  connection_reused();
  return true;
}

void Transfer::connection_reused() {
  note_queue_time();
  if (verbose_) infof("Re-using the connection %ld", static_cast<long>(lease_->id()));
  note_connection();
}

void Transfer::note_queue_time() noexcept {
  if (easy_->info.times.queue == 0) easy_->info.times.queue = now() - started_at_;
}

Flow<Status> Transfer::get_connection(Task& task) {
  PoolRequest request(task);
  bool served = services_.pool.ask(request, plan_->key, rules_of_reuse());
  while (!served) {
    co_await WaitWake(task);
    served = Pool::served(request);
  }
  lease_ = services_.pool.take(request);
  if (lease_->connected()) {
    connection_reused();
    co_return Status();
  }
  note_queue_time();
  const Status opened = co_await open_connection(task);
  co_return opened;
}

Flow<Status> Transfer::open_connection(Task& task) {
  const long ms = options().number(Opt::connecttimeout_ms);
  const Nanos deadline = after_ms(now(), ms > 0 ? ms : kConnectTimeoutMs);
  TlsSessions* const shared_sessions = shared_tls_sessions(*easy_);
  ConnectJob job{services_,
                 options(),
                 plan_->key.target(),
                 easy_->handle(),
                 *this,
                 *lease_,
                 shared_sessions != nullptr ? shared_sessions : &services_.sessions,
                 shared_dns_cache(*easy_),
                 deadline};
  const Status connected = co_await connect_flow(task, job);
  InfoTimes& times = easy_->info.times;
  if (job.times.resolved != 0) times.namelookup = job.times.resolved - started_at_;
  if (job.times.connected != 0) {
    ++numbers().num_connects;
    times.connect = job.times.connected - started_at_;
    note_addresses();  // also if TLS fails on top of it
  }
  if (job.times.secured != 0) times.appconnect = job.times.secured - started_at_;
  if (job.os_error != 0) numbers().os_errno = job.os_error;
  if (job.target.tls) numbers().ssl_verifyresult = static_cast<std::int32_t>(job.verify_result);
  if (connected.ok()) note_connection();
  co_return connected;
}

// Files and callbacks of HSTS, once in a transfer.
Status Transfer::open_hsts() {
  EasyParts& parts = parts_of(*easy_);
  if (!parts.hsts) parts.hsts = std::make_unique<HandleHsts>(*easy_);
  const Status filled = parts.hsts->fill(*this);
  if (filled.ok()) hsts_ = Hsts::open;
  return filled;
}

HstsView Transfer::hsts_view() const noexcept {
  return hsts_ == Hsts::open ? HstsView(parts_if_any(*easy_)->hsts.get()) : HstsView();
}

// What HSTS makes of it is where the redirect leads: that decides whether it is another origin.
void Transfer::secure_redirect(Url& target, std::string& text) const {
  std::string name;
  if (target.scheme() != "http" || !hsts_name(target.host(), name) || !hsts_view().covers(name)) return;
  if (make_secure(target).ok()) static_cast<void>(target.to_string(0, text));
}

// What the handle asked for last time is still there: parsed URL, key and head are made again only when an
// option, or what a redirect said, has changed.
Status Transfer::prepare() {
  const bool changed = detour_ != nullptr;
  const bool method_changed = changed && detour_->changes.method_changed;
  const Method method = method_changed ? detour_->changes.method : options().method();
  if (const Status body = request_body_.prepare(*easy_, method, *this); !body.ok()) return body;
  if (hsts_ == Hsts::wanted) {
    if (const Status opened = open_hsts(); !opened.ok()) return opened;
  }
  EasyParts& parts = parts_of(*easy_);
  const HstsView hsts = hsts_view();
  if (!changed && plan_is_current(parts.plan, options(), request_body_.plan()) &&
      same_hsts(parts.plan, hsts)) {
    plan_ = &parts.plan;
  } else {
    Plan& plan = changed ? detour_->plan : parts.plan;
    if (!changed) easy_->info.forget_planned_url();
    static const PlanChanges none;
    const PlanChanges& wanted = changed ? detour_->changes : none;
    const Status made = make_plan(options(), wanted, request_body_.plan(), *this, plan, hsts);
    if (!made.ok()) return made;
    plan.key = services_.pool.interned(plan.key);
    plan_ = &plan;
    if (plan.key.target().unix_path.empty() && proxy_wanted(options(), plan.scheme->name, plan.url.host())) {
      plan.generation = 0;
      failure("Proxies are not supported by this library; going around the one asked for would not be right");
      return Status(CURLE_NOT_BUILT_IN);
    }
    if (const curl_slist* const list = options().list(Opt::resolve)) {
      DnsCache* const shared = shared_dns_cache(*easy_);
      DnsCache& cache = shared != nullptr ? *shared : services_.resolver.cache();
      const DnsCache::Guard guard(cache, easy_->handle());
      const CURLcode applied = cache.apply_resolve_list(list, now());
      if (applied != CURLE_OK) return Status(applied);
    }
  }
  if (const Status named = note_effective_url(changed); !named.ok()) return named;
  easy_->info.scheme = plan_->scheme;
  easy_->info.effective_method = plan_->head.method_name;
  numbers().httpauth_used = plan_->head.auth_used;
  return Status();
}

// The first request's URL stays with the handle, which makes the text when somebody asks.
Status Transfer::note_effective_url(bool changed) {
  if (!changed) {
    easy_->info.planned_url = &plan_->effective_url();
    return Status();
  }
  std::string text;
  static_cast<void>(plan_->effective_url().to_string(0, text));  // a parsed URL always has one
  return easy_->info.redirect_to(text) ? Status() : Status::out_of_memory();
}

Status Transfer::before_request(H1Request& request) {
  if (const auto allowed = options().function<curl_prereq_callback>(Opt::prereqfunction)) {
    const AddressText remote = ip_text(lease_->remote);
    const AddressText local = ip_text(lease_->local);
    const int answer = allowed(options().pointer(Opt::prereqdata), const_cast<char*>(remote.c_str()),
                               const_cast<char*>(local.c_str()), lease_->remote.port(), lease_->local.port());
    if (answer != CURL_PREREQFUNC_OK) {
      failure("The prerequest callback aborted the transfer");
      return Status(CURLE_ABORTED_BY_CALLBACK);
    }
  }
  request.head = plan_->head.text.view();
  cookies_on_ = may_use_cookies(*easy_) && start_cookies(*easy_);
  if (cookies_on_) {
    if (const Status inserted = insert_cookies(request.head); !inserted.ok()) return inserted;
  }
  if (const Status opened = request_body_.open(*easy_, plan_->head.chunked, request.body); !opened.ok())
    return opened;
  if (request.body != nullptr) {
    request.expect_continue = plan_->head.expect_continue;
    request.expect_timeout = options().number(Opt::expect_100_timeout_ms) * kMillisecond;
    request.keep_sending_on_error = options().flag(Opt::keep_sending_on_error);
  }
  if (options().has(Opt::buffersize)) {
    const auto asked_for = static_cast<std::size_t>(options().number(Opt::buffersize));
    request.read_size = std::max(ReadBuffer::kUsualRead, asked_for);
  }
  numbers().content_length_upload = request_body_.plan().size;
  numbers().size_upload = 0;
  easy_->info.times.pretransfer = now() - started_at_;
  reception_.reset();
  received_any_ = false;
  return Status();
}

// A kept connection may have been closed by the peer before it saw the request: nothing is lost, try another
// one.
bool Transfer::should_retry(CURLcode code) const noexcept {
  if (!peer_was_gone_ || num_retries_ >= kRetriesMax) return false;
  return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
}

Status Transfer::prepare_retry() {
  ++num_retries_;
  peer_was_gone_ = false;
  error_told_ = false;
  easy_->clear_error_text();
  easy_->info.connection = nullptr;
  lease_.drop();
  if (verbose_) info("The connection was closed by the peer, trying again on another one");
  return Status();
}

Status Transfer::after_response(bool& again) {
  if (options().number(Opt::connect_only) != 0) return Status();
  easy_->info.connection = nullptr;
  if (reusable_ && !options().flag(Opt::forbid_reuse)) {
    lease_.keep(now(), shared_connections(*easy_));
  } else {
    lease_.drop();
  }
  again = true;
  if (another_round_ != Round::none) return begin_round();
  if (!reception_->redirect_to.empty()) return follow();
  again = false;
  return Status();
}

PlanChanges& Transfer::changes() {
  if (!detour_) detour_ = std::make_unique<Detour>();
  return detour_->changes;
}

// 401 to a request that was sent without credentials because there is a choice of schemes
// (CURLOPT_HTTPAUTH(3)); 417 to an Expect before anything of the body went out (RFC 9110, section 15.5.18).
Transfer::Round Transfer::wanted_round(int status) const noexcept {
  if (status == 401 && plan_->head.auth_used == 0 &&
      best_auth(plan_->auth_possible & reception_->challenged) != 0) {
    return detour_ && detour_->changes.auth != 0 ? Round::none : Round::with_auth;
  }
  const bool refused = status == 417 && plan_->head.expect_continue && !request_body_.begun();
  return refused ? Round::without_expect : Round::none;
}

Status Transfer::begin_round() {
  if (another_round_ == Round::with_auth) {
    changes().auth = best_auth(plan_->auth_possible & reception_->challenged);
    if (verbose_) info("The server asks for credentials");
  } else {
    changes().avoid_expect = true;
  }
  changes().stay_secure = plan_->hsts == Plan::Hsts::secured;
  another_round_ = Round::none;
  easy_->headers.next_request();
  return Status();
}

Status Transfer::follow() {
  const long most = options().number(Opt::maxredirs);
  if (most >= 0 && numbers().redirect_count >= most) {
    failuref("More than %ld redirects", most);
    if (!easy_->info.rare().redirect_url.assign(reception_->redirect_to)) return Status::out_of_memory();
    return Status(CURLE_TOO_MANY_REDIRECTS);
  }
  ++numbers().redirect_count;
  easy_->info.times.redirect = now() - started_at_;
  PlanChanges& next = changes();
  if (options().flag(Opt::autoreferer)) {
    next.referer = without_credentials(plan_->url);
    if (!easy_->info.rare().referer.assign(next.referer)) return Status::out_of_memory();
  }
  const RedirectedMethod method = redirected_method(reception_->response.status(), plan_->method, options());
  next.dropped_body = next.dropped_body || (request_body_.plan().present && method.method == Method::get);
  next.method_changed = next.method_changed || method.method != plan_->method;
  next.method = method.method;
  next.drop_custom_method = next.drop_custom_method || method.drop_custom;
  // What belongs to the origin of the first URL comes back when a redirect leads back there.
  next.redirected = true;
  next.url = std::exchange(reception_->redirect_to, {});
  next.first_url = &parts_of(*easy_).plan.url;
  Url target;
  next.stay_secure = false;
  const bool known = Url::parse(next.url, CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS, target).ok();
  if (known && hsts_ != Hsts::off) secure_redirect(target, next.url);
  next.own_origin = known && same_origin(*next.first_url, target);
  next.own_host = known && same_host(*next.first_url, target);
  if (known && !easy_->info.redirect_to(next.url)) return Status::out_of_memory();
  easy_->headers.next_request();
  if (verbose_) infof("Following the redirect to %s", next.url.c_str());
  return Status();
}

}  // namespace hiper
