"""The secrets of a cluster that spans hosts: a private CA, a certificate per host and a token, made with the openssl command.

Folder (0700), files (0600), each written whole by rename:
    ca.key, ca.pem            signs; ca.key never leaves this machine
    token                     the one in use; while it is replaced, the old one and below it the new one
    HOST/{cert.pem,key.pem}   of that host's workers, role worker.sluice
    coordinator.sluice/…      of the coordinator
    client.sluice/…           of the sluice command"""
import contextlib
import datetime
import ipaddress
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from .trouble import Trouble

COORDINATOR, WORKER, CLIENT = "coordinator.sluice", "worker.sluice", "client.sluice"   # roles, as DNS names in certificates
CA_DAYS, DAYS, RENEW_DAYS = 3650, 825, 30

OPENSSL = """
[ca]
default_ca = sluice
[sluice]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
prompt = no
distinguished_name = name
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[node]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def alternative_name(address):
    """How a host appears among the names of its certificate."""
    try:
        return f"IP:{ipaddress.ip_address(address)}"
    except ValueError:
        return f"DNS:{address}"


def write(path, text):
    """A file (0600) that appears whole."""
    draft = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def openssl(folder, *words):
    try:
        done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise Trouble("the openssl command is not there; install the Debian package openssl") from None
    if done.returncode != 0:
        raise Trouble(f"openssl {words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def new_token():
    return secrets.token_hex(32)


class Secrets:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca, self.ca_key, self.token = (self.folder / name for name in ("ca.pem", "ca.key", "token"))

    # ---- certificates ----

    def pair(self, name):
        """(certificate, key) of a host or role."""
        return self.folder / name / "cert.pem", self.folder / name / "key.pem"

    def prepare(self):
        """Makes what is missing of the folder, the CA and the token."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        if not (self.ca.exists() and self.ca_key.exists()):
            self.make(self.ca, self.ca_key, "Sluice cluster CA", "authority", [])
        if not self.token.exists():
            self.set_tokens([new_token()])

    def certify(self, name, role, addresses):
        """Makes the certificate of a host or role unless there is a good one: of this CA, for these names, not ending soon."""
        cert, key = self.pair(name)
        cert.parent.mkdir(exist_ok=True, mode=0o700)
        names = [f"DNS:{role}", *dict.fromkeys(alternative_name(a) for a in addresses)]
        if not (cert.exists() and key.exists() and self.is_good(cert, names)):
            self.make(cert, key, f"{role} {name}"[:64], "node", names)

    def is_good(self, cert, names):
        verified = subprocess.run(["openssl", "verify", "-CAfile", str(self.ca), str(cert)], capture_output=True)
        lasting = subprocess.run(["openssl", "x509", "-checkend", str(RENEW_DAYS * 86400), "-noout", "-in", str(cert)],
                                 capture_output=True)
        if verified.returncode != 0 or lasting.returncode != 0:
            return False
        shown = openssl(self.folder, "x509", "-noout", "-ext", "subjectAltName", "-in", str(cert)).splitlines()[-1]
        present = {n.strip().replace("IP Address:", "IP:") for n in shown.split(",")}
        return {n.lower() for n in present} == {self.as_shown(n).lower() for n in names}

    @staticmethod
    def as_shown(name):
        """openssl writes IPv6 addresses without `::`."""
        kind, _, value = name.partition(":")
        if kind == "IP" and ":" in value:
            return "IP:" + ":".join(f"{int(part, 16):X}" for part in ipaddress.ip_address(value).exploded.split(":"))
        return name

    def make(self, cert, key, name, section, names):
        """A fresh key and its certificate: signed by the CA, or by itself where it is the CA. The key is in place before the
        certificate. It is valid from yesterday, so that hosts whose clocks differ accept it at once."""
        now = datetime.datetime.now(datetime.timezone.utc)
        span = CA_DAYS if section == "authority" else DAYS
        begin, end = (at.strftime("%Y%m%d%H%M%SZ") for at in (now - datetime.timedelta(days=1), now + datetime.timedelta(days=span)))
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=self.folder))   # 0700
        try:
            text = OPENSSL.format(name=name, names=", ".join(names) or "DNS:none")
            (work / "openssl.cnf").write_text(text)
            (work / "index.txt").touch()
            openssl(work, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem")
            openssl(work, "req", "-new", "-config", "openssl.cnf", "-key", "key.pem", "-out", "request.pem")
            signer = ["-selfsign", "-keyfile", "key.pem"] if section == "authority" else \
                ["-cert", str(self.ca.resolve()), "-keyfile", str(self.ca_key.resolve())]
            openssl(work, "ca", "-batch", "-config", "openssl.cnf", *signer, "-extensions", section, "-notext", "-startdate", begin,
                    "-enddate", end, "-in", "request.pem", "-out", "cert.pem")
            with contextlib.suppress(FileNotFoundError):
                cert.unlink()   # never a certificate beside a key that is not its own
            write(key, (work / "key.pem").read_text())
            write(cert, (work / "cert.pem").read_text())
        finally:
            shutil.rmtree(work)

    # ---- what a process needs ----

    def files_for(self, name):
        """File name on a host -> content, of what `name` needs and nothing else."""
        cert, key = self.pair(name)
        return {"ca.pem": self.ca.read_bytes(), "cert.pem": cert.read_bytes(), "key.pem": key.read_bytes(),
                "token": self.token.read_bytes()}

    def settings_for(self, name):
        """Setting -> path, for a process of this machine."""
        cert, key = self.pair(name)
        return {"security.ca-file": str(self.ca), "security.cert-file": str(cert), "security.key-file": str(key),
                "security.token-file": str(self.token)}

    # ---- the token ----

    def tokens(self):
        return self.token.read_text().split()

    def set_tokens(self, tokens):
        write(self.token, "".join(token + "\n" for token in tokens))
