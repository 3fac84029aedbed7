#include "body/decoder.hpp"

#include "body/inflate.hpp"
#include "parse/h1_head.hpp"

namespace hiper {

Coding coding_of(std::string_view name) noexcept {
  if (equals_lower(name, "gzip") || equals_lower(name, "x-gzip")) return Coding::gzip;
  if (equals_lower(name, "deflate")) return Coding::deflate;
  if (equals_lower(name, "identity") || equals_lower(name, "none")) return Coding::identity;
  if (equals_lower(name, "chunked")) return Coding::chunked;
  return Coding::unknown;
}

std::string_view supported_codings() noexcept { return "deflate, gzip"; }

std::unique_ptr<Decoder> make_decoder(Coding coding) {
  if (coding == Coding::gzip) return std::make_unique<Inflate>(Inflate::Format::gzip);
  if (coding == Coding::deflate) return std::make_unique<Inflate>(Inflate::Format::deflate);
  return nullptr;
}

}  // namespace hiper
