"""Every statement of docs/contract.md has its test. Run by CTest; prints each breach and fails if any.

A test names the statements that it shows in a comment directly above it: `// contract: 3.2, 3.3` in C and C++,
`# contract: 3.2` in Python. With --table it prints which tests show which statement instead.
"""

import argparse
import pathlib
import re
import sys

STATEMENT = re.compile(r"^- \*\*(\d+)\.(\d+)\*\* \S")
ALMOST_STATEMENT = re.compile(r"^\s*-?\s*\*\*\d+(?:\.\d+)*\.?\*\*")
REFERENCE = re.compile(r"\((\d+\.\d+(?:, \d+\.\d+)*)\)")
MARK = re.compile(r"^\s*(?://+|#+|/\*+)\s*contract\s*:\s*(.*?)\s*(?:\*/)?$", re.I)
NUMBERS = re.compile(r"^\d+\.\d+(?:, \d+\.\d+)*$")
TESTS = {
    ".cc": re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\) \{"),
    ".c": re.compile(r"^static (?:void|int|bool) (\w+)\("),
    ".py": re.compile(r"^\s+def (test_\w+)\("),
}
SKIPS = re.compile(r"\bGTEST_SKIP\b|\bskipTest\b|\bunittest\.skip|\bSkipTest\b")


class Test:
    def __init__(self, path, line, name, numbers):
        self.path, self.line, self.name, self.numbers = path, line, name, numbers


def statements(text):
    """The numbers of the document in their order, and what is wrong with it as (line, text)."""
    numbers, breaches = [], []
    last = (0, 0)
    for line, content in enumerate(text.splitlines(), 1):
        m = STATEMENT.match(content)
        if not m:
            if ALMOST_STATEMENT.match(content):
                breaches.append((line, "not of the form `- **1.2** Sentence.`"))
            continue
        number = (int(m.group(1)), int(m.group(2)))
        if number not in {(last[0], last[1] + 1), (last[0] + 1, 1)}:
            breaches.append((line, f"{number[0]}.{number[1]} does not follow {last[0]}.{last[1]}"))
        last = number
        numbers.append(f"{number[0]}.{number[1]}")
    for line, content in enumerate(text.splitlines(), 1):
        for m in REFERENCE.finditer(content):
            for number in m.group(1).split(", "):
                if number not in numbers:
                    breaches.append((line, f"refers to {number}, which does not exist"))
    return numbers, breaches


def body(lines, start):
    """The lines of the test that begins at index `start`: up to the line that closes it."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    for end in range(start + 1, len(lines)):
        line = lines[end]
        if line.strip() and len(line) - len(line.lstrip()) <= indent and not line.lstrip().startswith(")"):
            return lines[start:end + 1] if line.strip() == "}" else lines[start:end]
    return lines[start:]


def decorators(lines, mark):
    """What stands above the comment at index `mark`, for Python."""
    start = mark
    while start > 0 and lines[start - 1].strip().startswith("@"):
        start -= 1
    return lines[start:mark]


def read_tests(path, text):
    """The tests of one file that name statements, and what is wrong as (line, text)."""
    tests, breaches = [], []
    lines = text.splitlines()
    for at, line in enumerate(lines):
        m = MARK.match(line)
        if not m:
            continue
        if not NUMBERS.match(m.group(1)):
            breaches.append((at + 1, "not a list of numbers like `3.2, 3.3`"))
            continue
        test = TESTS[path.suffix].match(lines[at + 1]) if at + 1 < len(lines) else None
        if not test:
            breaches.append((at + 1, "does not stand directly above a test"))
            continue
        if any(name.startswith("DISABLED_") for name in test.groups()):
            breaches.append((at + 2, f"{test.groups()[-1]} is disabled"))
        if any(SKIPS.search(one) for one in decorators(lines, at) + body(lines, at + 1)):
            breaches.append((at + 2, f"{test.groups()[-1]} may be skipped"))
        tests.append(Test(path, at + 2, ".".join(test.groups()), m.group(1).split(", ")))
    return tests, breaches


def check(root):
    """(numbers, tests, breaches) of a source tree."""
    document = root / "docs/contract.md"
    numbers, wrong = statements(document.read_text())
    breaches = [f"docs/contract.md:{line}: {text}" for line, text in wrong]
    tests = []
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix not in TESTS or (path.suffix == ".py" and root / "tests/contract" in path.parents):
            continue
        found, wrong = read_tests(path, path.read_text())
        name = path.relative_to(root)
        breaches += [f"{name}:{line}: {text}" for line, text in wrong]
        for test in found:
            unknown = [number for number in test.numbers if number not in numbers]
            breaches += [f"{name}:{test.line}: {number} is no statement" for number in unknown]
        tests += found
    shown = {number for test in tests for number in test.numbers}
    breaches += [f"docs/contract.md: {number} has no test" for number in numbers if number not in shown]
    if not numbers:
        breaches.append("docs/contract.md: no statements")
    return numbers, tests, breaches


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--table", action="store_true", help="print the tests of each statement")
    options = parser.parse_args()
    numbers, tests, breaches = check(options.root.resolve())
    if options.table:
        for number in numbers:
            print(number, " ".join(test.name for test in tests if number in test.numbers))
        return 0
    print("\n".join(breaches) if breaches else f"{len(numbers)} statements, {len(tests)} tests")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
