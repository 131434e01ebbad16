"""The file that names the hosts of a cluster.

One host a line: a name or address ssh can reach, then options in any order; `#` begins a comment.

    node1                              # one worker, a slot per core
    10.0.0.7  slots=4  user=sluice     # user@10.0.0.7 means the same
    node3     port=2222  address=10.0.1.3  dir=/srv/sluice

slots=N       slots of a worker there (default: its cores)
user=NAME     login for ssh
port=N        port of its sshd
address=IP    address its workers listen on, if the host's name does not resolve to it here
dir=PATH      folder of the cluster there (default .sluice/CLUSTER/HOST in the login's home)"""
import ipaddress
import re
import socket
from dataclasses import asdict, dataclass

from .trouble import Trouble

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")     # nothing that ssh could take for an option or a shell for a command
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
FOLDER = re.compile(r"[^\x00-\x20\x7f:=]+")           # a colon would part the list of library folders


@dataclass
class Host:
    name: str
    address: str
    slots: int = 0
    user: str = ""
    port: int = 0
    dir: str = ""

    def as_json(self):
        return asdict(self)


def number(low, high):
    def convert(text):
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a number from {low} to {high}")
        return int(text)
    return convert


def matching(pattern, what):
    def convert(text):
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is no {what}")
        return text
    return convert


def address(text):
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None


OPTIONS = {"slots": number(1, 1024), "user": matching(USER, "login name"), "port": number(1, 65535), "address": address,
           "dir": matching(FOLDER, "folder")}


def parse_line(words):
    """The host of a line's words. Raises ValueError."""
    user, at, name = words[0].rpartition("@")
    given = {}
    if at:
        given["user"] = OPTIONS["user"](user)
    if "=" in name:
        raise ValueError(f"the line begins with the option {name!r}, not with a host")
    matching(NAME, "host name or address")(name)
    if name.lower().endswith(".sluice") or ".." in name:
        raise ValueError(f"{name!r} cannot be a host's name here")
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if key not in OPTIONS or not equals:
            raise ValueError(f"{word!r} is not understood; options are " + ", ".join(f"{k}=…" for k in OPTIONS))
        if key in given:
            raise ValueError(f"{key} is given twice")
        given[key] = OPTIONS[key](value)
    return {"name": name, **given}


def resolve(name):
    """The address of a name, as this machine knows it. Raises ValueError."""
    try:
        return socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0]
    except OSError as error:
        raise ValueError(f"the address of {name} is not known here ({error.strerror}); give it with address=IP") from None


def parse(text, source):
    """The hosts of a file's text. Errors name the line."""
    found = []
    for line_number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            host = parse_line(words)
            if any(host["name"] == other.name for other in found):
                raise ValueError(f"{host['name']} is there already")
            host.setdefault("address", None)
            host["address"] = host["address"] or resolve(host["name"])
            found.append(Host(**host))
        except ValueError as error:
            raise Trouble(f"{source}, line {line_number}: {error}") from None
    if not found:
        raise Trouble(f"{source} names no host")
    return found


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read(), path)
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"the hosts cannot be read from {path}: {getattr(error, 'strerror', None) or error}") from None


def own_address_towards(address):
    """The address of this machine that packets to `address` leave from."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))   # sends nothing
            return probe.getsockname()[0]
        except OSError as error:
            raise Trouble(f"no way to {address}: {error.strerror}; name the coordinator's address with --advertise") from None
