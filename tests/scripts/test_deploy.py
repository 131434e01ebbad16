"""What deploy/ refers to exists: programs, flags, settings."""
import configparser
import os
import pathlib
import shlex
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD_DIR", ROOT / "build" / "dev"))


def unit(name):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(ROOT / "deploy" / "systemd" / name)
    return parser


class Deploy(unittest.TestCase):
    def accepted(self, program, arguments):
        done = subprocess.run([str(BUILD / "bin" / program), *arguments, "--print-config"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_units_name_programs_flags_and_sample_files(self):
        for program in ("sluice-coordinator", "sluice-worker"):
            with self.subTest(program):
                binary, *arguments = shlex.split(unit(f"{program}.service")["Service"]["ExecStart"])
                self.assertEqual(binary, f"/usr/bin/{program}")
                local = [a.replace("/etc/sluice/", str(ROOT / "deploy") + "/") for a in arguments]
                self.assertNotEqual(local, arguments)
                self.accepted(program, local)

    def test_sample_settings_are_in_force(self):
        shown = self.accepted("sluice-coordinator", ["--config", str(ROOT / "deploy" / "coordinator.toml")])
        self.assertIn("/var/lib/sluice/coordinator", shown)
        shown = self.accepted("sluice-worker", ["--config", str(ROOT / "deploy" / "worker.toml")])
        self.assertIn("/var/log/sluice/worker.log", shown)


if __name__ == "__main__":
    unittest.main()
