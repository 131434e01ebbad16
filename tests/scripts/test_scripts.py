"""The scripts' own manners: help, wrong arguments, what is missing."""
import json
import os
import pathlib
import socket
import stat
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD_DIR", ROOT / "build" / "dev"))
SCRIPTS = ("setup", "demo", "test", "check", "layers", "cluster", "expected_counts", "generate_events",
           "kill-loop", "namespaces", "simulate", "soak")


def script(name, *words, **options):
    return subprocess.run([str(ROOT / "scripts" / name), *map(str, words)], capture_output=True, text=True, timeout=60, **options)


class Manners(unittest.TestCase):
    def test_every_script_explains_itself(self):
        for name in SCRIPTS:
            with self.subTest(name):
                done = script(name, "--help")
                self.assertEqual(done.returncode, 0)
                self.assertIn("sage: scripts/" + name, done.stdout)

    def test_every_script_refuses_what_it_does_not_know(self):
        for name in SCRIPTS:
            with self.subTest(name):
                self.assertEqual(script(name, "--no-such-thing").returncode, 2)


class Setup(unittest.TestCase):
    """With stand-ins for dpkg-query, id and sudo, so that nothing is installed."""

    def run_with(self, **programs):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in programs.items():
                path = pathlib.Path(folder, name.replace("_", "-"))
                path.write_text("#!/bin/sh\n" + text + "\n")
                path.chmod(path.stat().st_mode | stat.S_IXUSR)
            return script("setup", env={**os.environ, "PATH": f"{folder}:/usr/bin:/bin"}, stdin=subprocess.DEVNULL)

    def test_without_root_and_sudo_it_prints_what_to_run(self):
        done = self.run_with(dpkg_query="exit 1", id="echo 1000", sudo="exit 1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install -y --no-install-recommends", done.stderr)
        self.assertIn("libgrpc++-dev", done.stderr)

    def test_failing_downloads_are_named(self):
        done = self.run_with(dpkg_query="exit 1", id="echo 0", apt_get=
                             "echo \"E: Failed to fetch http://deb.example.org/x  Could not resolve 'deb.example.org'\" >&2; exit 100")
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not reach: ", done.stderr)
        self.assertIn("deb.example.org", done.stderr)


class ClusterScript(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name) / "cluster"

    def cluster(self, *words):
        return script("cluster", *words, "--dir", self.folder)

    def test_nothing_is_running(self):
        done = self.cluster("status", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout), {"coordinator": None, "connect": None, "pid": None, "workers": []})
        self.assertEqual(self.cluster("down").returncode, 0)
        self.assertEqual(self.cluster("restart-coordinator").returncode, 1)

    def test_a_busy_port_is_named_with_the_flag(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.cluster("up", "--port", port, "--build-dir", BUILD)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"port {port} is in use", done.stderr)
        self.assertIn("--port", done.stderr)

    def test_a_missing_build_is_named(self):
        done = self.cluster("up", "--port", 0, "--build-dir", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--build-dir", done.stderr)

    def test_a_process_that_dies_while_starting_shows_its_log(self):
        bad = self.folder.parent / "bad.toml"
        bad.write_text("[query]\nkey-groups = 0\n")
        done = self.cluster("up", "--port", 0, "--build-dir", BUILD, "--config", bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("query.key-groups", done.stderr)
        self.assertIn("logs", done.stderr)
        self.assertEqual(json.loads(self.cluster("status", "--json").stdout)["workers"], [])

    def test_life_of_a_cluster(self):
        up = self.cluster("up", "--workers", 2, "--slots", 1, "--port", 0, "--build-dir", BUILD)
        self.addCleanup(self.cluster, "down")
        self.assertEqual(up.returncode, 0, up.stderr)
        first = json.loads(self.cluster("status", "--json").stdout)
        self.assertEqual(set(first), {"coordinator", "connect", "pid", "workers"})
        self.assertEqual([set(w) for w in first["workers"]], [{"id", "pid", "address", "slots"}] * 2)
        self.assertEqual([w["slots"] for w in first["workers"]], [1, 1])
        self.assertIn(first["coordinator"], up.stdout)

        again = self.cluster("up", "--build-dir", BUILD)
        self.assertEqual((again.returncode, "running already" in again.stdout), (0, True))

        self.assertEqual(self.cluster("kill-worker", 1).returncode, 0)
        self.assertEqual(len(json.loads(self.cluster("status", "--json").stdout)["workers"]), 1)
        self.assertEqual(self.cluster("kill-worker", 1).returncode, 1)
        self.assertEqual(self.cluster("scale", 3).returncode, 0)
        self.assertEqual(len(json.loads(self.cluster("status", "--json").stdout)["workers"]), 3)
        self.assertEqual(self.cluster("scale", 1).returncode, 0)

        os.kill(first["pid"], 9)
        lonely = self.cluster("status", "--json")
        self.assertEqual((lonely.returncode, json.loads(lonely.stdout)["pid"]), (1, None))
        self.assertEqual(len(json.loads(lonely.stdout)["workers"]), 1)
        self.assertEqual(self.cluster("restart-coordinator").returncode, 0)
        restarted = json.loads(self.cluster("status", "--json").stdout)
        self.assertEqual(restarted["coordinator"], first["coordinator"])
        self.assertNotEqual(restarted["pid"], first["pid"])

        self.assertEqual(self.cluster("down", "--clean").returncode, 0)
        self.assertFalse(self.folder.exists())


if __name__ == "__main__":
    unittest.main()
