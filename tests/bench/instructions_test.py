"""The guard of instructions.py, tested: it must notice what it is there for."""
import socket
import threading
import tomllib
import unittest

import instructions

REACHED = {"keep": 5000, "new-handle": 20000, "fresh": 10000}


def figures(**changed):
    crowds = {row.name: REACHED["keep"] for row in instructions.CROWDS}
    return {**REACHED, **crowds, **changed}


class Comparison(unittest.TestCase):
    def test_the_figures_reached_pass(self):
        self.assertEqual([], instructions.breaches(figures(), REACHED))

    def test_five_per_cent_more_pass_and_a_bit_more_does_not(self):
        self.assertEqual([], instructions.breaches(figures(fresh=10500), REACHED))
        [breach] = instructions.breaches(figures(fresh=10501), REACHED)
        self.assertIn("fresh: 10501", breach)

    def test_each_row_is_compared(self):
        for row in instructions.ROWS:
            with self.subTest(row.name):
                lower = {**REACHED, row.name: REACHED[row.name] * 0.9}
                [breach] = instructions.breaches(figures(), lower)
                self.assertTrue(breach.startswith(row.name))

    def test_a_row_without_a_figure_is_a_breach(self):
        [breach] = instructions.breaches(figures(), {"keep": 5000, "fresh": 10000})
        self.assertIn("new-handle", breach)

    def test_a_request_among_many_that_costs_more_is_a_breach(self):
        for row in instructions.CROWDS:
            with self.subTest(row.name):
                self.assertEqual([], instructions.breaches({**figures(), row.name: 5250}, REACHED))
                [breach] = instructions.breaches({**figures(), row.name: 5251}, REACHED)
                self.assertIn("not flat", breach)

    def test_the_table_shows_every_row_and_says_when_a_figure_can_be_lowered(self):
        text = "\n".join(instructions.table(figures(keep=4000), REACHED))
        for row in [*instructions.ROWS, *instructions.CROWDS]:
            self.assertIn(row.name, text)
        self.assertEqual(1, text.count("much better"))


class File(unittest.TestCase):
    def test_an_update_changes_the_figures_and_nothing_else(self):
        text = instructions.CEILINGS.read_text()
        updated = instructions.with_figures(text, figures(keep=1))
        self.assertEqual({**REACHED, "keep": 1}, tomllib.loads(updated))
        comments = [line for line in text.splitlines() if line.startswith("#")]
        self.assertEqual(comments, [line for line in updated.splitlines() if line.startswith("#")])

    def test_it_has_a_figure_for_each_row_and_no_other(self):
        names = {row.name for row in instructions.ROWS}
        self.assertEqual(names, tomllib.loads(instructions.CEILINGS.read_text()).keys())


class Server(unittest.TestCase):
    def setUp(self):
        self.responder = instructions.Responder()
        reader, writer = (socket.socket(fileno=end.detach()) for end in socket.socketpair())
        self.orders = writer
        self.addCleanup(writer.close)
        lines = reader.makefile("rb")
        reader.close()
        self.thread = threading.Thread(target=self.responder.serve, args=[lines])
        self.thread.start()
        self.addCleanup(lines.close)
        self.addCleanup(self.end)

    def end(self):
        self.orders.shutdown(socket.SHUT_WR)
        self.thread.join()
        self.responder.close()

    def client(self):
        port = int(self.responder.url.rstrip("/").rsplit(":", 1)[1])
        connection = socket.create_connection(("127.0.0.1", port), 20)
        self.addCleanup(connection.close)
        return connection

    def test_answers_as_many_as_it_is_told_when_all_have_asked(self):
        first, second = self.client(), self.client()
        first.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.orders.sendall(b"2 2\n")
        first.setblocking(False)
        with self.assertRaises(BlockingIOError):
            first.recv(1)
        first.settimeout(20)
        second.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(instructions.ANSWER, first.recv(4096))
        self.assertEqual(instructions.ANSWER, second.recv(4096))

    def test_a_part_of_them_may_be_answered(self):
        first, second = self.client(), self.client()
        first.sendall(b"GET / HTTP/1.1\r\n\r\n")
        second.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self.orders.sendall(b"2 1\n")
        self.assertEqual(instructions.ANSWER, first.recv(4096))
        second.setblocking(False)
        with self.assertRaises(BlockingIOError):
            second.recv(1)
        second.settimeout(20)
        self.orders.sendall(b"1 1\n")
        self.assertEqual(instructions.ANSWER, second.recv(4096))


if __name__ == "__main__":
    unittest.main()
