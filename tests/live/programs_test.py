"""Runs the C programs of this folder: apis, pausing, connections. Each of their cases is a test; see there.

    programs_test.py <program>           with fdwatch
    programs_test.py <program> memory    under valgrind, the cases that are quick enough
"""
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading

import live
import samples_test

SIZES = (0, 1, 100, 16383, 16384, 16385, 300000)
# Which cases a program has, and whether they are quick enough for valgrind.
CASES = {
    "apis": {"easy_perform": True, "perform_poll": True, "perform_wait": False, "perform_select": True,
             "perform_waitfds": True, "socket_action": True, "two_thousand": False, "two_thousand_sockets": False,
             "give_up": True, "closed_too_early": False, "wakeup": False, "extra_descriptors": True},
    "pausing": {"perform": True, "socket_action": True, "resumed_by_progress_callback": True, "pausing_without_end": False,
                "paused_from_outside": True, "uploads": True},
    "connections": {"reuse": True, "one_handle": True, "stale": True, "unanswered": True, "connect_only": True, "time_limits": False},
}
# The application has an epoll set of its own here.
EPOLL_CASES = ("socket_action", "two_thousand_sockets", "give_up")


class Programs(live.LiveTest):
    name = ""
    memory = False

    @classmethod
    def locations(cls):
        return """
          location /gz/ { alias ROOT/; gzip on; gzip_types *; gzip_min_length 1; }
          location ~ ^/any/(?<name>.*)$ { alias ROOT/$name; error_page 405 =200 /$name; }
          location /store/ { dav_methods PUT; create_full_put_path on; }
        """.replace("ROOT", os.path.join(cls.directory, "nginx", "root"))

    @classmethod
    def set_up_site(cls):
        for size in SIZES:
            cls.nginx.write_file(f"f{size}", live.content(size))
        cls.nginx.write_file("text", b"".join(b"line %d of a text that compresses well\n" % line for line in range(20000)))
        os.makedirs(os.path.join(cls.nginx.root, "store"))

    def run_case(self, case, wanted_code=0, http=None):
        directory = self.fresh_directory()
        command = [live.program(self.name), case, http or self.nginx.http, self.nginx.https, self.certificates.ca, self.nginx.root]
        environment = live.library_environment(FDWATCH_LOG=f"{directory}/fdwatch", LD_PRELOAD=live.program("fdwatch.so"))
        if case in EPOLL_CASES:
            environment["FDWATCH_EPOLL"] = "1"
        if self.memory:
            command = samples_test.with_valgrind(command, directory)
        errors = os.path.join(directory, "stderr")
        with open(errors, "w") as stderr:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                                       text=True)
        watchdog = threading.Timer(100, process.kill)
        watchdog.start()
        for line in process.stdout:
            if line == "close\n":
                self.nginx.reload()
                process.stdin.write("closed\n")
                process.stdin.flush()
        process.stdin.close()
        process.stdout.close()
        code = process.wait()
        watchdog.cancel()
        log = live.tail(f"{directory}/fdwatch") if os.path.exists(f"{directory}/fdwatch") else ""
        self.assertEqual(code, wanted_code, live.tail(errors) + log)
        if wanted_code != 0:
            return log
        self.assertNotIn("BROKEN", log)
        if self.memory:
            self.assertEqual(samples_test.memory_errors(f"{directory}/valgrind.xml", strict=True), [])
        return log

    def run_unanswered(self):
        server = FickleServer(live.content(16384))
        self.addCleanup(server.stop)
        self.run_case("unanswered", http=server.url)

    def run_closed_too_early(self):
        log = self.run_case("closed_too_early", wanted_code=-signal.SIGABRT)
        self.assertRegex(log, r"BROKEN: \d+ is closed before it is removed")


class FickleServer:
    """Answers the first request of each connection, reads the second one and closes: every other time with a reset."""

    def __init__(self, body):
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        self._listener = live.Nginx._listener()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._num_seen = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            method = self._read_request(stream)
            connection.sendall(self._answer if method != b"HEAD" else self._answer.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
            self._read_request(stream)
            self._num_seen += 1
            if self._num_seen % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @staticmethod
    def _read_request(stream):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return b""
            head += line
        length = re.search(rb"(?i)content-length: (\d+)", head)
        stream.read(int(length.group(1)) if length else 0)
        return head.split(b" ")[0]

    def stop(self):
        self._listener.close()


def test_of(case):
    def run(self):
        getattr(self, f"run_{case}", lambda: self.run_case(case))()
    return run


def add_cases(name, memory):
    Programs.name, Programs.memory = name, memory
    for case, quick in CASES[name].items():
        if quick or not memory:
            setattr(Programs, f"test_{case}", test_of(case))


if __name__ == "__main__":
    add_cases(sys.argv[1], "memory" in sys.argv[2:])
    sys.argv = [sys.argv[0]] + [f"Programs.test_{argument}" for argument in sys.argv[2:] if argument != "memory"]
    live.main()
