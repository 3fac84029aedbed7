"""The distribution's curl command with its own library and with ours: the same bytes, exit codes and -w values.

Each case runs twice. It says which exit code it expects, so that it is known to test what its name says.
"""
import difflib
import gzip
import os
import re
import subprocess

import echo
import live

SIZES = {"empty": 0, "one": 1, "hundred": 100, "below16k": 16383, "16k": 16384, "above16k": 16385, "1m": 1 << 20,
         "20m": 20 << 20}
VALUES = ("http_code response_code http_connect http_version method num_connects num_headers num_redirects size_download "
          "size_header size_upload ssl_verify_result scheme remote_ip remote_port local_ip redirect_url "
          "content_type filename_effective exitcode urlnum url_effective referer")
WRITE_OUT = "\n" + "".join(f"@ {name} = %{{{name}}}\n" for name in VALUES.split())
# What is not the same twice, and the spelling of scheme and escapes, where we do as libcurl 8 does.
CHANGING = [(rb"@ scheme = HTTP", rb"@ scheme = http"), (rb"(@ scheme = http)S", rb"\1s"),
            (rb"%c3%a9", rb"%C3%A9"), (rb"(?i)(\bdate: )[^\r\n]*", rb"\1"), (rb'("date":\[)"[^"]*"', rb"\1"),
            (rb"(multipart/byteranges; boundary=|\r?\n--)\d{20}", rb"\1BOUNDARY"),
            # In a cookie jar: when it was written, and who says so.
            (rb"(?m)^(\S+\t\w+\t\S+\t\w+\t)\d{10}\t", rb"\1LATER\t"), (rb"(?m)^# [^\n]*(libcurl|curl\.se)[^\n]*\n", b"")]
JAR = b"""# Netscape HTTP Cookie File
127.0.0.1\tFALSE\t/\tFALSE\t0\tfirst\told
127.0.0.1\tFALSE\t/echo\tFALSE\t4102444800\tlasting\tyes
#HttpOnly_127.0.0.1\tFALSE\t/echo/\tFALSE\t4102444800\tlonger-path\tyes
127.0.0.1\tFALSE\t/other\tFALSE\t4102444800\tother-path\tno
127.0.0.1\tFALSE\t/\tFALSE\t1000000000\texpired\tno
elsewhere.test\tTRUE\t/\tFALSE\t4102444800\tother-host\tno
a line that is no cookie
"""


class Result:
    def __init__(self, code, output, errors, directory, omitted):
        self.code = code
        output = self._steady(output)
        for name in omitted:
            output = re.sub(rb"(?m)^@ %s = .*\n" % name.encode(), b"", output)
        self.output, self.errors = output, errors
        self.files = {}
        for name in sorted(os.listdir(directory)):
            if os.path.isfile(os.path.join(directory, name)):
                with open(os.path.join(directory, name), "rb") as file:
                    self.files[name] = self._steady(file.read())

    @staticmethod
    def _steady(text):
        """Without what changes; in something large only the end is looked at, where the -w values are."""
        body, end = (text[:-4000], text[-4000:]) if len(text) > 100000 else (b"", text)
        for pattern, replacement in CHANGING:
            end = re.sub(pattern, replacement, end)
        return body + end


class CurlTool(live.LiveTest):
    settings = "gzip_types *; gzip_min_length 10;"

    @classmethod
    def locations(cls):
        cls.echo = echo.Server()
        cls.addClassCleanup(cls.echo.stop)
        return f"""
          location /gz/ {{ alias ROOT/; gzip on; }}
          location /slow/ {{ alias ROOT/; limit_rate 20k; }}
          location = /404 {{ return 404 "not here\\n"; }}
          location = /503 {{ return 503 "not now\\n"; }}
          location = /204 {{ return 204; }}
          location = /r301 {{ return 301 /echo/301; }}   location = /r302 {{ return 302 /echo/302?a=b; }}
          location = /r303 {{ return 303 /echo/303; }}   location = /r307 {{ return 307 /echo/307; }}
          location = /r308 {{ return 308 /echo/308; }}   location = /loop {{ return 302 /loop; }}
          location = /chain3 {{ return 302 /chain2; }}   location = /chain2 {{ return 302 ./chain1; }}
          location = /chain1 {{ return 302 hundred#part; }}
          location = /to-tls {{ return 302 https://127.0.0.1:TLS_PORT/hundred; }}
          location = /to-plain {{ return 302 http://127.0.0.1:HTTP_PORT/echo/plain; }}
          location = /to-nowhere {{ return 302 foo://bar/; }}
          location /echo {{ proxy_pass {cls.echo.url}; proxy_set_header Connection ""; proxy_set_header Host $http_host;
                            proxy_http_version 1.1; }}
        """.replace("ROOT", os.path.join(cls.directory, "nginx", "root"))

    @classmethod
    def set_up_site(cls):
        cls.curl = live.need("curl")
        for name, size in SIZES.items():
            cls.nginx.write_file(name, live.content(size))
        cls.nginx.write_file("text.txt", b"a line that is easily compressed\n" * 3000)
        cls.nginx.write_file("1m-and-more", live.content((1 << 20) + 1))
        cls.nginx.write_file("gzipped", gzip.compress(b"twice " * 100, mtime=0))
        for number in range(1, 6):
            cls.nginx.write_file(f"part{number}", live.content(1000 + number, seed=number))
        with open(os.path.join(cls.directory, "post"), "wb") as file:
            file.write(live.content(300000))
        cls.both = (cls.nginx.http, cls.nginx.https)

    # How a case is run.

    def run_curl(self, ours, arguments, stdin=None, files=None, omit=()):
        directory = self.fresh_directory()
        for name, data in (files or {}).items():
            with open(os.path.join(directory, name), "wb") as file:
                file.write(data)
        done = subprocess.run([self.curl, "-q", "-sS", *arguments], cwd=directory, input=stdin, capture_output=True,
                              env=live.library_environment(ours), timeout=30)
        return Result(done.returncode, done.stdout, done.stderr, directory, omit)

    def compare(self, name, *arguments, code=0, write_out=WRITE_OUT, check=None, unfinished=None, **how):
        """Runs `arguments` with both libraries. `check` gets both results for what else must hold.

        `omit` names values that need not be equal; `unfinished` says why the case may still differ.
        """
        arguments = [str(argument) for argument in arguments]
        trusting = {"-k", "--cacert", "--capath"} & set(arguments)
        if any(argument.startswith("https:") for argument in arguments) and not trusting:
            arguments = ["--cacert", self.certificates.ca, *arguments]
        if write_out:
            arguments = ["-w", write_out, *arguments]
        with self.subTest(name):
            theirs, ours = (self.run_curl(which, arguments, **how) for which in (False, True))
            story = (f"\ncurl {' '.join(arguments[2 * bool(write_out):])}\nsystem: {theirs.errors[-300:].decode()}\n"
                     f"ours: {ours.errors[-300:].decode()}")
            self.assertEqual(theirs.code, code, f"the case is not what it says{story}")
            try:
                self.assert_same(theirs, ours, story)
                if check is not None:
                    check(theirs, ours)
            except AssertionError:
                if not unfinished:
                    raise
                print(f"unfinished: {name}: {unfinished}")

    def assert_same(self, theirs, ours, story):
        self.assertEqual(ours.code, theirs.code, story)
        self.assert_same_bytes(theirs.output, ours.output, story)
        self.assertEqual(list(theirs.files), list(ours.files), story)
        for file in theirs.files:
            self.assert_same_bytes(theirs.files[file], ours.files[file], f"{file}{story}")

    def assert_same_bytes(self, theirs, ours, story):
        if theirs == ours:
            return
        if len(theirs) < 20000 and len(ours) < 20000:
            pair = [text.decode("latin-1").split("\n") for text in (theirs, ours)]
            self.fail("\n".join(difflib.unified_diff(*pair, "system", "ours", lineterm="", n=0)) + story)
        at = next((index for index, pair in enumerate(zip(theirs, ours)) if pair[0] != pair[1]), min(len(theirs), len(ours)))
        self.fail(f"{len(theirs)} and {len(ours)} bytes, different from {at} on{story}")

    def compare_both(self, name, path, *arguments, **how):
        for base in self.both:
            self.compare(f"{name}, {base.split(':')[0]}", *arguments, base + path, **how)

    # The cases.

    def test_which_library_is_loaded(self):
        theirs, ours = (self.run_curl(which, ["--version"]) for which in (False, True))
        self.assertNotIn(b"hiper/", theirs.output)
        self.assertIn(b"hiper/", ours.output)
        self.assertNotIn(b"version information", ours.errors)

    def test_sizes(self):
        self.compare_both("size of the request", "/hundred", write_out="@ %{size_request}")
        for name in SIZES:
            self.compare_both(f"get {name}", f"/{name}", "-o", "file")
            self.compare_both(f"get {name} to stdout", f"/{name}")
            self.compare_both(f"head of {name}", f"/{name}", "-I")
        self.compare_both("head included", "/hundred", "-i")
        self.compare_both("head dumped", "/hundred", "-D", "head", "-o", "body")
        self.compare_both("header_json", "/hundred", "-o", "body", "-w", "%{header_json}", write_out="")
        self.compare_both("no buffering", "/1m", "-N", "-o", "file")
        self.compare_both("HTTP/1.0", "/1m", "-0", "-o", "file")
        self.compare_both("no keep-alive", "/1m", "--no-keepalive", "-H", "Connection: close", "-o", "file")

    def test_ranges(self):
        for given in ("0-0", "10-20", "-5", "100-", "0-16383", "1000-100000"):
            self.compare_both(f"range {given}", "/1m", "-r", given)
        self.compare_both("two ranges", "/1m", "-r", "0-9,100-109", "-i")
        self.compare_both("range beyond", "/hundred", "-r", "1000-2000")
        self.compare_both("range beyond, fail", "/hundred", "-f", "-r", "1000-2000", code=22)
        self.compare_both("resumed at", "/16k", "-C", "50")
        self.compare_both("resumed file", "/1m", "-C", "-", "-o", "file", files={"file": live.content(1 << 20)[:5000]})
        self.compare_both("resumed complete file", "/16k", "-C", "-", "-o", "file", files={"file": live.content(16384)},
                          omit=("size_download",))
        self.compare("resume is not possible", "-C", "50", f"{self.echo.url}/echo", code=33)
        self.compare_both("too large", "/1m", "--max-filesize", "1000", code=63,
                          unfinished="what the head says is not known after CURLE_FILESIZE_EXCEEDED")
        self.compare_both("not newer", "/hundred", "-z", "2100-01-01T00:00:00Z")
        self.compare_both("newer", "/hundred", "-z", "2001-01-01T00:00:00Z")
        self.compare_both("etag", "/hundred", "--etag-save", "tag", "-o", "file")
        self.compare_both("remote time", "/hundred", "-R", "-o", "file")

    def test_encodings(self):
        self.compare_both("compressed", "/gz/text.txt", "--compressed", "-o", "file")
        self.compare_both("compressed head", "/gz/text.txt", "--compressed", "-I")
        self.compare_both("not asked for", "/gz/text.txt", "-o", "file")
        self.compare_both("left as it is", "/gz/text.txt", "-H", "Accept-Encoding: gzip", "-o", "file")
        self.compare_both("large and compressed", "/gz/1m", "--compressed", "-o", "file")
        self.compare("chunked", f"{self.echo.url}/chunked")
        self.compare("chunked, raw", "--raw", f"{self.echo.url}/chunked", omit=("size_download",))
        self.compare("chunked with head", "-i", f"{self.echo.url}/chunked")

    def test_redirects(self):
        for base in self.both:
            scheme = base.split(":")[0]
            for status in (301, 302, 303, 307, 308):
                self.compare(f"{scheme} {status}", f"{base}/r{status}")
                for arguments in ([], ["-d", "a=b"], ["-I"], ["-X", "PUT", "-d", "x"], ["-T", "../post", "-H", "Expect:"], ["--post301", "-d", "a"],
                                  ["--post302", "-d", "a"], ["--post303", "-d", "a"], ["-F", "a=b"], ["-X", "DELETE"]):
                    self.compare(f"{scheme} {status} followed {arguments}", "-L", *arguments, f"{base}/r{status}",
                                 omit=("size_upload", "num_connects") if {"-F", "-T"} & set(arguments) else ())
            self.compare(f"{scheme} chain", "-L", f"{base}/chain3")
            self.compare(f"{scheme} chain with heads", "-L", "-i", f"{base}/chain3")
            self.compare(f"{scheme} too many", "-L", "--max-redirs", "2", f"{base}/chain3", code=47, omit=("size_download",))
            self.compare(f"{scheme} loop", "-L", f"{base}/loop", code=47, omit=("size_download",))
            self.compare(f"{scheme} referer", "-L", "-e", ";auto", f"{base}/r302")
            self.compare(f"{scheme} unknown scheme", "-L", f"{base}/to-nowhere", code=1,
                         omit=("size_download", "url_effective"))
            self.compare(f"{scheme} fragment", "-L", f"{base}/chain1")
        ca = ("--cacert", self.certificates.ca)
        self.compare("to tls", "-L", *ca, f"{self.nginx.http}/to-tls")
        self.compare("to tls without trust", "-L", f"{self.nginx.http}/to-tls", code=60)
        self.compare("to plain", "-L", f"{self.nginx.https}/to-plain")
        secret = ("-L", "-u", "me:secret", "-H", "Authorization: mine")
        self.compare("secrets stay", *secret, f"{self.nginx.https}/to-plain")
        # The system's hands the cookie to the plain server.
        ours = self.run_curl(True, [*secret, "-b", "a=b", *ca, f"{self.nginx.https}/to-plain"])
        self.assertIn(b"GET /echo/plain", ours.output)
        self.assertNotRegex(ours.output.decode(), "(?i)cookie|authorization")
        self.compare("secrets go along", "-L", "--location-trusted", "-u", "me:secret", "-b", "a=b",
                     f"{self.nginx.https}/to-plain")
        self.compare("only https after redirects", "-L", "--proto-redir", "=https", f"{self.nginx.https}/to-plain", code=1,
                     omit=("size_download",))

    def test_uploads(self):
        post, large = (os.path.join(self.directory, name) for name in ("post", "nginx/root/1m-and-more"))
        boundary = ("size_upload",)  # ours is longer, as that of libcurl 8
        for base in (self.echo.url, self.nginx.http, self.nginx.https):
            def case(name, *arguments, **how):
                self.compare(f"{base}: {name}", *arguments, f"{base}/echo/x", **how)
            case("post", "-d", "a=b", "-d", "c=d")
            case("empty post", "-d", "")
            case("large post", "--data-binary", f"@{post}")
            case("large post without expect", "-H", "Expect:", "--data-binary", f"@{post}")
            case("post with expect", "-H", "Expect: 100-continue", "-d", "a=b")
            case("urlencoded", "--data-urlencode", "name=a value & more")
            case("query", "-G", "-d", "a=b&c")
            case("json", "--json", '{"a": 1}')
            case("put", "-T", post, "-H", "Expect:")
            case("large put with expect", "-T", large)
            case("large post with expect", "--data-binary", f"@{large}")
            case("chunked put", "-T", "-", stdin=live.content(100000), omit=("size_upload",))
            case("put of nothing", "-T", "-", stdin=b"")
            case("post from stdin", "-d", "@-", stdin=b"from\nstdin")
            case("chunked post", "-H", "Transfer-Encoding: chunked", "-d", "chunked it is")
            case("form", "-F", "name=value", "-F", f"file=@{post};type=application/x", "-F", "text=<-;headers=X-A: b",
                 stdin=b"inline", omit=boundary)
            case("form with names", "-F", "a=b;type=text/plain;filename=\"q\"\"", "-F", "m=(", "-F", "p=1", "-F", "=)", omit=boundary)
            case("form encoded", "-F", "a=caf\u00e9;encoder=base64", "-F", "b=x=y;encoder=quoted-printable", omit=boundary)
            case("patch", "-X", "PATCH", "-d", "x")
            case("delete", "-X", "DELETE")
            case("options", "-X", "OPTIONS")
            case("put part", "-T", post, "-H", "Expect:", "-C", "100000")

    def test_request_heads(self):
        for base in (self.echo.url, self.nginx.https):
            def case(name, *arguments, path="/echo/x", **how):
                self.compare(f"{base}: {name}", *arguments, base + path, **how)
            case("plain")
            case("headers", "-H", "X-One: 1", "-H", "X-Two;", "-H", "Accept:", "-H", "X-Three:3", "-H", "User-Agent: me")
            case("host", "-H", "Host: elsewhere")
            case("agent", "-A", "tester/1", "-e", "http://from/")
            case("no agent", "-A", "")
            case("basic", "-u", "user:pass")
            case("empty password", "-u", "user:")
            case("bearer", "--oauth2-bearer", "token")
            case("cookie", "-b", "a=b; c=d")
            case("no cookies from the server", "-c", "jar", path="/echo/x")
            case("dots", path="/echo/a/../b/./c")
            case("dots as they are", "--path-as-is", path="/echo/a/../b/./c")
            case("query and fragment", path="/echo/x?y=z&a=%20b#part")
            case("only query", path="/echo?q")
            case("spaces in path", path="/echo/a%20b")
            case("non-ASCII", path="/echo/\u00e9")
            case("request target", "--request-target", "/echo/other")
            case("strange method", "-X", "WEIRD")
            case("credentials in the URL", f"{base.replace('://', '://u%40:p@')}/echo/y")
        self.compare("basic when asked", "--anyauth", "-u", "a:b", f"{self.echo.url}/unauthorized",
                     omit=("num_redirects",))  # the system's counts the second request
        self.compare("basic only", "--basic", "-u", "a:b", f"{self.echo.url}/unauthorized")
        self.compare("unauthorized", f"{self.echo.url}/unauthorized")

    def test_cookies(self):
        set_cookies, shown = f"{self.echo.url}/cookie", f"{self.echo.url}/echo/again"

        def case(name, cookies, *arguments, jar=None, files=None, code=0):
            """`cookies` is what the server gets last; `jar` what has to be in the file jar."""
            def check(theirs, ours):
                got = re.findall(rb"(?m)^cookie: (.*)$", ours.output)
                self.assertEqual(got[-1:], [cookies] if cookies else [])
                for line in jar or ():
                    self.assertRegex(ours.files["jar"], rb"(?m)^" + line + rb"$")
            self.compare(name, *arguments, files=files, code=code, write_out="", check=check)
        both = (rb"127\.0\.0\.1\tFALSE\t/\tFALSE\tLATER\tsecond\t2", rb"127\.0\.0\.1\tFALSE\t/\tFALSE\t0\tfirst\t1")
        case("sent in the same run", b"second=2; first=1", "-b", "", set_cookies, shown)
        case("not sent without the engine", None, set_cookies, shown)
        case("jar to stdout", b"second=2; first=1", "-c", "-", set_cookies, shown)
        case("jar to a file", b"second=2; first=1", "-c", "jar", set_cookies, shown, jar=both)
        case("beside those of the command line", b"second=2; first=1; own=3; x=y", "-b", "own=3; x=y", "-c", "jar", set_cookies,
             shown, jar=both)
        old = {"old": JAR}
        known = b"longer-path=yes; lasting=yes; first=old"
        case("from a file", known, "-b", "old", shown, files=old)
        case("from a file of heads", b"from=head; a=1", "-b", "heads", shown,
             files={"heads": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; domain=127.0.0.1\r\n"
                             b"Set-Cookie: from=head; domain=127.0.0.1; path=/echo\r\n\r\n"})
        case("session cookies of a file dropped", b"longer-path=yes; lasting=yes", "-j", "-b", "old", shown, files=old)
        case("replaced by the server", b"longer-path=yes; lasting=yes; second=2; first=1", "-b", "old", "-c", "jar", set_cookies,
             shown, files=old, jar=(*both, rb"#HttpOnly_127\.0\.0\.1\tFALSE\t/echo/\tFALSE\tLATER\tlonger-path\tyes"))
        case("file that is not there", b"second=2; first=1", "-b", "nothing", set_cookies, shown)
        case("jar that cannot be written", None, "-c", "/nonexistent/jar", shown)

    def test_many_urls(self):
        for base in self.both:
            scheme = base.split(":")[0]
            self.compare(f"{scheme} two files", "-o", "a", "-o", "b", f"{base}/16k", f"{base}/1m")
            self.compare(f"{scheme} remote names", "--remote-name-all", f"{base}/part1", f"{base}/part2", f"{base}/part3")
            self.compare(f"{scheme} pattern", "-o", "f_#1", f"{base}/part[1-5]")
            self.compare(f"{scheme} next", "-d", "a", f"{base}/echo/1", "--next", "-o", "b", "--cacert", self.certificates.ca,
                         f"{base}/16k")
            self.compare(f"{scheme} second one missing", "-f", "-o", "a", "-o", "b", f"{base}/404", f"{base}/16k")
            self.compare(f"{scheme} stop early", "-f", "--fail-early", "-o", "a", "-o", "b", f"{base}/404", f"{base}/16k", code=22)
            self.compare(f"{scheme} parallel", "-Z", "-o", "f_#1", f"{base}/part[1-5]", write_out="")
            self.compare(f"{scheme} many in parallel", "-Z", "--parallel-max", "20", "--no-progress-meter", "-o", "f_#1",
                         f"{base}/1m?[1-40]", write_out="")
            self.compare(f"{scheme} parallel with a failure", "-Z", "-f", "-o", "a", "-o", "b", f"{base}/404", f"{base}/16k",
                         code=22, write_out="")
            self.compare(f"{scheme} output directory", "--create-dirs", "--output-dir", "sub", "-O", f"{base}/16k")
        self.compare("name from the server", "-OJ", f"{self.echo.url}/named")

    def test_failures(self):
        closed = live.Nginx._listener()
        closed_port = closed.getsockname()[1]
        closed.close()
        unconnected = ("scheme",)  # the system's names no scheme before there is a connection
        self.compare("refused", f"http://127.0.0.1:{closed_port}/", code=7, omit=unconnected)
        self.compare("refused tls", f"https://127.0.0.1:{closed_port}/", code=7, omit=unconnected)
        self.compare_both("missing", "/404")
        self.compare_both("missing, fail", "/404", "-f", code=22)
        self.compare_both("missing, fail with body", "/404", "--fail-with-body", code=22)
        self.compare_both("unavailable", "/503", "-f", "--retry", "1", "--retry-delay", "1", code=22)
        self.compare_both("no content", "/204", "-i")
        self.compare("unknown scheme", "foo://127.0.0.1/", code=1)
        self.compare("scheme not allowed", "--proto", "=https", f"{self.nginx.http}/", code=1)
        self.compare("bad URL", "http://127.0.0.1:port/", code=3)
        self.compare("bad port", "http://127.0.0.1:99999/", code=3)
        self.compare("no host", "http://", code=3, write_out="")
        self.compare("cannot write", "-o", "/dev/full", f"{self.nginx.http}/1m", code=23, omit=("size_download",))
        self.compare("cut", f"{self.echo.url}/cut", code=18)
        self.compare("cut, ignoring the length", "--ignore-content-length", f"{self.echo.url}/cut")
        self.compare("cut chunked", f"{self.echo.url}/cut-chunked", code=18)
        self.compare("bad chunk", f"{self.echo.url}/bad-chunk", code=56)
        self.compare("no answer", f"{self.echo.url}/no-answer", code=52)
        self.compare("no HTTP", f"{self.echo.url}/no-http", code=1)
        self.compare("HTTP/0.9", "--http0.9", f"{self.echo.url}/no-http")
        self.compare("interim answer", "-i", f"{self.echo.url}/interim")
        self.compare("bare newlines", "-i", f"{self.echo.url}/bare-newlines")
        self.compare("until close", f"{self.echo.url}/until-close")
        self.compare("TLS to a plain server", f"https://127.0.0.1:{self.nginx.port}/", code=35)
        self.compare("plain to a TLS server", f"http://127.0.0.1:{self.nginx.tls_port}/")

    def test_time_limits(self):
        self.compare("at most half a second", "-m", "0.5", f"{self.echo.url}/slow-start", code=28)
        self.compare("at most half a second of a body", "-m", "0.5", "-o", "/dev/null", f"{self.nginx.http}/slow/1m", code=28,
                     write_out="")
        self.compare("too slow", "-y", "1", "-Y", "1000000", "-o", "/dev/null", f"{self.nginx.https}/slow/1m", code=28,
                     write_out="")
        self.compare("fast enough", "-m", "20", "-y", "3", "-Y", "10", f"{self.echo.url}/slow-start")

    # The system's is late to slow down, so how long it takes is only asked of ours.
    def test_limited_rates(self):
        post = os.path.join(self.directory, "post")
        for name, arguments in (("download", ["--limit-rate", "1m", f"{self.nginx.https}/1m"]),
                                ("plain download", ["--limit-rate", "1m", f"{self.nginx.http}/1m"]),
                                ("upload", ["--limit-rate", "300k", "-T", post, f"{self.nginx.https}/echo/x"])):
            self.compare(f"limited rate, {name}", *arguments, "-H", "Expect:")
            with self.subTest(f"time of {name}"):
                ours = self.run_curl(True, ["-k", "-o", "file", "-w", "%{time_total}", *arguments])
                self.assertTrue(0.7 < float(ours.output) < 3, ours.output)

    def test_tls(self):
        port, ca = self.nginx.tls_port, self.certificates.ca
        url, other = f"https://127.0.0.1:{port}/hundred", f"https://other.test:{port}/hundred"
        to_server = ("--resolve", f"other.test:{port}:127.0.0.1")

        def case(name, *arguments, code=0, **how):
            self.compare(name, *arguments, code=code, **how)
        early = ("ssl_verify_result",)  # the system's says 1 when nothing was verified
        case("trusted", "--cacert", ca, url)
        case("by name", "--cacert", ca, f"https://localhost:{port}/hundred")
        case("not trusted", "--capath", "/nonexistent", url, code=60)
        case("not verified", "-k", url)
        case("wrong name", "--cacert", ca, *to_server, other, code=60)
        case("wrong name, not verified", "-k", *to_server, other)
        case("other place", "--cacert", ca, "--connect-to", f"localhost:443:127.0.0.1:{port}", "https://localhost/hundred")
        case("no CA file", "--cacert", "/nonexistent", url, code=77, omit=early)
        case("no CA in the file", "--cacert", self.certificates.key, url, code=77, omit=early)
        case("CA directory", "--capath", self.directory, url, code=60)
        case("TLS 1.2", "--cacert", ca, "--tls-max", "1.2", url)
        case("TLS 1.3 is not there", "--cacert", ca, "--tlsv1.3", "--tls-max", "1.3", url, code=35)
        case("one cipher", "--cacert", ca, "--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256", url)
        case("no such cipher", "--cacert", ca, "--ciphers", "NONSENSE", url, code=59, omit=early)
        case("no common cipher", "--cacert", ca, "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256", url, code=35)
        case("pinned key", "--cacert", ca, "--pinnedpubkey", self._pin(self.certificates.certificate), url)
        case("another pinned key", "--cacert", ca, "--pinnedpubkey", self._pin(ca), url, code=90)
        case("certificate missing", "--cacert", ca, "--cert", "/nonexistent", url, code=58, omit=early)
        case("client certificate", "--cacert", ca, "--cert", self.certificates.certificate, "--key", self.certificates.key, url)
        case("resolved", *to_server, "-k", other, other)
        case("connect-to", "--connect-to", f"::127.0.0.1:{self.nginx.port}", "http://anything.test/hundred")

    def _pin(self, certificate):
        done = subprocess.run(f"openssl x509 -in {certificate} -pubkey -noout | openssl pkey -pubin -outform der | "
                              "openssl dgst -sha256 -binary | openssl base64", shell=True, check=True, capture_output=True)
        return "sha256//" + done.stdout.decode().strip()


if __name__ == "__main__":
    live.main()
