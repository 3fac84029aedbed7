"""The example programs of libcurl that use the multi-socket interface, unchanged, with our headers and our library.

    samples_test.py <program>           1000 URLs, about 200 at a time, watched by fdwatch
    samples_test.py <program> memory    fewer, under valgrind

Each URL must be fetched exactly once, which the server's log tells, and without an error.
"""
import collections
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import xml.etree.ElementTree

import live

AT_A_TIME = 200
SIZES = (0, 1, 100, 5000, 16384, 70001)

# How a program ends: fifo programs by a word or a signal; the others when their arguments are fetched.
FIFO_PROGRAMS = {"hiperfifo": "stop", "ephiperfifo": signal.SIGINT, "evhiperfifo": signal.SIGTERM, "ghiper": signal.SIGTERM}
# These tell epoll at once what they are told; libevent and libev put it off, glib uses poll.
TELLS_EPOLL_AT_ONCE = ("ephiperfifo", "multi-uv")
# This one cleans up everything before it ends, so nothing of ours may be left even if something points to it.
CLEANS_UP = ("multi-event",)
# The signal that ends these cuts them off before they clean up.
CUT_OFF = ("evhiperfifo", "ghiper")


class Sample(live.LiveTest):
    name = ""
    memory = False

    @classmethod
    def locations(cls):
        return "location /slow/ { limit_rate 14k; }"

    @classmethod
    def set_up_site(cls):
        for size in SIZES:
            cls.nginx.write_file(f"f{size}", live.content(size))
        cls.nginx.write_file("slow/f20000", live.content(20000))

    def test_fetches_every_url_once(self):
        total = 1000 if not self.memory else 300 if self.name in FIFO_PROGRAMS else AT_A_TIME
        urls = self._urls(total)
        run = self._run_fifo_program if self.name in FIFO_PROGRAMS else self._run_argument_program
        for batch in [urls] if self.name in FIFO_PROGRAMS else self._batches(urls):
            run(batch)
        counts = collections.Counter(line.uri for line in self.nginx.log())
        wanted = collections.Counter(self._path(url) for url in urls)
        self.assertEqual(wanted - counts, collections.Counter(), "not fetched")
        self.assertEqual(counts - wanted, collections.Counter(), "fetched too often")
        self.assertEqual({line.status for line in self.nginx.log()}, {"200"})

    def _urls(self, total):
        """http and https, an address and a name, small and large, and some that take a while."""
        urls = []
        for number in range(total):
            base = (self.nginx.http, self.nginx.https)[number % 2]
            if number % 5 == 0:
                base = base.replace("127.0.0.1", "localhost")
            name = "slow/f20000" if number % 20 == 7 else f"f{SIZES[number % len(SIZES)]}"
            urls.append(f"{base}/{name}?n={number}")
        return urls

    @staticmethod
    def _path(url):
        return url[url.index("/", 8):]

    @staticmethod
    def _batches(urls):
        return [urls[start:start + AT_A_TIME] for start in range(0, len(urls), AT_A_TIME)]

    def _start(self, arguments, directory):
        command = [live.program(self.name), *arguments]
        if self.memory:
            command = with_valgrind(command, directory)
        environment = live.library_environment(FDWATCH_LOG=f"{directory}/fdwatch", G_SLICE="always-malloc")
        if self.name in TELLS_EPOLL_AT_ONCE:
            environment["FDWATCH_EPOLL"] = "1"
        preloaded = [live.program("fdwatch.so")]
        self.stderr_path = os.path.join(directory, "stderr")
        with open(self.stderr_path, "w") as stderr:
            return subprocess.Popen(live.with_default_ca(command, self.certificates.ca, preloaded), cwd=directory,
                                    env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True, errors="replace")

    def _run_argument_program(self, urls):
        directory = self.fresh_directory()
        process = self._start(urls, directory)
        output, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, self._story(output, directory))
        done = re.findall(r"^(\S+) DONE$", output, re.MULTILINE)
        self.assertEqual(sorted(done), sorted(urls))
        for number, url in enumerate(urls, 1):
            size = int(re.search(r"/f(\d+)\?", url).group(1))
            with open(f"{directory}/{number}.download", "rb") as file:
                self.assertEqual(file.read(), live.content(size), url)
        self._check(output, directory)

    def _run_fifo_program(self, urls):
        directory = self.fresh_directory()
        process = self._start([], directory)
        follower = Follower(process)
        try:
            live.wait_until(lambda: os.path.exists(f"{directory}/hiper.fifo") or process.poll() is not None, 30, "fifo")
            self._feed(process, follower, urls, f"{directory}/hiper.fifo", directory)
            self._end(process, follower, directory)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            follower.join()
            process.stdout.close()
        output = "".join(follower.lines)
        done = re.findall(r"^DONE: (\S+) => \((\d+)\) ?(.*)$", output, re.MULTILINE)
        self.assertEqual([failed for failed in done if failed[1] != "0"], [])
        self.assertEqual(sorted(url for url, _, _ in done), sorted(urls))
        self._check(output, directory)

    def _feed(self, process, follower, urls, fifo, directory):
        """Keeps about AT_A_TIME transfers going; each write is whole lines and small enough to be atomic."""
        fed, deadline = 0, time.monotonic() + 120
        with open(fifo, "wb", buffering=0) as file:
            while follower.num_done < len(urls):
                if process.poll() is not None or time.monotonic() > deadline:
                    self.fail(self._story("".join(follower.lines), directory))
                room = min(AT_A_TIME - (fed - follower.num_done), 20, len(urls) - fed)
                if room > 0:
                    file.write("".join(f"{url}\n" for url in urls[fed:fed + room]).encode())
                    fed += room
                else:
                    time.sleep(0.005)
            if FIFO_PROGRAMS[self.name] == "stop":
                file.write(b"stop\n")

    def _end(self, process, follower, directory):
        how = FIFO_PROGRAMS[self.name]
        if how != "stop":
            process.send_signal(how)
        try:
            code = process.wait(60)
        except subprocess.TimeoutExpired:
            self.fail("does not end: " + self._story("".join(follower.lines), directory))
        self.assertIn(code, (0, -how) if how == signal.SIGTERM else (0,), self._story("".join(follower.lines), directory))

    def _check(self, output, directory):
        self.assertNotIn("ERROR", output)
        log = live.tail(f"{directory}/fdwatch", 100000)
        self.assertNotIn("BROKEN", log)
        self.assertRegex(log, r"idle: \d+ socket callbacks, \d+ timer callbacks")
        if self.name not in CUT_OFF:
            self.assertIn("cleaned up", log)
        stderr = live.tail(self.stderr_path, 10**8)
        for complaint in ("EPOLL_CTL", "ssertion", "no version information", "libevent", "[warn]"):
            self.assertNotIn(complaint, stderr)
        if self.memory:
            self.assertEqual(memory_errors(f"{directory}/valgrind.xml", self.name in CLEANS_UP, self.name in CUT_OFF), [])

    def _story(self, output, directory):
        log = live.tail(f"{directory}/fdwatch") if os.path.exists(f"{directory}/fdwatch") else ""
        return f"\n--- output\n{output[-2000:]}\n--- errors\n{live.tail(self.stderr_path)}\n--- fdwatch\n{log}"


class Follower(threading.Thread):
    """Reads what a program prints, as it comes, and counts the finished transfers."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.lines = []
        self.num_done = 0
        self._stream = process.stdout
        self.start()

    def run(self):
        for line in self._stream:
            if line.startswith(("DONE", "ERROR", "socket callback: ")):
                self.lines.append(line if line.startswith(("DONE", "ERROR")) else "")
            self.num_done += line.startswith("DONE:")


# Libraries that allocate for whoever calls them.
HELPERS = re.compile(r"/(vgpreload|libc\.so|libc-|ld-linux|libssl|libcrypto|libcares|libz\.|libidn2|libunistring|libpsl|"
                     r"libglib|libstdc)")


# Made once per process and never given back: the C++ runtime's reserve for exceptions, and OpenSSL's table of a BIO.
ONCE = ("call_init", "BIO_meth_new")


def with_valgrind(command, directory):
    return [live.need("valgrind"), "-q", "--leak-check=full", "--show-leak-kinds=all", "--num-callers=40", "--xml=yes",
            f"--xml-file={directory}/valgrind.xml", *command]


def memory_errors(path, strict, cut_off=False):
    """What valgrind found that is our library's: all errors, and the leaks whose memory our code asked for.

    The programs themselves lose some memory on purpose; what they or their event library asked for does not count.
    `strict`: memory that is still pointed to counts as well. `cut_off`: what only a pointer into its middle leads to
    ("possibly lost") does not count: that is how our lists hold the objects that such a program leaves behind.
    """
    found = []
    for error in xml.etree.ElementTree.parse(path).getroot().findall("error"):
        kind = error.findtext("kind")
        frames = [(frame.findtext("obj") or "", frame.findtext("fn") or "") for frame in error.find("stack").findall("frame")]
        owner = next((obj for obj, _ in frames if not HELPERS.search(obj)), "")
        if kind == "Leak_StillReachable" and any(fn in ONCE for _, fn in frames):
            continue
        counts = kind in ("Leak_DefinitelyLost", "Leak_IndirectlyLost") or (
            kind == "Leak_PossiblyLost" and not cut_off) or (kind == "Leak_StillReachable" and strict)
        if not kind.startswith("Leak") or (counts and "libcurl" in os.path.basename(owner)):
            text = error.findtext("what") or error.findtext("xwhat/text")
            found.append(f"{kind}: {text}: " + " < ".join(fn or obj for obj, fn in frames[:12]))
    return found


if __name__ == "__main__":
    Sample.name = sys.argv[1]
    Sample.memory = "memory" in sys.argv[2:]
    del sys.argv[1:]
    live.main()
