"""Runs the C programs of this folder: apis, pausing, connections. Each of their cases is a test; see there.

    programs_test.py <program>           with fdwatch
    programs_test.py <program> memory    under valgrind, the cases that are quick enough
"""
import os
import subprocess
import sys

import live
import samples_test

SIZES = (0, 1, 100, 16383, 16384, 16385, 300000)
# Which cases a program has, and whether they are quick enough for valgrind.
CASES = {
    "apis": {"easy_perform": True, "perform_poll": True, "perform_wait": False, "perform_select": True,
             "perform_waitfds": True, "socket_action": True, "two_thousand": False, "two_thousand_sockets": False,
             "give_up": True, "wakeup": False, "extra_descriptors": True},
    "pausing": {"perform": True, "socket_action": True, "resumed_by_progress_callback": False,
                "paused_from_outside": True, "uploads": True},
    "connections": {"reuse": True, "one_handle": True, "stale": True, "connect_only": True, "time_limits": False},
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

    def run_case(self, case):
        directory = self.fresh_directory()
        command = [live.program(self.name), case, self.nginx.http, self.nginx.https, self.certificates.ca, self.nginx.root]
        environment = live.library_environment(FDWATCH_LOG=f"{directory}/fdwatch", LD_PRELOAD=live.program("fdwatch.so"))
        if case in EPOLL_CASES:
            environment["FDWATCH_EPOLL"] = "1"
        if self.memory:
            command = samples_test.with_valgrind(command, directory)
        errors = os.path.join(directory, "stderr")
        with open(errors, "w") as stderr:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                                       text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        for line in process.stdout:
            if line == "close\n":
                self.nginx.reload()
                process.stdin.write("closed\n")
                process.stdin.flush()
        process.stdin.close()
        process.stdout.close()
        code = process.wait(60)
        log = live.tail(f"{directory}/fdwatch") if os.path.exists(f"{directory}/fdwatch") else ""
        self.assertEqual(code, 0, live.tail(errors) + log)
        self.assertNotIn("BROKEN", log)
        if self.memory:
            self.assertEqual(samples_test.memory_errors(f"{directory}/valgrind.xml", strict=True), [])


def add_cases(name, memory):
    Programs.name, Programs.memory = name, memory
    for case, quick in CASES[name].items():
        if quick or not memory:
            setattr(Programs, f"test_{case}", lambda self, case=case: self.run_case(case))


if __name__ == "__main__":
    add_cases(sys.argv[1], "memory" in sys.argv[2:])
    sys.argv = [sys.argv[0]] + [f"Programs.test_{argument}" for argument in sys.argv[2:] if argument != "memory"]
    live.main()
