"""check.py notices what is wrong: each case is a small tree with one thing changed."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("check.py")
DOCUMENT = """# Contract

## 1. One

- **1.1** Water is wet.
- **1.2** Fire is hot, and goes on over
  a second line (1.1).

## 2. Two

- **2.1** Ice is cold.
- **2.2** Sand is dry.
"""
CC = """// contract: 1.1
TEST_F(Water, IsWet) {
  EXPECT_TRUE(wet);
}

/// What is known about it.
// contract: 1.2, 2.1
TEST(Fire, IsHot) {
  EXPECT_TRUE(hot);
}

TEST(Other, IsSkipped) {
  GTEST_SKIP();
}
"""
PY = """class Sand(unittest.TestCase):
    # contract: 2.2
    def test_sand_is_dry(self):
        self.assertTrue(dry)

    def test_other(self):
        self.skipTest("no")
"""
C = """/* contract: 2.2 */
static void sand(void) {
  CHECK(dry);
}
"""


class Check(unittest.TestCase):
    def run_check(self, document=DOCUMENT, cc=CC, py=PY, c=C, *arguments):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            for path, text in {"docs/contract.md": document, "tests/unit/a_test.cc": cc,
                               "tests/live/b_test.py": py, "tests/live/c.c": c}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            run = subprocess.run([sys.executable, "-B", SCRIPT, root, *arguments], capture_output=True,
                                 text=True, check=False)
            return run.returncode, run.stdout + run.stderr

    def assert_noticed(self, message, **changed):
        code, output = self.run_check(**changed)
        self.assertNotEqual(code, 0, output)
        self.assertIn(message, output)
        self.assertEqual(output.count("\n"), 1, output)

    def test_accepts_a_tree_in_order(self):
        code, output = self.run_check()
        self.assertEqual(code, 0, output)
        self.assertIn("4 statements, 4 tests", output)

    def test_prints_the_table(self):
        code, output = self.run_check(DOCUMENT, CC, PY, C, "--table")
        self.assertEqual(code, 0)
        self.assertIn("1.2 Fire.IsHot\n", output)
        self.assertIn("2.2 test_sand_is_dry sand\n", output)

    def test_a_statement_without_a_test(self):
        self.assert_noticed("2.3 has no test", document=DOCUMENT + "- **2.3** Air is thin.\n")

    def test_a_test_that_lost_its_number(self):
        self.assert_noticed("1.1 has no test", cc=CC.replace("// contract: 1.1\n", ""))

    def test_a_number_that_does_not_exist(self):
        self.assert_noticed("1.7 is no statement", cc=CC.replace("1.1", "1.1, 1.7"))

    def test_a_comment_that_is_not_above_a_test(self):
        text = "// contract: 1.1\n"
        self.assert_noticed("directly above", cc=CC + text)
        self.assert_noticed("directly above", cc=CC + text + "class Nothing {};\n")
        self.assert_noticed("directly above", cc=CC + text + "\nTEST(A, B) {\n}\n")
        self.assert_noticed("directly above", py=PY + "    # contract: 1.1\n    def helper(self):\n        pass\n")
        self.assert_noticed("directly above", c=C + "/* contract: 1.1 */\n/* and */\nstatic void f(void) {\n}\n")

    def test_a_list_that_cannot_be_read(self):
        for text in "1.1 1.2", "", "1", "all", "1.1,1.2":
            self.assert_noticed("not a list of numbers", cc=CC + f"// contract: {text}\nTEST(A, B) {{\n}}\n")

    def test_a_disabled_test(self):
        self.assert_noticed("is disabled", cc=CC.replace("Water, IsWet", "Water, DISABLED_IsWet"))
        self.assert_noticed("is disabled", cc=CC.replace("Water, IsWet", "DISABLED_Water, IsWet"))

    def test_a_skipped_test(self):
        self.assert_noticed("may be skipped", cc=CC.replace("EXPECT_TRUE(wet)", "GTEST_SKIP()"))
        self.assert_noticed("may be skipped", cc=CC.replace("  EXPECT_TRUE(wet)", "  if (dry) GTEST_SKIP()"))
        self.assert_noticed("may be skipped", py=PY.replace("self.assertTrue(dry)", "self.skipTest('no')"))
        self.assert_noticed("may be skipped", py=PY.replace("    # con", "    @unittest.skip('no')\n    # con"))

    def test_statements_out_of_order(self):
        self.assert_noticed("does not follow", document=DOCUMENT.replace("**1.2**", "**1.1**"),
                            cc=CC.replace("1.2, 2.1", "2.1").replace("contract: 1.1", "contract: 1.1"))
        self.assert_noticed("does not follow", document=DOCUMENT + "- **4.1** Air.\n",
                            cc=CC.replace("1.2, 2.1", "1.2, 2.1, 4.1"))

    def test_a_statement_in_another_form(self):
        self.assert_noticed("not of the form", document=DOCUMENT + "* **2.3** Air.\n- **2.3.** Air.\n"[9:])

    def test_a_reference_to_nothing(self):
        self.assert_noticed("refers to 1.9", document=DOCUMENT.replace("(1.1)", "(1.1, 1.9)"))

    def test_an_empty_document(self):
        code, output = self.run_check(document="# Contract\n", cc="", py="", c="")
        self.assertNotEqual(code, 0)
        self.assertIn("no statements", output)


if __name__ == "__main__":
    unittest.main()
