"""The servers of the benchmark, on ports that the kernel chooses, for as long as a `with` lasts.

nginx answers at once, with and without TLS; the program of server/ answers at once, after 5 ms, or never. The plain ones listen
on 127.0.0.1 to 127.0.0.20, so that many connections find enough ports.
"""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HOSTS = 20
DELAY_US = 5000
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
BODIES = {"1k": 1 << 10, "100k": 100 << 10, "1g": 1 << 30}

NGINX_CONF = """
daemon off; {user} pid {directory}/nginx.pid; error_log {directory}/error.log error;
worker_processes 1;
events {{ worker_connections 19000; multi_accept on; }}
http {{
  access_log off; default_type text/plain; {temporary}
  sendfile on; sendfile_max_chunk 2m; tcp_nopush on;
  open_file_cache max=100 inactive=1h; open_file_cache_valid 1h;
  keepalive_requests 1000000000; keepalive_timeout 1h; client_header_timeout 1h; lingering_close off;
  ssl_certificate {directory}/certificate.pem; ssl_certificate_key {directory}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:bench:10m; ssl_session_timeout 1h;
  server {{
    {listen}
    root {directory}/www;
    location = /tiny {{ return 200 "{tiny}"; }}
  }}
}}
"""


def need(tool, *places):
    path = shutil.which(tool) or next((place for place in places if os.access(place, os.X_OK)), None)
    if path is None:
        sys.exit(f"{tool} is needed, and not installed")
    return path


def listen(hosts):
    """One listening socket per host, all with one port, which is the second answer."""
    for _ in range(100):
        with contextlib.ExitStack() as stack:
            listeners, port = [], 0
            try:
                for host in range(1, hosts + 1):
                    listener = socket.create_server((f"127.0.0.{host}", port), backlog=4096)
                    listener.setblocking(False)  # nginx takes them as they are
                    listeners.append(stack.enter_context(listener))
                    port = listener.getsockname()[1]
            except OSError:
                continue  # taken on another address
            stack.pop_all()
            return listeners, port
    sys.exit(f"no port is free on all of 127.0.0.1 to 127.0.0.{hosts}")


def await_file(path, process, seconds=10):
    deadline = time.monotonic() + seconds
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{process.args[0]} does not start")
        time.sleep(0.02)


class Servers(contextlib.ExitStack):
    """`places` names what runs, for use in the rows: http, spread, https, ca, bundle (nginx), fast, slow,
    slow_spread, silent (ours)."""

    def __init__(self, programs, nginx=True):
        super().__init__()
        self._programs = programs
        self._nginx = nginx
        self.places = {}

    def __enter__(self):
        super().__enter__()
        try:
            self.directory = self.enter_context(tempfile.TemporaryDirectory(prefix="hiper-bench-"))
            fast, slow, silent = (self._start_own(delay) for delay in (0, DELAY_US, "never"))
            self.places.update(fast=f"http://127.0.0.1:{fast}/", slow=f"http://127.0.0.1:{slow}/", slow_spread=f"http://127.0.0.[1-{HOSTS}]:{slow}/",
                               silent=f"http://127.0.0.[1-{HOSTS}]:{silent}/")
            if self._nginx:
                self._make_site()
                self._start_nginx()
        except BaseException:
            self.close()
            raise
        return self

    def _start_own(self, delay):
        """Ends by itself when we do, in whichever way: its standard input ends then."""
        command = [os.path.join(self._programs, "server"), str(delay), str(HOSTS)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.callback(process.wait)
        self.callback(process.stdin.close)
        self.callback(process.stdout.close)
        port = process.stdout.readline().strip()
        if not port:
            sys.exit("the server does not start")
        return port

    def _make_site(self):
        os.mkdir(f"{self.directory}/www")
        for name, size in BODIES.items():
            with open(f"{self.directory}/www/{name}", "wb") as file:
                file.truncate(size)
        certificate, bundle = f"{self.directory}/certificate.pem", f"{self.directory}/bundle.pem"
        subprocess.run(
            [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-keyout", f"{self.directory}/key.pem", "-out", certificate, "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        with open(bundle, "wb") as file:
            for path in (SYSTEM_BUNDLE, certificate):
                with open(path, "rb") as part:
                    shutil.copyfileobj(part, file)
        self.places.update(ca=certificate, bundle=bundle)

    def _start_nginx(self):
        """The listening sockets are made here and inherited, so that no other process can take the ports."""
        plain, port = listen(HOSTS)
        secure, secure_port = listen(1)
        listeners = plain + secure
        names = [f"listen 127.0.0.{host}:{port} backlog=4096;" for host in range(1, HOSTS + 1)]
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        with open(f"{self.directory}/nginx.conf", "w") as file:
            file.write(NGINX_CONF.format(
                directory=self.directory, user="user root;" if os.getuid() == 0 else "", tiny="0123456789" * 10,
                listen=" ".join([*names, f"listen 127.0.0.1:{secure_port} ssl backlog=4096;"]),
                temporary=" ".join(f"{kind}_temp_path {self.directory}/{kind};" for kind in kinds)))
        descriptors = [listener.fileno() for listener in listeners]
        environment = dict(os.environ, NGINX="".join(f"{descriptor};" for descriptor in descriptors))
        command = [need("nginx", "/usr/sbin/nginx"), "-e", f"{self.directory}/error.log", "-p", self.directory,
                   "-c", "nginx.conf"]
        with open(f"{self.directory}/output", "w") as output:
            process = subprocess.Popen(command, env=environment, pass_fds=descriptors, stdout=output, stderr=output)
        self.callback(process.wait)
        self.callback(process.terminate)
        for listener in listeners:
            listener.close()
        await_file(f"{self.directory}/nginx.pid", process)
        self.places.update(http=f"http://127.0.0.1:{port}", spread=f"http://127.0.0.[1-{HOSTS}]:{port}",
                           https=f"https://127.0.0.1:{secure_port}")
