"""scripts/setup in a copy of its own, where nothing is installed yet: downloads that fail, another machine."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SetupInACopy(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        (self.folder / "scripts").mkdir()
        for name in ("setup", "packages.txt", "requirements.txt"):
            shutil.copy(ROOT / "scripts" / name, self.folder / "scripts" / name)
        (self.folder / "bin").mkdir()

    def stand_in(self, name, text):
        program = self.folder / "bin" / name
        program.write_text("#!/bin/sh\n" + text + "\n")
        program.chmod(0o755)

    def setup_script(self, *words, **variables):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        environment.update(variables, PATH=f"{self.folder / 'bin'}:/usr/bin:/bin")
        return subprocess.run([str(self.folder / "scripts" / "setup"), *words], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=environment)

    def test_an_index_that_does_not_answer_is_named_without_its_password(self):
        done = self.setup_script(PIP_INDEX_URL="http://joe:secret@127.0.0.1:1/simple", PIP_RETRIES="1", PIP_CONFIG_FILE="/dev/null")
        self.assertEqual(done.returncode, 1)
        self.assertIn("from http://127.0.0.1:1/simple, which could not be reached", done.stderr)
        self.assertNotIn("secret", done.stdout + done.stderr)

    def test_another_machine_hears_what_was_tested(self):
        self.stand_in("uname", "echo aarch64")
        done = self.setup_script("--dry-run")
        self.assertEqual(done.returncode, 1)
        self.assertIn("on aarch64; Sluice was tested on Debian 12", done.stdout)
        self.assertFalse((self.folder / ".deps").exists())


if __name__ == "__main__":
    unittest.main()
