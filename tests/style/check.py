"""The rules of the sources that no compiler checks. Run by CTest; prints each breach and fails if any.

Rules: which room includes which, lengths of files, functions and lines, where await may stand (the forms
which g++ 12 compiles correctly, docs/decisions), who says coroutine_handle, number and place of #if, no
left-over notes.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES, LINE_COLUMNS, IFS_PER_KLOC = 800, 60, 110, 2

# From the top down. A room includes itself and the rooms further down; those of one line do not know each
# other.
ROOMS = [
    ["api"],
    ["multi"],
    ["transfer"],
    ["http", "ws", "ftp", "mail", "file", "dict", "gopher", "mqtt", "rtsp", "telnet", "tftp"],
    ["cookies"],
    ["conn"],
    ["dns"],
    ["stream"],
    ["body"],
    ["easy"],
    ["parse"],
    ["flow"],
    ["base"],
]
# easy holds the settings, which the rooms that carry them out read. It knows only these itself:
EASY_INCLUDES = {"easy", "parse", "base"}

AWAIT = re.compile(r"\bco_await\b")
DECLARES = r"const\s+[\w:<>,\s*&]+?\s\w+\s*=\s*"
CONTROL = re.compile(r"^(?:else\b|do\b|default\s*:|case\s[^:]+:(?!:))\s*")
LAMBDA = re.compile(r"(?<![\w\])])\s*\[(?!\[)")


def blank(text):
    """`text` with comments, strings and characters replaced by spaces, so that places stay."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\\\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])+'",
        re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def rank(room):
    return next((i for i, rooms in enumerate(ROOMS) if room in rooms), None)


def may_include(room, other):
    if room == other:
        return True
    if room == "easy":
        return other in EASY_INCLUDES
    return rank(other) > rank(room)


def check_layers(path, text):
    """`path` is relative to src."""
    room = path.parts[0]
    if rank(room) is None:
        yield 1, f"room {room} has no place in the list of rooms (tests/style/check.py)"
        return
    for m in re.finditer(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        other = m.group(1).split("/")[0]
        if "/" not in m.group(1):
            yield line_of(text, m.start()), f'"{m.group(1)}": name the room, includes are relative to src'
        elif rank(other) is None:
            yield line_of(text, m.start()), f"includes {m.group(1)}, which is in no room"
        elif not may_include(room, other):
            yield line_of(text, m.start()), f"{room} must not include {m.group(1)}"


def opening(code, place):
    """Where the statement around `place` starts, and whether that is behind an open parenthesis."""
    depth = 0
    for i in range(place - 1, -1, -1):
        c = code[i]
        if c in ")]":
            depth += 1
        elif c in "([":
            if depth == 0:
                return i + 1, True
            depth -= 1
        elif c in ";{}" and depth == 0:
            return i + 1, False
    return 0, False


def ending(code, place, stops):
    """The first of `stops` outside parentheses from `place` on."""
    depth = 0
    for i in range(place, len(code)):
        c = code[i]
        if depth == 0 and c in stops:
            return i
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
    return len(code)


def without_control(statement):
    """`statement` without a leading if (...), while (...), for (...), else or label."""
    while True:
        statement = statement.lstrip()
        m = re.match(r"(?:if|while|for)\s*\(", statement)
        if m:
            statement = statement[ending(statement, m.end(), ")") + 1:]
        elif CONTROL.match(statement):
            statement = CONTROL.sub("", statement, count=1)
        else:
            return statement


def check_await(code):
    """`code` is blanked. Yields the awaits that stand where g++ 12 may miscompile them."""
    for m in AWAIT.finditer(code):
        line = line_of(code, m.start())
        start, nested = opening(code, m.start())
        before = code[start:m.start()]
        if re.search(r"\boperator\s*$", before):
            continue
        if nested:
            end = ending(code, m.end(), ";)")
            if not re.search(r"\bif\s*\($", code[:start]) or code[end:end + 1] != ";":
                yield line, "co_await inside parentheses: only in if (const T name = co_await ...; ...)"
                continue
            if not re.fullmatch(DECLARES, before.lstrip()):
                yield line, "co_await in an if: only as const T name = co_await ...;"
                continue
            end = ending(code, end + 1, ")")
        else:
            before = without_control(before)
            end = ending(code, m.end(), ";{}")
            if not re.fullmatch(rf"(?:{DECLARES}|co_return\s+)?", before):
                yield line, "co_await stands alone, right of const T name =, or right of co_return"
                continue
        rest = code[m.end():end] + code[end:end + 1]
        if "{" in rest or LAMBDA.search(rest) or "?" in rest or AWAIT.search(rest):
            yield line, "no brace, lambda, ?: or second co_await in the statement of a co_await"


def check_text(text, columns):
    """Rules about single lines."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > columns:
            yield number, f"{len(line)} columns, allowed are {columns}"
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield number, "a left-over note"
        if line != line.rstrip() or "\t" in line:
            yield number, "tab, or white space at the end"


def functions(ctags, paths):
    """(path, name, first line, last line) of all functions, by universal-ctags."""
    if not paths:
        return []
    command = [ctags, "--output-format=json", "--fields=+neS", "--kinds-c++=f", "--language-force=c++"]
    names = "\n".join(map(str, paths))
    command += ["-o", "-", "-L", "-"]
    run = subprocess.run(command, input=names, capture_output=True, text=True, check=True)
    tags = (json.loads(line) for line in run.stdout.splitlines())
    return [(t["path"], full_name(t), t["line"], t["end"]) for t in tags if "end" in t]


def full_name(tag):
    """The function's name; for GoogleTest's TEST(Suite, Name) with both of these."""
    suite = tag["name"].startswith("TEST")
    return tag["name"] + (tag.get("signature", "").replace(" ", "") if suite else "")


def read_exceptions(path):
    entries = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            *key, limit = line.split()
            entries[tuple(key)] = int(limit)
    return entries


class Checker:
    def __init__(self, root, ctags):
        self.root, self.ctags, self.breaches = root, ctags, []
        self.exceptions = read_exceptions(root / "tests/style/exceptions.txt")

    def add(self, path, line, text):
        self.breaches.append(f"{path.relative_to(self.root)}:{line}: {text}")

    def check_length(self, path, line, lines, limit, *key):
        allowed = self.exceptions.pop(key, None)
        if allowed is not None and lines < allowed:
            self.add(path, line, f"is {lines} lines now: update tests/style/exceptions.txt")
        if lines > max(limit, allowed or 0):
            self.add(path, line, f"{' '.join(key)}: {lines} lines, allowed are {max(limit, allowed or 0)}")

    def check_file(self, path):
        text = path.read_text()
        code = blank(text)
        inside = path.relative_to(self.root)
        is_table = path.suffix == ".inc"
        for line, breach in check_text(text, 1000 if is_table else LINE_COLUMNS):
            self.add(path, line, breach)
        if not is_table:
            self.check_length(path, 1, len(text.splitlines()), FILE_LINES, "file", str(inside))
        if inside.parts[0] != "src":
            return
        for line, breach in check_layers(path.relative_to(self.root / "src"), text):
            self.add(path, line, breach)
        for line, breach in check_await(code):
            self.add(path, line, breach)
        if inside.parts[1] != "flow" and (m := re.search(r"\bcoroutine_handle\b", code)):
            self.add(path, line_of(code, m.start()), "coroutine_handle outside src/flow")

    def check_functions(self, paths, sources):
        inside = {}
        for path, name, first, last in functions(self.ctags, paths):
            file = pathlib.Path(path)
            key = ("function", str(file.relative_to(self.root)), name)
            self.check_length(file, first, last - first + 1, FUNCTION_LINES, *key)
            inside.setdefault(path, []).append((first, last))
        for path in sources:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
                    if any(first < number <= last for first, last in inside.get(str(path), [])):
                        self.add(path, number, "#if inside a function: choose files in CMake instead")

    def check_ifs(self, sources):
        texts = [p.read_text() for p in sources]
        ifs = sum(len(re.findall(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b", t, re.M)) for t in texts)
        lines = sum(t.count("\n") for t in texts)
        if ifs * 1000 > IFS_PER_KLOC * max(lines, 1000):
            self.breaches.append(f"src: {ifs} #if in {lines} lines, allowed are {IFS_PER_KLOC} per 1000")

    def run(self):
        suffixes = {".cc", ".hpp", ".inc", ".c", ".h"}
        tops = [self.root / top for top in ("src", "tests")]
        paths = sorted(p for top in tops for p in top.rglob("*") if p.suffix in suffixes)
        # What must not compile, and programs that stand for foreign code, need not be pretty.
        paths = [p for p in paths if "nocompile" not in p.parts]
        sources = [p for p in paths if p.relative_to(self.root).parts[0] == "src"]
        for path in paths:
            self.check_file(path)
        self.check_ifs(sources)
        if self.ctags:
            self.check_functions([p for p in paths if p.suffix != ".inc"], sources)
            for key in self.exceptions:
                self.breaches.append(f"tests/style/exceptions.txt: {' '.join(key)} is not there any more")
        return self.breaches


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--ctags", default="", help="universal-ctags; without it functions are not measured")
    arguments = parser.parse_args()
    ctags = "" if arguments.ctags.endswith("NOTFOUND") else arguments.ctags
    if ctags:
        version = subprocess.run([ctags, "--version"], capture_output=True, text=True).stdout
        ctags = ctags if "Universal" in version else ""
    breaches = Checker(arguments.root.resolve(), ctags).run()
    print("\n".join(breaches) or "no breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
