"""The picture of plot.py, tested: well-formed, and with what it is to show."""
import unittest
import xml.etree.ElementTree as ElementTree

import plot


def series(*values, **run):
    runs = [{"cpu_us_per_req": 1, **run}]
    return [{"x": x, "cpu_us": cpu, "runs": runs} if cpu is not None else
            {"x": x, "cpu_us": None, "runs": [{"failed": "not within 60 s"}], "note": "not within 60 s"}
            for x, cpu in values]


def found(**changed):
    return {
        "date": "2026-01-02", "machine": "a <small> one", "limit": 100,
        "in_flight": {"system": series((1, 50), (100, 22.04), (15000, 151.2), libcurl="7.88.1"),
                      "hiper": series((1, 40), (100, 11), (15000, 13)),
                      "raw": series((1, 17), (100, 6.3), (15000, 6.9))},
        "queue": {"system": series((0, 25), (100, 43), (100000, 3307.7), libcurl="7.88.1"),
                  "hiper": series((0, 12), (100, 12.1), (100000, 13.1))},
        **changed}


class Picture(unittest.TestCase):
    def draw(self, **changed):
        tree = ElementTree.fromstring(plot.picture(found(**changed)))
        self.tree = tree
        self.words = ["".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text")]

    def circles(self, colour):
        return [node for node in self.tree.iter("{http://www.w3.org/2000/svg}circle") if node.get("fill") == colour]

    def test_names_the_lines_and_the_axes(self):
        self.draw()
        for words in ("libcurl 7.88.1", "hiper", "plain system calls", "CPU µs per request", "Transfers in flight",
                      "Transfers waiting for a connection", "on 2026-01-02: a <small> one."):
            self.assertIn(words, self.words)

    def test_has_a_point_for_each_figure_and_says_the_first_and_the_last(self):
        self.draw()
        self.assertEqual(6, len(self.circles(plot.COLOURS["hiper"])))
        self.assertEqual(3, len(self.circles(plot.COLOURS["raw"])))
        for value in ("50.0", "151", "3\u2009308", "6.9"):
            self.assertIn(value, self.words)
        self.assertNotIn("22.0", self.words)

    def test_says_why_a_figure_is_missing(self):
        queue = {"system": series((0, 25), (100, None), libcurl="7.88.1"), "hiper": series((0, 12), (100, 12))}
        self.draw(queue=queue)
        self.assertIn("libcurl 7.88.1: not within 60 s", self.words)
        self.assertEqual(4, len(self.circles(plot.COLOURS["system"])))

    def test_one_panel_is_enough(self):
        self.draw(queue={})
        self.assertNotIn("Transfers waiting for a connection", self.words)

    def test_all_points_lie_inside_their_frames(self):
        self.draw()
        for colour in plot.COLOURS.values():
            for circle in self.circles(colour):
                x, y = float(circle.get("cx")), float(circle.get("cy"))
                self.assertTrue(plot.TOP <= y <= plot.BOTTOM, y)
                self.assertTrue(any(left <= x <= left + plot.PANEL_WIDTH for left in plot.LEFTS), x)


class Numbers(unittest.TestCase):
    def test_the_scale_goes_around_the_values(self):
        self.assertEqual([5, 10, 20, 50], plot.steps(6, 23))
        self.assertEqual([1, 2, 5, 10], plot.steps(1, 10))

    def test_a_logarithmic_axis_gives_each_decade_the_same_room(self):
        axis = plot.Axis(1, 1000, 0, 300)
        self.assertEqual([0, 100, 200, 300], [round(axis.place(n)) for n in (1, 10, 100, 1000)])

    def test_zero_has_a_place_before_the_first_number(self):
        axis = plot.Axis(100, 10000, 0, 300, zero=True)
        self.assertEqual([0, 100, 200, 300], [round(axis.place(n)) for n in (0, 100, 1000, 10000)])

    def test_values_that_would_lie_on_each_other_are_moved_apart(self):
        self.assertEqual([100, 100 + plot.LABEL_GAP, 200], plot.spread([100, 101, 200]))
        self.assertEqual([101 + plot.LABEL_GAP - 1, 100], plot.spread([101, 100]))


if __name__ == "__main__":
    unittest.main()
