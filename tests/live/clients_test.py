"""Programs of the distribution that load libcurl.so.4 or libcurl-gnutls.so.4, with our library in place of theirs.

    clients_test.py Git|PyCurl|Php
"""
import http.server
import os
import re
import subprocess
import sys
import threading

import echo
import live

BODY = live.content(300000)


class Client(live.LiveTest):
    settings = "gzip_types *; gzip_min_length 10;"

    @classmethod
    def locations(cls):
        cls.echo = echo.Server()
        cls.addClassCleanup(cls.echo.stop)
        return f"""
          location /gz/ {{ alias {cls.directory}/nginx/root/; gzip on; }}
          location = /moved {{ return 302 /body; }}   location = /404 {{ return 404 "not here"; }}
          location /echo {{ proxy_pass {cls.echo.url}; }}
        """

    @classmethod
    def set_up_site(cls):
        cls.nginx.write_file("body", BODY)
        for number in range(40):
            cls.nginx.write_file(f"n{number}", live.content(number * 1000, seed=number))

    def run_program(self, *command, cwd=None, **environment):
        done = subprocess.run(command, cwd=cwd or self.directory, capture_output=True, text=True, timeout=90,
                              env=live.library_environment(**environment))
        self.assertEqual(done.returncode, 0, f"{' '.join(command)[:300]}\n{done.stdout}\n{done.stderr}")
        self.assertNotIn("version information", done.stderr)
        return done.stdout

    def assert_loads_ours(self, path):
        """The file at `path` finds our library, so what is tested here is not the system's."""
        libraries = subprocess.run(["ldd", path], capture_output=True, text=True, env=live.library_environment()).stdout
        loaded = re.findall(r"libcurl\S* => (\S+)", libraries)
        self.assertEqual([os.path.dirname(name) for name in loaded], [os.path.normpath(live.LIBRARY_DIR)], libraries)

    def run_script(self, command, script, name):
        path = os.path.join(self.directory, name)
        with open(path, "w") as file:
            file.write(script)
        with open(os.path.join(self.directory, "body"), "wb") as file:
            file.write(BODY)
        return self.run_program(*command, path, self.nginx.http, self.nginx.https, self.certificates.ca,
                                self.nginx.root, self.echo.url)


class GitBackend(http.server.BaseHTTPRequestHandler):
    """git's smart protocol: hands requests to `git http-backend`, which is a CGI program."""
    protocol_version = "HTTP/1.1"
    root = ""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        body = echo.Handler._body(self)
        environment = dict(os.environ, GIT_PROJECT_ROOT=self.root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
                           QUERY_STRING=query, REQUEST_METHOD=self.command, CONTENT_LENGTH=str(len(body)),
                           CONTENT_TYPE=self.headers.get("Content-Type", ""), REMOTE_USER="me", REMOTE_ADDR="127.0.0.1",
                           HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                           GIT_PROTOCOL=self.headers.get("Git-Protocol", ""), GIT_CONFIG_NOSYSTEM="1")
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((value for name, value in fields if name == "Status"), "200")
        self.send_response(int(status.split()[0]))
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET


class Git(Client):
    @classmethod
    def set_up_site(cls):
        cls.git = live.need("git")
        GitBackend.root = cls.nginx.root
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitBackend)
        cls.server.daemon_threads = True
        threading.Thread(target=cls.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.smart = f"http://127.0.0.1:{cls.server.server_address[1]}"

    def setUp(self):
        self.work = self.fresh_directory()
        helper = os.path.join(self.run_program(self.git, "--exec-path").strip(), "git-remote-http")
        self.assert_loads_ours(helper)

    def run_git(self, *arguments, cwd=None):
        return self.run_program(self.git, "-c", f"http.sslCAInfo={self.certificates.ca}", *arguments, cwd=cwd or self.work,
                                HOME=self.work, GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0", GIT_AUTHOR_NAME="a",
                                GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b",
                                NO_PROXY="*")

    def make_repository(self, name):
        """A bare repository below the document root, with enough in it for several requests at the same time."""
        source = os.path.join(self.work, "source")
        self.run_git("init", "-q", "-b", "main", source)
        for number in range(60):
            with open(os.path.join(source, f"file{number}"), "wb") as file:
                file.write(live.content(number * 300, seed=number))
        self.run_git("add", ".", cwd=source)
        self.run_git("commit", "-q", "-m", "first", cwd=source)
        bare = os.path.join(self.nginx.root, name)
        self.run_git("clone", "-q", "--bare", "--no-hardlinks", source, bare)
        return source, bare

    def assert_same_files(self, one, other):
        self.run_program("diff", "-r", "-x", ".git", one, other)

    def test_clones_and_fetches_what_a_plain_web_server_has(self):
        source, bare = self.make_repository("plain.git")
        self.run_git("update-server-info", cwd=bare)
        for base in (self.nginx.http, self.nginx.https):
            target = os.path.join(self.work, base.split(":")[0])
            self.run_git("clone", "-q", f"{base}/plain.git", target)
            self.run_git("fsck", "--strict", cwd=target)
            self.assert_same_files(source, target)
        # Objects one by one, as they are before they are packed.
        with open(os.path.join(source, "more"), "wb") as file:
            file.write(live.content(50000))
        self.run_git("add", ".", cwd=source)
        self.run_git("commit", "-q", "-m", "second", cwd=source)
        self.run_git("-c", "receive.unpackLimit=1000", "push", "-q", bare, "main", cwd=source)
        self.run_git("update-server-info", cwd=bare)
        for scheme in ("http", "https"):
            target = os.path.join(self.work, scheme)
            self.run_git("pull", "-q", "--ff-only", cwd=target)
            self.assert_same_files(source, target)

    def test_clones_and_pushes_by_the_smart_protocol(self):
        source, bare = self.make_repository("smart.git")
        self.run_git("config", "http.receivepack", "true", cwd=bare)
        target = os.path.join(self.work, "target")
        self.run_git("clone", "-q", f"{self.smart}/smart.git", target)
        self.assert_same_files(source, target)
        for size in (1000, 3 << 20):  # the second one is sent in chunks
            with open(os.path.join(target, f"new{size}"), "wb") as file:
                file.write(live.content(size))
            self.run_git("add", ".", cwd=target)
            self.run_git("commit", "-q", "-m", f"{size}", cwd=target)
            self.run_git("push", "-q", "origin", "main", cwd=target)
        again = os.path.join(self.work, "again")
        self.run_git("clone", "-q", f"{self.smart}/smart.git", again)
        self.assert_same_files(target, again)

    def test_a_missing_repository_is_an_error(self):
        done = subprocess.run([self.git, "ls-remote", f"{self.nginx.http}/missing.git"], capture_output=True, text=True,
                              env=live.library_environment(HOME=self.work, GIT_TERMINAL_PROMPT="0"))
        self.assertEqual(done.returncode, 128)
        self.assertIn("not found", done.stderr)


PYCURL_SCRIPT = r'''
import io, select, sys
import pycurl
http, https, ca, root, echo = sys.argv[1:]
assert "hiper/" in pycurl.version, pycurl.version
body = open("body", "rb").read()

def handle(url):
    curl, out = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CAINFO, ca)
    curl.setopt(pycurl.WRITEDATA, out)
    curl.out = out
    return curl

for base in (http, https):
    curl = handle(base + "/moved")
    heads = []
    curl.setopt(pycurl.HEADERFUNCTION, lambda line: heads.append(line))
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.perform()
    assert curl.out.getvalue() == body
    assert curl.getinfo(pycurl.EFFECTIVE_URL) == base + "/body", curl.getinfo(pycurl.EFFECTIVE_URL)
    assert curl.getinfo(pycurl.REDIRECT_COUNT) == 1 and curl.getinfo(pycurl.RESPONSE_CODE) == 200
    assert sum(line.startswith(b"HTTP/1.1 ") for line in heads) == 2
    curl.close()

curl = handle(echo + "/echo/post")
curl.setopt(pycurl.HTTPPOST, [("field", "value"), ("file", (pycurl.FORM_BUFFER, "name", pycurl.FORM_BUFFERPTR, "data"))])
curl.perform()
assert b"value" in curl.out.getvalue() and b'filename="name"' in curl.out.getvalue()

curl = handle("http://127.0.0.1:1/")
try:
    curl.perform()
    assert False
except pycurl.error as error:
    assert error.args[0] == pycurl.E_COULDNT_CONNECT and error.args[1], error

# perform and select
multi, curls = pycurl.CurlMulti(), [handle((http, https)[n % 2] + "/n%d" % n) for n in range(40)]
for curl in curls:
    multi.add_handle(curl)
running = 1
while running:
    running = multi.perform()[1]
    multi.select(1.0)
left, good, bad = multi.info_read()
assert len(good) == 40 and not bad and left == 0, (left, len(good), bad)
for n, curl in enumerate(curls):
    assert curl.out.getvalue() == open("%s/n%d" % (root, n), "rb").read()
    multi.remove_handle(curl)
multi.close()

# socket_action and epoll
poll, timer, known = select.epoll(), [-1], set()
def on_socket(what, fd, multi, data):
    if what == pycurl.POLL_REMOVE:
        known.remove(fd); poll.unregister(fd)
        return
    events = (select.EPOLLIN if what & 1 else 0) | (select.EPOLLOUT if what & 2 else 0)
    poll.modify(fd, events) if fd in known else poll.register(fd, events)
    known.add(fd)
def on_timer(ms):
    timer[0] = ms
multi, curls = pycurl.CurlMulti(), [handle((http, https)[n % 2] + "/n%d" % n) for n in range(40)]
multi.setopt(pycurl.M_SOCKETFUNCTION, on_socket)
multi.setopt(pycurl.M_TIMERFUNCTION, on_timer)
for curl in curls:
    multi.add_handle(curl)
running = 40
while running:
    events = poll.poll(10 if timer[0] < 0 else timer[0] / 1000)
    for fd, bits in events:
        running = multi.socket_action(fd, (1 if bits & select.EPOLLIN else 0) | (2 if bits & select.EPOLLOUT else 0))[1]
    if not events:
        timer[0] = -1
        running = multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)[1]
assert len(multi.info_read()[1]) == 40 and not known
for n, curl in enumerate(curls):
    assert curl.out.getvalue() == open("%s/n%d" % (root, n), "rb").read()
print("fine")
'''


class PyCurl(Client):
    def test_easy_and_multi(self):
        python = live.need("/usr/bin/python3")
        place = subprocess.run([python, "-c", "import pycurl; print(pycurl.__file__)"], capture_output=True, text=True)
        if place.returncode != 0:
            live.missing("python3-pycurl is not installed")
        self.assert_loads_ours(place.stdout.strip())
        self.assertEqual(self.run_script([python], PYCURL_SCRIPT, "script.py"), "fine\n")


PHP_SCRIPT = r'''<?php
[, $http, $https, $ca, $root, $echo] = $argv;
function check($condition, $what) { if (!$condition) { fwrite(STDERR, "$what\n"); exit(1); } }
function handle($url, $options = []) {
  global $ca;
  $curl = curl_init($url);
  curl_setopt_array($curl, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => $ca]);
  return $curl;
}
$body = file_get_contents("body");
foreach ([$http, $https] as $base) {
  $curl = handle("$base/moved", [CURLOPT_FOLLOWLOCATION => true]);
  check(curl_exec($curl) === $body, "body");
  check(curl_getinfo($curl)["redirect_count"] === 1, "redirect_count");
  check(curl_getinfo($curl, CURLINFO_HTTP_CODE) === 200, "code");
  $curl = handle("$base/gz/body", [CURLOPT_ENCODING => ""]);
  check(curl_exec($curl) === $body, "compressed");
  $curl = handle("$base/404", [CURLOPT_FAILONERROR => true]);
  check(curl_exec($curl) === false && curl_errno($curl) === 22 && curl_error($curl) !== "", "404");
  $curl = handle("$base/echo/form", [CURLOPT_POSTFIELDS => ["a" => "b", "file" => new CURLFile("body")]]);
  check(strpos(curl_exec($curl), "POST /echo/form") === 0, "form");
  $curl = handle("$base/echo/put", [CURLOPT_UPLOAD => true, CURLOPT_INFILE => fopen("body", "r"),
                                    CURLOPT_INFILESIZE => strlen($body)]);
  check(strpos(curl_exec($curl), hash("sha256", $body)) > 0, "put");
  $lines = 0;
  $curl = handle("$base/body", [CURLOPT_HEADERFUNCTION => function ($c, $line) use (&$lines) { ++$lines; return strlen($line); }]);
  check(curl_exec($curl) === $body && $lines > 4, "headers");
}
$multi = curl_multi_init();
$curls = [];
for ($n = 0; $n < 40; ++$n) {
  $curls[$n] = handle(($n % 2 ? $https : $http) . "/n$n");
  curl_multi_add_handle($multi, $curls[$n]);
}
do {
  check(curl_multi_exec($multi, $running) === CURLM_OK, "exec");
  if ($running) curl_multi_select($multi, 5);
} while ($running);
$done = 0;
while ($message = curl_multi_info_read($multi)) {
  check($message["result"] === CURLE_OK, "result");
  ++$done;
}
check($done === 40, "$done messages");
for ($n = 0; $n < 40; ++$n) {
  check(curl_multi_getcontent($curls[$n]) === file_get_contents("$root/n$n"), "n$n");
  curl_multi_remove_handle($multi, $curls[$n]);
}
echo "fine\n";
'''


class Php(Client):
    def test_easy_and_multi(self):
        php = live.need("php")
        done = subprocess.run([php, "-r", 'echo extension_loaded("curl") ? ini_get("extension_dir") : "";'], capture_output=True,
                              text=True)
        if not done.stdout:
            live.missing("php-curl is not installed")
        self.assert_loads_ours(os.path.join(done.stdout, "curl.so"))
        self.assertEqual(self.run_script([php], PHP_SCRIPT, "script.php"), "fine\n")


if __name__ == "__main__":
    live.main()
