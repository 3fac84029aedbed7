// HSTS (RFC 6797) for a handle: its own cache or that of its share, the files and callbacks that fill and
// keep it. Called by the transfer; what it does when HSTS is off is one question, hsts_wanted().
#pragma once
#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/report.hpp"
#include "base/status.hpp"
#include "easy/easy.hpp"
#include "easy/share.hpp"
#include "http/hsts.hpp"
#include "parse/url.hpp"

namespace hiper {

/// The HSTS cache of a share. Safe to use from several threads, with or without the application's lock
/// functions, which are called because they are promised.
std::unique_ptr<SharedData> make_shared_hsts(Share& share);

/// What a handle that uses HSTS keeps between its transfers. Made by its first transfer with HSTS; its
/// destructor, with the handle, tells CURLOPT_HSTSWRITEFUNCTION and writes the file.
class HandleHsts {
 public:
  /// `easy` outlives it.
  explicit HandleHsts(Easy& easy) noexcept : easy_(easy) {}
  HandleHsts(const HandleHsts&) = delete;
  HandleHsts& operator=(const HandleHsts&) = delete;
  ~HandleHsts();

  /// For a transfer that begins: reads what CURLOPT_HSTS names and was not read yet, and asks
  /// CURLOPT_HSTSREADFUNCTION. Throws std::bad_alloc.
  Status fill(Report& report);
  bool covers(std::string_view name) noexcept;
  /// Throws std::bad_alloc.
  void learn(std::string_view name, const HstsPolicy& policy);
  /// HSTS was switched off: nothing is kept.
  void forget() noexcept { dropped_ = true; }
  /// An option asked for HSTS, not only the share, when a transfer last began.
  bool asked_for() const noexcept { return asked_for_; }

 private:
  void load_files(Report& report);
  Status ask_application();
  void add(const std::vector<HstsEntry>& entries);
  void tell_application(const std::vector<HstsEntry>& entries) noexcept;
  void save();

  Easy& easy_;
  HstsCache own_;
  std::uint64_t filled_ = 0;        ///< the id of the cache that has what `files_` held
  std::vector<std::string> files_;  ///< that were read
  std::string save_to_;             ///< empty: nowhere
  bool dropped_ = false;
  bool asked_for_ = false;
};

/// Whether the handle uses HSTS: asked for by CURLOPT_HSTS or CURLOPT_HSTS_CTRL, also before a reset, or with
/// its share.
bool hsts_wanted(const Easy& easy) noexcept;

/// Forgets what the handle knows if HSTS was switched off by CURLOPT_HSTS_CTRL.
void drop_hsts_if_off(Easy& easy) noexcept;

/// What make_plan() asks: whether HSTS is on, and for which hosts.
class HstsView {
 public:
  HstsView() noexcept = default;
  explicit HstsView(HandleHsts* hsts) noexcept : hsts_(hsts) {}
  bool on() const noexcept { return hsts_ != nullptr; }
  bool covers(std::string_view name) const noexcept { return hsts_ != nullptr && hsts_->covers(name); }

 private:
  HandleHsts* hsts_ = nullptr;
};

/// Makes an http URL an https one (RFC 6797, section 8.3): a port 80 that was named becomes the default,
/// other ports stay. Throws std::bad_alloc.
UrlResult make_secure(Url& url);

}  // namespace hiper
