// What an application asked of one easy handle: the values given to curl_easy_setopt, kept compactly (only
// options that were set take room). Written by set_option.cc, read by every room of the library; the one
// table behind it is option_table.inc.
//
// Options that say the same thing share one place:
//   TIMEOUT, CONNECTTIMEOUT, SERVER_RESPONSE_TIMEOUT   the *_ms slot, in milliseconds
//   POSTFIELDSIZE, INFILESIZE, MAXFILESIZE, RESUME_FROM, TIMEVALUE   the *_large slot
//   USERPWD, PROXYUSERPWD        split at the first ':' into username + password (proxyusername + …)
//   PROTOCOLS(_STR), REDIR_…     `protocols`, `redir_protocols`: one mask of CURLPROTO_* bits
//   HTTPGET, POST, PUT, UPLOAD, NOBODY, HTTPPOST, MIMEPOST, POSTFIELDS, COPYPOSTFIELDS   also move `method`
//   POSTFIELDS, COPYPOSTFIELDS   see post_body()
//   SSL_VERIFYHOST and the like  0 or 2 (1 means 2)
//   SHARE                        not here: Easy::share
//   COOKIELIST                   not here: obeyed at once (cookies/engine)
// Kept in a form of their own:
//   HTTPAUTH, PROXYAUTH          the mask without methods that are not built in; DIGEST_IE brings DIGEST;
//                                CURLAUTH_ONLY stays if there is exactly one method
//   HTTP_VERSION                 NONE is kept as the default (2TLS)
//   protocols, redir_protocols   Scheme::protocol bits (64); all of them set means all
//   ACCEPT_ENCODING              as given: "" stands for everything that is built in
//   RESOLVE, HTTPHEADER …        the application's list, by pointer
// Kept as lists of what was said, in that order: `cookiefile` (every COOKIEFILE; NULL empties it), `hsts`
// (every HSTS, also "" for none; HSTS_CTRL without ENABLE empties it).
#pragma once
#include <curl/curl.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/features.hpp"

namespace hiper {

/// The places for option values: the canonical option's name in lower case (`private_` and `stderr_` apart)
/// and, after those, the internal ones.
enum class Opt : std::uint16_t {
#define HIPER_OPTION(slot, ...) slot,
#define HIPER_INTERNAL(slot, ...) slot,
#include "easy/option_table.inc"
  none,  ///< no place: what follows the last one
};
inline constexpr std::size_t kOptCount = static_cast<std::size_t>(Opt::none);

/// How a value is kept.
enum class Storage : std::uint8_t {
  number,     ///< long and curl_off_t
  text,       ///< an own copy, NUL-terminated
  list,       ///< a curl_slist of the application, not copied
  pointer,    ///< the application's pointer
  function,   ///< a callback
  blob,       ///< a curl_blob: with CURL_BLOB_COPY an own copy, else only the pointer
  text_list,  ///< an own curl_slist of own texts
};

/// What a new value makes stale.
enum class Shape : std::uint8_t { none, request, connection, tls };

/// What HTTP does (and, with `put`, that other protocols send): Opt::method.
enum class Method : std::uint8_t { get, post, post_form, post_mime, put, head };

namespace option_detail {
inline constexpr std::int64_t kAllBits = 0xffffffff;
inline constexpr std::array<std::int64_t, kOptCount> kInitial{
#define HIPER_OPTION(slot, name, id, type, storage, initial, ...) static_cast<std::int64_t>(initial),
#define HIPER_INTERNAL(slot, storage, initial, shape) static_cast<std::int64_t>(initial),
#include "easy/option_table.inc"
};
inline constexpr std::array<Storage, kOptCount> kStorage{
#define HIPER_OPTION(slot, name, id, type, storage, ...) Storage::storage,
#define HIPER_INTERNAL(slot, storage, initial, shape) Storage::storage,
#include "easy/option_table.inc"
};
inline constexpr std::array<Shape, kOptCount> kShape{
#define HIPER_OPTION(slot, name, id, type, storage, initial, shape, ...) Shape::shape,
#define HIPER_INTERNAL(slot, storage, initial, shape) Shape::shape,
#include "easy/option_table.inc"
};
/// The number of bits in a byte. One load instead of a call where the CPU's popcount may not be assumed.
inline constexpr std::array<std::uint8_t, 256> kBitCount = [] {
  std::array<std::uint8_t, 256> counts{};
  for (unsigned i = 1; i < 256; ++i) counts[i] = static_cast<std::uint8_t>(counts[i / 2] + i % 2);
  return counts;
}();
}  // namespace option_detail

constexpr Storage storage_of(Opt option) noexcept {
  return option_detail::kStorage[static_cast<std::size_t>(option)];
}
constexpr Shape shape_of(Opt option) noexcept {
  return option_detail::kShape[static_cast<std::size_t>(option)];
}
/// What number() answers while `option` is not set.
constexpr std::int64_t initial_of(Opt option) noexcept {
  return option_detail::kInitial[static_cast<std::size_t>(option)];
}

/// Some options, to ask whether any of them is set: Options::any_of().
class OptSet {
 public:
  constexpr OptSet(std::initializer_list<Opt> options) noexcept {
    Bytes bytes{};
    for (const Opt option : options) {
      const auto index = static_cast<std::size_t>(option);
      bytes[index / 8] = static_cast<std::uint8_t>(bytes[index / 8] | 1u << (index % 8));
    }
    words_ = std::bit_cast<Words>(bytes);
  }

 private:
  friend class Options;
  static constexpr std::size_t kWords = (kOptCount + 63) / 64;
  using Bytes = std::array<std::uint8_t, 8 * kWords>;
  using Words = std::array<std::uint64_t, kWords>;
  Words words_;
};

class Options {
 public:
  Options() noexcept = default;
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  ~Options() { clear(); }

  // Readers: O(1), some ten instructions. Texts, lists and blobs stay valid until the option is set again.

  /// The option has a value of its own. Setting a text, list, function or blob to NULL takes it away again,
  /// except for `cainfo` and `capath` (where NULL means "no default either"); a NULL data pointer is a value.
  bool has(Opt option) const noexcept {
    const auto index = static_cast<std::size_t>(option);
    return (present_[index / 8] & 1u << (index % 8)) != 0;
  }
  /// Any of `set` has. Much cheaper than to ask one by one: for those that few applications set.
  bool any_of(const OptSet& set) const noexcept {
    return any_of(set, std::make_index_sequence<OptSet::kWords>());
  }
  long number(Opt option) const noexcept { return static_cast<long>(offset(option)); }
  curl_off_t offset(Opt option) const noexcept {
    return has(option) ? value_of(option).number : initial_of(option);
  }
  bool flag(Opt option) const noexcept { return offset(option) != 0; }
  /// NUL-terminated, nullptr while unset; `cainfo` and `capath` then say where the system keeps them.
  const char* text(Opt option) const noexcept {
    const Value* const value = find(option);
    return value != nullptr ? value->text : default_text(option);
  }
  /// For lists of the application (which may change them between two transfers without saying so) and for
  /// Storage::text_list.
  const curl_slist* list(Opt option) const noexcept {
    const Value* const value = find(option);
    return value != nullptr ? value->list : nullptr;
  }
  /// `writedata` and `readdata` unset (see has()) stand for stdout and stdin; `stderr_` for stderr.
  void* pointer(Opt option) const noexcept {
    const Value* const value = find(option);
    return value != nullptr ? value->pointer : nullptr;
  }
  /// F is the callback's type; nullptr stands for the library's own behaviour.
  template <class F>
  F function(Opt option) const noexcept {
    const Value* const value = find(option);
    return value != nullptr ? reinterpret_cast<F>(value->function) : nullptr;
  }
  const curl_blob* blob(Opt option) const noexcept {
    const Value* const value = find(option);
    return value != nullptr ? value->blob : nullptr;
  }

  /// What was asked for last, HEAD while `nobody` is set (set_method.cc has the rules).
  Method method() const noexcept {
    return flag(Opt::nobody) ? Method::head : static_cast<Method>(offset(Opt::method));
  }

  /// What POSTFIELDS or COPYPOSTFIELDS and the sizes say: `size` -1 means up to the NUL (counted when the
  /// transfer starts: the application owns the bytes of POSTFIELDS and may change them).
  struct PostBody {
    const char* data;  ///< nullptr: the body comes from the read callback
    curl_off_t size;
  };
  PostBody post_body() const noexcept;

  /// Changes whenever an option with a Shape other than none gets another value, and with clear(). Setting an
  /// equal number, text, function or copied blob again does not change it. Setting a list or pointer always
  /// does. What the application's pointers lead to (lists, `postfields`, `curlu`, `mimepost`) may change
  /// between two transfers without a word: look again each time.
  std::uint32_t generation() const noexcept { return generation_; }

  // Writers, for set_option.cc. All answer CURLE_OK or CURLE_OUT_OF_MEMORY; then nothing has changed.

  CURLcode set_number(Opt option, std::int64_t value) noexcept;
  CURLcode set_text(Opt option, const char* new_text) noexcept;  ///< nullptr: see has()
  CURLcode set_text(Opt option, std::string_view new_text) noexcept;
  CURLcode set_list(Opt option, curl_slist* new_list) noexcept;
  CURLcode set_pointer(Opt option, void* new_pointer) noexcept;
  CURLcode set_function(Opt option, void (*callback)()) noexcept;
  /// Obeys the flags of `new_blob`; nullptr takes the value away.
  CURLcode set_blob(Opt option, const curl_blob* new_blob) noexcept;
  CURLcode append_text(Opt option, const char* item) noexcept;  ///< for Storage::text_list
  /// Back to unset.
  void erase(Opt option) noexcept;

  /// Back to how a new handle is (curl_easy_reset).
  void clear() noexcept;
  /// Replaces everything by a copy of `other` (curl_easy_duphandle): owned texts and blobs are copied, the
  /// application's lists, data and functions are shared. Empty after CURLE_OUT_OF_MEMORY.
  CURLcode copy_from(const Options& other) noexcept;

  /// How many options are set.
  std::size_t size() const noexcept { return count_; }

 private:
  union Value {
    std::int64_t number;
    char* text;
    curl_slist* list;
    void* pointer;
    void (*function)();
    curl_blob* blob;
  };
  // Presence is one bit per option in bytes ("groups"); the place in values_ is the number of set options
  // before it: first_[group] + bits before it in its group. So that first_ can be bytes, the groups are split
  // in two halves, each counting from its own start.
  static constexpr std::size_t kGroups = (kOptCount + 7) / 8;
  static constexpr std::size_t kLowerGroups = kGroups / 2;
  static_assert((kGroups - kLowerGroups) * 8 < 256);

  static constexpr const char* default_text(Opt option) noexcept;

  std::size_t place_of(std::size_t group, unsigned bit) const noexcept {
    return (group < kLowerGroups ? 0u : lower_count_) + first_[group] +
           option_detail::kBitCount[present_[group] & (bit - 1)];
  }
  /// Of an option that is set. Most are not, and to see that takes no call.
  [[gnu::noinline]] const Value& value_of(Opt option) const noexcept {
    const auto index = static_cast<std::size_t>(option);
    return values_[place_of(index / 8, 1u << (index % 8))];
  }
  const Value* find(Opt option) const noexcept { return has(option) ? &value_of(option) : nullptr; }
  Value* find(Opt option) noexcept {
    return const_cast<Value*>(static_cast<const Options*>(this)->find(option));
  }
  /// Calls `visit(Opt)` for every option that is set, in their order.
  template <class Visit>
  void for_each_set(Visit visit) const {
    for (std::size_t group = 0; group < kGroups; ++group) {
      for (unsigned bits = present_[group]; bits != 0; bits &= bits - 1) {
        visit(static_cast<Opt>(group * 8 + static_cast<unsigned>(std::countr_zero(bits))));
      }
    }
  }
  // Not a loop: of a constant set the compiler then looks at the words only that are not empty.
  template <std::size_t... I>
  bool any_of(const OptSet& set, std::index_sequence<I...>) const noexcept {
    return ((set.words_[I] != 0 && (present_word(I) & set.words_[I]) != 0) || ...);
  }
  std::uint64_t present_word(std::size_t i) const noexcept {
    std::uint64_t word;
    std::memcpy(&word, present_.data() + i * sizeof(word), sizeof(word));
    return word;
  }
  Value* find_or_insert(Opt option) noexcept;  ///< nullptr: out of memory; a new value is all zero
  bool grow() noexcept;
  void remove(Opt option) noexcept;
  void changed(Opt option) noexcept {
    if (shape_of(option) != Shape::none) ++generation_;
  }
  static void free_value(Storage storage, Value value) noexcept;
  static bool copy_value(Storage storage, Value& value) noexcept;

  Value* values_ = nullptr;
  std::uint16_t count_ = 0;
  std::uint16_t capacity_ = 0;
  std::uint16_t lower_count_ = 0;  ///< how many of count_ are in the lower groups
  OptSet::Bytes present_{};        ///< kGroups of them are used
  std::array<std::uint8_t, kGroups> first_{};
  std::uint32_t generation_ = 1;
};

constexpr const char* Options::default_text(Opt option) noexcept {
  if (option == Opt::cainfo || option == Opt::proxy_cainfo) return kDefaultCaFile;
  if (option == Opt::capath || option == Opt::proxy_capath) return kDefaultCaPath;
  return nullptr;
}

}  // namespace hiper
