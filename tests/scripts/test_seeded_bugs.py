"""The bugs on purpose: table, sites and documentation agree, and a normal build has none of them."""
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "common" / "base" / "seeded_bug.hpp"


def script(*words):
    return subprocess.run([str(ROOT / "scripts" / "seeded-bugs"), *words], capture_output=True, text=True, timeout=60)


def table():
    return re.findall(r"^  BUG\((\w+),", HEADER.read_text(), re.MULTILINE)


def sites():
    found = {}
    for folder in ("common", "coordinator", "worker"):
        for path in (ROOT / folder).rglob("*.[ch]pp"):
            if path != HEADER:
                for name in re.findall(r"SLUICE_BUG\((\w+)\)", path.read_text()):
                    found.setdefault(name, set()).add(path.name)
    return found


class SeededBugs(unittest.TestCase):
    def test_every_bug_has_a_site_and_every_site_a_bug(self):
        self.assertGreaterEqual(len(table()), 20)
        self.assertEqual(len(table()), len(set(table())))
        self.assertEqual(set(table()), set(sites()))

    def test_the_page_lists_them(self):
        page = (ROOT / "tests" / "sim" / "seeded_bugs.md").read_text()
        self.assertEqual(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE), table())

    def test_a_normal_build_has_none(self):
        def preprocessed(*flags):
            return subprocess.run(["c++", "-E", "-P", "-xc++", *flags, "-I", str(ROOT), "-"], text=True, capture_output=True, check=True,
                                  input='#include "common/base/seeded_bug.hpp"\nbool site = SLUICE_BUG(gc_by_age);\n').stdout.strip()
        self.assertEqual(preprocessed(), "bool site = false;")
        self.assertIn("active_seeded_bug", preprocessed("-DSLUICE_SEEDED_BUGS"))

    def test_no_preset_switches_them_on(self):
        self.assertNotIn("SEEDED", (ROOT / "CMakePresets.json").read_text())

    def test_the_script_lists_and_refuses(self):
        self.assertEqual(script("--list").stdout.split(), table())
        self.assertIn("sage: scripts/seeded-bugs", script("--help").stdout)
        for words in (["no_such_bug"], ["--no-such-thing"], ["--seeds", "x"], ["--jobs", "0"]):
            with self.subTest(words):
                self.assertEqual(script(*words).returncode, 2)

    def test_crash_points_explains_itself_and_refuses(self):
        def crash_points(*words):
            return subprocess.run([str(ROOT / "scripts" / "crash-points"), *words], capture_output=True, text=True, timeout=60)
        self.assertIn("sage: scripts/crash-points", crash_points("--help").stdout)
        for words in (["--no-such-thing"], ["--second-stride", "0"], ["--jobs", "x"]):
            with self.subTest(words):
                self.assertEqual(crash_points(*words).returncode, 2)


if __name__ == "__main__":
    unittest.main()
