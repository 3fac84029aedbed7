"""check.py finds what it is there to find, and lets pass what is allowed."""

import pathlib
import shutil
import tempfile
import unittest

import check


def awaits(code):
    return len(list(check.check_await(check.blank(code))))


def layers(path, include):
    return len(list(check.check_layers(pathlib.Path(path), f'#include "{include}"\n')))


class Await(unittest.TestCase):
    def test_blessed_forms_pass(self):
        for code in (
            "{ co_await f(); }",
            "{ const Status s = co_await f(a, std::move(b)); }",
            "{ const std::pair<A, B> s = co_await f(); }",
            "{ const auto s = co_await f(a[1], g(2)); }",
            "{ if (const Status s = co_await f(); !s.ok()) co_return s; }",
            "{ if (x) co_await f(); else co_await g(); }",
            "{ for (int i = 0; i < 3; ++i) co_await f(); }",
            "{ switch (a) { case 1: co_await f(); break; default: co_await g(); } }",
            "{ co_return co_await f(); }",
            "{ while (x) { const Woken w = co_await WaitWake(task, due); } }",
            "// co_await f({});\n",
            "Awaiter operator co_await() && noexcept { return Awaiter(handle_); }",
        ):
            self.assertEqual(awaits(code), 0, code)

    def test_other_forms_are_found(self):
        for code in (
            "{ if (co_await f()) g(); }",
            "{ while (co_await f()) {} }",
            "{ s = co_await f(); }",
            "{ Status s = co_await f(); }",
            "{ auto [a, b] = co_await f(); }",
            "{ g(co_await f()); }",
            "{ const Status s = c ? co_await f() : g(); }",
            "{ const Status s = co_await f(c ? a : b); }",
            "{ const Status s = co_await f({1, 2}); }",
            "{ const Status s = co_await f(T{}); }",
            "{ co_await f([&] { g(); }); }",
            "{ co_await f([x](int) { g(); }); }",
            "{ co_return (co_await f()).g(); }",
            "{ if (Status s = co_await f(); s.ok()) g(); }",
            "{ if (const Status s = co_await f(T{}); s.ok()) g(); }",
            "{ if (const Status s = co_await f(); s.is(c ? 1 : 2)) g(); }",
            "{ const Status s = co_await f() + co_await g(); }",
        ):
            self.assertGreater(awaits(code), 0, code)


class Layers(unittest.TestCase):
    def test_down_passes_up_is_found(self):
        self.assertEqual(layers("http/a.cc", "parse/url.hpp"), 0)
        self.assertEqual(layers("http/a.cc", "http/b.hpp"), 0)
        self.assertEqual(layers("conn/a.cc", "easy/settings.hpp"), 0)
        self.assertEqual(layers("parse/a.cc", "http/b.hpp"), 1)
        self.assertEqual(layers("http/a.cc", "ftp/b.hpp"), 1)
        self.assertEqual(layers("easy/a.cc", "flow/b.hpp"), 1)
        self.assertEqual(layers("flow/a.cc", "easy/b.hpp"), 1)
        self.assertEqual(layers("http/a.cc", "b.hpp"), 1)
        self.assertEqual(layers("nowhere/a.cc", "base/b.hpp"), 1)


class Text(unittest.TestCase):
    def test_lines(self):
        self.assertEqual(list(check.check_text("x" * 110 + "\n", 110)), [])
        for bad in ("x" * 111, "// TO" + "DO: later", "a ", "\ta"):
            self.assertEqual(len(list(check.check_text(bad + "\n", 110))), 1, bad)

    def test_comments_and_strings_are_blanked(self):
        text = "a /* { */ \"{\" '{' // {\nb 1'000'000; R\"(x\"{)\" c"
        self.assertNotIn("{", check.blank(text))
        self.assertEqual(len(check.blank(text)), len(text))
        self.assertIn("1'000'000;", check.blank(text))


class Tree(unittest.TestCase):
    """The rules about whole files, on a tree of one source."""

    def breaches(self, source, exceptions=""):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / "src/base").mkdir(parents=True)
            (root / "tests/style").mkdir(parents=True)
            (root / "src/base/a.cc").write_text(source)
            (root / "tests/style/exceptions.txt").write_text(exceptions)
            return check.Checker(root, shutil.which("ctags") or "").run()

    def test_file_length(self):
        self.assertEqual(self.breaches("int a;\n" * 800), [])
        self.assertEqual(len(self.breaches("int a;\n" * 801)), 1)

    @unittest.skipUnless(shutil.which("ctags"), "no ctags")
    def test_function_length(self):
        def function(lines):
            return "int f(int a) {\n" + "  ++a;\n" * (lines - 3) + "  return a;\n}\n"

        self.assertEqual(self.breaches(function(60)), [])
        self.assertEqual(len(self.breaches(function(61))), 1)
        self.assertEqual(self.breaches(function(70), "function src/base/a.cc f 70\n"), [])
        self.assertEqual(len(self.breaches(function(71), "function src/base/a.cc f 70\n")), 1, "grown")
        self.assertEqual(len(self.breaches(function(69), "function src/base/a.cc f 70\n")), 1, "not updated")
        self.assertEqual(len(self.breaches(function(9), "function src/base/a.cc g 70\n")), 1, "gone")

    @unittest.skipUnless(shutil.which("ctags"), "no ctags")
    def test_if_inside_a_function(self):
        self.assertEqual(self.breaches("#ifdef A\nint a;\n#endif\nint f() {\n  return 1;\n}\n"), [])
        self.assertEqual(len(self.breaches("int f() {\n#ifdef A\n  return 2;\n#endif\n  return 1;\n}\n")), 1)

    def test_number_of_ifs(self):
        self.assertEqual(self.breaches("#ifdef A\n#endif\n" * 2), [])
        self.assertEqual(len(self.breaches("#ifdef A\n#endif\n" * 3)), 1)

    def test_coroutine_handle(self):
        self.assertEqual(len(self.breaches("std::coroutine_handle<> h;\n")), 1)


if __name__ == "__main__":
    unittest.main()
