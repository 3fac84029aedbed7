"""What the live tests share: a directory of their own, certificates, nginx, and a way to run programs with our library.

The tests are run by CTest, which hands over HIPER_LIBRARY_DIR (where our libcurl.so.4 is) and HIPER_PROGRAM_DIR (the
test programs and preloaded libraries built from this folder). A test that lacks a package of the distribution is
skipped, except where CI is set: there it fails, because tests/run.sh installs everything.
"""
import collections
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

LIBRARY_DIR = os.environ.get("HIPER_LIBRARY_DIR", "")
PROGRAM_DIR = os.environ.get("HIPER_PROGRAM_DIR", "")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
SKIPPED = 77

LogLine = collections.namedtuple("LogLine", "port method uri status connection request_number")


def need(tool, *places):
    """The path of a program; the test is skipped (with CI set: fails) if it is not installed."""
    path = shutil.which(tool) or next((place for place in places if os.access(place, os.X_OK)), None)
    if path is None:
        missing(f"{tool} is not installed")
    return path


def missing(reason):
    if os.environ.get("CI") in (None, "", "0", "false"):
        raise unittest.SkipTest(reason)
    raise AssertionError(f"{reason}, and CI must not skip")


def program(name):
    """A program or library that this folder's CMakeLists.txt builds."""
    path = os.path.join(PROGRAM_DIR, name)
    if not os.path.exists(path):
        missing(f"{name} was not built: a package or libcurl4-doc is missing")
    return path


def raise_descriptor_limit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    if hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, PermissionError):
            missing(f"no more than {hard} descriptors allowed, {wanted} wanted")
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def library_environment(ours=True, **extra):
    """The environment of a program that is to load our library, or the system's."""
    others = ("LD_LIBRARY_PATH", "LD_PRELOAD", "CURL_HOME", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy") and not name.startswith("GIT_") and name not in others}
    environment["LC_ALL"] = "C.UTF-8"
    if ours:
        environment["LD_LIBRARY_PATH"] = LIBRARY_DIR
    environment.update(extra)
    return environment


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class Certificates:
    """A CA of our own, and a certificate by it for localhost and 127.0.0.1."""

    def __init__(self, directory):
        self.ca = os.path.join(directory, "ca.pem")
        self.certificate = os.path.join(directory, "server.pem")
        self.key = os.path.join(directory, "server.key")
        ca_key, request = os.path.join(directory, "ca.key"), os.path.join(directory, "server.csr")
        extensions = os.path.join(directory, "extensions")
        with open(extensions, "w") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._openssl("req", "-x509", *new_key, "-subj", "/CN=hiper test CA", "-days", "2", "-keyout", ca_key,
                      "-out", self.ca)
        self._openssl("req", *new_key, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-set_serial", "7", "-days",
                      "2", "-extfile", extensions, "-out", self.certificate)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run([need("openssl"), *arguments], check=True, capture_output=True)


class Nginx:
    """An nginx in the foreground with one http and one https server, on ports which the kernel chose.

    `locations` goes into both servers, `settings` into the http block. The listening sockets are made here and
    inherited by nginx, so no other process can take the ports.
    """

    def __init__(self, directory, certificates, locations="", settings="", workers=1):
        self.directory = os.path.join(directory, "nginx")
        self.root = os.path.join(self.directory, "root")
        self.access_log = os.path.join(self.directory, "access.log")
        self.error_log = os.path.join(self.directory, "error.log")
        os.makedirs(self.root)
        self._listeners = [self._listener(), self._listener()]
        self.port, self.tls_port = (listener.getsockname()[1] for listener in self._listeners)
        self.http = f"http://127.0.0.1:{self.port}"
        self.https = f"https://127.0.0.1:{self.tls_port}"
        self._certificates = certificates
        self._workers = workers
        self.configure(locations, settings)
        self.start()

    def configure(self, locations="", settings=""):
        locations = locations.replace("HTTP_PORT", str(self.port)).replace("TLS_PORT", str(self.tls_port))
        common = f"server_name localhost; root {self.root}; {locations}"
        temporary = " ".join(f"{name}_temp_path {self.directory}/{name};"
                             for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.getuid() == 0 else ""
        with open(os.path.join(self.directory, "nginx.conf"), "w") as file:
            file.write(f"""
daemon off; {user} pid {self.directory}/pid; error_log {self.error_log} warn;
worker_processes {self._workers}; worker_rlimit_nofile 8192; worker_shutdown_timeout 5s;
events {{ worker_connections 4096; }}
http {{
  {temporary}
  log_format live '$server_port $request_method $request_uri $status $connection $connection_requests';
  access_log {self.access_log} live;
  default_type application/octet-stream; types {{ text/plain txt; text/html html; }}
  keepalive_requests 1000000; client_max_body_size 0;
  {settings}
  server {{ listen 127.0.0.1:{self.port} backlog=4096; {common} }}
  server {{ listen 127.0.0.1:{self.tls_port} ssl backlog=4096; {common}
    ssl_certificate {self._certificates.certificate}; ssl_certificate_key {self._certificates.key}; }}
}}
""")

    def start(self):
        descriptors = [listener.fileno() for listener in self._listeners]
        environment = dict(os.environ, NGINX="".join(f"{descriptor};" for descriptor in descriptors))
        self._output = open(os.path.join(self.directory, "output"), "w+")
        self._process = subprocess.Popen(
            [need("nginx", "/usr/sbin/nginx"), "-e", self.error_log, "-p", self.directory, "-c", "nginx.conf"],
            env=environment, pass_fds=descriptors, stdout=self._output, stderr=self._output)
        wait_until(self._answers, 10, "start of nginx")

    def _answers(self):
        if self._process.poll() is not None:
            self._output.seek(0)
            raise AssertionError(f"nginx does not start: {self._output.read()}")
        return os.path.exists(os.path.join(self.directory, "pid"))

    def reload(self):
        """Reads the configuration anew; returns when the old workers have gone."""
        old = self._workers_now()
        os.kill(self._process.pid, signal.SIGHUP)
        wait_until(lambda: self._workers_now() and not old & self._workers_now(), 10, "reload of nginx")

    def _workers_now(self):
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        with open(children) as file:
            return set(file.read().split())

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._output.close()
        for listener in self._listeners:
            listener.close()

    def write_file(self, name, content):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def log(self):
        """The requests answered so far, oldest first. nginx writes a line when the response has been sent."""
        try:
            with open(self.access_log) as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        return [LogLine(*line.split(" ")) for line in lines if line.count(" ") == 5]

    def errors(self):
        with open(self.error_log) as file:
            return file.read()

    @staticmethod
    def _listener():
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(4096)
        return listener


class LiveTest(unittest.TestCase):
    """A test class with a directory, certificates and an nginx, which serves what `set_up_site` writes."""

    settings = ""
    maxDiff = None

    @classmethod
    def locations(cls):
        """What goes into both servers of nginx. HTTP_PORT and TLS_PORT stand for the ports."""
        return ""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="hiper-live-")
        try:
            raise_descriptor_limit(8192)
            cls.certificates = Certificates(cls.directory)
            cls.nginx = Nginx(cls.directory, cls.certificates, cls.locations(), cls.settings)
            cls.addClassCleanup(cls.nginx.stop)
            cls.set_up_site()
        except BaseException:
            shutil.rmtree(cls.directory, ignore_errors=True)
            raise

    @classmethod
    def set_up_site(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory, ignore_errors=True)

    def fresh_directory(self):
        return tempfile.mkdtemp(dir=self.directory)


def content(size, seed=1):
    """`size` bytes that look random and are always the same."""
    return random.Random(seed * 1000003 + size).randbytes(size)


def can_mount():
    """True where a process may have mounts of its own, so that a bundle can be mounted over the system's."""
    if not os.path.exists(SYSTEM_BUNDLE) or shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-m", "mount", "--bind", SYSTEM_BUNDLE, SYSTEM_BUNDLE]
    return subprocess.run(probe, capture_output=True).returncode == 0


def with_default_ca(command, bundle, preloaded):
    """`command` as it has to be run so that `bundle` is the default of libcurl, and `preloaded` libraries are used."""
    if can_mount():
        mount = f'mount --bind "$0" {SYSTEM_BUNDLE} && exec "$@"'
        return ["unshare", "-m", "sh", "-c", mount, bundle, "env", "LD_PRELOAD=" + ":".join(preloaded), *command]
    preloaded = [*preloaded, program("default_ca.so")]
    return ["env", "HIPER_TEST_CA=" + bundle, "LD_PRELOAD=" + ":".join(preloaded), *command]


def tail(path, size=3000):
    with open(path, errors="replace") as file:
        return re.sub(r"\0", "", file.read())[-size:]


def main(module="__main__"):
    """Runs the tests of a file; the exit code tells CTest when all of them were skipped."""
    result = unittest.main(module=module, exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped:
        print(f"skipped: {result.skipped[0][1]}")
        sys.exit(SKIPPED)
    sys.exit(0)
