"""The programs of examples/pyspark/, run by the real client against a cluster; what they print is what real Spark prints
(tests/connect/goldens/, recorded by tests/connect/record_goldens.py)."""
import difflib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT, Cluster

sys.path.insert(0, str(ROOT / "tests" / "connect"))
from pyspark_events import write_events  # noqa: E402

PROGRAMS = sorted((ROOT / "examples" / "pyspark").glob("*.py"))
GOLDENS = ROOT / "tests" / "connect" / "goldens"
PYTHON = os.environ.get("SLUICE_PYSPARK", str(ROOT / ".venv" / "bin" / "python"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.cluster = Cluster(workers=2, config=f'connect.listen = "127.0.0.1:{cls.port}"\n')
        cls.cluster.up()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-pyspark-"))

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def run_program(self, program):
        work = self.folder / program.stem
        work.mkdir()
        write_events(work / "events")
        done = subprocess.run([PYTHON, str(program), f"sc://127.0.0.1:{self.port}", str(work / "events"), str(work / "out")],
                              capture_output=True, text=True, timeout=120, env={**os.environ, "TZ": "UTC", "PYTHONWARNINGS": "ignore"})
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-4000:])
        expected = (GOLDENS / (program.stem + ".txt")).read_text()
        if done.stdout != expected:
            self.fail("\n".join(difflib.unified_diff(expected.splitlines(), done.stdout.splitlines(), "spark", "sluice", lineterm="")))


    def test_jupyter_notebook(self):
        """Its cells are those of notebook.py, so it prints the same."""
        cells = json.loads((ROOT / "examples" / "pyspark" / "notebook.ipynb").read_text())["cells"]
        write_events(self.folder / "cells")
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        program = self.folder / "cells.py"   # the client wants a file: with -c it looks for a whole Spark
        program.write_text(text)
        done = subprocess.run([PYTHON, str(program)], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "TZ": "UTC", "PYTHONWARNINGS": "ignore", "SLUICE_REMOTE": f"sc://127.0.0.1:{self.port}",
                                   "EVENTS": str(self.folder / "cells")})
        self.assertEqual(done.returncode, 0, done.stderr[-4000:])
        self.assertEqual(done.stdout, (GOLDENS / "notebook.txt").read_text())


def add_test(program):
    def test(self):
        self.run_program(program)
    setattr(Programs, "test_" + program.stem, test)


for each in PROGRAMS:
    if (GOLDENS / (each.stem + ".txt")).exists():
        add_test(each)


class Goldens(unittest.TestCase):
    def test_every_program_has_one(self):
        self.assertEqual([p.stem for p in PROGRAMS], sorted(g.stem for g in GOLDENS.glob("*.txt")))


if __name__ == "__main__":
    unittest.main()
