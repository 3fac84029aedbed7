#include "body/form.hpp"

#include <cstring>
#include <new>
#include <string>

#include "base/memory.hpp"
#include "body/form_options.hpp"
#include "body/mime_head.hpp"

namespace hiper {
namespace {

constexpr long kBorrowedContents =
    CURL_HTTPPOST_PTRCONTENTS | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_PTRBUFFER | CURL_HTTPPOST_CALLBACK;

struct FreeForm {
  void operator()(curl_httppost* form) const noexcept { free_form(form); }
};
using OwnedForm = std::unique_ptr<curl_httppost, FreeForm>;

std::string_view up_to(const char* text, std::uint64_t length) noexcept {
  return {text, length != 0 ? static_cast<std::size_t>(length) : std::strlen(text)};
}

/// The type of a file, or of a buffer that looks like one: as given, by its name, or as the file before it.
const char* type_of(const FormItem& item, const char* type_before) noexcept {
  const bool is_file = (item.flags & CURL_HTTPPOST_FILENAME) != 0;
  if (item.type != nullptr || (!is_file && (item.flags & CURL_HTTPPOST_BUFFER) == 0)) return item.type;
  const char* const name = is_file ? item.contents : item.show_filename;
  const char* const type = name == nullptr ? nullptr : type_by_extension(name);
  if (type != nullptr) return type;
  return type_before != nullptr ? type_before : "application/octet-stream";
}

bool copy_text(char*& to, const char* text, std::uint64_t length) noexcept {
  if (text == nullptr) return true;
  to = duplicate(up_to(text, length));
  return to != nullptr;
}

bool set_contents(curl_httppost& post, const FormItem& item) noexcept {
  char* const given = const_cast<char*>(item.contents);
  post.contentlen = item.contents_length;
  if ((item.flags & CURL_HTTPPOST_BUFFER) != 0) {
    post.buffer = given;
    post.bufferlength = item.buffer_length;
  }
  if ((item.flags & CURL_HTTPPOST_CALLBACK) != 0) post.userp = given;
  if ((item.flags & kBorrowedContents) != 0) {
    post.contents = given;
    return true;
  }
  const bool is_path = (item.flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE)) != 0;
  return copy_text(post.contents, given, is_path ? 0 : static_cast<std::uint64_t>(item.contents_length));
}

/// One link of the chain with copies of all that curl_formfree frees; empty when memory is out.
OwnedForm make_post(const FormItem& item, const char* type) noexcept {
  void* const memory = memory_functions.allocate_zeroed(1, sizeof(curl_httppost));
  if (memory == nullptr) return nullptr;
  OwnedForm post(new (memory) curl_httppost{});
  post->flags = item.flags | CURL_HTTPPOST_LARGE;
  post->contentheader = item.headers;
  if (item.name != nullptr) {
    post->namelength = item.name_length != 0 ? item.name_length : static_cast<long>(std::strlen(item.name));
    if ((item.flags & CURL_HTTPPOST_PTRNAME) != 0) {
      post->name = const_cast<char*>(item.name);
    } else if (!copy_text(post->name, item.name, static_cast<std::uint64_t>(item.name_length))) {
      return nullptr;
    }
  }
  const bool complete = set_contents(*post, item) && copy_text(post->contenttype, type, 0) &&
                        copy_text(post->showfilename, item.show_filename, 0);
  return complete ? std::move(post) : nullptr;
}

OwnedForm make_section(const std::vector<FormItem>& items) noexcept {
  OwnedForm section;
  curl_httppost* last = nullptr;
  const char* type = nullptr;
  for (const FormItem& item : items) {
    type = type_of(item, type);
    OwnedForm post = make_post(item, type);
    if (post == nullptr) return nullptr;
    curl_httppost* const added = post.get();
    if (last == nullptr) {
      section = std::move(post);
    } else {
      last->more = post.release();
    }
    last = added;
  }
  return section;
}

/// Frees one link but not what hangs behind it.
void free_post(curl_httppost* post) noexcept {
  if ((post->flags & CURL_HTTPPOST_PTRNAME) == 0) release(post->name);
  if ((post->flags & kBorrowedContents) == 0) release(post->contents);
  release(post->contenttype);
  release(post->showfilename);
  release(post);
}

/// What CURLFORM_CONTENTLEN said; programs older than it fill in the `long`.
curl_off_t contents_length(const curl_httppost& post) noexcept {
  return (post.flags & CURL_HTTPPOST_LARGE) != 0 ? post.contentlen : post.contentslength;
}

void fill_content(MimePart& part, const curl_httppost& post, curl_read_callback stream_read) {
  if ((post.flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE)) != 0) {
    (void)part.set_file(post.contents);
    if ((post.flags & CURL_HTTPPOST_READFILE) != 0) {
      part.set_filename(nullptr);
    } else if (post.showfilename != nullptr) {
      part.set_filename(post.showfilename);
    }
    return;
  }
  if ((post.flags & CURL_HTTPPOST_BUFFER) != 0) {
    part.set_filename(post.showfilename);
    part.set_borrowed_data(up_to(post.buffer, static_cast<std::uint64_t>(post.bufferlength)));
    return;
  }
  const curl_off_t length = contents_length(post);
  if ((post.flags & CURL_HTTPPOST_CALLBACK) != 0) {
    part.set_filename(post.showfilename);
    part.set_callbacks(length > 0 ? length : -1, {stream_read, nullptr, nullptr, post.userp});
    return;
  }
  part.set_borrowed_data(up_to(post.contents, length > 0 ? static_cast<std::uint64_t>(length) : 0));
}

void fill_part(MimePart& part, const curl_httppost& post, curl_read_callback stream_read) {
  part.set_type(post.contenttype);
  part.set_headers(post.contentheader, false);
  fill_content(part, post, stream_read);
}

bool fill_files(MimePart& part, const curl_httppost& first, curl_read_callback stream_read) {
  std::unique_ptr<Mime> files = Mime::make();
  if (files == nullptr) return false;
  for (const curl_httppost* post = &first; post != nullptr; post = post->more) {
    fill_part(files->add_part(), *post, stream_read);
  }
  (void)part.set_subparts(files.release());
  return true;
}

/// Collects up to kSize bytes, so that a form that fails early writes nothing.
class FormWriter {
 public:
  FormWriter(void* argument, curl_formget_callback append) noexcept : argument_(argument), append_(append) {}

  CURLcode write(std::string_view text) noexcept {
    while (!text.empty()) {
      const std::size_t count = std::min(text.size(), kSize - used_);
      std::memcpy(buffer_ + used_, text.data(), count);
      used_ += count;
      text.remove_prefix(count);
      if (used_ == kSize && !flush()) return CURLE_READ_ERROR;
    }
    return CURLE_OK;
  }

  CURLcode write_all(MimeReader& reader) noexcept {
    for (;;) {
      const MimeRead answer = reader.read(std::span(buffer_).subspan(used_));
      if (answer.kind == MimeRead::Kind::end) return flush() ? CURLE_OK : CURLE_READ_ERROR;
      if (answer.kind != MimeRead::Kind::bytes)
        return answer.code != CURLE_OK ? answer.code : CURLE_READ_ERROR;
      used_ += answer.count;
      if (used_ == kSize && !flush()) return CURLE_READ_ERROR;
    }
  }

  bool flush() noexcept {
    const std::size_t count = used_;
    used_ = 0;
    return count == 0 || append_(argument_, buffer_, count) == count;
  }

 private:
  static constexpr std::size_t kSize = 8192;

  void* argument_;
  curl_formget_callback append_;
  std::size_t used_ = 0;
  char buffer_[kSize];
};

}  // namespace

CURLFORMcode add_form_section(curl_httppost** first, curl_httppost** last, va_list arguments) noexcept try {
  std::vector<FormItem> items;
  const CURLFORMcode code = read_form_options(items, arguments);
  if (code != CURL_FORMADD_OK) return code;
  curl_httppost* const section = make_section(items).release();
  if (section == nullptr) return CURL_FORMADD_MEMORY;
  if (*last != nullptr) {
    (*last)->next = section;
  } else {
    *first = section;
  }
  *last = section;
  return CURL_FORMADD_OK;
} catch (const std::bad_alloc&) {
  return CURL_FORMADD_MEMORY;
}

void free_form(curl_httppost* form) noexcept {
  while (form != nullptr) {
    curl_httppost* const next = form->next;
    while (form != nullptr) {
      curl_httppost* const more = form->more;
      free_post(form);
      form = more;
    }
    form = next;
  }
}

std::unique_ptr<Mime> form_to_mime(const curl_httppost* form, curl_read_callback stream_read) {
  std::unique_ptr<Mime> mime = Mime::make();
  if (mime == nullptr) return nullptr;
  for (; form != nullptr; form = form->next) {
    MimePart& part = mime->add_part();
    if (form->name != nullptr) {
      const std::string name(up_to(form->name, static_cast<std::uint64_t>(form->namelength)));
      part.set_name(name.c_str());
    }
    if (form->more == nullptr) {
      fill_part(part, *form, stream_read);
    } else if (!fill_files(part, *form, stream_read)) {
      return nullptr;
    }
  }
  return mime;
}

CURLcode write_form(const curl_httppost* form, void* argument, curl_formget_callback append) noexcept try {
  FormWriter writer(argument, append);
  if (form == nullptr) {
    (void)writer.write("Content-Type: multipart/form-data\r\n\r\n");
    return writer.flush() ? CURLE_OK : CURLE_READ_ERROR;
  }
  const std::unique_ptr<Mime> mime = form_to_mime(form, nullptr);
  if (mime == nullptr) return CURLE_FAILED_INIT;
  MimeReader reader(*mime);
  const std::string head = "Content-Type: " + std::string(reader.content_type()) + "\r\n\r\n";
  const CURLcode code = writer.write(head);
  return code != CURLE_OK ? code : writer.write_all(reader);
} catch (const std::bad_alloc&) {
  return CURLE_OUT_OF_MEMORY;
}

}  // namespace hiper
