"""Every header compiles alone and with the others, without warnings, in each language version."""

from compiler import arguments, c_compilers, compile_source, cxx_compilers, finish

HEADERS = ["curl", "curlver", "easy", "header", "mprintf", "multi", "options", "stdcheaders", "system", "urlapi",
           "websockets"]
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
LANGUAGES = [
    ("c", c_compilers, ["c89", "c99", "c11"], ["-Wstrict-prototypes"]),
    ("c++", cxx_compilers, ["c++11", "c++20"], ["-Wold-style-cast", "-Wzero-as-null-pointer-constant"]),
]
MODES = [[], ["-DCURL_STRICTER"], ["-DCURL_NO_OLDIES"], ["-DCURL_DISABLE_DEPRECATION"], ["-DCURL_DISABLE_TYPECHECK"]]

# What programs find without further includes.
USE = """
#include <curl/curl.h>
#define FIVE 5
int use(CURL *handle, fd_set *set, struct timeval *time, struct sockaddr *address, FILE *file, time_t *now);
int use(CURL *handle, fd_set *set, struct timeval *time, struct sockaddr *address, FILE *file, time_t *now)
{
  struct curl_blob blob;
  struct curl_header *header;
  const struct curl_ws_frame *frame;
  CURLU *url = curl_url();
  (void)handle; (void)time; (void)address; (void)file; (void)now;
  if(INT_MAX < 0x7fffffff)
    return 0;
  FD_ZERO(set);
  blob.flags = CURL_BLOB_COPY;
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, CURL_OFF_T_C(FIVE));
  curl_mprintf("%" CURL_FORMAT_CURL_OFF_T "%" CURL_FORMAT_CURL_OFF_TU, CURL_OFF_T_C(-5), CURL_OFF_TU_C(5));
  curl_easy_setopt(handle, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
  curl_easy_setopt(handle, CURLOPT_SSLCERT_BLOB, &blob);
  curl_easy_setopt(handle, CURLOPT_CURLU, url);
  return curl_easy_header(handle, "a", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
         (frame = curl_ws_meta(handle)) && frame->len && curl_multi_init() &&
         curl_mprintf("%d", 1) && curl_easy_option_by_id(CURLOPT_URL)
#if !CURL_AT_LEAST_VERSION(8, 22, 0) || LIBCURL_VERSION_NUM != 0x081600 || !defined(CURLAUTH_BASIC)
    && nonsense
#endif
  ;
}
"""


def include(names):
    return "".join(f"#include <curl/{name}.h>\n" for name in names) + "extern int not_empty;\n"


def sources():
    for name in HEADERS:
        yield name, include([name]), MODES[:1]
    yield "all", include(HEADERS), MODES
    yield "all backwards", include(reversed(HEADERS)), MODES[:1]
    yield "use", USE, MODES[:2]


def main():
    args = arguments()
    failures, checks = [], 0
    for language, compilers, standards, more in LANGUAGES:
        for compiler in compilers(args):
            for standard in standards:
                for what, source, modes in sources():
                    for mode in modes:
                        flags = ["-std=" + standard, *WARNINGS, *([] if what == "use" else more), *mode]
                        status, messages = compile_source(compiler, source, flags, args.include, language)
                        checks += 1
                        if status:
                            failures.append(f"{what}: {compiler} {' '.join(flags)}\n{messages[:2000]}")
    finish(failures, checks)


if __name__ == "__main__":
    main()
