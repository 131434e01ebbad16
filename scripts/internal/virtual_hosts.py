"""Hosts as network namespaces of this machine, joined by a bridge. Needs root, or a kernel that lets users make namespaces;
everything is gone when the process ends.

`enter` starts the calling script again in namespaces of its own: of the network, where the bridge stands, and of processes, so
that the kernel ends whatever is left when the script ends, however it ends."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

from internal.clusters.machines import ThisMachine
from internal.clusters.trouble import Trouble

PR_SET_PDEATHSIG, CLONE_NEWNET = 1, 0x40000000
STOP_SECONDS = 45
INSIDE = "SLUICE_VIRTUAL_HOSTS"
LIBC = ctypes.CDLL(None, use_errno=True)


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def enter():
    """Returns inside the namespaces; outside, waits for the script started there and exits with its code."""
    if os.environ.pop(INSIDE, None):
        return
    for program in ("unshare", "nsenter", "ip", "nft"):
        if not shutil.which(program):
            raise Trouble(f"the command {program} is not there; scripts/setup installs it")
    apart = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--net", "--pid", "--fork", "--kill-child=KILL",
             "--mount-proc"]
    tried = subprocess.run([*apart, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        raise Trouble(f"namespaces of the network cannot be made; this needs root, or a kernel that lets users: {tried.stderr.strip()}")
    command = [*apart, sys.executable, *sys.argv]
    child = subprocess.Popen(command, env={**os.environ, INSIDE: "1"}, preexec_fn=end_with_parent)

    received = []   # (signal, when); only noted in the handler, since waiting for a child is not re-entrant

    def stop(number, _):
        received.append((number, time.monotonic()))
        for pid in children_of(child.pid):
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while True:
        try:
            code = child.wait(1)
            break
        except subprocess.TimeoutExpired:
            if received and time.monotonic() - received[0][1] > STOP_SECONDS:
                child.kill()
    sys.exit(128 + received[0][0] if received else code)


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class VirtualHost(ThisMachine):
    """A machine for clusters.Cluster whose processes run in a namespace of their own."""

    def __init__(self, number, address):
        self.number, self.name, self.address = number, f"host-{number}", address
        self.holder = subprocess.Popen(["sleep", "infinity"], preexec_fn=self.apart)
        self.prefix = ("nsenter", f"--net=/proc/{self.holder.pid}/ns/net")

    @staticmethod
    def apart():
        end_with_parent()
        if LIBC.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")


class Network:
    """Hosts numbered from 1 with the addresses 10.77.0.N; this process is at 10.77.0.254, on the bridge itself, whose links to
    hosts are never cut. Links between hosts are cut on the bridge, one direction at a time; the frames vanish without a word."""

    def __init__(self, hosts, subnet="10.77.0"):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "address", "add", f"{subnet}.254/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")
        run("nft", "add table bridge sluice; add set bridge sluice cut { type ipv4_addr . ipv4_addr; }; "
            "add chain bridge sluice forward { type filter hook forward priority 0; }; "
            "add rule bridge sluice forward ip saddr . ip daddr @cut drop")
        self.hosts = [VirtualHost(number, f"{subnet}.{number}") for number in range(1, hosts + 1)]
        self.cuts = set()
        for host in self.hosts:
            link = f"link{host.number}"
            run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(host.holder.pid))
            run("ip", "link", "set", link, "master", "br0", "up")
            for words in (("link", "set", "lo", "up"), ("address", "add", f"{host.address}/24", "dev", "eth0"),
                          ("link", "set", "eth0", "up")):
                run(*host.prefix, "ip", *words)

    def element(self, verb, source, target):
        run("nft", f"{verb} element bridge sluice cut {{ {source.address} . {target.address} }}")

    def cut(self, source, target):
        """Nothing that `source` sends reaches `target` any more."""
        if (source.name, target.name) not in self.cuts:
            self.element("add", source, target)
            self.cuts.add((source.name, target.name))

    def heal(self, source, target):
        if (source.name, target.name) in self.cuts:
            self.element("delete", source, target)
            self.cuts.discard((source.name, target.name))

    def unplug(self, host):
        """Both ends of the host's link go down, as when its cable is drawn."""
        run("ip", "link", "set", f"link{host.number}", "down")

    def plug(self, host):
        run("ip", "link", "set", f"link{host.number}", "up")
