#include "body/body_writer.hpp"

#include <algorithm>
#include <cstdio>

namespace hiper {

namespace {

std::size_t write_to_file(char* bytes, std::size_t size, std::size_t count, void* file) {
  return std::fwrite(bytes, size, count, static_cast<FILE*>(file));
}

CallbackTarget body_target(const WriteConfig& config) noexcept {
  if (config.write != nullptr) return {config.write, config.write_data};
  return {write_to_file, config.write_data != nullptr ? config.write_data : stdout};
}

/// Only asked for when somebody wants headers.
CallbackTarget header_target(const WriteConfig& config) noexcept {
  if (config.header != nullptr) return {config.header, config.header_data};
  if (config.header_data == nullptr) return {};
  return {config.write != nullptr ? config.write : write_to_file, config.header_data};
}

}  // namespace

Outcome CallbackTarget::call(std::span<const char> piece) const noexcept {
  // The callback's type has no const, but it has no business writing there.
  const std::size_t count = function(const_cast<char*>(piece.data()), 1, piece.size(), data);
  if (count == piece.size()) return Outcome::ok(count);
  return count == CURL_WRITEFUNC_PAUSE ? Outcome::paused(0) : Outcome::failed(CURLE_WRITE_ERROR);
}

// --- BodyWriter

void BodyWriter::begin(const WriteConfig& config) noexcept {
  config_ = config;
  downloaded_ = delivered_ = 0;
  coded_.reset();
  paused_ = false;
}

CURLcode BodyWriter::header_seen(const HeadLine& line, Report& report) {
  const bool content = line.name == HeaderName::content_encoding && config_.decode_content;
  const bool transfer = line.name == HeaderName::transfer_encoding && config_.decode_transfer;
  if (line.interim || line.kind != LineKind::header || (!content && !transfer)) return CURLE_OK;
  if (note(line.value, content ? &Coded::content : &Coded::transfer, transfer)) return CURLE_OK;
  report.failure("The response stacks more than five content codings");
  return CURLE_BAD_CONTENT_ENCODING;
}

bool BodyWriter::note(std::string_view list, Codings Coded::*which, bool skip_chunked) {
  std::string_view name;
  while (next_list_member(list, name)) {
    const Coding coding = coding_of(name);
    if (coding == Coding::chunked && skip_chunked) continue;
    if (coded_ == nullptr) coded_ = std::make_unique<Coded>();
    Codings& codings = (*coded_).*which;
    if (codings.count == codings.list.size()) return false;
    codings.list[codings.count++] = coding;
  }
  return true;
}

CURLcode BodyWriter::prepare(Report& report) {
  for (const Codings* const codings : {&coded_->transfer, &coded_->content}) {
    for (std::size_t i = codings->count; i-- > 0;) {
      const CURLcode code = add_stage(codings->list[i], report);
      if (code != CURLE_OK) return code;
    }
  }
  coded_->prepared = true;
  return CURLE_OK;
}

CURLcode BodyWriter::add_stage(Coding coding, Report& report) {
  if (coding == Coding::identity) return CURLE_OK;
  std::unique_ptr<Decoder> decoder = make_decoder(coding);
  if (decoder == nullptr) {
    report.failuref("The response has a content coding that is not supported; supported are: %.*s",
                    static_cast<int>(supported_codings().size()), supported_codings().data());
    return CURLE_BAD_CONTENT_ENCODING;
  }
  auto stage = std::make_unique_for_overwrite<Stage>();
  stage->decoder = std::move(decoder);
  coded_->stages[coded_->num_stages++] = std::move(stage);
  return CURLE_OK;
}

bool BodyWriter::has_pending() const noexcept {
  for (std::size_t i = 0; i < num_stages(); ++i) {
    if (coded_->stages[i]->begin != coded_->stages[i]->end) return true;
  }
  return false;
}

Outcome BodyWriter::write(std::span<const char> bytes, Report& report) {
  if (paused_) return Outcome::paused(0);
  if (bytes.empty()) return Outcome::ok(0);
  if (coded_ != nullptr && !coded_->prepared) {
    const CURLcode code = prepare(report);
    if (code != CURLE_OK) return Outcome::failed(code);
  }
  const Outcome outcome = num_stages() == 0 ? deliver(bytes, report) : push(0, bytes, report);
  downloaded_ += static_cast<curl_off_t>(outcome.taken());
  return outcome;
}

Outcome BodyWriter::resume(Report& report) {
  paused_ = false;
  // What lies nearest to the application goes first.
  for (std::size_t i = num_stages(); i-- > 0;) {
    const Outcome outcome = drain(i, report);
    if (!outcome.is_ok()) return outcome;
  }
  return Outcome::ok(0);
}

Outcome BodyWriter::finish(Report& report) {
  if (paused_) return Outcome::paused(0);
  for (std::size_t i = 0; i < num_stages(); ++i) {
    const Outcome outcome = push(i, {}, report);
    if (!outcome.is_ok()) return outcome;
  }
  return Outcome::ok(0);
}

/// Passes on what `stage` holds; `taken` means nothing in the answer.
Outcome BodyWriter::drain(std::size_t stage, Report& report) {
  Stage& self = *coded_->stages[stage];
  if (self.begin == self.end) return Outcome::ok(0);
  const std::span<const char> held(self.output + self.begin, self.output + self.end);
  const Outcome outcome = stage + 1 == num_stages() ? deliver(held, report) : push(stage + 1, held, report);
  self.begin += static_cast<std::uint32_t>(outcome.taken());
  if (self.begin == self.end) self.begin = self.end = 0;
  return outcome;
}

/// Decodes `bytes` in `stage` and passes the result on, one buffer at a time: a small input that would become
/// huge never needs more than that.
Outcome BodyWriter::push(std::size_t stage, std::span<const char> bytes, Report& report) {
  Stage& self = *coded_->stages[stage];
  std::size_t taken = 0;
  for (;;) {
    const Outcome passed = drain(stage, report);
    if (passed.kind() == Outcome::Kind::failed) return passed;
    if (passed.kind() == Outcome::Kind::paused) return Outcome::paused(taken);
    const Decoder::Step step = self.decoder->decode(bytes.subspan(taken), self.output);
    taken += step.consumed;
    self.end = static_cast<std::uint32_t>(step.produced);
    // What came out before the error is delivered first; a decoder that failed says so again.
    if (step.code != CURLE_OK && step.produced == 0) {
      const std::string_view why = self.decoder->failure();
      report.failuref("The response's content cannot be decoded: %.*s", static_cast<int>(why.size()),
                      why.data());
      return Outcome::failed(step.code);
    }
    if (step.consumed == 0 && step.produced == 0) return Outcome::ok(taken);
  }
}

Outcome BodyWriter::deliver(std::span<const char> bytes, Report& report) noexcept {
  if (config_.size_max > 0 && static_cast<curl_off_t>(bytes.size()) > config_.size_max - delivered_) {
    report.failure("The file is larger than CURLOPT_MAXFILESIZE allows");
    return Outcome::failed(CURLE_FILESIZE_EXCEEDED);
  }
  const CallbackTarget target = body_target(config_);
  const std::size_t piece_max = std::min<std::size_t>(config_.buffer_size, CURL_MAX_WRITE_SIZE);
  std::size_t taken = 0;
  while (taken < bytes.size() && !paused_) {
    const Outcome outcome = target.call(bytes.subspan(taken, std::min(piece_max, bytes.size() - taken)));
    taken += outcome.taken();
    delivered_ += static_cast<curl_off_t>(outcome.taken());
    if (outcome.kind() == Outcome::Kind::paused) {
      paused_ = true;
    } else if (outcome.kind() == Outcome::Kind::failed) {
      report.failure("The write callback did not take what it was given");
      return outcome;
    }
  }
  return paused_ ? Outcome::paused(taken) : Outcome::ok(taken);
}

// --- HeaderWriter

Outcome HeaderWriter::write(const WriteConfig& config, std::string_view line, LineKind kind, Report& report) {
  Kept progress;
  progress.to_body = config.headers_in_body && kind != LineKind::trailer;
  const Outcome outcome = run(config, line, progress, report);
  if (outcome.kind() != Outcome::Kind::paused) return outcome;
  progress.line = line;
  kept_ = std::make_unique<Kept>(std::move(progress));
  return Outcome::paused(line.size());
}

Outcome HeaderWriter::resume(const WriteConfig& config, Report& report) {
  if (kept_ == nullptr) return Outcome::ok(0);
  const Outcome outcome = run(config, kept_->line, *kept_, report);
  if (outcome.kind() != Outcome::Kind::paused) kept_.reset();
  return outcome;
}

/// Goes on with `line` where `progress` says.
Outcome HeaderWriter::run(const WriteConfig& config, std::string_view line, Kept& progress, Report& report) {
  while (progress.to_body) {
    const std::string_view piece = line.substr(progress.body_sent, CURL_MAX_WRITE_SIZE);
    const Outcome outcome = body_target(config).call(piece);
    if (outcome.kind() == Outcome::Kind::failed) report.failure("The write callback did not take a header");
    if (!outcome.is_ok()) return outcome;
    progress.body_sent += piece.size();
    progress.to_body = progress.body_sent < line.size();
  }
  const CallbackTarget target = header_target(config);
  if (!progress.to_header || target.function == nullptr) return Outcome::ok(line.size());
  const Outcome outcome = target.call(line);
  if (outcome.kind() == Outcome::Kind::failed) report.failure("The header callback did not take a header");
  if (outcome.is_ok()) progress.to_header = false;
  return outcome;
}

}  // namespace hiper
