"""The same program with libcurl 7.88.1 of the system and with our library: is the application called in the same way?

    differential_test.py [<scenario>...]

The recorder (recorder.c) runs each scenario with both. What it prints is normalised (sequences.py) and compared. A difference
must be listed in expected.toml, with its reason; what is listed there must occur.
"""
import concurrent.futures
import difflib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

import live
import sequences

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.toml")
VERSIONS = {sequences.LIBCURL: "# libcurl/7.88.1 ", sequences.HIPER: "# libcurl/8.22.0 hiper/"}
CHOSEN = []


def differences(lines):
    """What our library does differently: a diff with a line around each place."""
    diff = difflib.unified_diff(lines[sequences.LIBCURL], lines[sequences.HIPER], lineterm="", n=1)
    return [line if not line.startswith("@@") else "@@" for line in diff if not line.startswith(("---", "+++"))]


class Differential(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.recorder = live.program("recorder")
        live.raise_descriptor_limit(1024)
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="hiper-differential-"))
        live.Certificates(cls.directory)
        with open(EXPECTED, "rb") as file:
            table = tomllib.load(file)
        cls.reasons, cls.expected = table["reasons"], table["scenarios"]
        listing = subprocess.run([cls.recorder], env=live.library_environment(), capture_output=True, text=True, check=True)
        cls.scenarios = listing.stdout.split()
        output = cls.output_of(sequences.LIBCURL, "plain_get")
        if not output.startswith(VERSIONS[sequences.LIBCURL]):
            live.missing(f"the table of differences is about 7.88.1, but this is {output.splitlines()[0]}")

    @classmethod
    def output_of(cls, library, scenario):
        environment = live.library_environment(ours=library == sequences.HIPER)
        done = subprocess.run([cls.recorder, scenario, cls.directory], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{scenario} with {library} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    # What the recorder says when it sees something that must never be.
    NEVER = re.compile(r"^ *(socket .*( closed| wrong)|socket unknown .*|close .* (announced|unknown)|epoll refuses .*|storm|"
                       r"left open.*|nothing happens any more|no timer to wait for)$", re.MULTILINE)

    def differences_of(self, scenario):
        lines = {}
        for library, version in VERSIONS.items():
            output = self.output_of(library, scenario)
            self.assertTrue(output.startswith(version), output[:100])
            if library == sequences.HIPER and scenario != "callbacks_are_taken_away":
                self.assertIsNone(self.NEVER.search(output), output)
            lines[library] = sequences.normalised(library, output)
        return differences(lines)

    def test_only_the_listed_differences_occur(self):
        chosen = CHOSEN or self.scenarios
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = {scenario: pool.submit(self.differences_of, scenario) for scenario in chosen}
            for scenario, run in runs.items():
                with self.subTest(scenario):
                    expected = self.expected.get(scenario, {"differences": ""})["differences"]
                    self.assertEqual(expected.strip("\n"), "\n".join(run.result()), "what is expected differs from what is")

    def test_a_missing_or_additional_callback_is_noticed(self):
        output = self.output_of(sequences.HIPER, "reuse_by_the_same_handle")
        whole = sequences.normalised(sequences.HIPER, output)
        lines = output.splitlines()
        for at, line in enumerate(lines):
            if line.startswith("  ") and "timer" not in line:
                missing, twice = lines[:at] + lines[at + 1:], lines[:at] + [line] + lines[at:]
                self.assertNotEqual(whole, sequences.normalised(sequences.HIPER, "\n".join(missing)), f"{at}: {line}")
                if not line.startswith("  write"):
                    self.assertNotEqual(whole, sequences.normalised(sequences.HIPER, "\n".join(twice)), f"{at}: {line}")

    def test_every_listed_difference_has_a_scenario_and_a_reason(self):
        self.assertEqual(sorted(set(self.expected) - set(self.scenarios)), [])
        used = {reason for entry in self.expected.values() for reason in entry["reasons"]}
        self.assertEqual(used, set(self.reasons))
        for scenario, entry in self.expected.items():
            self.assertTrue(entry["reasons"] and entry["differences"].strip(), scenario)

    def test_scenarios_have_names_of_their_own_and_are_many(self):
        self.assertEqual(len(self.scenarios), len(set(self.scenarios)))
        self.assertGreater(len(self.scenarios), 100)


if __name__ == "__main__":
    CHOSEN += sys.argv[1:]
    del sys.argv[1:]
    live.main()
