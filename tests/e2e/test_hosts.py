"""scripts/cluster up --hosts: workers over real ssh, on hosts that are loopback addresses with a folder each."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

import events
import harness
import ssh_hosts

NAMES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]


def words_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")


def processes_below(folder):
    """Command lines of processes that name the folder, but for sshd and its like."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = words_of(entry.name)
            except OSError:
                continue
            if any(str(folder) in w for w in words) and pathlib.Path(words[0]).name.startswith("sluice"):
                found.append(words)
    return found


class OverSsh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="sluice-hosts-"))
        cls.addClassCleanup(shutil.rmtree, cls.top, True)
        cls.server = ssh_hosts.SshHosts(cls.top / "ssh", NAMES)
        cls.enterClassContext(cls.server)

    def setUp(self):
        self.base = self.top / self._testMethodName.removeprefix("test_")[:30]
        self.base.mkdir()
        self.cluster = harness.Cluster(directory=self.base)
        self.secrets = self.base / "cluster" / "secrets"
        self.addCleanup(self.script, "down")

    def script(self, *words):
        return self.cluster.script(*map(str, words))

    def hosts_file(self, names, more=""):
        path = self.base / "hosts"
        path.write_text("".join(f"{name} slots=1 dir={self.folder(name)} {more}\n" for name in names))
        return path

    def folder(self, name):
        """A folder name that a shell must not touch."""
        return self.base / f"it's$(touch${{IFS}}{self.top}/pwned)" / name

    def up(self, names=NAMES, *words):
        return self.script("up", "--hosts", self.hosts_file(names), "--ssh", self.server.ssh, "--port", 0,
                           "--build-dir", harness.BUILD_DIR, *words)

    def started(self, *words):
        done = self.up(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        status = json.loads(self.script("status", "--json").stdout)
        self.cluster.address = status["coordinator"]
        shown = self.script("env").stdout
        for line in shown.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.enterContext(unittest.mock.patch.dict(os.environ, {name: value}))
        return status

    def assert_each_host_holds_its_own_only(self):
        keys = {name: (self.secrets / name / "key.pem").read_text() for name in NAMES}
        keys |= {"ca": (self.secrets / "ca.key").read_text()}
        keys |= {role: (self.secrets / role / "key.pem").read_text() for role in ("coordinator.sluice", "client.sluice")}
        self.assertEqual(len(set(keys.values())), len(NAMES) + 3)
        for name in NAMES:
            held = {str(p.relative_to(self.folder(name))): p for p in self.folder(name).rglob("*")}
            self.assertEqual({n for n in held if n.startswith("secrets/")}, {f"secrets/{f}" for f in ("ca.pem", "cert.pem", "key.pem", "token")})
            for path in [self.folder(name), *(p for n, p in held.items() if n.startswith("secrets"))]:
                self.assertEqual(path.stat().st_mode & 0o777, 0o700 if path.is_dir() else 0o600, path)
            self.assertEqual((self.folder(name) / "secrets/key.pem").read_text(), keys[name])
            self.assertEqual((self.folder(name) / "secrets/token").read_text(), (self.secrets / "token").read_text())
            for path in held.values():
                text = path.read_text(errors="replace") if path.is_file() else ""
                self.assertFalse([owner for owner, key in keys.items() if owner != name and key in text], path)

    def test_a_cluster_on_three_hosts(self):
        status = self.started()
        self.assertEqual(sorted(w["host"] for w in status["workers"]), NAMES)
        self.assertEqual({w["address"].rpartition(":")[0] for w in status["workers"]}, set(NAMES))
        self.assert_each_host_holds_its_own_only()
        token = (self.secrets / "token").read_text()
        for words in processes_below(self.base):
            self.assertNotIn(token.strip(), " ".join(words))

        source = self.base / "in"
        all_events = events.write_files(source, 6, 300)
        self.cluster.submit(events.main_job(source, self.base / "ckpt", available_now=False))
        self.cluster.wait_batch("counts", 5)
        self.assertEqual(self.script("kill-worker", 1).returncode, 0)
        self.assertEqual(self.script("scale", 4).returncode, 0)
        hosts_of = [w["host"] for w in json.loads(self.script("status", "--json").stdout)["workers"]]
        self.assertEqual((len(hosts_of), set(hosts_of)), (4, set(NAMES)))
        all_events += events.write_files(source, 6, 300, seed=2, start_number=6)
        self.cluster.wait_batch("counts", 11)

        done = self.script("rotate-token")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual((self.secrets / "token").read_text(), token)
        self.assert_each_host_holds_its_own_only()
        self.assertEqual(self.script("restart-coordinator", "--kill").returncode, 0)   # all links are made anew
        all_events += events.write_files(source, 3, 300, seed=3, start_number=12)
        self.cluster.wait_batch("counts", 14)
        self.assertEqual(events.counts_of_rows(self.cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
        self.assertIn("registered", self.script("logs", "worker-2").stdout)

        kept = {p: p.read_bytes() for p in self.secrets.rglob("*") if p.is_file()}
        self.assertEqual(self.script("down").returncode, 0)
        self.assertEqual(processes_below(self.base), [])
        self.started()
        self.assertEqual({p: p.read_bytes() for p in self.secrets.rglob("*") if p.is_file()}, kept)
        all_events += events.write_files(source, 2, 300, seed=4, start_number=15)
        self.cluster.wait_batch("counts", 16)
        self.assertEqual(events.counts_of_rows(self.cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
        self.assertEqual(self.script("down", "--clean").returncode, 0)
        self.assertEqual(processes_below(self.base), [])
        self.assertEqual([name for name in NAMES if self.folder(name).exists()], [])
        self.assertFalse((self.top / "pwned").exists())

    def test_install_copies_the_program_with_its_libraries(self):
        status = self.started(NAMES[:1], "--install")
        pid = status["workers"][0]["pid"]
        own = self.folder(NAMES[0])
        self.assertTrue(pathlib.Path(f"/proc/{pid}/exe").resolve().is_relative_to(own))
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
        for library in ("libarrow.so", "libgrpc++.so", "libcaf_core.so", "libstdc++.so"):
            self.assertIn(f"/lib/{library}", "".join(line for line in maps.splitlines() if str(own) in line))

    def test_one_host_that_cannot_start_stops_the_others(self):
        strange = self.folder(NAMES[2])
        strange.mkdir(parents=True)
        (strange / "mine.txt").write_text("keep")
        for names, words in ((["127.0.0.2", "127.0.0.77"], ["host 127.0.0.77: ssh does not get there: ", "refused"]),
                             (NAMES, [f"host {NAMES[2]}: the folder", "holds other things"])):
            done = self.up(names)
            self.assertEqual(done.returncode, 1)
            for word in words:
                self.assertIn(word, done.stderr)
            self.assertEqual(processes_below(self.base), [])
            self.assertEqual(json.loads(self.script("status", "--json").stdout)["workers"], [])
        self.assertEqual((strange / "mine.txt").read_text(), "keep")

    def test_a_worker_that_dies_while_starting_shows_its_log_and_host(self):
        (self.base / "bad.toml").write_text('[worker.memory]\nstate = "1B"\n')
        done = self.up(NAMES[:2], "--config", self.base / "bad.toml")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(coordinator|worker-\d on host 127\.0\.0\.\d) ended while starting")
        self.assertIn("worker.memory.state", done.stderr)
        self.assertEqual(processes_below(self.base), [])

    def test_a_host_that_does_not_answer_is_named_and_not_forgotten(self):
        self.started(NAMES[:2])
        self.server.stop()
        try:
            shown = self.script("status")
            self.assertIn("host does not answer", shown.stdout)
            done = self.script("down")
            self.assertEqual(done.returncode, 1)
            self.assertIn("host 127.0.0.2: ssh does not get there", done.stderr)
        finally:
            self.server.start()
        self.assertEqual(self.script("down").returncode, 0)
        self.assertEqual(processes_below(self.base), [])


if __name__ == "__main__":
    unittest.main()
