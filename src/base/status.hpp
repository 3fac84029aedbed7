// How rooms answer: a CURLcode in a class whose accessors exist only on named values. That guard turns the
// g++ 12 coroutine miscompilations into compile errors (docs/decisions, "flows").
#pragma once
#include <curl/curl.h>

#include <exception>
#include <new>

namespace hiper {

class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;
  constexpr explicit Status(CURLcode code) noexcept : code_(code) {}

  constexpr bool ok() const& noexcept { return code_ == CURLE_OK; }
  constexpr CURLcode code() const& noexcept { return code_; }
  bool ok() const&& = delete;
  CURLcode code() const&& = delete;

  static constexpr Status out_of_memory() noexcept { return Status(CURLE_OUT_OF_MEMORY); }
  /// Only std::bad_alloc is ever thrown inside the library.
  static Status from_current_exception() noexcept { return out_of_memory(); }

 private:
  CURLcode code_ = CURLE_OK;
};

}  // namespace hiper
