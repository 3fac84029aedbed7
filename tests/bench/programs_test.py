"""The programs of the benchmark, tested: a figure is worth nothing if the run was not what it is said to be.

Run by CTest with HIPER_BUILD, the build directory, in the environment.
"""
import json
import os
import socket
import subprocess
import time
import unittest

import measure
import servers

BUILD = os.environ.get("HIPER_BUILD", "")
PROGRAMS = os.path.join(BUILD, "tests/bench/programs")
OURS = measure.Library("hiper", BUILD)


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        measure.prepare()
        running = cls.enterClassContext(servers.Servers(PROGRAMS, nginx=False))
        cls.places = running.places

    def client(self, *arguments, place="slow"):
        command = [f"{PROGRAMS}/client", *arguments, self.places[place]]
        return measure.run(command, OURS)

    def counted(self, *arguments, place="slow"):
        result = self.client(*arguments, place=place)
        self.assertNotIn("failed", result)
        return result


class Client(Programs):
    def test_counts_the_requests_after_the_warm_up(self):
        result = self.counted("-c", "10", "-n", "200", "--body-size", "100")
        self.assertEqual((200, 0, 20000, 0), tuple(result[key] for key in ("requests", "errors", "bytes", "connects")))
        self.assertGreater(result["cpu_us_per_req"], 0)
        self.assertGreaterEqual(result["p50_us"], 5000 * 0.96)  # the server's distance, to the exactness of the steps
        self.assertGreaterEqual(result["p99_us"], result["p50_us"])

    def test_every_answer_of_a_server_at_a_distance_is_waited_for(self):
        result = self.counted("-c", "10", "-n", "200")
        # The count may begin and end between the events of one turn.
        self.assertTrue(190 <= result["action_fd"] <= 210, result["action_fd"])
        self.assertGreaterEqual(result["wall_s"], 190 / 10 * 0.005)

    def test_fresh_means_a_connection_for_each_request(self):
        self.assertEqual(100, self.counted("--fresh", "-c", "5", "-n", "100", place="fast")["connects"])

    def test_new_handles_use_the_kept_connections(self):
        self.assertEqual(0, self.counted("--new-handle", "-c", "5", "-n", "100")["connects"])

    def test_the_queue_keeps_its_length_while_requests_count(self):
        result = self.counted("-c", "60", "--max-host-conns", "10", "--steady", "-w", "100", "-n", "300")
        self.assertEqual((300, 0), (result["requests"], result["connects"]))
        self.assertGreaterEqual(result["fewest_in_flight"], 59)
        # Ten at a time: the answers of ten connections cannot come faster than that.
        self.assertGreaterEqual(result["wall_s"], 290 / 10 * 0.005)

    def test_without_steady_the_transfers_in_flight_become_fewer_at_the_end(self):
        self.assertEqual(0, self.counted("-c", "10", "-n", "100")["fewest_in_flight"])

    def test_a_window_ends_the_count_early(self):
        result = self.counted("--window-s", "1", "--steady", "-c", "1", "-n", "1000000")
        self.assertTrue(10 <= result["requests"] < 1000000, result["requests"])

    def test_idle_transfers_wait_beside_the_others(self):
        command = ("--idle", "300", "--idle-url", self.places["silent"], "-c", "5", "-n", "100")
        self.assertEqual((100, 300), tuple(self.counted(*command)[key] for key in ("requests", "idle")))

    def test_curl_multi_poll_does_the_same(self):
        result = self.counted("--api", "poll", "-c", "5", "-n", "100", "--body-size", "100")
        self.assertEqual(("poll", 100, 0), tuple(result[key] for key in ("api", "requests", "socket_cb")))

    def test_several_hosts_have_connections_of_their_own(self):
        result = self.counted("-c", "40", "-w", "0", "-n", "80", place="slow_spread")
        self.assertEqual(40, result["connects"])

    def test_a_wrong_body_makes_the_run_a_failure(self):
        self.assertIn("100 bytes", self.client("-n", "10", "--body-size", "99")["failed"])

    def test_a_run_that_takes_too_long_is_a_failure(self):
        command = [f"{PROGRAMS}/client", "-n", "1", self.places["silent"]]
        self.assertEqual({"failed": "not within 0.2 s"}, measure.run(command, OURS, 0.2))

    def test_arguments_that_make_no_sense_are_refused(self):
        for arguments in ([], ["-n", "0"], ["-n", "many"], ["--api", "other"], ["--idle", "3"], ["--nothing"]):
            with self.subTest(arguments):
                done = subprocess.run([f"{PROGRAMS}/client", *arguments, *(["http://127.0.0.1/"] if arguments else [])],
                                      env=measure.environment(OURS), capture_output=True, timeout=20)
                self.assertIn(done.returncode, (1, 2))
                self.assertEqual(b"", done.stdout)


class Floor(Programs):
    def floor(self, *arguments, place="slow"):
        return measure.run([f"{PROGRAMS}/floor", *arguments, self.places[place]])

    def test_does_the_same_requests_by_itself(self):
        for arguments in (["-c", "1"], ["-c", "10"], ["-c", "10", "--fresh"], ["-c", "10", "-w", "20"]):
            with self.subTest(arguments):
                result = self.floor(*arguments, "-n", "100")
                self.assertEqual((100, 10000), (result["requests"], result["bytes"]))

    def test_uses_several_hosts(self):
        self.assertEqual(100, self.floor("-c", "40", "-n", "100", place="slow_spread")["requests"])


class Least(Programs):
    def least(self, *arguments, place="slow"):
        command = [f"{PROGRAMS}/client", *arguments, self.places[place]]
        return measure.run(command, measure.Library("least", f"{PROGRAMS}/least"))

    def test_does_the_same_requests_with_the_same_callbacks(self):
        arguments = ("-c", "10", "-n", "200", "--body-size", "100")
        least, ours = self.least(*arguments), self.counted(*arguments)
        names = ("requests", "errors", "bytes", "connects")
        self.assertEqual(("least", 200, 0, 20000, 0), tuple(least[name] for name in ("libcurl", *names)))
        self.assertEqual([ours[name] for name in names], [least[name] for name in names])
        # Those of one turn may fall on either side of where the count begins and ends.
        self.assertLessEqual(abs(least["socket_cb"] - ours["socket_cb"]), 40)
        self.assertTrue(360 <= least["socket_cb"] <= 440, least["socket_cb"])

    def test_ends_at_what_it_does_not_know(self):
        for arguments in (["--fresh"], ["--timeout-ms", "1000"], ["--api", "poll"], ["--max-host-conns", "1"]):
            with self.subTest(arguments):
                self.assertIn("the least library", self.least("-n", "10", *arguments)["failed"])
        self.assertIn("one server", self.least("-c", "5", "-n", "10", place="slow_spread")["failed"])


class Server(unittest.TestCase):
    def test_ends_with_its_standard_input(self):
        server = subprocess.Popen([f"{PROGRAMS}/server", "never"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(server.kill)
        self.addCleanup(server.stdout.close)
        self.assertGreater(int(server.stdout.readline()), 0)
        server.stdin.close()
        self.assertEqual(0, server.wait(20))


    def test_what_a_client_left_behind_does_not_reach_the_next_one(self):
        server = subprocess.Popen([f"{PROGRAMS}/server", "50000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(server.wait, 20)
        self.addCleanup(server.stdin.close)
        self.addCleanup(server.stdout.close)
        address = ("127.0.0.1", int(server.stdout.readline()))
        request = b"GET / HTTP/1.1\r\n\r\n"
        with socket.create_connection(address) as gone:
            gone.sendall(request)
            gone.shutdown(socket.SHUT_WR)
            self.assertEqual(b"", gone.recv(1))  # the server has closed it
        with socket.create_connection(address) as next_one:  # its descriptor has the same number in the server
            answers = next_one.makefile("rb")
            self.addCleanup(answers.close)
            for _ in range(2):  # one that was not asked for would come as the first, and each too early after it
                began = time.monotonic()
                next_one.sendall(request)
                while answers.readline() != b"\r\n":
                    pass
                self.assertEqual(100, len(answers.read(100)))
            self.assertGreaterEqual(time.monotonic() - began, 0.05)


class Json(unittest.TestCase):
    def test_text_has_the_same_figures(self):
        with servers.Servers(PROGRAMS, nginx=False) as running:
            command = [f"{PROGRAMS}/client", "-n", "10"]
            outputs = [subprocess.run([*command, "-o", kind, running.places["fast"]], capture_output=True, check=True,
                                      env=measure.environment(OURS), text=True).stdout for kind in ("json", "text")]
        names = {line.split()[0] for line in outputs[1].splitlines()}
        self.assertEqual(json.loads(outputs[0]).keys() - {"libcurl", "api"}, names)


if __name__ == "__main__":
    unittest.main()
