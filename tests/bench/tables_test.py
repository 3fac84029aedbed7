"""How figures become tables and points, tested: matrix.py, measure.py, rows.py and sizes.py without a measurement."""
import contextlib
import io
import os
import shlex
import tempfile
import unittest

import matrix
import measure
import rows
import sizes

RUN = {
    "requests": 1000, "errors": 0, "connects": 0, "bytes": 100000, "user_us_per_req": 2, "sys_us_per_req": 8,
    "cpu_us_per_req": 10, "req_per_s": 5000, "socket_cb": 2000, "timer_cb": 100, "epoll_ctl": 2000, "waits": 50,
    "action_fd": 1000, "action_timeout": 30, "p50_us": 5000, "p99_us": 9000, "peak_rss_kb": 8000, "rss_per_idle": 0,
}


def run(**changed):
    return {**RUN, **changed}


class Line(unittest.TestCase):
    def cells(self, runs, first=None, floor=None):
        return dict(zip(matrix.COLUMNS, matrix.line("a row", "hiper", runs, first, floor)))

    def test_shows_medians_and_ratios(self):
        base = [run(cpu_us_per_req=20)] * 3
        floor = [run(cpu_us_per_req=5)] * 3
        cells = self.cells([run(cpu_us_per_req=9), run(cpu_us_per_req=30), run()], base, floor)
        self.assertEqual(("10.00", "0.50", "2.00"), (cells["CPU µs"], cells["CPU/first"], cells["CPU/floor"]))
        self.assertEqual(("2.00", "1.03", "0.050"), (cells["socket cb"], cells["actions"], cells["waits"]))
        self.assertEqual(("", ""), (cells["B/idle"], cells["failed runs"]))

    def test_ratios_are_those_within_a_round(self):
        runs = [run(cpu_us_per_req=10), run(cpu_us_per_req=40), run(cpu_us_per_req=12)]
        slower = [run(cpu_us_per_req=20), run(cpu_us_per_req=80), {"failed": "status 1"}]
        self.assertEqual("0.50", self.cells(runs, slower)["CPU/first"])
        self.assertEqual("2.00", self.cells(slower, runs)["CPU/first"])

    def test_large_bodies_are_told_by_the_gigabyte(self):
        cells = self.cells([run(requests=2, bytes=4 * 10**9, cpu_us_per_req=6e5, req_per_s=1.5)])
        self.assertEqual(("300.00", "3.00 GB/s"), (cells["CPU µs"], cells["req/s"]))

    def test_failed_runs_are_counted_and_enter_no_median(self):
        cells = self.cells([run(), {"failed": "status 1"}])
        self.assertEqual(("10.00", "1"), (cells["CPU µs"], cells["failed runs"]))

    def test_says_why_when_all_runs_have_failed(self):
        self.assertEqual(["a row", "hiper", "failed: status 1"],
                         matrix.line("a row", "hiper", [{"failed": "status 1"}], None, None))

    def test_ratios_are_left_out_when_the_first_library_has_failed(self):
        libraries = [measure.Library("old", "/old"), measure.Library("hiper", "/new")]
        results = {"old": [{"failed": "status 1"}], "hiper": [run()], matrix.FLOOR: [run(cpu_us_per_req=4)]}
        with contextlib.redirect_stdout(io.StringIO()) as out:
            matrix.print_row("a row", results, libraries)
        failed, ours, _ = out.getvalue().splitlines()
        self.assertIn("failed: status 1", failed)
        self.assertIn("| 10.00 | 5000 |  | 2.50 |", ours)


class Functions(unittest.TestCase):
    def test_what_is_inlined_from_another_file_belongs_to_its_function(self):
        text = """
        1,000  /src/a.cc:f(int) [clone .actor] [/lib/libcurl.so.4]
           20  /usr/include/list.hpp:f(int) [clone .actor]
            3  ???:0x0000000000001000 [/lib/libc.so.6]
            4  ???:unknown
        """
        self.assertEqual({("libcurl.so.4", "f(int) [clone .actor]"): 1020, ("libc.so.6", "0x0000000000001000"): 3,
                          ("other", "unknown"): 4}, dict(measure.by_function(text)))


class Libraries(unittest.TestCase):
    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        open(os.path.join(self.directory, "libcurl.so.4"), "w").close()

    def test_have_labels_and_directories(self):
        found = measure.libraries([f"new={self.directory}", "hiper"], self.directory)
        self.assertEqual([("new", self.directory), ("hiper", self.directory)], [tuple(one) for one in found])

    def test_that_are_not_there_are_refused(self):
        for argument in ("new=/nowhere", "new"):
            with self.subTest(argument), self.assertRaises(SystemExit):
                measure.libraries([argument], self.directory)

    def test_get_an_environment_without_what_would_change_the_run(self):
        self.addCleanup(os.environ.pop, "https_proxy", None)
        os.environ["https_proxy"] = "http://127.0.0.1:1"
        environment = measure.environment(measure.Library("new", self.directory))
        self.assertEqual(self.directory, environment["LD_LIBRARY_PATH"])
        self.assertNotIn("https_proxy", environment)


class Rows(unittest.TestCase):
    PLACES = {name: f"<{name}>" for name in
              ("http", "spread", "https", "slow", "slow_spread", "silent", "ca", "bundle")}

    def test_have_different_names(self):
        for all_rows in (rows.ROWS, rows.COUNTED_ROWS):
            names = [row.name for row in all_rows]
            self.assertEqual(len(names), len(set(names)))

    def test_the_floor_does_as_many_requests_to_the_same_place_as_the_client(self):
        for row in rows.ROWS:
            if row.floor is None:
                continue
            with self.subTest(row.name):
                client, floor = (shlex.split(part.format(**self.PLACES)) for part in (row.client, row.floor))
                self.assertEqual(client[-1], floor[-1])
                self.assertEqual(client[client.index("-n") + 1], floor[floor.index("-n") + 1])


class Sizes(unittest.TestCase):
    def test_a_point_is_the_median(self):
        runs = [run(cpu_us_per_req=value) for value in (3, 1, 2)]
        self.assertEqual({"x": 10, "cpu_us": 2, "runs": runs}, sizes.point(10, runs))

    def test_a_point_without_a_good_run_says_why(self):
        point = sizes.point(10, [{"failed": "not within 60 s"}])
        self.assertEqual((None, "not within 60 s"), (point["cpu_us"], point["note"]))

    def test_a_run_whose_queue_was_shorter_is_none(self):
        full = run(concurrency=1100, fewest_in_flight=1099)
        self.assertEqual(full, sizes.checked(full))
        self.assertIn("failed", sizes.checked(run(concurrency=1100, fewest_in_flight=1000)))

    def test_each_run_has_what_it_stands_for_in_flight(self):
        for number, client, _ in sizes.queue_runs({"slow": "http://127.0.0.1/"}):
            self.assertEqual(str(number + sizes.LIMIT), client[client.index("-c") + 1])
            self.assertEqual(str(sizes.LIMIT), client[client.index("--max-host-conns") + 1])


if __name__ == "__main__":
    unittest.main()
