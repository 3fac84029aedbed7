// Relative references (RFC 3986, 5.2): the target is put together as text and then parsed, so that it goes
// through the same checks as any URL.
#include "parse/ascii.hpp"
#include "parse/percent.hpp"
#include "parse/url.hpp"
#include "parse/url_scan.hpp"

namespace hiper {
namespace {

/// Encodes what a server should have encoded in a relative reference. Within `//host…` the host stays as it
/// is; after `?` a space becomes `+`.
std::string encode_reference(std::string_view reference) {
  std::string encoded;
  encoded.reserve(reference.size());
  if (reference.starts_with("//")) {
    const std::size_t name = std::min(reference.find_first_not_of('/'), reference.size());
    const std::size_t host_end = std::min(reference.find_first_of("/?#", name), reference.size());
    encoded.append(reference.substr(0, host_end));
    reference.remove_prefix(host_end);
  }
  const std::size_t path_end = std::min(reference.find('?'), reference.size());
  append_made_ascii(encoded, reference.substr(0, path_end), "%20");
  append_made_ascii(encoded, reference.substr(path_end), "+");
  return encoded;
}

/// The base path up to and including its last slash. With CURLU_PATH_AS_IS the leading `./` and `../` of the
/// reference are still followed, as in libcurl, and taken off it.
std::string_view merge_directory(std::string_view path, std::string_view& reference, unsigned flags) {
  path = path.substr(0, path.rfind('/') + 1);
  while ((flags & CURLU_PATH_AS_IS) != 0) {
    if (reference.starts_with("./")) {
      reference.remove_prefix(2);
    } else if (reference.starts_with("../")) {
      reference.remove_prefix(3);
      if (path.size() > 1) path = path.substr(0, path.rfind('/', path.size() - 2) + 1);
    } else {
      break;
    }
  }
  return path;
}

}  // namespace

UrlResult Url::resolve(const Url& base, std::string_view reference, unsigned flags, Url& out) {
  if (reference.size() > kMaxUrlLength) return UrlResult(CURLUE_MALFORMED_INPUT);
  if (scheme_length(reference, flags) != 0) return parse(reference, flags, out);
  // The base without its tail; one that is incomplete cannot be built.
  std::string target;
  constexpr unsigned kKept = CURLU_DEFAULT_SCHEME | CURLU_DEFAULT_PORT | CURLU_NO_DEFAULT_PORT;
  if (!base.append_origin(flags & kKept, target).ok()) return parse(reference, flags, out);

  const std::string encoded = encode_reference(reference);
  std::string_view rest = encoded;
  if (rest.starts_with("//")) {
    target.resize(target.find(':') + 1);
  } else if (rest.starts_with('?')) {
    target.append(base.path());
  } else if (rest.empty() || rest.starts_with('#')) {
    target.append(base.path_and_query());
  } else if (!rest.starts_with('/')) {
    target.append(merge_directory(base.path(), rest, flags));
  }
  target.append(rest);
  if (target.size() > kMaxUrlLength) return UrlResult(CURLUE_TOO_LARGE);
  constexpr unsigned kSchemeOptional = CURLU_GUESS_SCHEME | CURLU_DEFAULT_SCHEME;
  return parse(target, flags & ~kSchemeOptional, out);
}

}  // namespace hiper
