// What curl_mime and curl_mimepart are: the tree of parts that an application builds (curl_mime_*, or
// curl_formadd through body/form.hpp), and the reader that turns it into the body of a request. Built by
// api/mime.cc; read by the HTTP request side through MimeReader. Header texts: body/mime_head.hpp; the bytes
// of a part: body/mime_source.hpp.
#pragma once
#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/slist.hpp"

// The opaque types of <curl/curl.h>: empty bases that nobody but the classes below can make.
struct curl_mime {
  curl_mime(const curl_mime&) = delete;
  curl_mime& operator=(const curl_mime&) = delete;

 protected:
  curl_mime() noexcept = default;
  ~curl_mime() = default;
};
struct curl_mimepart {
  curl_mimepart(const curl_mimepart&) = delete;
  curl_mimepart& operator=(const curl_mimepart&) = delete;

 protected:
  curl_mimepart() noexcept = default;
  ~curl_mimepart() = default;
};

namespace hiper {

class Easy;
class Mime;
class MultipartSource;

enum class MimeEncoding : std::uint8_t { none, binary, eight_bit, seven_bit, base64, quoted_printable };

/// The value of Content-Transfer-Encoding; nullptr for none.
const char* encoding_name(MimeEncoding encoding) noexcept;

/// The functions of curl_mime_data_cb(3).
struct MimeCallbacks {
  curl_read_callback read = nullptr;
  curl_seek_callback seek = nullptr;  ///< may be nullptr: then the part cannot be sent again
  curl_free_callback free = nullptr;
  void* argument = nullptr;
};

/// One part. The setters copy what they are given and may throw std::bad_alloc; the part is then as before.
class MimePart final : public curl_mimepart {
 public:
  enum class Content : std::uint8_t { none, data, file, callback, multipart };

  explicit MimePart(Mime& owner) noexcept : owner_(owner) {}
  ~MimePart() { clear_content(); }

  static MimePart* from(curl_mimepart* part) noexcept { return static_cast<MimePart*>(part); }

  /// nullptr takes away what was set.
  void set_name(const char* name) { assign(name_, name); }
  void set_filename(const char* filename) { assign(filename_, filename); }
  void set_type(const char* type) { assign(type_, type); }
  /// CURLE_BAD_FUNCTION_ARGUMENT for a name that is no encoding; the part is then without one.
  CURLcode set_encoding(const char* name) noexcept;
  /// With `take_ownership` the list is freed with the part, or when it is replaced.
  void set_headers(curl_slist* headers, bool take_ownership) noexcept;

  // Content: the last call counts.
  void clear_content() noexcept;
  void set_data(std::string_view data);
  /// Without a copy: `data` has to stay as it is until the part is gone.
  void set_borrowed_data(std::string_view data) noexcept;
  /// The file is opened when its turn comes; "-" is standard input. The filename becomes its last path
  /// component. CURLE_READ_ERROR (all is set nevertheless) if it cannot be read now.
  CURLcode set_file(std::string_view path);
  /// `size` is -1 if unknown. Without a read function the part has no content.
  void set_callbacks(curl_off_t size, const MimeCallbacks& callbacks) noexcept;
  /// Takes `parts` over. CURLE_BAD_FUNCTION_ARGUMENT (and nothing is taken) if it has an owner already, if
  /// the part is inside of it, or if the tree would become deeper than kMaxMimeDepth.
  CURLcode set_subparts(Mime* parts) noexcept;

  const std::optional<std::string>& name() const noexcept { return name_; }
  const std::optional<std::string>& filename() const noexcept { return filename_; }
  const std::optional<std::string>& type() const noexcept { return type_; }
  const curl_slist* headers() const noexcept { return headers_; }
  MimeEncoding encoding() const noexcept { return encoding_; }
  Content content() const noexcept { return content_; }
  std::string_view data() const noexcept { return data_; }       ///< Content::data
  const std::string& path() const noexcept { return storage_; }  ///< Content::file
  curl_off_t callback_size() const noexcept { return size_; }    ///< Content::callback
  const MimeCallbacks& callbacks() const noexcept { return callbacks_; }
  /// The read function was asked before and was not sought back since: a new body has to seek first.
  bool was_read() const noexcept { return was_read_; }
  void set_was_read(bool yes) const noexcept { was_read_ = yes; }
  const Mime* subparts() const noexcept { return subparts_.get(); }  ///< Content::multipart
  Mime& owner() const noexcept { return owner_; }

  /// Makes this part equal to `other`, with its own boundaries. May throw.
  void copy_from(const MimePart& other);

 private:
  static void assign(std::optional<std::string>& to, const char* text);
  void copy_content_from(const MimePart& other);

  Mime& owner_;
  std::optional<std::string> name_;
  std::optional<std::string> filename_;
  std::optional<std::string> type_;
  std::string storage_;    ///< data or path
  std::string_view data_;  ///< in storage_, or borrowed
  std::unique_ptr<Mime> subparts_;
  MimeCallbacks callbacks_;
  curl_off_t size_ = 0;
  curl_slist* headers_ = nullptr;
  OwnedSlist owned_headers_;  ///< holds headers_ if it is the part's to free
  Content content_ = Content::none;
  MimeEncoding encoding_ = MimeEncoding::none;
  mutable bool was_read_ = false;  ///< where the application's function stands is not the part's to say
};

inline constexpr int kMaxMimeDepth = 64;  ///< multiparts inside multiparts

class Mime final : public curl_mime {
 public:
  /// An empty one with a fresh boundary; nullptr if there is no randomness. May throw std::bad_alloc.
  static std::unique_ptr<Mime> make();
  static Mime* from(curl_mime* mime) noexcept { return static_cast<Mime*>(mime); }
  ~Mime();

  /// What curl_mime_free does: a tree that hangs in a part is taken out of it first. nullptr is ignored.
  static void destroy(Mime* mime) noexcept;

  /// May throw std::bad_alloc.
  MimePart& add_part();
  /// For curl_easy_duphandle: the same parts, own boundaries; the arguments of callbacks are shared. nullptr
  /// if there is no randomness. May throw std::bad_alloc.
  std::unique_ptr<Mime> clone() const;

  std::string_view boundary() const noexcept { return {boundary_, sizeof boundary_}; }
  std::span<const std::unique_ptr<MimePart>> parts() const noexcept { return parts_; }
  MimePart* parent() const noexcept { return parent_; }
  /// The handle whose CURLOPT_MIMEPOST this is (mime_owner.cc); it is told when this ends.
  Easy* sender() const noexcept { return sender_; }
  void set_sender(Easy* easy) noexcept { sender_ = easy; }
  /// A part or a handle has it; it may not be given to another one.
  bool has_owner() const noexcept { return parent_ != nullptr || sender_ != nullptr; }
  /// 1 without inner multiparts.
  int depth() const noexcept;

 private:
  friend class MimePart;
  Mime() noexcept = default;
  void leave_sender() noexcept;

  std::vector<std::unique_ptr<MimePart>> parts_;
  MimePart* parent_ = nullptr;  ///< the part whose content this is
  Easy* sender_ = nullptr;
  char boundary_[46];
};

/// Choices of the request that carries the body.
struct MimeOptions {
  /// CURLMIMEOPT_FORMESCAPE: names are escaped with backslashes instead of percent signs.
  bool backslash_escape = false;
  /// The value of the application's own Content-Type header, without boundary; empty: multipart/form-data.
  std::string_view type{};
};

/// The answer of a read.
struct MimeRead {
  enum class Kind : std::uint8_t {
    bytes,  ///< `count` bytes (at least one) were written
    end,
    pause,  ///< a read callback said CURL_READFUNC_PAUSE; read again after curl_easy_pause
    abort,  ///< a read callback said CURL_READFUNC_ABORT: CURLE_ABORTED_BY_CALLBACK
    error,  ///< `code`; after this and after abort, reads are over until rewind()
  };
  Kind kind = Kind::end;
  bool from_callback = false;  ///< bytes: a callback gave them and may not have more now
  std::size_t count = 0;
  CURLcode code = CURLE_OK;
};

/// Renders a Mime as the body of one request. The Mime must neither change nor go while the reader lives.
class MimeReader {
 public:
  /// Sizes of files are looked at here. May throw std::bad_alloc.
  explicit MimeReader(const Mime& mime, const MimeOptions& options = {});
  ~MimeReader();
  MimeReader(const MimeReader&) = delete;
  MimeReader& operator=(const MimeReader&) = delete;

  /// Of the whole body; -1 if unknown (then it has to be sent in chunks).
  curl_off_t size() const noexcept;
  /// The value for the request's Content-Type header: "multipart/form-data; boundary=…".
  std::string_view content_type() const noexcept { return content_type_; }
  /// Fills `out` (not empty). Reads files when their turn comes; waits for nothing but what an application's
  /// read function, a pipe or a terminal waits for.
  MimeRead read(std::span<char> out) noexcept;
  /// Back to the first byte, for redirects, authentication rounds and retries. CURLE_SEND_FAIL_REWIND if a
  /// part that was begun cannot go back.
  CURLcode rewind() noexcept;

 private:
  std::string content_type_;
  std::unique_ptr<MultipartSource> source_;
};

}  // namespace hiper
