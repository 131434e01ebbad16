"""Where a cluster's processes run: this machine, or another one over ssh.

Both start a process, say which of some processes live, and end or kill them. A process is a record with `pid` and `start`
(clock ticks since boot), so a recycled id is never signalled."""
import io
import shlex
import signal
import subprocess
import tarfile
from pathlib import Path

from . import processes
from .trouble import Trouble

SSH_SECONDS = 60
COPY_SECONDS = 600
SSH_OPTIONS = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"]


class ThisMachine:
    name, address = None, "127.0.0.1"
    prefix = ()   # words before each command, for a place that is on this machine but apart

    def launch(self, folder, name, command):
        return processes.start([*self.prefix, *command], Path(folder) / "logs" / f"{name}.err", folder)

    def living(self, records):
        return [r for r in records if processes.alive(r)]

    def end(self, records, seconds):
        return processes.end(records, seconds)

    def kill(self, record):
        processes.send(record, signal.SIGKILL)
        processes.wait_for_end(record, 5)


# Functions of every script that runs on a host. Plain sh with /proc; nothing of Sluice needs to be there.
REMOTE = r"""
begin_of() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  set -- ${stat##*) }
  case $1 in Z | X) return 1 ;; esac
  shift 19
  echo "$1"
}
lives() { [ "$(begin_of "${1%:*}")" = "${1#*:}" ]; }
"""

PREPARE = r"""
dir=$1 id=$2
umask 077
mkdir -p -- "$dir" && cd -- "$dir" || exit 1
if [ -e cluster ]; then
  [ "$(cat cluster)" = "$id" ] || { echo "the folder $(pwd -P) belongs to another cluster; name another with dir=PATH" >&2; exit 1; }
elif [ -n "$(ls -A)" ]; then
  echo "the folder $(pwd -P) holds other things; name another with dir=PATH" >&2
  exit 1
fi
chmod 700 . && echo "$id" >cluster && mkdir -p logs && pwd -P
"""

# Unpacks into a new folder, then moves what came file by file or, for a folder, as a whole.
RECEIVE = r"""
dir=$1 mode=$2
umask 077
mkdir -p -- "$dir.new.$$" && tar -x -o -p -f - -C "$dir.new.$$" || { rm -rf -- "$dir.new.$$"; exit 1; }
if [ "$mode" = whole ]; then
  rm -rf -- "$dir" && mv -- "$dir.new.$$" "$dir"
else
  mkdir -p -- "$dir" && mv -f -- "$dir.new.$$"/* "$dir"/ && rmdir -- "$dir.new.$$"
fi
"""

LAUNCH = r"""
cd -- "$1" || exit 1
log=logs/$2.err
mkdir -p -- "$2"
shift 2
[ -x "$1" ] || { echo "$1 is not there, or no program" >&2; exit 1; }
[ -z "$SLUICE_LIBRARIES" ] || export LD_LIBRARY_PATH="$SLUICE_LIBRARIES"
setsid "$@" </dev/null >"$log" 2>&1 &
echo "$! $(begin_of $!)"
"""

LIVING = 'for p in "$@"; do lives "$p" && echo "$p"; done; true'

END = r"""
left=$(($1 * 10))
shift
for p in "$@"; do lives "$p" && kill -TERM "${p%:*}" 2>/dev/null; done
for p in "$@"; do
  while lives "$p" && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
  if lives "$p"; then
    kill -KILL "${p%:*}" 2>/dev/null
    echo "$p"
    n=50
    while lives "$p" && [ $n -gt 0 ]; do sleep 0.1; n=$((n - 1)); done
  fi
done
true
"""

KILL = r"""
lives "$1" || exit 0
kill -KILL "${1%:*}"
n=50
while lives "$1" && [ $n -gt 0 ]; do sleep 0.1; n=$((n - 1)); done
"""

LOG = r"""
cd -- "$1/logs" || exit 1
{ cat -- "$2.log" 2>/dev/null; cat -- "$2.err" 2>/dev/null; } | tail -n "$3"
"""

REMOVE = r"""
[ -d "$1" ] || exit 0
cd -- "$1" && [ "$(cat cluster 2>/dev/null)" = "$2" ] || { echo "$1 is not this cluster's folder; it is not removed" >&2; exit 1; }
cd / && rm -rf -- "$1"
"""


class SshMachine:
    """A host of the hosts file. `ssh` is the command to reach hosts with, as a list of words."""

    def __init__(self, host, ssh):
        self.name, self.address, self.host, self.ssh = host.name, host.address, host, ssh

    def run(self, script, *words, data=None, seconds=SSH_SECONDS):
        """Standard output of a script on the host. Secrets go in `data`, its standard input, never in `words`."""
        command = " ".join(["sh", "-c", shlex.quote(REMOTE + script), "sh", *(shlex.quote(str(w)) for w in words)])
        login = ["-l", self.host.user] if self.host.user else []
        port = ["-p", str(self.host.port)] if self.host.port else []
        try:
            done = subprocess.run([*self.ssh, *SSH_OPTIONS, *login, *port, "--", self.name, command], capture_output=True,
                                  input=data if data is not None else b"", timeout=seconds)
        except FileNotFoundError:
            raise Trouble(f"{self.ssh[0]} is not there; install the Debian package openssh-client") from None
        except subprocess.TimeoutExpired:
            raise Trouble(f"host {self.name}: no answer within {seconds} s") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise Trouble(f"host {self.name}: " + (f"ssh does not get there: {said}" if done.returncode == 255 else said))
        return done.stdout.decode(errors="replace")

    def prepare(self, folder, cluster_id):
        """Makes the cluster's folder there; gives its full path."""
        return self.run(PREPARE, folder, cluster_id).strip()

    def send_files(self, folder, files):
        """Copies `files` (name -> content) into a folder there, modes 0700 and 0600, each replaced as a whole."""
        self.run(RECEIVE, folder, "each", data=packed([(name, content, 0o600) for name, content in files.items()]))

    def send_programs(self, folder, files):
        """Copies programs and libraries (name below the folder -> path here) unless the folder is there."""
        if self.run('[ -d "$1" ] && echo there; true', folder).strip() != "there":
            data = packed([(name, Path(path).read_bytes(), 0o700) for name, path in files.items()])
            self.run(RECEIVE, folder, "whole", data=data, seconds=COPY_SECONDS)

    def launch(self, folder, name, command, libraries=None):
        script = f"SLUICE_LIBRARIES={shlex.quote(libraries or '')}\n" + LAUNCH
        pid, _, begin = self.run(script, folder, name, *command).strip().partition(" ")
        return {"pid": int(pid), "start": int(begin or -1)}

    def living(self, records):
        shown = self.run(LIVING, *map(process, records)).split() if records else []
        return [r for r in records if process(r) in shown]

    def end(self, records, seconds):
        if not records:
            return []
        killed = self.run(END, seconds, *map(process, records), seconds=seconds + SSH_SECONDS).split()
        return [r for r in records if process(r) in killed]

    def kill(self, record):
        self.run(KILL, process(record))

    def log(self, folder, name, lines):
        return self.run(LOG, folder, name, lines).splitlines()

    def remove(self, folder, cluster_id):
        self.run(REMOVE, folder, cluster_id)


def process(record):
    return f"{record['pid']}:{record['start']}"


def packed(files):
    """A tar of (name, content, mode)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content, mode in files:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()
