#include "parse/scheme.hpp"

#include <curl/curl.h>

#include "parse/ascii.hpp"

namespace hiper {
namespace {

// What this build can transfer. A protocol that starts to work is added here and nowhere else.
constexpr std::uint64_t kSupportedProtocols = CURLPROTO_HTTP | CURLPROTO_HTTPS;

constexpr std::uint64_t kProtocolWs = std::uint64_t{1} << 30;
constexpr std::uint64_t kProtocolWss = std::uint64_t{1} << 31;
constexpr std::uint64_t kProtocolMqtts = std::uint64_t{1} << 32;

constexpr std::uint16_t kHttp = kSchemeQuery | kSchemeLoginPerRequest | kSchemeHttpFamily;
constexpr std::uint16_t kMail = kSchemeLoginOptions;

constexpr Scheme kSchemes[] = {
    {"https", CURLPROTO_HTTPS, 443, kHttp | kSchemeTls},
    {"http", CURLPROTO_HTTP, 80, kHttp},
    {"ftp", CURLPROTO_FTP, 21, kSchemeUserOptional},
    {"ftps", CURLPROTO_FTPS, 990, kSchemeUserOptional | kSchemeTls},
    {"file", CURLPROTO_FILE, 0, kSchemeNoNetwork},
    {"imap", CURLPROTO_IMAP, 143, kMail | kSchemeQuery},
    {"imaps", CURLPROTO_IMAPS, 993, kMail | kSchemeQuery | kSchemeTls},
    {"pop3", CURLPROTO_POP3, 110, kMail},
    {"pop3s", CURLPROTO_POP3S, 995, kMail | kSchemeTls},
    {"smtp", CURLPROTO_SMTP, 25, kMail},
    {"smtps", CURLPROTO_SMTPS, 465, kMail | kSchemeTls},
    {"ws", kProtocolWs, 80, kHttp},
    {"wss", kProtocolWss, 443, kHttp | kSchemeTls},
    {"scp", CURLPROTO_SCP, 22, 0},
    {"sftp", CURLPROTO_SFTP, 22, 0},
    {"ldap", CURLPROTO_LDAP, 389, kSchemeQuery},
    {"ldaps", CURLPROTO_LDAPS, 636, kSchemeQuery | kSchemeTls},
    {"dict", CURLPROTO_DICT, 2628, 0},
    {"gopher", CURLPROTO_GOPHER, 70, kSchemeQuery},
    {"gophers", CURLPROTO_GOPHERS, 70, kSchemeQuery | kSchemeTls},
    {"telnet", CURLPROTO_TELNET, 23, 0},
    {"tftp", CURLPROTO_TFTP, 69, 0},
    {"rtsp", CURLPROTO_RTSP, 554, kSchemeQuery},
    {"mqtt", CURLPROTO_MQTT, 1883, 0},
    {"mqtts", kProtocolMqtts, 8883, kSchemeTls},
    {"smb", CURLPROTO_SMB, 445, 0},
    {"smbs", CURLPROTO_SMBS, 445, kSchemeTls},
    {"rtmp", CURLPROTO_RTMP, 1935, kSchemeQuery},
    {"rtmpt", CURLPROTO_RTMPT, 80, kSchemeQuery},
    {"rtmpe", CURLPROTO_RTMPE, 1935, kSchemeQuery},
    {"rtmpte", CURLPROTO_RTMPTE, 80, kSchemeQuery},
    {"rtmps", CURLPROTO_RTMPS, 443, kSchemeQuery},
    {"rtmpts", CURLPROTO_RTMPTS, 443, kSchemeQuery},
};

}  // namespace

std::span<const Scheme> known_schemes() noexcept { return kSchemes; }

const Scheme* find_scheme(std::string_view name) noexcept {
  // Nearly all are in lower case, and among the first.
  for (const Scheme& scheme : kSchemes) {
    if (scheme.name == name) return &scheme;
  }
  for (const Scheme& scheme : kSchemes) {
    if (equals_ignore_case(scheme.name, name)) return &scheme;
  }
  return nullptr;
}

bool is_supported(const Scheme& scheme) noexcept { return (scheme.protocol & kSupportedProtocols) != 0; }

bool is_supported_scheme(std::string_view name) noexcept {
  const Scheme* scheme = find_scheme(name);
  return scheme != nullptr && is_supported(*scheme);
}

std::uint64_t supported_protocols() noexcept { return kSupportedProtocols; }

}  // namespace hiper
