#include "http/h1_response.hpp"

namespace hiper {

void H1Response::begin(const ResponseRules& rules) noexcept {
  rules_ = rules;
  lines_.reset();
  reset_head();
  gathered_ = {};
  line_ = {};
  body_left_ = 0;
  failure_ = nullptr;
  code_ = CURLE_OK;
  earlier_bytes_ = 0;
  bytes_left_ = static_cast<std::int32_t>(kHeadMax);
  lines_left_ = static_cast<std::int32_t>(kHeaderCountMax);
  phase_ = Phase::status_line;
  any_bytes_ = drop_body_ = stopped_ = framed_by_close_ = false;
}

void H1Response::reset_head() noexcept {
  content_length_ = -1;
  seen_ = head_bytes_ = 0;
  location_ = content_type_ = etag_ = last_modified_ = retry_after_ = content_range_ = {};
  chunked_ = other_coding_ = length_unusable_ = said_close_ = said_keep_alive_ = false;
}

Fed H1Response::feed(std::span<const char> bytes) {
  const std::size_t size = bytes.size();
  any_bytes_ |= size != 0;
  Step step = Step::go_on;
  while (step == Step::go_on) step = advance(bytes);
  if (!gathered_.raw.empty()) hand_over_gathered();
  const std::size_t consumed = size - bytes.size();
  if (phase_ == Phase::failed) return {FedState::failed, code_, consumed};
  if (phase_ == Phase::done) return {FedState::complete, CURLE_OK, consumed};
  return {step == Step::paused ? FedState::paused : FedState::need_more, CURLE_OK, consumed};
}

/// Does what the phase is about. need_more when that phase is the end, too.
H1Response::Step H1Response::advance(std::span<const char>& bytes) {
  switch (phase_) {
    case Phase::status_line:
      return read_status_line(bytes);
    case Phase::header:
      return read_headers(bytes);
    case Phase::head_complete:
      return end_head();
    case Phase::replay:
      return replay();
    case Phase::body_length:
      return read_counted_body(bytes);
    case Phase::body_until_close:
      return read_open_body(bytes);
    case Phase::body_chunked:
      return read_chunked_body(bytes);
    case Phase::body_chunked_raw:
      return read_raw_chunked_body(bytes);
    case Phase::trailer:
      return read_trailers(bytes);
    case Phase::done:
    case Phase::failed:
      break;
  }
  return Step::need_more;
}

H1Response::Step H1Response::fail(CURLcode code, const char* why) noexcept {
  phase_ = Phase::failed;
  code_ = code;
  failure_ = why;
  return Step::need_more;
}

// --- From head to body

H1Response::Step H1Response::end_head() {
  if (is_interim()) {
    const HeadVerdict verdict = sink_.head_complete(*this);
    if (verdict.action == HeadVerdict::Action::fail) return fail(verdict.code, nullptr);
    earlier_bytes_ += head_bytes_;
    reset_head();
    phase_ = Phase::status_line;
    return Step::go_on;
  }
  choose_framing();
  const HeadVerdict verdict = sink_.head_complete(*this);
  // The whole head has been told before that, so the application knows what it does not get. A length that
  // does not count, as with chunks, is no reason.
  const bool too_large = rules_.size_max > 0 && content_length_ > rules_.size_max;
  if (too_large && verdict.action != HeadVerdict::Action::fail) {
    return fail(CURLE_FILESIZE_EXCEEDED, "The file is larger than CURLOPT_MAXFILESIZE allows");
  }
  return apply(verdict);
}

/// RFC 9112 section 6.3, the headers that overrule Content-Length.
void H1Response::choose_length() noexcept {
  if (chunked_ || other_coding_) content_length_ = -1;
  if (never_a_body()) content_length_ = 0;
}

/// RFC 9112 section 6.3.
void H1Response::choose_framing() noexcept {
  if (never_a_body() || rules_.no_body || upgraded()) {
    phase_ = Phase::done;
  } else if (chunked_) {
    chunks_.reset();
    chunk_extent_ = {};
    phase_ = rules_.decode_transfer ? Phase::body_chunked : Phase::body_chunked_raw;
  } else if (content_length_ >= 0) {
    body_left_ = content_length_;
    phase_ = Phase::body_length;
  } else {
    framed_by_close_ = true;
    phase_ = Phase::body_until_close;
  }
}

H1Response::Step H1Response::apply(const HeadVerdict& verdict) noexcept {
  switch (verdict.action) {
    case HeadVerdict::Action::deliver:
      break;
    case HeadVerdict::Action::ignore:
      drop_body_ = true;
      break;
    case HeadVerdict::Action::stop:
      stopped_ = phase_ != Phase::done && content_length_ != 0;
      phase_ = Phase::done;
      break;
    case HeadVerdict::Action::fail:
      return fail(verdict.code, nullptr);
  }
  return Step::go_on;
}

// --- Body

/// Hands `count` bytes over; removes what was taken from `bytes`.
H1Response::Step H1Response::give(std::span<const char>& bytes, std::size_t count, std::size_t& taken) {
  taken = count;
  Step step = Step::go_on;
  if (!drop_body_) {
    const Outcome outcome = sink_.body(bytes.first(count));
    if (outcome.kind() == Outcome::Kind::failed) return fail(outcome.code(), nullptr);
    if (outcome.kind() == Outcome::Kind::paused) step = Step::paused;
    taken = outcome.taken();
  }
  bytes = bytes.subspan(taken);
  return step;
}

/// HTTP/0.9: the first bytes lie in the line reader.
H1Response::Step H1Response::replay() {
  std::span<const char> bytes = lines_.partial();
  std::size_t taken = 0;
  const Step step = bytes.empty() ? Step::go_on : give(bytes, bytes.size(), taken);
  lines_.drop_partial(taken);
  if (phase_ == Phase::replay && lines_.partial().empty()) phase_ = Phase::body_until_close;
  return step;
}

H1Response::Step H1Response::read_counted_body(std::span<const char>& bytes) {
  Step step = Step::need_more;
  if (body_left_ > 0 && !bytes.empty()) {
    std::size_t taken = 0;
    const auto left = static_cast<std::uint64_t>(body_left_);
    step = give(bytes, bytes.size() < left ? bytes.size() : static_cast<std::size_t>(left), taken);
    body_left_ -= static_cast<curl_off_t>(taken);
    if (step != Step::go_on) return step;
  }
  if (body_left_ == 0) phase_ = Phase::done;
  return step;
}

H1Response::Step H1Response::read_open_body(std::span<const char>& bytes) {
  std::size_t taken = 0;
  return bytes.empty() ? Step::need_more : give(bytes, bytes.size(), taken);
}

H1Response::Step H1Response::read_chunked_body(std::span<const char>& bytes) {
  for (;;) {
    const ChunkedParser::Event event = chunks_.next(bytes);
    if (event == ChunkedParser::Event::last) {
      phase_ = Phase::trailer;
      return Step::go_on;
    }
    if (event != ChunkedParser::Event::data) return chunk_failure(event);
    std::size_t taken = 0;
    const Step step = give(bytes, chunks_.available(bytes.size()), taken);
    chunks_.taken(taken);
    if (step != Step::go_on) return step;
  }
}

/// The framing goes to the application as it came; it is only followed to find the end.
H1Response::Step H1Response::read_raw_chunked_body(std::span<const char>& bytes) {
  if (chunk_extent_.ended()) {
    phase_ = Phase::done;
    return Step::need_more;
  }
  if (bytes.empty()) return Step::need_more;
  ChunkedExtent ahead = chunk_extent_;
  const std::size_t count = ahead.take(bytes);
  std::size_t taken = 0;
  const std::span<const char> before = bytes;
  const Step step = count == 0 ? Step::go_on : give(bytes, count, taken);
  if (step == Step::need_more) return step;
  chunk_extent_.take(before.first(taken));
  if (taken == count && ahead.error() != ChunkedParser::Event::need_more) return chunk_failure(ahead.error());
  return step;
}

H1Response::Step H1Response::chunk_failure(ChunkedParser::Event event) noexcept {
  if (event == ChunkedParser::Event::bad_size) {
    return fail(CURLE_RECV_ERROR, "A chunk of the response has no valid size");
  }
  if (event == ChunkedParser::Event::bad_end) {
    return fail(CURLE_RECV_ERROR, "A chunk of the response does not end where it should");
  }
  return Step::need_more;
}

// --- The end

Fed H1Response::end_of_stream(bool clean) noexcept {
  const bool whole = phase_ == Phase::done || (phase_ == Phase::body_length && body_left_ == 0);
  if (whole || (clean && phase_ == Phase::body_until_close)) {
    phase_ = Phase::done;
    return {FedState::complete, CURLE_OK, 0};
  }
  if (phase_ == Phase::failed) return {FedState::failed, code_, 0};
  if (!clean) {
    fail(CURLE_RECV_ERROR, "The connection broke before the response was complete");
  } else if (phase_ == Phase::status_line) {
    fail(CURLE_GOT_NOTHING, "The server closed the connection without a response");
  } else if (phase_ == Phase::body_length) {
    fail(CURLE_PARTIAL_FILE, nullptr);
  } else {
    fail(CURLE_PARTIAL_FILE, "The server closed the connection before the response was complete");
  }
  return {FedState::failed, code_, 0};
}

void H1Response::report_failure(Report& report) const noexcept {
  if (phase_ != Phase::failed) return;
  if (failure_ != nullptr) {
    report.failure(failure_);
  } else if (code_ == CURLE_PARTIAL_FILE && body_left_ > 0) {
    report.failuref("The server closed the connection with %" CURL_FORMAT_CURL_OFF_T " bytes missing",
                    body_left_);
  }
}

}  // namespace hiper
