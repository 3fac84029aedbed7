#!/usr/bin/env python3
"""Draws the figures that sizes.sh has measured: plot.py [sizes.json] [-o docs/cost.svg]

Two panels with logarithmic axes and one scale of CPU time: the cost of a request against the transfers in flight, and
against the transfers that wait for a connection. The colours can be read on light and on dark ground.
"""
import argparse
import json
import math
import pathlib
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1000, 470
PANEL_WIDTH, TOP, BOTTOM = 365, 92, 358
LEFTS = (75, 555)
BEFORE, AFTER = 48, 16  # the first point, with room for its value, and the last
LABEL_GAP = 14  # between two values above each other
TEXT, FRAME, GRID = "#7a828e", "#8b949e", "#8b949e55"
COLOURS = {"hiper": "#2f81f7", "system": "#d9730d", "raw": "#8b949e"}
OTHER_COLOURS = ("#2da44e", "#bf5af2", "#e5534b")
TITLES = {
    "in_flight": ("Transfers in flight", "server 5 ms away, kept connections"),
    "queue": ("Transfers waiting for a connection", "beside {limit} that use the {limit} connections allowed"),
}


def element(name, content=None, **attributes):
    given = "".join(f' {key.replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{given}/>" if content is None else f"<{name}{given}>{content}</{name}>"


def text(x, y, content, **attributes):
    attributes = {"font_size": 12, "fill": TEXT, **attributes}
    return element("text", escape(content), x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def short(number):
    """1500 as 1.5k."""
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if number >= unit:
            return f"{number / unit:g}{name}"
    return f"{number:g}"


def value_text(value):
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}".replace(",", "\u2009")


def steps(low, high):
    """1, 2, 5, 10, 20 … that lie around low to high."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    candidates = [digit * 10.0 ** exponent for exponent in exponents for digit in (1, 2, 5)]
    first = max(step for step in candidates if step <= low)
    last = min(step for step in candidates if step >= high)
    return [step for step in candidates if first <= step <= last]


class Axis:
    """A logarithmic axis. Zero, if it is to be shown, has its place a decade before the first number."""

    def __init__(self, low, high, from_, to, zero=False):
        self.zero = zero
        self._low = math.log10(low) - (1 if zero else 0)
        self._high = math.log10(high)
        self._from, self._to = from_, to

    def place(self, number):
        position = math.log10(number) if number > 0 else self._low
        return self._from + (position - self._low) / (self._high - self._low) * (self._to - self._from)


def names_of(found):
    """What each label is called in the picture, in the order in which they came."""
    names = {}
    for kind in TITLES:
        for label, points in found.get(kind, {}).items():
            versions = {run["libcurl"] for point in points for run in point["runs"] if "libcurl" in run}
            # The version that a replacement says it is would mislead.
            names[label] = f"libcurl {versions.pop()}" if label == "system" and versions else label
    if "raw" in names:
        names["raw"] = "plain system calls"
    return names


def colours_of(names):
    others = iter(OTHER_COLOURS * len(names))
    return {label: COLOURS.get(label) or next(others) for label in names}


def measured(points):
    return [point for point in points if point["cpu_us"] is not None]


def spread(places):
    """The same places, moved apart where two values would lie on each other. Order is kept."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    result = list(places)
    for before, after in zip(order, order[1:]):
        result[after] = max(result[after], result[before] + LABEL_GAP)
    return result


class Panel:
    def __init__(self, left, kind, found, y_steps, names, colours):
        self.series = found.get(kind, {})
        self.left, self.names, self.colours = left, names, colours
        self.title, self.subtitle = (part.format(limit=found.get("limit")) for part in TITLES[kind])
        self.numbers = sorted({point["x"] for points in self.series.values() for point in points})
        positive = [number for number in self.numbers if number > 0]
        self.x = Axis(positive[0], positive[-1], left + BEFORE, left + PANEL_WIDTH - AFTER, 0 in self.numbers)
        self.y = Axis(y_steps[0], y_steps[-1], BOTTOM, TOP)
        self.y_steps = y_steps

    def draw(self):
        yield from self.frame()
        for label, points in self.series.items():
            yield from self.line(label, measured(points))
            yield from self.gaps(label, [point for point in points if point["cpu_us"] is None])
        yield from self.values(0, "end")
        yield from self.values(-1, "start")

    def frame(self):
        right = self.left + PANEL_WIDTH
        for step in self.y_steps:
            y = self.y.place(step)
            yield element("line", x1=self.left, x2=right, y1=f"{y:.1f}", y2=f"{y:.1f}", stroke=GRID)
            yield text(self.left - 6, y + 4, short(step), text_anchor="end")
        for number in self.numbers:
            x = self.x.place(number)
            yield element("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=BOTTOM, y2=BOTTOM + 5, stroke=FRAME)
            yield text(x, BOTTOM + 19, short(number), text_anchor="middle")
        yield element("path", d=f"M{self.left} {TOP}V{BOTTOM}H{right}", fill="none", stroke=FRAME)
        if self.x.zero:  # the axis does not lead from there to the numbers
            x = (self.x.place(0) + self.x.place(self.numbers[1])) / 2
            yield element("path", d=f"M{x - 6:.1f} {BOTTOM + 5}l5 -10m4 0l-5 10", fill="none", stroke=FRAME)
        yield text(self.left + PANEL_WIDTH / 2, BOTTOM + 40, self.title.lower(), text_anchor="middle")
        yield text(self.left, TOP - 30, self.title, font_size=14, font_weight="bold")
        yield text(self.left, TOP - 14, self.subtitle)

    def line(self, label, points):
        places = [(self.x.place(point["x"]), self.y.place(point["cpu_us"])) for point in points]
        style = {"stroke": self.colours[label]}
        if label == "raw":
            style["stroke_dasharray"] = "5 4"
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        if path:
            yield element("path", d=f"M{path}", fill="none", stroke_width=2, **style)
        for x, y in places:
            yield element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3.2, fill=self.colours[label])

    def gaps(self, label, points):
        """Where there is no figure, the reason."""
        for point in points:
            yield text(self.x.place(point["x"]) + AFTER, TOP + 12, f"{self.names[label]}: {point['note']}", fill=self.colours[label],
                       text_anchor="end")

    def values(self, at, anchor):
        """The values of the first or last point of each line, beside it."""
        ends = [(label, measured(points)[at]) for label, points in self.series.items() if measured(points)]
        heights = spread([self.y.place(point["cpu_us"]) + 4 for _, point in ends])
        for (label, point), height in zip(ends, heights):
            x = self.x.place(point["x"]) + (-8 if anchor == "end" else 8)
            yield text(x, height, value_text(point["cpu_us"]), fill=self.colours[label], font_weight="bold",
                       text_anchor=anchor)


def legend(names, colours):
    x = LEFTS[0]
    for label, name in names.items():
        dashes = {"stroke_dasharray": "5 4"} if label == "raw" else {}
        yield element("line", x1=x, x2=x + 26, y1=26, y2=26, stroke=colours[label], stroke_width=2, **dashes)
        yield text(x + 32, 30, name, font_size=13)
        x += 70 + 7.5 * len(name)


def picture(found):
    values = [point["cpu_us"] for kind in TITLES for points in found.get(kind, {}).values()
              for point in measured(points)]
    y_steps = steps(min(values), max(values))
    names = names_of(found)
    colours = colours_of(names)
    middle = (TOP + BOTTOM) / 2
    parts = [element("title", "What a request costs as the numbers grow"), *legend(names, colours)]
    for left, kind in zip(LEFTS, TITLES):
        if found.get(kind):
            parts += Panel(left, kind, found, y_steps, names, colours).draw()
    parts.append(text(22, middle, "CPU µs per request", text_anchor="middle",
                      transform=f"rotate(-90 22 {middle})"))
    parts.append(text(LEFTS[0], HEIGHT - 36, "Logarithmic scales. User and system time of the client process; median "
                      "of the runs. Measured by tests/bench/sizes.sh"))
    parts.append(text(LEFTS[0], HEIGHT - 19, f"on {found.get('date')}: {found.get('machine')}."))
    return element("svg", "\n" + "\n".join(parts) + "\n", xmlns="http://www.w3.org/2000/svg",
                   viewBox=f"0 0 {WIDTH} {HEIGHT}", width=WIDTH, height=HEIGHT,
                   font_family="system-ui, sans-serif") + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", type=pathlib.Path, default=ROOT / "build/sizes.json")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ROOT / "docs/cost.svg")
    arguments = parser.parse_args()
    arguments.output.write_text(picture(json.loads(arguments.input.read_text())))


if __name__ == "__main__":
    main()
