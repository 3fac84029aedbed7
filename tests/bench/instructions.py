#!/usr/bin/env python3
"""How many instructions the library spends on a request, counted by callgrind and compared with ceilings.toml.

    instructions.py check  --program ROUNDS --library DIR    fails if a row is above its ceiling (the test of CTest)
    instructions.py update --program ROUNDS --library DIR    writes the figures reached into ceilings.toml
    instructions.py show   --program ROUNDS --library DIR    prints them only, for whichever library

ROUNDS is the program of rounds/rounds.cc, which does the same in every run, with the server below: the figures repeat
exactly. They are the instructions of everything that its calls into the library do in user space, per request.
"""
import argparse
import collections
import os
import pathlib
import re
import resource
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import tomllib

CEILINGS = pathlib.Path(__file__).with_name("ceilings.toml")
SKIPPED = 77
ALLOWANCE = 1.05  # a ceiling is this much above the figure reached
FLAT = 1.05  # a request among 1000 may cost this much of what it costs among 100
RUN_LIMIT_S = 120

Row = collections.namedtuple("Row", "name kind in_flight group warm_up rounds")
# After 20 rounds everything that the library learns by turns, or keeps for later, is settled.
ROWS = [
    Row("keep", "keep", 100, 100, 20, 20),
    Row("new-handle", "new-handle", 100, 100, 20, 20),
    Row("fresh", "fresh", 100, 100, 20, 20),
]
# To be compared with the first of ROWS.
CROWDS = [
    Row("keep, 1000 in flight", "keep", 1000, 1000, 20, 4),
    Row("keep, 1000 in flight, 100 answered at a time", "keep", 1000, 100, 30, 20),
]

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + b"0123456789" * 10


class Responder:
    """A server on loopback that holds its answers until as many requests have come as it is told to answer."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._received = {}  # connection: what has come of a request
        self._unanswered = []
        self._order = None

    def serve(self, orders):
        """Until `orders` ends: a pipe with lines "N M": when N requests have come, answer the first M of them.
        The next line comes after that."""
        self._selector.register(orders, selectors.EVENT_READ)
        deadline = time.monotonic() + RUN_LIMIT_S
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                if key.fileobj is orders:
                    line = orders.readline()
                    if not line:
                        return
                    self._order = tuple(map(int, line.split()))
                elif key.fileobj is self._listener:
                    self._accept()
                else:
                    self._receive(key.fileobj)
            self._answer()
        raise TimeoutError(f"the client has not come to an end within {RUN_LIMIT_S} s")

    def close(self):
        for connection in [*self._received, self._listener]:
            connection.close()
        self._selector.close()

    def _accept(self):
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Closed by a reset: thousands of connections in TIME_WAIT would take the ports of tests that follow.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._selector.register(connection, selectors.EVENT_READ)
        self._received[connection] = b""

    def _receive(self, connection):
        try:
            data = connection.recv(4096)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            del self._received[connection]
            connection.close()
            return
        self._received[connection] += data
        if self._received[connection].endswith(b"\r\n\r\n"):
            self._received[connection] = b""
            self._unanswered.append(connection)

    def _answer(self):
        if self._order is None or len(self._unanswered) < self._order[0]:
            return
        for connection in self._unanswered[:self._order[1]]:
            connection.sendall(ANSWER)
        del self._unanswered[:self._order[1]]
        self._order = None


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def collect(out, command, library):
    """Runs `command`, a bench_rounds but for its URL, under callgrind, which writes the file `out`."""
    responder = Responder()
    valgrind = ["valgrind", "-q", "--tool=callgrind", "--toggle-collect=measured_step*", f"--callgrind-out-file={out}"]
    environment = {"LD_LIBRARY_PATH": library, "PATH": os.environ["PATH"], "LC_ALL": "C"}
    client = subprocess.Popen([*valgrind, *command, responder.url], stdout=subprocess.PIPE, env=environment)
    try:
        responder.serve(client.stdout)
        return client.wait(RUN_LIMIT_S)
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
        responder.close()


def count(row, program, library):
    """Instructions per request of `row`. Raises RuntimeError when the program fails."""
    with tempfile.TemporaryDirectory(prefix="hiper-bench-") as directory:
        out = os.path.join(directory, "callgrind.out")
        numbers = map(str, (row.in_flight, row.group, row.warm_up, row.rounds))
        if collect(out, [program, row.kind, *numbers], library) != 0:
            raise RuntimeError(f"{row.name}: the client has failed")
        total = re.search(r"^totals: (\d+)", pathlib.Path(out).read_text(), re.M)
    if int(total.group(1)) == 0:
        raise RuntimeError("callgrind has not found measured_step")
    return int(total.group(1)) / (row.group * row.rounds)


def breaches(figures, reached):
    """What is wrong with `figures`, by row, given those of ceilings.toml: sentences; none if all is well."""
    found = []
    for row in ROWS:
        if row.name not in reached:
            found.append(f"{row.name}: ceilings.toml has no figure")
        elif figures[row.name] > reached[row.name] * ALLOWANCE:
            found.append(f"{row.name}: {figures[row.name]:.0f} instructions per request, the ceiling is "
                         f"{reached[row.name] * ALLOWANCE:.0f}")
    few = figures[ROWS[0].name]
    for row in CROWDS:
        if figures[row.name] > few * FLAT:
            found.append(f"{row.name}: {figures[row.name]:.0f} instructions per request, among "
                         f"{ROWS[0].in_flight} it is {few:.0f}: the cost is not flat")
    return found


def table(figures, reached):
    yield f"{'instructions per request':46} {'now':>8} {'ceiling':>8}"
    for row in ROWS:
        ceiling = f"{reached[row.name] * ALLOWANCE:.0f}" if row.name in reached else "none"
        lower = figures[row.name] < reached.get(row.name, 0) / ALLOWANCE
        note = "   much better: lower the figure in ceilings.toml" if lower else ""
        yield f"{row.name:46} {figures[row.name]:8.0f} {ceiling:>8}{note}"
    for row in CROWDS:
        yield f"{row.name:46} {figures[row.name]:8.0f} {figures[ROWS[0].name] * FLAT:8.0f}"


def with_figures(text, figures):
    """The `text` of ceilings.toml with other figures."""
    for row in ROWS:
        text, found = re.subn(rf"(?m)^{re.escape(row.name)} *=.*$", f"{row.name} = {figures[row.name]:.0f}", text)
        if not found:
            text += f"{row.name} = {figures[row.name]:.0f}\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["check", "update", "show"])
    parser.add_argument("--program", required=True, help="bench_rounds")
    parser.add_argument("--library", required=True, help="directory with libcurl.so.4")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed")
        sys.exit(SKIPPED if os.environ.get("CI") in (None, "", "0", "false") else 1)
    raise_descriptor_limit()
    figures = {row.name: count(row, arguments.program, arguments.library) for row in [*ROWS, *CROWDS]}
    reached = tomllib.loads(CEILINGS.read_text())
    print("\n".join(table(figures, reached if arguments.action == "check" else {})))
    if arguments.action == "update":
        CEILINGS.write_text(with_figures(CEILINGS.read_text(), figures))
    if arguments.action == "check" and (found := breaches(figures, reached)):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
