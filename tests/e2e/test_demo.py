"""scripts/demo itself: the kill on the way, the equal table, a second run, and an answer that is not equal."""
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness

DEMO = harness.ROOT / "scripts" / "demo"


class Demo(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def demo(self, *words):
        return subprocess.run([str(DEMO), "--build-dir", str(harness.BUILD_DIR), "--dir", "run", *words], cwd=self.folder,
                              capture_output=True, text=True, timeout=120)

    def events(self, name, files, lines):
        subprocess.run([str(harness.ROOT / "scripts" / "generate_events"), str(self.folder / name), "--files", str(files),
                        "--lines", str(lines)], check=True, stdout=subprocess.DEVNULL)

    def test_a_worker_is_killed_and_the_table_is_equal(self):
        done = self.demo("--seed", "3")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        killed = re.search(r"kill -9 of worker process \d+ after batch (\d+) was committed", done.stdout)
        self.assertTrue(killed, done.stdout)
        self.assertTrue(10 <= int(killed[1]) < 40, done.stdout)
        self.assertIn("counts: batch 49,", done.stdout)
        self.assertIn("EQUAL: all ", done.stdout)
        self.assertIn("add up to 200,000", done.stdout)

    def test_one_line_changed_after_the_run_is_exit_1(self):
        self.events("in", files=3, lines=100)
        for _ in range(2):   # the second run empties the folder of the first
            done = self.demo("--data", "in")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.demo("--check").returncode, 0)
        victim = self.folder / "in" / "events-00001.json"
        victim.write_text(victim.read_text().replace("Open", "Other", 1))
        done = self.demo("--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("differs: ", done.stdout)
        self.assertIn("NOT EQUAL", done.stdout)

    def test_a_folder_of_something_else_is_not_emptied(self):
        (self.folder / "run").mkdir()
        (self.folder / "run" / "letter.txt").write_text("keep me")
        done = self.demo()
        self.assertEqual((done.returncode, (self.folder / "run" / "letter.txt").exists()), (1, True))
        self.assertIn("--dir", done.stderr)

    def test_data_without_files_is_named(self):
        (self.folder / "in").mkdir()
        done = self.demo("--data", "in")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no files", done.stderr)


if __name__ == "__main__":
    unittest.main()
