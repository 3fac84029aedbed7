#include "parse/netrc.hpp"

#include <algorithm>
#include <utility>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

/// Cuts the text into words.
class Words {
 public:
  enum class Kind : unsigned char { word, end, malformed };

  explicit Words(std::string_view text) noexcept : rest_(text) {}

  /// The next keyword: a '#' instead of one makes the rest of the line a comment.
  Kind next_keyword(std::string& word) {
    skip_blanks();
    while (rest_.starts_with('#')) {
      skip_line();
      skip_blanks();
    }
    return take(word);
  }
  Kind next_value(std::string& word) {
    skip_blanks();
    return take(word);
  }
  /// Behind the next empty line, where a macro ends.
  void skip_macro() noexcept {
    skip_line();
    while (!rest_.empty()) {
      const std::string_view line = rest_.substr(0, rest_.find('\n'));
      skip_line();
      if (std::all_of(line.begin(), line.end(), is_blank)) return;
    }
  }

 private:
  void skip_blanks() noexcept {
    while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  void skip_line() noexcept { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1); }
  Kind take(std::string& word) {
    word.clear();
    if (rest_.empty()) return Kind::end;
    if (rest_.starts_with('"')) return take_quoted(word);
    const auto ends = [](char c) { return is_blank(c) || c == '\n'; };
    const auto end = static_cast<std::size_t>(std::find_if(rest_.begin(), rest_.end(), ends) - rest_.begin());
    word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return Kind::word;
  }
  Kind take_quoted(std::string& word) {
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '\n') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return Kind::word;
      if (c == '\\' && !rest_.empty() && rest_.front() != '\n') {
        c = unescaped(rest_.front());
        rest_.remove_prefix(1);
      }
      word.push_back(c);
    }
    return Kind::malformed;
  }
  static constexpr char unescaped(char c) noexcept {
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
  }

  std::string_view rest_;
};

/// What one entry says.
struct Entry {
  bool ours = false;  ///< for the host
  bool has_user = false;
  bool has_password = false;
  NetrcLogin login;

  bool says_something() const noexcept { return has_user || has_password; }
  bool serves(std::optional<std::string_view> user) const noexcept {
    return ours && says_something() && (!user || !has_user || login.user == *user);
  }
};

void keep_first(bool& has, std::string& place, std::string& value) noexcept {
  if (!std::exchange(has, true)) place.swap(value);
}

NetrcResult answer(Entry& entry, std::optional<std::string_view> user, NetrcLogin& login) {
  if (!entry.serves(user)) return NetrcResult::none;
  if (!entry.has_user && user) entry.login.user = *user;
  login = std::move(entry.login);
  return NetrcResult::found;
}

}  // namespace

NetrcResult find_netrc_login(std::string_view text, std::string_view host,
                             std::optional<std::string_view> user, NetrcLogin& login) {
  Words words(text);
  Entry entry;
  std::string keyword;
  std::string value;
  for (;;) {
    const Words::Kind kind = words.next_keyword(keyword);
    if (kind == Words::Kind::malformed) return NetrcResult::malformed;
    if (kind == Words::Kind::end) return answer(entry, user, login);
    const bool is_machine = equals_ignore_case(keyword, "machine");
    const bool is_default = equals_ignore_case(keyword, "default");
    if (is_machine || is_default) {
      if (entry.serves(user)) return answer(entry, user, login);
      entry = Entry();
      entry.ours = is_default;
    }
    if (equals_ignore_case(keyword, "macdef")) words.skip_macro();
    const bool is_user = equals_ignore_case(keyword, "login");
    const bool is_password = equals_ignore_case(keyword, "password");
    if (!is_machine && !is_user && !is_password && !equals_ignore_case(keyword, "account")) continue;
    const Words::Kind has_value = words.next_value(value);
    if (has_value == Words::Kind::malformed) return NetrcResult::malformed;
    if (has_value == Words::Kind::end) continue;
    if (is_machine) entry.ours = equals_ignore_case(value, host);
    if (is_user) keep_first(entry.has_user, entry.login.user, value);
    if (is_password) keep_first(entry.has_password, entry.login.password, value);
  }
}

}  // namespace hiper
