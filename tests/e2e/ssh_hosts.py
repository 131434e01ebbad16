"""Hosts for tests: an sshd of their own on loopback addresses of this machine, with keys and users' files in one folder."""
import getpass
import os
import pathlib
import shlex
import socket
import subprocess

import harness


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SshHosts:
    """`with SshHosts(folder, ["127.0.0.1", …]) as hosts:` `hosts.ssh` is the command that reaches them, and them only."""

    def __init__(self, folder, addresses):
        self.folder, self.addresses = pathlib.Path(folder), addresses
        self.port, self.process = free_port(), None

    def __enter__(self):
        self.folder.mkdir()
        self.folder.chmod(0o700)
        for name in ("host_key", "login_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)], check=True)
        (self.folder / "authorized").write_text((self.folder / "login_key.pub").read_text())
        public = (self.folder / "host_key.pub").read_text()
        (self.folder / "known").write_text("".join(f"[{a}]:{self.port} {public}" for a in self.addresses))
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)   # sshd's own folder; where it runs as a service it is there
        words = ["-h", str(self.folder / "host_key"), "-E", str(self.folder / "sshd.log"), "-f", "/dev/null", "-D"]
        options = [f"AuthorizedKeysFile={self.folder}/authorized", "StrictModes=no", "UsePAM=no", "PasswordAuthentication=no",
                   "PermitRootLogin=prohibit-password", "PidFile=none", "MaxStartups=100",
                   *(f"ListenAddress={a}:{self.port}" for a in self.addresses)]
        self.process = subprocess.Popen(["/usr/sbin/sshd", *words, *(w for o in options for w in ("-o", o))])

        def answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"sshd ended: {(self.folder / 'sshd.log').read_text()}")
            with socket.socket() as probe:
                return probe.connect_ex((self.addresses[-1], self.port)) == 0
        harness.wait_until(answers, "sshd to listen", 20)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    @property
    def ssh(self):
        return shlex.join(["ssh", "-F", "none", "-i", str(self.folder / "login_key"), "-p", str(self.port), "-l", getpass.getuser(),
                           "-o", f"UserKnownHostsFile={self.folder}/known", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"])
