#include "wire/simulator/http_server.hpp"

#include <algorithm>
#include <charconv>

namespace hiper::sim {
namespace {

/// What of an answer goes wrong.
enum class Flaw { none, silence, cut_fin, cut_reset, garbage, bad_chunk, huge_head, stops_in_middle };
enum class Framing { length, chunked, close };

std::string_view header_value(std::string_view head, std::string_view name) {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == head.npos) return {};
  const std::size_t begin = at + line.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

std::string chunked(Dice& dice, std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const std::size_t count = std::min(body.size(), 1 + dice.below(dice.once_in(2) ? 50 : 5000));
    char size[20];
    const auto end = std::to_chars(size, size + sizeof size, count, 16).ptr;
    out.append(size, end);
    if (dice.once_in(5)) out += ";x=y";
    out += "\r\n";
    out += body.substr(0, count);
    out += "\r\n";
    body.remove_prefix(count);
  }
  out += dice.once_in(4) ? "0\r\nTrailer-One: x\r\n\r\n" : "0\r\n\r\n";
  return out;
}

class HttpSession final : public Session {
 public:
  HttpSession(Link& link, HttpServer& server)
      : Session(link), server_(server), dice_(server.kernel().dice()) {
    if (!dice_.percent(server.mood().accept_trouble)) return;
    switch (dice_.below(4)) {
      case 0:
        link_.close();
        break;
      case 1:
        link_.reset();
        break;
      case 2:
        stuck_ = true;
        link_.stop_reading();
        break;
      default:
        quits_after_ = 1 + dice_.below(200);
    }
  }

  void on_data(std::string_view bytes) override {
    if (over_) return;
    in_ += bytes;
    if (quits_after_ != 0 && in_.size() >= quits_after_) {
      over_ = true;
      dice_.once_in(2) ? link_.close() : link_.reset();
      return;
    }
    step();
  }
  void on_client_gone() override { over_ = true; }

 private:
  enum class Stage { head, body, answering };

  void step() {
    while (!over_ && !stuck_) {
      if (stage_ == Stage::head) {
        if (!read_head()) return;
      } else if (stage_ == Stage::body) {
        if (!read_body()) return;
        upload_read();
      } else {
        return;
      }
    }
  }

  void bad_request(const std::string& why) {
    server_.kernel().trace().complain("a server got a bad request: " + why);
    over_ = true;
    link_.close();
  }

  bool read_head() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == in_.npos) return false;
    const std::string head = in_.substr(0, end + 2);
    in_.erase(0, end + 4);
    const std::size_t space = head.find(' ');
    method_ = head.substr(0, space);
    std::size_t number = 0;
    const char* const digits = head.data() + space + 4;
    const auto [last, error] = std::from_chars(digits, head.data() + head.size(), number);
    if (error != std::errc() || head.compare(space + 1, 3, "/t/") != 0) {
      bad_request(head.substr(0, 60));
      return false;
    }
    record_ = server_.book().find(number);
    if (record_ == nullptr) {
      bad_request("unknown transfer " + std::to_string(number));
      return false;
    }
    number_ = number;
    record_->attempts.emplace_back();
    attempt_ = &record_->attempts.back();
    server_.kernel().trace().note("server: request " + method_, static_cast<long>(number_), link_.number());
    read_framing(head);
    return !over_;
  }

  void read_framing(std::string_view head) {
    const std::string_view length = header_value(head, "Content-Length");
    body_left_ = 0;
    std::from_chars(length.data(), length.data() + length.size(), body_left_);
    body_chunked_ = header_value(head, "Transfer-Encoding") == "chunked";
    has_body_ = body_left_ > 0 || body_chunked_;
    if (header_value(head, "Host").empty()) bad_request("no Host");
    choose();
    stage_ = Stage::body;
    const bool expects = header_value(head, "Expect") == "100-continue";
    if (expects && when_ != When::at_head && !dice_.once_in(3)) {
      later(dice_.between(0, 30) * kMillisecond, [this, asked = attempt_] {
        if (attempt_ == asked && !answered_) link_.send("HTTP/1.1 100 Continue\r\n\r\n");
      });
    }
    if (has_body_ && when_ == When::at_head) begin_answer();
  }

  bool read_body() {
    const std::size_t before = attempt_->upload.size();
    const bool complete = body_chunked_ ? read_chunks() : read_length();
    const std::string& got = attempt_->upload;
    if (got.size() > before && record_->upload.compare(0, got.size(), got) != 0) {
      server_.kernel().trace().complain("the upload of transfer " + std::to_string(number_) +
                                        " is not what was sent");
    }
    if (when_ == When::in_upload && !answered_ && got.size() >= answer_from_) begin_answer();
    return complete && !over_ && !stuck_;
  }

  bool read_length() {
    const std::size_t count = std::min(in_.size(), body_left_);
    attempt_->upload.append(in_, 0, count);
    in_.erase(0, count);
    body_left_ -= count;
    return body_left_ == 0;
  }

  bool read_chunks() {
    for (;;) {
      const std::size_t line = in_.find("\r\n");
      if (line == in_.npos) return false;
      std::size_t size = 0;
      if (std::from_chars(in_.data(), in_.data() + line, size, 16).ptr != in_.data() + line) {
        bad_request("chunk size");
        return false;
      }
      if (in_.size() < line + 2 + size + 2) return false;
      if (in_.compare(line + 2 + size, 2, "\r\n") != 0) bad_request("chunk end");
      attempt_->upload.append(in_, line + 2, size);
      in_.erase(0, line + 2 + size + 2);
      if (size == 0) return true;
    }
  }

  void upload_read() {
    attempt_->upload_complete = true;
    upload_done_ = true;
    if (has_body_ && attempt_->upload != record_->upload) {
      server_.kernel().trace().complain("the upload of transfer " + std::to_string(number_) +
                                        " is incomplete");
    }
    stage_ = Stage::answering;
    if (!answered_) {
      attempt_->answered_after_upload = true;
      begin_answer();
    } else if (answer_sent_) {
      next_request();
    }
  }

  // What to answer.

  void choose() {
    const ServerMood& mood = server_.mood();
    const bool calm = record_->calm;
    answered_ = answer_sent_ = upload_done_ = false;
    flaw_ = Flaw::none;
    if (!calm && dice_.percent(mood.trouble)) {
      flaw_ = dice_.any_of({Flaw::silence, Flaw::cut_fin, Flaw::cut_reset, Flaw::garbage, Flaw::bad_chunk,
                            Flaw::stops_in_middle, Flaw::huge_head});
    }
    when_ = When::after_upload;
    if (!calm && has_body_ && dice_.percent(40)) when_ = dice_.any_of({When::at_head, When::in_upload});
    answer_from_ = dice_.below(record_->upload.size());
    if (when_ != When::after_upload || flaw_ != Flaw::none) record_->trouble = true;
    if (when_ != When::after_upload) reads_on_ = dice_.once_in(2);
    if (flaw_ == Flaw::silence || flaw_ == Flaw::stops_in_middle) attempt_->stuck = true;
  }

  void begin_answer() {
    answered_ = true;
    if (flaw_ == Flaw::silence) {
      stuck_ = dice_.once_in(2);
      if (stuck_) link_.stop_reading();
      return;
    }
    const bool slow = dice_.percent(server_.mood().slow);
    later(slow ? dice_.between(1, 3000) * kMillisecond : dice_.between(0, 3) * kMillisecond,
          [this] { answer(); });
  }

  void answer() {
    std::string head;
    if (dice_.once_in(8)) head += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    const bool early = when_ != When::after_upload;
    std::string reason;
    int status = dice_.once_in(10) ? 404 : early && dice_.once_in(2) ? 403 : 200;
    std::string location;
    if (dice_.percent(server_.mood().redirects) && !server_.origins.empty()) {
      status = dice_.any_of({301, 302, 303, 307, 308});
      const bool relative = dice_.once_in(3);
      location = (relative ? "" : server_.origins[dice_.below(server_.origins.size())]) + "/t/" +
                 std::to_string(number_) + "/" + std::to_string(record_->attempts.size());
    }
    attempt_->status = status;
    attempt_->redirects = !location.empty();
    head += dice_.once_in(12) ? "HTTP/1.0 " : "HTTP/1.1 ";
    const bool old = head.ends_with("1.0 ");
    head += std::to_string(status) + " Words\r\n";
    if (!location.empty()) head += "Location: " + location + "\r\n";
    if (dice_.once_in(3)) head += "X-Filler: " + std::string(dice_.below(300), 'f') + "\r\n";
    compose(head, old);
  }

  void compose(std::string& head, bool old) {
    const std::size_t most = dice_.once_in(30) ? server_.mood().max_body * 30 : server_.mood().max_body;
    const std::size_t size = dice_.once_in(6) ? 0 : dice_.below(most);
    const std::string body = bytes_of(number_ * 1000 + record_->attempts.size(), size);
    Framing framing = dice_.any_of({Framing::length, Framing::length, Framing::chunked, Framing::close});
    if (old && framing == Framing::chunked) framing = Framing::close;
    closes_ = framing == Framing::close || old || dice_.percent(server_.mood().closes) ||
              (when_ != When::after_upload && !reads_on_);
    if (closes_ && framing != Framing::close && !old) head += "Connection: close\r\n";
    if (framing == Framing::length) head += "Content-Length: " + std::to_string(size) + "\r\n";
    if (framing == Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
    if (flaw_ == Flaw::huge_head) head += "X-Huge: " + std::string(400000, 'h') + "\r\n";
    head += "\r\n";
    std::string sent = record_->head_only ? "" : framing == Framing::chunked ? chunked(dice_, body) : body;
    if (!record_->head_only) attempt_->body = body;
    attempt_->whole = true;
    spoil(head, sent, framing);
    send_in_pieces(head + sent);
  }

  /// Applies the flaw to what is going to be sent.
  void spoil(std::string& head, std::string& sent, Framing framing) {
    switch (flaw_) {
      case Flaw::cut_fin:
      case Flaw::cut_reset:
      case Flaw::stops_in_middle: {
        const std::size_t keep = dice_.below(head.size() + sent.size());
        const std::size_t kept_body = keep > head.size() ? keep - head.size() : 0;
        head.resize(std::min(head.size(), keep));
        sent.resize(kept_body);
        attempt_->whole = flaw_ == Flaw::cut_fin && framing == Framing::close && kept_body > 0;
        attempt_->wild = kept_body == 0;
        if (framing == Framing::close) attempt_->body.resize(std::min(attempt_->body.size(), kept_body));
        break;
      }
      case Flaw::garbage:
        head = bytes_of(number_, 1 + dice_.below(100)) + (dice_.once_in(2) ? "\r\n" : "\n\n\n");
        attempt_->wild = true;
        break;
      case Flaw::bad_chunk:
        if (framing == Framing::chunked && !sent.empty()) {
          sent[dice_.below(sent.size())] = '\xff';
        } else {
          head.insert(head.size() - 2, "Content-Length: 9x\r\n");
        }
        attempt_->wild = true;
        break;
      case Flaw::huge_head:
        attempt_->wild = true;
        break;
      default:
        break;
    }
  }

  void send_in_pieces(std::string all) {
    out_ = std::move(all);
    server_.kernel().trace().note("server: answers", static_cast<long>(number_), attempt_->status,
                                  static_cast<long>(out_.size()) * 10 + static_cast<long>(flaw_));
    send_piece();
  }

  void send_piece() {
    const std::size_t count = dice_.once_in(3) ? dice_.below(out_.size() + 1) : out_.size();
    link_.send(std::string_view(out_).substr(0, count));
    out_.erase(0, count);
    if (out_.empty()) {
      after_answer();
    } else {
      later(dice_.between(0, 20) * kMillisecond, [this] { send_piece(); });
    }
  }

  void after_answer() {
    answer_sent_ = true;
    if (flaw_ == Flaw::stops_in_middle) {
      stuck_ = true;
    } else if (flaw_ == Flaw::cut_reset) {
      over_ = true;
      link_.reset();
    } else if (flaw_ != Flaw::none) {
      over_ = true;
      link_.close();
    } else if (closes_) {
      over_ = !has_body_ || upload_done_ || !reads_on_;
      over_ ? link_.close() : link_.finish();
    } else if (upload_done_) {
      next_request();
    }
  }

  void next_request() {
    if (closes_) return;
    stage_ = Stage::head;
    reads_on_ = true;
    const bool tired = !calm_now() && dice_.once_in(6);
    if (tired) {
      later(dice_.between(0, 40) * kMillisecond, [this] {
        if (stage_ != Stage::head) return;  // rarely too late
        over_ = true;
        dice_.once_in(3) ? link_.reset() : link_.close();
      });
    }
    step();
  }
  bool calm_now() const noexcept { return record_->calm && server_.mood().trouble == 0; }

  /// Later on this connection, unless it ends before.
  template <class What>
  void later(Nanos after, What what) {
    server_.kernel().at(after, [this, what] {
      if (!over_ && !link_.client_gone()) what();
    });
  }

  enum class When { after_upload, at_head, in_upload };
  HttpServer& server_;
  Dice& dice_;
  std::string in_;
  std::string out_;
  std::size_t quits_after_ = 0;
  Stage stage_ = Stage::head;
  bool over_ = false;
  bool stuck_ = false;
  std::string method_;
  Record* record_ = nullptr;
  Attempt* attempt_ = nullptr;
  std::size_t number_ = 0;
  std::size_t body_left_ = 0;
  bool body_chunked_ = false;
  bool has_body_ = false;
  Flaw flaw_ = Flaw::none;
  When when_ = When::after_upload;
  std::size_t answer_from_ = 0;
  bool reads_on_ = true;
  bool closes_ = false;
  bool answered_ = false;
  bool answer_sent_ = false;
  bool upload_done_ = false;
};

}  // namespace

Reach HttpServer::reach(const Place& to, Nanos& delay) {
  Dice& dice = kernel_.dice();
  delay = dice.once_in(8) ? dice.between(0, 900) * kMillisecond : dice.between(0, 20) * kMillisecond;
  const auto found = reaches_.find(to);
  return found == reaches_.end() ? Reach::accepts : found->second;
}

std::unique_ptr<Session> HttpServer::accept(Link& link, const Place&) {
  return std::make_unique<HttpSession>(link, *this);
}

}  // namespace hiper::sim
