#!/usr/bin/env python3
"""Checks the commit protocol's model with Spin, and that it notices each seeded bug. Needs Debian's `spin` and gcc.

    tests/model/run.py [--healthy] [--bugs] [--seconds S]

--healthy explores every state within the bounds (two batches, one fault: some 85 million states, 3.5 GB, minutes).
--bugs searches for a violation per bug, at most S seconds each (default 300). Both by default. Exit 0 only if the healthy model
has no violation and every bug has one.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).with_name("commit.pml")
WIDE = {"BATCHES": 2, "FAULTS": 1, "ATTEMPTS": 5, "EPOCHS": 5}
ONE_BATCH = {"BATCHES": 1, "FAULTS": 1, "ATTEMPTS": 3, "EPOCHS": 4}
NO_FAULT = {"BATCHES": 2, "FAULTS": 0, "ATTEMPTS": 4, "EPOCHS": 3}
BUGS = {
    "RENAME_OVER_COMMIT": WIDE,
    "STATE_BY_NUMBER": WIDE,
    "ACK_BEFORE_SYNC": WIDE,
    "ACT_BEFORE_DIRECTORY_SYNC": ONE_BATCH,
    "PUBLISH_BEFORE_COMMIT": WIDE,
    "GC_BY_AGE": WIDE,
    "ACCEPT_LOWER_EPOCH": WIDE,
    "RETRY_FSYNC": WIDE,
    "REUSE_LOCAL_STORE": NO_FAULT,
    "MIX_ATTEMPTS": WIDE,
}


def explore(bounds, bug, seconds):
    """(violated assertion or None, states or None when time ran out)"""
    defines = [f"-D{k}={v}" for k, v in bounds.items()] + ([f"-D{bug}"] if bug else [])
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["spin", "-a", *defines, str(MODEL)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", "-DMEMLIM=6000", "-o", "pan", "pan.c"],
                       cwd=folder, check=True)
        try:
            out = subprocess.run(["./pan", "-E", "-m1000000"], cwd=folder, capture_output=True, text=True, timeout=seconds).stdout
        except subprocess.TimeoutExpired:
            return None, None
    violated = re.search(r"assertion violated (.*) \(at depth", out)
    states = re.search(r"(\d+) states, stored", out)
    return violated and violated.group(1), int(states.group(1)) if states else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--healthy", action="store_true")
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--seconds", type=int, default=300)
    arguments = parser.parse_args()
    both = not (arguments.healthy or arguments.bugs)
    good = True
    if both or arguments.healthy:
        begin = time.monotonic()
        violated, states = explore(WIDE, None, 3600)
        good = violated is None and states is not None
        print(f"healthy: {'no violation' if good else violated or 'not finished'}, {states} states, {time.monotonic() - begin:.0f} s", flush=True)
    for bug, bounds in BUGS.items() if both or arguments.bugs else ():
        begin = time.monotonic()
        violated, states = explore(bounds, bug, arguments.seconds)
        good = good and violated is not None
        print(f"{bug:26} {'caught' if violated else 'NOT caught'} after {time.monotonic() - begin:.0f} s, {states} states: {(violated or '')[:60]}",
              flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
