"""Processes of this machine, known by process id and start time, so that a recycled id is never signalled."""
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def process_start(pid):
    """Start time of a live process in clock ticks since boot, or None (gone, or dead and not yet collected)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2:].split()
    return None if fields[0] in "ZX" else int(fields[19])


def alive(record):
    return bool(record) and record.get("pid") is not None and process_start(record["pid"]) == record["start"]


def send(record, number):
    if alive(record):
        with contextlib.suppress(ProcessLookupError):
            os.kill(record["pid"], number)


def wait_for_end(record, seconds):
    """True once the process is gone."""
    deadline = time.monotonic() + seconds
    while alive(record):
        collect(record["pid"])
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    collect(record["pid"])
    return True


def collect(pid):
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def end(records, seconds):
    """SIGTERM to all, patience, then SIGKILL; gives those that had to be killed."""
    for record in records:
        send(record, signal.SIGTERM)
    deadline, killed = time.monotonic() + seconds, []
    for record in records:
        if not wait_for_end(record, max(0, deadline - time.monotonic())):
            killed.append(record)
            send(record, signal.SIGKILL)
            wait_for_end(record, 5)
    return killed


def start(command, output, folder):
    """Starts a process of its own session; `output` is the file its standard output and error go to."""
    with open(output, "wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=err, stderr=err, cwd=folder, start_new_session=True)
    begun = process_start(process.pid)
    return {"pid": process.pid, "start": -1 if begun is None else begun}
