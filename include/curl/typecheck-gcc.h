/* SPDX-License-Identifier: MIT
 *
 * Checks of the third argument of curl_easy_setopt() and its relatives in C,
 * for gcc and clang. Their arguments are variadic, so the compiler itself
 * would let a string pass where a long is read. A failed check is a warning;
 * the call is made in any case. Included by curl.h only.
 *
 * A check applies where the option is written as a constant. It evaluates
 * neither the option nor the value.
 */
#ifndef CURLINC_TYPECHECK_GCC_H
#define CURLINC_TYPECHECK_GCC_H

/* What a failed check calls: the attribute makes the compiler say why. */
#define CURLWARNING(id, message) \
  static void __attribute__((__warning__(message), __unused__, __noinline__)) id(void) { __asm__(""); }

CURLWARNING(curlcheck_err_long, "this option takes a long")
CURLWARNING(curlcheck_err_off_t, "this option takes a curl_off_t")
CURLWARNING(curlcheck_err_string, "this option takes a char pointer")
CURLWARNING(curlcheck_err_slist, "this option takes a struct curl_slist pointer")
CURLWARNING(curlcheck_err_data, "this option takes a pointer")
CURLWARNING(curlcheck_err_object, "this option takes a pointer to another type of object")
CURLWARNING(curlcheck_err_function, "this option takes a function of another type")
CURLWARNING(curlcheck_err_info_string, "this info needs a pointer to a char *")
CURLWARNING(curlcheck_err_info_long, "this info needs a pointer to a long")
CURLWARNING(curlcheck_err_info_double, "this info needs a pointer to a double")
CURLWARNING(curlcheck_err_info_slist, "this info needs a pointer to a struct curl_slist *")
CURLWARNING(curlcheck_err_info_tls, "this info needs a pointer to a struct curl_tlssessioninfo *")
CURLWARNING(curlcheck_err_info_certs, "this info needs a pointer to a struct curl_certinfo *")
CURLWARNING(curlcheck_err_info_socket, "this info needs a pointer to a curl_socket_t")
CURLWARNING(curlcheck_err_info_off_t, "this info needs a pointer to a curl_off_t")

/* ---- About expressions ---- */

/* Is it an integer constant expression? Only then is the type of the
   conditional below that of its third operand. */
#define curlcheck_const(expr) \
  __builtin_types_compatible_p(__typeof__(1 ? (void*)((long)(expr)*0L) : (int*)0), int*)

/* Has it this type, with arrays and functions taken as pointers? */
#define curlcheck_is(expr, type) __builtin_types_compatible_p(__typeof__(((void)0, (expr))), type)

/* NULL, or a pointer of unknown type */
#define curlcheck_void(expr) (curlcheck_is(expr, void*) || curlcheck_is(expr, const void*))

#define curlcheck_ptr(expr, type) \
  (curlcheck_void(expr) || curlcheck_is(expr, type*) || curlcheck_is(expr, const type*))

/* What a variable to fill in may be. */
#define curlcheck_out(expr, type) (curlcheck_void(expr) || curlcheck_is(expr, type*))

#define curlcheck_class(expr) __builtin_classify_type(((void)0, (expr)))
#define curlcheck_pointer(expr) (curlcheck_class(expr) == 5)
#define curlcheck_integer(expr) (curlcheck_class(expr) >= 1 && curlcheck_class(expr) <= 4)

#define curlcheck_long(expr) (curlcheck_integer(expr) && sizeof(expr) <= sizeof(long))
#define curlcheck_off_t(expr) (curlcheck_integer(expr) && sizeof(expr) == sizeof(curl_off_t))
#define curlcheck_string(expr) \
  (curlcheck_ptr(expr, char) || curlcheck_ptr(expr, signed char) || curlcheck_ptr(expr, unsigned char))

/* ---- Callbacks: the forms that work as well as the documented one ---- */

#define curlcheck_fn(expr, type) (curlcheck_void(expr) || curlcheck_is(expr, type))

#define curlcheck_io_fn1(expr, buf)                                   \
  (curlcheck_is(expr, size_t(*)(buf, size_t, size_t, void*)) ||       \
   curlcheck_is(expr, size_t(*)(buf, size_t, size_t, const void*)) || \
   curlcheck_is(expr, size_t(*)(buf, size_t, size_t, FILE*)))
#define curlcheck_io_fn(expr)                                                                      \
  (curlcheck_void(expr) || curlcheck_io_fn1(expr, char*) || curlcheck_io_fn1(expr, const char*) || \
   curlcheck_io_fn1(expr, void*) || curlcheck_io_fn1(expr, const void*))

#define curlcheck_debug_fn1(expr, buf)                                      \
  (curlcheck_is(expr, int (*)(CURL*, curl_infotype, buf, size_t, void*)) || \
   curlcheck_is(expr, int (*)(CURL*, curl_infotype, buf, size_t, const void*)))
#define curlcheck_debug_fn(expr)                                                                         \
  (curlcheck_void(expr) || curlcheck_debug_fn1(expr, char*) || curlcheck_debug_fn1(expr, const char*) || \
   curlcheck_debug_fn1(expr, unsigned char*) || curlcheck_debug_fn1(expr, const unsigned char*))

#define curlcheck_seek_fn(expr) \
  (curlcheck_fn(expr, curl_seek_callback) || curlcheck_is(expr, CURLcode(*)(void*, curl_off_t, int)))

#define curlcheck_ioctl_fn(expr)                                                                           \
  (curlcheck_fn(expr, curl_ioctl_callback) || curlcheck_is(expr, curlioerr(*)(CURL*, curliocmd, void*)) || \
   curlcheck_is(expr, curlioerr(*)(CURL*, int, const void*)))

#define curlcheck_progress_fn(expr)              \
  (curlcheck_fn(expr, curl_progress_callback) || \
   curlcheck_is(expr, int (*)(const void*, double, double, double, double)))

#define curlcheck_sockopt_fn(expr)                                          \
  (curlcheck_fn(expr, curl_sockopt_callback) ||                             \
   curlcheck_is(expr, int (*)(const void*, curl_socket_t, curlsocktype)) || \
   curlcheck_is(expr, int (*)(void*, curl_socket_t, int)))

#define curlcheck_opensocket_fn1(expr, data)                                          \
  (curlcheck_is(expr, curl_socket_t(*)(data, curlsocktype, struct curl_sockaddr*)) || \
   curlcheck_is(expr, curl_socket_t(*)(data, curlsocktype, const struct curl_sockaddr*)))
#define curlcheck_opensocket_fn(expr)                               \
  (curlcheck_void(expr) || curlcheck_opensocket_fn1(expr, void*) || \
   curlcheck_opensocket_fn1(expr, const void*))

struct ssl_ctx_st; /* OpenSSL's SSL_CTX */

#define curlcheck_ssl_ctx_fn1(expr, ctx)                 \
  (curlcheck_is(expr, CURLcode(*)(CURL*, ctx, void*)) || \
   curlcheck_is(expr, CURLcode(*)(CURL*, ctx, const void*)))
#define curlcheck_ssl_ctx_fn(expr)                                                                           \
  (curlcheck_void(expr) || curlcheck_ssl_ctx_fn1(expr, void*) || curlcheck_ssl_ctx_fn1(expr, const void*) || \
   curlcheck_ssl_ctx_fn1(expr, struct ssl_ctx_st*))

/* A progress function with doubles in place of curl_off_t reads garbage. */
#define curlcheck_xferinfo_fn(expr) (!curlcheck_is(expr, curl_progress_callback))

/* ---- About options ---- */

#define curlcheck_opt_long(option) ((option) < CURLOPTTYPE_OBJECTPOINT)
#define curlcheck_opt_off_t(option) ((option) > CURLOPTTYPE_OFF_T && (option) < CURLOPTTYPE_BLOB)
#define curlcheck_opt_blob(option) ((option) > CURLOPTTYPE_BLOB)

/* Strings, and buffers that are passed like strings */
#define curlcheck_opt_string(option)                                                                        \
  ((option) == CURLOPT_ABSTRACT_UNIX_SOCKET || (option) == CURLOPT_ACCEPT_ENCODING ||                       \
   (option) == CURLOPT_ALTSVC || (option) == CURLOPT_AWS_SIGV4 || (option) == CURLOPT_CAINFO ||             \
   (option) == CURLOPT_CAPATH || (option) == CURLOPT_COOKIE || (option) == CURLOPT_COOKIEFILE ||            \
   (option) == CURLOPT_COOKIEJAR || (option) == CURLOPT_COOKIELIST || (option) == CURLOPT_COPYPOSTFIELDS || \
   (option) == CURLOPT_CRLFILE || (option) == CURLOPT_CUSTOMREQUEST ||                                      \
   (option) == CURLOPT_DEFAULT_PROTOCOL || (option) == CURLOPT_DNS_INTERFACE ||                             \
   (option) == CURLOPT_DNS_LOCAL_IP4 || (option) == CURLOPT_DNS_LOCAL_IP6 ||                                \
   (option) == CURLOPT_DNS_SERVERS || (option) == CURLOPT_DOH_URL || (option) == CURLOPT_ECH ||             \
   (option) == CURLOPT_EGDSOCKET || (option) == CURLOPT_ERRORBUFFER || (option) == CURLOPT_FTPPORT ||       \
   (option) == CURLOPT_FTP_ACCOUNT || (option) == CURLOPT_FTP_ALTERNATIVE_TO_USER ||                        \
   (option) == CURLOPT_HAPROXY_CLIENT_IP || (option) == CURLOPT_HSTS ||                                     \
   (option) == CURLOPT_HTTPSIG_HEADERS || (option) == CURLOPT_HTTPSIG_KEY ||                                \
   (option) == CURLOPT_HTTPSIG_KEYID || (option) == CURLOPT_INTERFACE || (option) == CURLOPT_ISSUERCERT ||  \
   (option) == CURLOPT_KEYPASSWD || (option) == CURLOPT_KRBLEVEL || (option) == CURLOPT_LOGIN_OPTIONS ||    \
   (option) == CURLOPT_MAIL_AUTH || (option) == CURLOPT_MAIL_FROM || (option) == CURLOPT_NETRC_FILE ||      \
   (option) == CURLOPT_NOPROXY || (option) == CURLOPT_PASSWORD || (option) == CURLOPT_PINNEDPUBLICKEY ||    \
   (option) == CURLOPT_POSTFIELDS || (option) == CURLOPT_PRE_PROXY || (option) == CURLOPT_PROTOCOLS_STR ||  \
   (option) == CURLOPT_PROXY || (option) == CURLOPT_PROXYPASSWORD || (option) == CURLOPT_PROXYUSERNAME ||   \
   (option) == CURLOPT_PROXYUSERPWD || (option) == CURLOPT_PROXY_CAINFO ||                                  \
   (option) == CURLOPT_PROXY_CAPATH || (option) == CURLOPT_PROXY_CRLFILE ||                                 \
   (option) == CURLOPT_PROXY_ISSUERCERT || (option) == CURLOPT_PROXY_KEYPASSWD ||                           \
   (option) == CURLOPT_PROXY_PINNEDPUBLICKEY || (option) == CURLOPT_PROXY_SERVICE_NAME ||                   \
   (option) == CURLOPT_PROXY_SSLCERT || (option) == CURLOPT_PROXY_SSLCERTTYPE ||                            \
   (option) == CURLOPT_PROXY_SSLKEY || (option) == CURLOPT_PROXY_SSLKEYTYPE ||                              \
   (option) == CURLOPT_PROXY_SSL_CIPHER_LIST || (option) == CURLOPT_PROXY_TLS13_CIPHERS ||                  \
   (option) == CURLOPT_PROXY_TLSAUTH_PASSWORD || (option) == CURLOPT_PROXY_TLSAUTH_TYPE ||                  \
   (option) == CURLOPT_PROXY_TLSAUTH_USERNAME || (option) == CURLOPT_RANDOM_FILE ||                         \
   (option) == CURLOPT_RANGE || (option) == CURLOPT_REDIR_PROTOCOLS_STR || (option) == CURLOPT_REFERER ||   \
   (option) == CURLOPT_REQUEST_TARGET || (option) == CURLOPT_RTSP_SESSION_ID ||                             \
   (option) == CURLOPT_RTSP_STREAM_URI || (option) == CURLOPT_RTSP_TRANSPORT ||                             \
   (option) == CURLOPT_SASL_AUTHZID || (option) == CURLOPT_SERVICE_NAME ||                                  \
   (option) == CURLOPT_SOCKS5_GSSAPI_SERVICE || (option) == CURLOPT_SSH_HOST_PUBLIC_KEY_MD5 ||              \
   (option) == CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256 || (option) == CURLOPT_SSH_KNOWNHOSTS ||                  \
   (option) == CURLOPT_SSH_PRIVATE_KEYFILE || (option) == CURLOPT_SSH_PUBLIC_KEYFILE ||                     \
   (option) == CURLOPT_SSLCERT || (option) == CURLOPT_SSLCERTTYPE || (option) == CURLOPT_SSLENGINE ||       \
   (option) == CURLOPT_SSLKEY || (option) == CURLOPT_SSLKEYTYPE || (option) == CURLOPT_SSL_CIPHER_LIST ||   \
   (option) == CURLOPT_SSL_EC_CURVES || (option) == CURLOPT_SSL_SIGNATURE_ALGORITHMS ||                     \
   (option) == CURLOPT_TLS13_CIPHERS || (option) == CURLOPT_TLSAUTH_PASSWORD ||                             \
   (option) == CURLOPT_TLSAUTH_TYPE || (option) == CURLOPT_TLSAUTH_USERNAME ||                              \
   (option) == CURLOPT_UNIX_SOCKET_PATH || (option) == CURLOPT_URL || (option) == CURLOPT_USERAGENT ||      \
   (option) == CURLOPT_USERNAME || (option) == CURLOPT_USERPWD || (option) == CURLOPT_XOAUTH2_BEARER)

#define curlcheck_opt_slist(option)                                                                          \
  ((option) == CURLOPT_CONNECT_TO || (option) == CURLOPT_HTTP200ALIASES || (option) == CURLOPT_HTTPHEADER || \
   (option) == CURLOPT_MAIL_RCPT || (option) == CURLOPT_POSTQUOTE || (option) == CURLOPT_PREQUOTE ||         \
   (option) == CURLOPT_PROXYHEADER || (option) == CURLOPT_QUOTE || (option) == CURLOPT_RESOLVE ||            \
   (option) == CURLOPT_TELNETOPTIONS)

/* Pointers that are handed on to callbacks */
#define curlcheck_opt_data(option)                                                                           \
  ((option) == CURLOPT_CHUNK_DATA || (option) == CURLOPT_CLOSESOCKETDATA || (option) == CURLOPT_DEBUGDATA || \
   (option) == CURLOPT_FNMATCH_DATA || (option) == CURLOPT_HEADERDATA || (option) == CURLOPT_HSTSREADDATA || \
   (option) == CURLOPT_HSTSWRITEDATA || (option) == CURLOPT_INTERLEAVEDATA ||                                \
   (option) == CURLOPT_IOCTLDATA || (option) == CURLOPT_OPENSOCKETDATA || (option) == CURLOPT_PREREQDATA ||  \
   (option) == CURLOPT_READDATA || (option) == CURLOPT_RESOLVER_START_DATA ||                                \
   (option) == CURLOPT_SEEKDATA || (option) == CURLOPT_SOCKOPTDATA || (option) == CURLOPT_SSH_HOSTKEYDATA || \
   (option) == CURLOPT_SSH_KEYDATA || (option) == CURLOPT_SSL_CTX_DATA || (option) == CURLOPT_TRAILERDATA || \
   (option) == CURLOPT_WRITEDATA || (option) == CURLOPT_XFERINFODATA)

/* Does the value suit an option for a function? The others go unchecked. */
#define curlcheck_function(option, value)                                          \
  (((option) != CURLOPT_WRITEFUNCTION || curlcheck_io_fn((value))) &&              \
   ((option) != CURLOPT_HEADERFUNCTION || curlcheck_io_fn((value))) &&             \
   ((option) != CURLOPT_READFUNCTION || curlcheck_io_fn((value))) &&               \
   ((option) != CURLOPT_DEBUGFUNCTION || curlcheck_debug_fn((value))) &&           \
   ((option) != CURLOPT_SEEKFUNCTION || curlcheck_seek_fn((value))) &&             \
   ((option) != CURLOPT_IOCTLFUNCTION || curlcheck_ioctl_fn((value))) &&           \
   ((option) != CURLOPT_PROGRESSFUNCTION || curlcheck_progress_fn((value))) &&     \
   ((option) != CURLOPT_XFERINFOFUNCTION || curlcheck_xferinfo_fn((value))) &&     \
   ((option) != CURLOPT_SOCKOPTFUNCTION || curlcheck_sockopt_fn((value))) &&       \
   ((option) != CURLOPT_OPENSOCKETFUNCTION || curlcheck_opensocket_fn((value))) && \
   ((option) != CURLOPT_SSL_CTX_FUNCTION || curlcheck_ssl_ctx_fn((value))) &&      \
   ((option) != CURLOPT_RESOLVER_START_FUNCTION || curlcheck_fn((value), curl_resolver_start_callback)))

/* The same for options that take one certain object */
#define curlcheck_object(option, value)                                              \
  (((option) != CURLOPT_STDERR || curlcheck_ptr((value), FILE)) &&                   \
   ((option) != CURLOPT_HTTPPOST || curlcheck_ptr((value), struct curl_httppost)) && \
   ((option) != CURLOPT_MIMEPOST || curlcheck_ptr((value), curl_mime)) &&            \
   ((option) != CURLOPT_SHARE || curlcheck_ptr((value), CURLSH)) &&                  \
   ((option) != CURLOPT_CURLU || curlcheck_ptr((value), CURLU)) &&                   \
   (!curlcheck_opt_blob(option) || curlcheck_ptr((value), struct curl_blob)))

/* ---- The functions ----
   The option stands alone once, before the pragmas: there a compiler warns
   about a deprecated one, at the place of the call. */

#define curl_easy_setopt(handle, option, value)                                                             \
  __extension__({                                                                                           \
    CURLoption curlcheck_option = (option);                                                                 \
    CURL_IGNORE_DEPRECATION(if (curlcheck_const(option)) {                                                  \
      if (curlcheck_opt_long(option) && !curlcheck_long((value))) curlcheck_err_long();                     \
      if (curlcheck_opt_off_t(option) && !curlcheck_off_t((value))) curlcheck_err_off_t();                  \
      if (curlcheck_opt_string(option) && !curlcheck_string((value))) curlcheck_err_string();               \
      if (curlcheck_opt_slist(option) && !curlcheck_ptr((value), struct curl_slist)) curlcheck_err_slist(); \
      if (curlcheck_opt_data(option) && !curlcheck_pointer((value))) curlcheck_err_data();                  \
      if (!curlcheck_object((option), (value))) curlcheck_err_object();                                     \
      if (!curlcheck_function((option), (value))) curlcheck_err_function();                                 \
    })                                                                                                      \
    curl_easy_setopt(handle, curlcheck_option, value);                                                      \
  })

#define curlcheck_info_type(info) ((info)&CURLINFO_TYPEMASK)
#define curlcheck_info_tls(info) ((info) == CURLINFO_TLS_SESSION || (info) == CURLINFO_TLS_SSL_PTR)

#define curl_easy_getinfo(handle, info, arg)                                                    \
  __extension__({                                                                               \
    CURLINFO curlcheck_info = (info);                                                           \
    CURL_IGNORE_DEPRECATION(if (curlcheck_const(info)) {                                        \
      if (curlcheck_info_type(info) == CURLINFO_STRING && (info) != CURLINFO_PRIVATE &&         \
          !curlcheck_out((arg), char*) && !curlcheck_is((arg), const char**))                   \
        curlcheck_err_info_string();                                                            \
      if (curlcheck_info_type(info) == CURLINFO_LONG && !curlcheck_out((arg), long))            \
        curlcheck_err_info_long();                                                              \
      if (curlcheck_info_type(info) == CURLINFO_DOUBLE && !curlcheck_out((arg), double))        \
        curlcheck_err_info_double();                                                            \
      if (curlcheck_info_tls(info) && !curlcheck_out((arg), struct curl_tlssessioninfo*) &&     \
          !curlcheck_is((arg), const struct curl_tlssessioninfo**))                             \
        curlcheck_err_info_tls();                                                               \
      if ((info) == CURLINFO_CERTINFO && !curlcheck_out((arg), struct curl_certinfo*))          \
        curlcheck_err_info_certs();                                                             \
      if (curlcheck_info_type(info) == CURLINFO_SLIST && !curlcheck_info_tls(info) &&           \
          (info) != CURLINFO_CERTINFO && !curlcheck_out((arg), struct curl_slist*))             \
        curlcheck_err_info_slist();                                                             \
      if (curlcheck_info_type(info) == CURLINFO_SOCKET && !curlcheck_out((arg), curl_socket_t)) \
        curlcheck_err_info_socket();                                                            \
      if (curlcheck_info_type(info) == CURLINFO_OFF_T && !curlcheck_out((arg), curl_off_t))     \
        curlcheck_err_info_off_t();                                                             \
    })                                                                                          \
    curl_easy_getinfo(handle, curlcheck_info, arg);                                             \
  })

#define curl_multi_setopt(handle, option, value)                                           \
  __extension__({                                                                          \
    if (curlcheck_const(option) && curlcheck_opt_long(option) && !curlcheck_long((value))) \
      curlcheck_err_long();                                                                \
    curl_multi_setopt(handle, option, value);                                              \
  })

#define curl_share_setopt(share, option, value)                                                      \
  __extension__({                                                                                    \
    if (curlcheck_const(option) && ((option) == CURLSHOPT_SHARE || (option) == CURLSHOPT_UNSHARE) && \
        !curlcheck_long((value)))                                                                    \
      curlcheck_err_long();                                                                          \
    curl_share_setopt(share, option, value);                                                         \
  })

#endif /* CURLINC_TYPECHECK_GCC_H */
