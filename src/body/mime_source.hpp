// Where the bytes of a MIME body come from: one source per part, a multipart being a source made of sources.
// Used by MimeReader alone.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "body/mime.hpp"

namespace hiper {

class MimeSource {
 public:
  MimeSource() noexcept = default;
  MimeSource(const MimeSource&) = delete;
  MimeSource& operator=(const MimeSource&) = delete;
  virtual ~MimeSource() = default;

  /// -1 if unknown.
  virtual curl_off_t size() const noexcept = 0;
  /// Whether the next read may call the application: then it should be offered room.
  virtual bool asks_application() const noexcept { return false; }
  virtual MimeRead read(std::span<char> out) = 0;
  /// False if that is impossible.
  virtual bool rewind() noexcept = 0;
};

/// The source for the content of `part`, encoded as the part says; nullptr for a part without content. May
/// throw.
std::unique_ptr<MimeSource> make_source(const MimePart& part, const MimeOptions& options);

/// The parts of a Mime with their heads and the boundaries around them (RFC 2046 section 5.1.1).
class MultipartSource final : public MimeSource {
 public:
  /// `type` is the media type that the multipart itself is announced with.
  MultipartSource(const Mime& mime, std::string_view type, const MimeOptions& options);

  curl_off_t size() const noexcept override;
  bool asks_application() const noexcept override;
  MimeRead read(std::span<char> out) override;
  bool rewind() noexcept override;

 private:
  /// Delimiter and head of a part, then its content. The last entry is the closing delimiter.
  struct Entry {
    std::string text;
    std::unique_ptr<MimeSource> body;
  };

  bool in_body() const noexcept { return at_ < entries_.size() && text_at_ == entries_[at_].text.size(); }
  std::size_t copy_text(std::span<char> out) noexcept;
  void next_entry() noexcept;
  MimeRead held_back(std::size_t filled, const MimeRead& answer) noexcept;

  std::vector<Entry> entries_;
  std::size_t at_ = 0;
  std::size_t text_at_ = 0;
  MimeRead held_;  ///< an answer that waits until the bytes in front of it were handed out
  bool holds_ = false;
};

}  // namespace hiper
