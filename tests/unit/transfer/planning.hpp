// Helpers of the tests of transfer/: a plan made from the options of a handle.
#pragma once
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "base/report.hpp"
#include "base/slist.hpp"
#include "easy/setting.hpp"
#include "transfer/plan.hpp"
#include "transfer/request_body.hpp"

namespace hiper::testing {

class Note final : public Report {
 public:
  void failure(std::string_view text) noexcept override { said = text; }
  void info(std::string_view) noexcept override {}
  bool verbose() const noexcept override { return false; }
  std::string said;
};

/// A handle whose requests are planned as a transfer plans them.
class Planned {
 public:
  void list(CURLoption option, std::initializer_list<const char*> lines) {
    lists_.push_back(nullptr);
    for (const char* const line : lines) {
      curl_slist* const head = slist_append(lists_.back().get(), line);
      if (lists_.back() == nullptr) lists_.back().reset(head);
    }
    EXPECT_EQ(set(easy, option, lists_.back().get()), CURLE_OK);
  }
  CURLcode make() {
    const Method method = changes.method_changed ? changes.method : easy.options.method();
    const Status prepared = body.prepare(easy, method, note);
    if (!prepared.ok()) return prepared.code();
    const Status made = make_plan(easy.options, changes, body.plan(), note, plan);
    return made.code();
  }
  /// As a redirect from the URL of `plan` does it.
  void redirect_to(const char* target) {
    if (changes.first_url == nullptr) first_url_ = plan.url;
    changes.first_url = &first_url_;
    changes.url = target;
    changes.redirected = true;
    Url url;
    ASSERT_TRUE(parses(target, url));
    changes.own_origin = same_origin(first_url_, url);
    changes.own_host = same_host(first_url_, url);
  }
  /// The line of the head that begins with `name`, "" if there is none.
  std::string line(const std::string& name) const {
    const std::string text = head();
    const std::size_t at = text.find("\r\n" + name + ":");
    if (at == std::string::npos) return "";
    return text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
  }
  std::string request_line() const { return head().substr(0, head().find("\r\n")); }
  std::string effective_url() const {
    std::string text;
    const UrlResult whole = plan.effective_url().to_string(0, text);
    EXPECT_TRUE(whole.ok());
    return text;
  }
  std::string head() const { return std::string(plan.head.text.view()); }

  Easy easy;
  PlanChanges changes;
  RequestBody body;
  Plan plan;
  Note note;

 private:
  static bool parses(const char* text, Url& url) {
    const UrlResult parsed = Url::parse(text, CURLU_NON_SUPPORT_SCHEME, url);
    return parsed.ok();
  }
  Url first_url_;
  std::vector<OwnedSlist> lists_;
};

}  // namespace hiper::testing
