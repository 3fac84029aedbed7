"""An HTTP server that tells what it was asked, and one that misbehaves on request.

/echo...      the method, path, headers and body of the request, in a form that does not depend on the client's moods
/chunked      a chunked answer with a trailer;      /until-close   an answer that ends with the connection
/cut          less than Content-Length says;        /cut-chunked   a chunked answer that breaks off
/bad-chunk    a chunk without a size;               /no-answer     the connection closes after the request
/refuse-upload  413, without reading the body;      /cookie        sets cookies
/slow-start   answers after a second
"""
import hashlib
import http.server
import re
import threading
import time

# Depend on the port or on what the client's library can do.
BOUNDARY = rb"-{24}[0-9A-Za-z]{16,22}"
OMITTED = ("host", "accept-encoding", "content-length")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "echo", ""

    def log_message(self, *arguments):
        pass

    def date_time_string(self, timestamp=None):
        return "Sun, 06 Nov 1994 08:49:37 GMT"

    def _handle(self):
        name = self.path.split("?")[0].strip("/").split("/")[0].replace("-", "_")
        getattr(self, f"_do_{name}", self._do_echo)()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_WEIRD = _handle

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _answer(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _do_echo(self):
        body = self._body()
        headers = sorted(f"{name.lower()}: {value}" for name, value in self.headers.items() if name.lower() not in OMITTED)
        text = "\n".join(headers)
        text = re.sub(BOUNDARY.decode(), "BOUNDARY", text)
        body = re.sub(BOUNDARY, b"BOUNDARY", body)
        shown = body if len(body) <= 4096 else hashlib.sha256(body).hexdigest().encode()
        first = f"{self.command} {self.path} {self.request_version}\n{text}\n\n{len(body)}\n"
        self._answer(first.encode() + shown, headers=[("Content-Type", "text/plain")])

    def _raw(self, text):
        self._body()
        self.wfile.write(text.encode())

    def _closing(self, text):
        self._raw(text)
        self.close_connection = True

    def _do_chunked(self):
        self._raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                  "5\r\nhello\r\n1;name=value\r\n \r\n00006\r\nworld\n\r\n0\r\nX-Sum: 42\r\n\r\n")

    def _do_until_close(self):
        self._closing("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end\n")

    def _do_cut(self):
        self._closing("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nnot that much\n")

    def _do_cut_chunked(self):
        self._closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n9\r\nwor")

    def _do_bad_chunk(self):
        self._closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n")

    def _do_no_answer(self):
        self._closing("")

    def _do_bad_status(self):
        self._closing("HTTP/1.1 abc nonsense\r\nContent-Length: 0\r\n\r\n")

    def _do_no_http(self):
        self._closing("220 this is another protocol\r\n")

    def _do_interim(self):
        self._raw("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")

    def _do_bare_newlines(self):
        self._raw("HTTP/1.1 200 OK\nContent-Length: 3\nX-Spaces:   a b  \n\nok\n")

    def _do_folded(self):
        self._raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Folded: one\r\n two\r\n\r\nok\n")

    def _do_two_lengths(self):
        self._closing("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nok\n\n")

    def _do_refuse_upload(self):
        self.wfile.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbig\n")
        self.close_connection = True

    def _do_cookie(self):
        self._body()
        self._answer(b"cookies\n", headers=[("Set-Cookie", "first=1; Path=/"), ("Set-Cookie", "second=2; Max-Age=1000")])

    def _do_unauthorized(self):
        self._body()
        if self.headers.get("Authorization", "").startswith("Basic "):
            self._answer(b"welcome\n")
        else:
            self._answer(b"who are you?\n", 401, [("WWW-Authenticate", 'Basic realm="here"')])

    def _do_named(self):
        self._body()
        self._answer(b"named\n", headers=[("Content-Disposition", 'attachment; filename="given.txt"')])

    def _do_slow_start(self):
        self._body()
        time.sleep(1)
        self._answer(b"at last\n")


class Server:
    """The server in threads of this process, on a port the kernel chose."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *arguments: None
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
