"""The event generator and the independent answer."""
import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def script(name, *words):
    return subprocess.run([str(ROOT / "scripts" / name), *map(str, words)], capture_output=True, text=True)


class Answer(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)

    def generate(self, name, seed, files=3, lines=200):
        done = script("generate_events", self.folder / name, "--files", files, "--lines", lines, "--seed", seed)
        self.assertEqual(done.returncode, 0, done.stderr)
        return b"".join(p.read_bytes() for p in sorted((self.folder / name).iterdir()))

    def test_same_seed_same_bytes_and_rising_times(self):
        first, second, other = self.generate("a", 7), self.generate("b", 7), self.generate("c", 8)
        self.assertEqual(first, second)
        self.assertNotEqual(first, other)
        times = [json.loads(line)["time"] for line in first.splitlines()]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(times), 600)

    def rows(self):
        """The expected table in the shape that `sluice sql --format json` prints."""
        done = script("expected_counts", self.folder / "in")
        for line in done.stdout.splitlines():
            row = json.loads(line)
            yield {"action": row["action"], "window": {"start": row["start"], "end": row["end"]}, "count": row["count"],
                   "mean_time": row["mean_time"]}

    def compare(self, rows):
        (self.folder / "rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return script("expected_counts", self.folder / "in", "--compare", self.folder / "rows.json")

    def test_counts_by_hand(self):
        (self.folder / "in").mkdir()
        (self.folder / "in" / "one.json").write_text('{"time":600,"action":"Open"}\n{"time":899,"action":"Open"}\n')
        self.assertEqual(list(self.rows()), [
            {"action": "Open", "window": {"start": "1970-01-01T00:05:00Z", "end": "1970-01-01T00:15:00Z"}, "count": 2, "mean_time": 749.5},
            {"action": "Open", "window": {"start": "1970-01-01T00:10:00Z", "end": "1970-01-01T00:20:00Z"}, "count": 2, "mean_time": 749.5}])

    def test_equal_rows_compare_equal(self):
        self.generate("in", 1)
        done = self.compare(reversed(list(self.rows())))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("EQUAL", done.stdout)

    def test_one_changed_input_line_is_seen(self):
        self.generate("in", 1)
        rows = list(self.rows())
        victim = sorted((self.folder / "in").iterdir())[1]
        lines = victim.read_text().splitlines(keepends=True)
        lines[50] = lines[50].replace("Open", "Other").replace("Close", "Other")
        victim.write_text("".join(lines))
        done = self.compare(rows)
        self.assertEqual(done.returncode, 1)
        self.assertIn("differs: ", done.stdout)

    def test_at_most_ten_differences_are_shown(self):
        self.generate("in", 1, files=10, lines=2000)
        done = self.compare([])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.count("differs: "), 10)


if __name__ == "__main__":
    unittest.main()
