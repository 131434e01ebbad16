"""Secured links: who does not belong is refused by name and costs the cluster nothing; secrets appear nowhere."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import events
import harness

sys.path.insert(0, str(harness.ROOT / "scripts" / "internal"))
from clusters.pki import Secrets   # noqa: E402

ROLES = ("coordinator", "worker", "client")


def settings(secrets, name, **other):
    files = {**secrets.settings_for(name), **other}
    return "[security]\n" + "".join(f'{key.removeprefix("security.")} = "{path}"\n' for key, path in files.items())


class Secured(unittest.TestCase):
    """A cluster on loopback whose processes hold one certificate each for all roles; single-role ones are beside it."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-security-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.secrets, cls.foreign = Secrets(cls.folder / "secrets"), Secrets(cls.folder / "foreign")
        for secrets in (cls.secrets, cls.foreign):
            secrets.prepare()
            for role in ROLES:
                secrets.certify(role, f"{role}.sluice", [])
        cls.secrets.certify("all", "coordinator.sluice", ["worker.sluice", "client.sluice"])
        text = settings(cls.secrets, "all")
        (cls.folder / "all.toml").write_text(text)
        before = os.environ.get("SLUICE_CONFIG")
        os.environ["SLUICE_CONFIG"] = str(cls.folder / "all.toml")
        cls.addClassCleanup(lambda: os.environ.pop("SLUICE_CONFIG") if before is None else os.environ.update(SLUICE_CONFIG=before))
        cls.cluster = harness.Cluster(workers=2, config=text)
        cls.addClassCleanup(shutil.rmtree, cls.cluster.directory, True)
        cls.addClassCleanup(cls.cluster.down)
        cls.cluster.up()

    def program(self, name, *words, config=None, timeout=20):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        if config is not None:
            path = self.folder / "other.toml"
            path.write_text(config)
            environment["SLUICE_CONFIG"] = str(path)
        return subprocess.run([str(self.cluster.build_dir / "bin" / name), *words], capture_output=True, text=True, timeout=timeout,
                              env=environment)

    def client(self, config):
        return self.program("sluice", "--coordinator", self.cluster.address, "workers", config=config)

    def refused(self, done, *words):
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(len(self.cluster.status()["workers"]), 2)

    # ---- who is let in ----

    def test_member_is_admitted(self):
        done = self.client(settings(self.secrets, "client"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_plain_client_is_refused(self):
        self.refused(self.client("# nothing\n"), "unauthenticated", "security.ca-file")

    def test_wrong_authority_is_refused(self):
        self.refused(self.client(settings(self.foreign, "client", **{"security.token-file": str(self.secrets.token)})), "unauthenticated")

    def test_wrong_token_is_refused(self):
        self.refused(self.client(settings(self.secrets, "client", **{"security.token-file": str(self.foreign.token)})), "token")

    def test_own_certificate_of_another_role_is_named(self):
        self.refused(self.client(settings(self.secrets, "worker")), "client.sluice")

    def test_open_key_file_is_refused(self):
        _, key = self.secrets.pair("client")
        key.chmod(0o640)
        self.addCleanup(key.chmod, 0o600)
        self.refused(self.client(settings(self.secrets, "client")), "0640", "chmod 600")

    def test_symbolic_link_is_refused(self):
        link = self.folder / "link"
        link.symlink_to(self.secrets.token)
        self.refused(self.client(settings(self.secrets, "client", **{"security.token-file": str(link)})), "symbolic link")

    # ---- off loopback ----

    def test_listening_for_other_hosts_needs_all_files(self):
        for name in ("sluice-coordinator", "sluice-worker"):
            data = ["--data-dir", str(self.folder / "refused"), "--listen", "0.0.0.0:0"]
            self.refused(self.program(name, *data), "insecure_listen", "security.token-file")
            self.refused(self.program(name, *data, "--security.ca-file", str(self.secrets.ca)), "not set: security.cert-file")

    # ---- hostile peers, and a job meanwhile ----

    def test_job_is_exact_beside_hostile_peers_and_a_kill(self):
        host, port = self.cluster.address.rsplit(":", 1)
        peers = []
        for i in range(60):   # more than may be unauthenticated at a time
            peer = socket.create_connection((host, int(port)), timeout=10)
            self.addCleanup(peer.close)
            peer.setblocking(False)
            peer.send((b"", b"\x16\x03\x01\xff\xff", b"\xff" * 64, b"PRI * HTTP/2.0\r\n")[i % 4] or b"\x16")
            peers.append(peer)
        source = self.folder / "in"
        all_events = events.write_files(source, 10, 200)
        self.cluster.submit(events.main_job(source, self.folder / "ckpt", name="secured", available_now=False))
        self.cluster.wait_batch("secured", 2)
        self.cluster.kill_worker(self.cluster.status()["workers"][0])
        self.cluster.wait_batch("secured", 9)
        self.assertEqual(events.counts_of_rows(self.cluster.rows("SELECT * FROM secured")), events.sliding_counts(all_events))
        self.cluster.script("scale", "2")
        def turned_out(peer):
            try:
                return peer.recv(4096) == b"" or turned_out(peer)
            except BlockingIOError:
                return False
            except OSError:
                return True
        harness.wait_until(lambda: all(turned_out(peer) for peer in peers), "hostile peers to be turned out", 20)
        self.assert_no_secrets()
        self.cluster.sluice("stop", "secured")

    def assert_no_secrets(self):
        """Neither the token nor a line of a key is in what the run left behind."""
        needles = [self.secrets.token.read_text().strip().encode()]
        needles += [line.encode() for line in self.secrets.pair("all")[1].read_text().splitlines() if not line.startswith("-----")]
        status = self.cluster.status()
        seen = [pathlib.Path(f"/proc/{pid}/{what}") for pid in [status["pid"], *(w["pid"] for w in status["workers"])]
                for what in ("cmdline", "environ")]
        seen += [path for root in (self.cluster.directory, self.folder / "ckpt") for path in root.rglob("*") if path.is_file()]
        self.assertGreater(len(seen), 10)
        shown = [self.cluster.sluice("show", "secured").stdout.encode()]
        for text in [path.read_bytes() for path in seen] + shown:
            for needle in needles:
                self.assertNotIn(needle, text)


if __name__ == "__main__":
    unittest.main()
