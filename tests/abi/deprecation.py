"""Deprecated names are warned about by gcc, once, and CURL_DISABLE_DEPRECATION stops that."""

import re

from compiler import arguments, c_compilers, compile_source, cxx_compilers, finish, is_gcc

# Each line but the first and the last uses one deprecated name.
DEPRECATED = """#include <curl/curl.h>
void a(CURL *c) { curl_easy_setopt(c, CURLOPT_PUT, 1L); }
void b(CURL *c) { curl_easy_setopt(c, CURLOPT_PROGRESSFUNCTION, NULL); }
void c(CURL *c, double *d) { curl_easy_getinfo(c, CURLINFO_SIZE_UPLOAD, d); }
void d(struct curl_httppost *p) { curl_formfree(p); }
void e(CURLM *m, int *n) { curl_multi_socket_all(m, n); }
int f(void) { return (int)CURLFORM_COPYNAME; }
int g(void) { return (int)CURLOPT_KRBLEVEL; }
int h(void) { return (int)CURLSSLBACKEND_POLARSSL; }
int i(void) { return (int)CURLOPT_TLSAUTH_TYPE; }
CURLcode ok(CURL *c, int *n, CURLM *m) { curl_multi_socket(m, 1, n); return curl_easy_perform(c); }
"""

IGNORED = """#include <curl/curl.h>
CURLoption f(void)
{
  CURLoption option = CURLOPT_URL;
  CURL_IGNORE_DEPRECATION(option = CURLOPT_PUT;)
  CURL_IGNORE_DEPRECATION(if(option == CURLOPT_PUT) option = CURLOPT_PROTOCOLS;)
  return option;
}
"""


def lines_warned_about(messages):
    """The lines of the source, once per warning."""
    return [int(n) for n in re.findall(r"<stdin>:(\d+):\d+: warning: .*deprecated", messages)]


def main():
    args = arguments()
    failures, checks = [], 0
    for language, compilers in (("c", c_compilers(args)), ("c++", cxx_compilers(args))):
        for compiler in compilers:
            expected = list(range(2, 11)) if is_gcc(compiler) else []
            for flags, lines in (([], expected), (["-DCURL_DISABLE_DEPRECATION"], [])):
                status, messages = compile_source(compiler, DEPRECATED, flags, args.include, language)
                checks += 1
                if status or lines_warned_about(messages) != lines:
                    failures.append(f"{compiler} {language} {flags}: expected warnings in {lines}\n{messages}")
            for flags in ([], ["-DCURL_DISABLE_DEPRECATION"]):
                status, messages = compile_source(compiler, IGNORED, ["-Wall", *flags], args.include, language)
                checks += 1
                if status or messages:
                    failures.append(f"{compiler} {language}: not ignored\n{messages}")
    finish(failures, checks)


if __name__ == "__main__":
    main()
