"""The hosts file of scripts/cluster, and the secrets it makes."""
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from internal.clusters import hosts, pki   # noqa: E402
from internal.clusters.trouble import Trouble   # noqa: E402


class HostsFile(unittest.TestCase):
    def test_lines_comments_and_options(self):
        found = hosts.parse("# all\n\n10.0.0.1\nme@10.0.0.2 slots=4 port=2222 # two\nnode address=10.0.0.3 dir=/srv/a'b$(c) user=u\n", "f")
        self.assertEqual([h.as_json() for h in found], [
            {"name": "10.0.0.1", "address": "10.0.0.1", "slots": 0, "user": "", "port": 0, "dir": ""},
            {"name": "10.0.0.2", "address": "10.0.0.2", "slots": 4, "user": "me", "port": 2222, "dir": ""},
            {"name": "node", "address": "10.0.0.3", "slots": 0, "user": "u", "port": 0, "dir": "/srv/a'b$(c)"}])

    def test_a_name_without_an_address_is_resolved_here(self):
        self.assertIn(hosts.parse("localhost", "f")[0].address, ("127.0.0.1", "::1"))

    def test_errors_name_file_line_and_what(self):
        for line, words in {
                "-oProxyCommand=touch": "begins with the option",
                "slots=2": "begins with the option",
                "a;reboot": "'a;reboot' is no host name or address",
                "$(reboot)": "is no host name",
                "-l": "is no host name",
                "-x@10.0.0.9": "'-x' is no login name",
                "10.0.0.1": "10.0.0.1 is there already",
                "10.0.0.9 slots=0": "'0' is not a number from 1 to 1024",
                "10.0.0.9 slots=²": "is not a number",
                "10.0.0.9 port=70000": "is not a number from 1 to 65535",
                "10.0.0.9 slots=1 slots=2": "slots is given twice",
                "10.0.0.9 speed=9": "'speed=9' is not understood; options are slots=",
                "10.0.0.9 fast": "'fast' is not understood",
                "10.0.0.9 address=there": "'there' is no IP address",
                "10.0.0.9 dir=a:b": "'a:b' is no folder",
                "worker.sluice": "cannot be a host's name",
                "..": "is no host name",
                "no-such-host.invalid": "give it with address=IP"}.items():
            with self.subTest(line), self.assertRaises(Trouble) as caught:
                hosts.parse(f"10.0.0.1\n\n{line}\n", "hosts.txt")
            self.assertIn("hosts.txt, line 3: ", str(caught.exception))
            self.assertIn(words, str(caught.exception))

    def test_an_empty_or_missing_file(self):
        for text in ("", "# nothing\n"):
            with self.assertRaisesRegex(Trouble, "names no host"):
                hosts.parse(text, "f")
        with self.assertRaisesRegex(Trouble, "cannot be read from /no/such"):
            hosts.read("/no/such")

    def test_own_address(self):
        self.assertEqual(hosts.own_address_towards("127.0.0.5"), "127.0.0.1")


class Pki(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.secrets = pki.Secrets(pathlib.Path(temporary.name) / "secrets")
        self.secrets.prepare()
        self.secrets.certify("h1", pki.WORKER, ["10.0.0.1", "fd00::1"])

    def shown(self, path):
        return subprocess.run(["openssl", "x509", "-noout", "-text", "-in", str(path)], capture_output=True, text=True, check=True).stdout

    def test_only_the_owner_reads(self):
        for path in [self.secrets.folder, *self.secrets.folder.rglob("*")]:
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)
        names = {str(p.relative_to(self.secrets.folder)) for p in self.secrets.folder.rglob("*")}
        self.assertEqual(names, {"ca.key", "ca.pem", "token", "h1", "h1/cert.pem", "h1/key.pem"})

    def test_what_certificates_say(self):
        text = self.shown(self.secrets.pair("h1")[0])
        self.assertIn("DNS:worker.sluice, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1", text)
        self.assertIn("CA:FALSE", text)
        self.assertIn("CA:TRUE, pathlen:0", self.shown(self.secrets.ca))
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", str(self.secrets.ca), str(self.secrets.pair("h1")[0])],
                                  capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_the_token_has_256_bits_and_stays(self):
        token = self.secrets.token.read_text()
        self.assertRegex(token, r"^[0-9a-f]{64}\n$")
        self.secrets.prepare()
        self.assertEqual(self.secrets.token.read_text(), token)
        other = pki.Secrets(self.secrets.folder.parent / "other")
        other.prepare()
        self.assertNotEqual(other.token.read_text(), token)

    def test_certificates_stay_while_they_are_good(self):
        cert, key = self.secrets.pair("h1")
        before = cert.read_bytes(), key.read_bytes()
        self.secrets.certify("h1", pki.WORKER, ["10.0.0.1", "fd00::1"])
        self.assertEqual((cert.read_bytes(), key.read_bytes()), before)
        self.secrets.certify("h1", pki.WORKER, ["10.0.0.2"])
        self.assertIn("IP Address:10.0.0.2", self.shown(cert))
        self.assertNotIn("10.0.0.1", self.shown(cert))
        self.assertNotEqual(key.read_bytes(), before[1])

    def test_another_ca_or_a_lost_key_makes_new_ones(self):
        cert, key = self.secrets.pair("h1")
        for spoil in (self.secrets.ca.unlink, key.unlink):
            before = cert.read_bytes()
            spoil()
            self.secrets.prepare()
            self.secrets.certify("h1", pki.WORKER, ["10.0.0.1", "fd00::1"])
            self.assertNotEqual(cert.read_bytes(), before)
            pair = [subprocess.run(["openssl", *words], capture_output=True, text=True, check=True).stdout for words in
                    (["x509", "-pubkey", "-noout", "-in", str(cert)], ["pkey", "-pubout", "-in", str(key)])]
            self.assertEqual(*pair)

    def test_a_process_gets_its_own_files_only(self):
        self.secrets.certify("h2", pki.WORKER, ["10.0.0.2"])
        files = self.secrets.files_for("h1")
        self.assertEqual(set(files), {"ca.pem", "cert.pem", "key.pem", "token"})
        self.assertEqual(files["key.pem"], self.secrets.pair("h1")[1].read_bytes())


if __name__ == "__main__":
    unittest.main()
