"""scripts/namespaces, briefly: every kind of cut link once on four hosts with secured links, every row checked; nothing stays behind."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import harness

KINDS = ("coordinator to worker", "worker to coordinator", "coordinator and worker", "worker to worker", "workers, both ways",
         "a worker's host", "the coordinator's host", "several, overlapping")
QUICK = '[link]\nsilence = "1500ms"\nheartbeat = "250ms"\n[query]\nprogress-timeout = "5s"\n'


def processes_naming(folder):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words:
                found.append(words)
    return found


class Namespaces(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="sluice-namespaces-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "quick.toml").write_text(QUICK)
        (self.folder / "work").mkdir()

    def start(self, *words):
        return subprocess.Popen([str(harness.ROOT / "scripts" / "namespaces"), "--build-dir", str(harness.BUILD_DIR),
                                 "--config", str(self.folder / "quick.toml"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env={**os.environ, "TMPDIR": str(self.folder / "work")})

    def assert_nothing_stays(self):
        harness.wait_until(lambda: not processes_naming(self.folder / "work"), "all processes to be gone", 30)
        self.assertEqual(list((self.folder / "work").iterdir()), [])
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
        self.assertNotIn("link1@", links)

    def test_every_cut_heals_with_every_row(self):
        run = self.start("--hosts", "4", "--cuts", str(len(KINDS)), "--longest", "3")
        out, err = run.communicate(timeout=300)
        self.assertEqual(run.returncode, 0, out + err)
        for number, kind in enumerate(KINDS, 1):
            self.assertRegex(out, rf"(?m)^ +{number}  {kind}, [\d.]+ s: \d+ batches meanwhile, all queries go on")
        self.assertRegex(out, r"8 cuts, 4 hosts, seed 1, \d+ files in each of 5 queries, \d+ s: row-exact")
        self.assertGreater(int(re.search(r"reads: (\d+) right", out)[1]), 5)
        self.assert_nothing_stays()

    def test_interrupted_it_leaves_nothing(self):
        run = self.start("--hosts", "3", "--cuts", "1000", "--longest", "2")
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.stdout.close)
        line = run.stdout.readline()   # in the middle of a cut, or close to one
        self.assertIn("coordinator to worker", line)
        self.assertTrue(processes_naming(self.folder / "work"))
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(60), 130)
        self.assert_nothing_stays()


if __name__ == "__main__":
    unittest.main()
