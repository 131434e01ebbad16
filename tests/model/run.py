#!/usr/bin/env python3
"""Checks the commit protocol's model with Spin, and that it notices each seeded bug. Needs Debian's `spin` and gcc.

    tests/model/run.py [--healthy] [--wide] [--bugs] [--seconds S] [BUG ...]

--healthy explores every state within small bounds, --wide within wider ones (two batches, one fault of any kind, four attempts: some 85
million states, 3.5 GB, long). --bugs searches for a violation per bug (all, or those named), at most S seconds of processor time each
(default 120). Without any of them: --healthy and --bugs. Exit 0 only if the healthy model has no violation and every bug has one.
"""
import argparse
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).with_name("commit.pml")
MEGABYTES = 6000

WIDE = {"BATCHES": 2, "FAULTS": 1, "ATTEMPTS": 5, "EPOCHS": 5}
ONE_BATCH = {"BATCHES": 1, "FAULTS": 1, "ATTEMPTS": 3, "EPOCHS": 4}
# Stories: what cannot happen is left out of the search, so that a violation is also one of the whole model.
CALM = {"LOSES_REPLY": "false", "SYNC_FAILS": "false", "TIMES_OUT(c)": "false", "ONE_INPUT": ""}
HEALTHY = {
    "one batch, one fault of any kind": ONE_BATCH,
    "two batches, no fault but losses and time-outs": {"BATCHES": 2, "FAULTS": 0, "ATTEMPTS": 4, "EPOCHS": 3, "ONE_INPUT": "",
                                                       "SYNC_FAILS": "false"},
}
BUGS = {
    "RENAME_OVER_COMMIT": WIDE,
    "STATE_BY_NUMBER": WIDE,
    "ACK_BEFORE_SYNC": WIDE,
    # A commit that is only linked is published, and the power goes: nothing else needs to happen.
    "ACT_BEFORE_DIRECTORY_SYNC": {**ONE_BATCH, **CALM, "CRASHES(c)": "false", "LOSES_ORDER(c, w)": "false"},
    "PUBLISH_BEFORE_COMMIT": WIDE,
    "GC_BY_AGE": WIDE,
    "ACCEPT_LOWER_EPOCH": WIDE,
    "RETRY_FSYNC": WIDE,
    # Coordinator 1 orders a second attempt, which reaches worker 0 alone, and dies; coordinator 0 commits the first; the next one
    # goes on from it, with a worker that still holds the second.
    "REUSE_LOCAL_STORE": {"BATCHES": 2, "FAULTS": 1, "ATTEMPTS": 4, "EPOCHS": 4, **CALM, "COORDINATORS_ONLY": "", "CRASHES(c)": "(c == 1)",
                          "LOSES_ORDER(c, w)": "(c == 1 && w == 1)"},
    "MIX_ATTEMPTS": WIDE,
}


def limit(seconds):
    def apply():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    return apply


def explore(settings, bug, seconds):
    """(violated assertion or None, states or None when time or memory ran out, megabytes)"""
    defines = {**settings, **({bug: ""} if bug else {})}
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "model.pml")
        source.write_text("".join(f"#define {name} {value}\n" for name, value in defines.items()) + MODEL.read_text())
        subprocess.run(["spin", "-a", source.name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=2048", f"-DMEMLIM={MEGABYTES}", "-o", "pan", "pan.c"],
                       cwd=folder, check=True)
        out = subprocess.run(["./pan", "-E", "-m1000000"], cwd=folder, capture_output=True, text=True, preexec_fn=limit(seconds)).stdout
    violated = re.search(r"assertion violated (.*) \(at depth", out)
    states = re.search(r"(\d+) states, stored", out)
    whole = states and "out of memory" not in out and "max search depth too small" not in out
    megabytes = re.search(r"([\d.]+)\s+total actual memory usage", out)
    return violated and violated.group(1), int(states.group(1)) if whole else None, float(megabytes.group(1)) if megabytes else 0


def report(name, good, violated, states, megabytes, begin):
    verdict = ("caught" if violated else "NOT CAUGHT") if name in BUGS else ("no violation" if good else violated or "NOT FINISHED")
    print(f"{name:48} {verdict:12} {states or 0:>11} states {megabytes:7.0f} MB {time.monotonic() - begin:6.0f} s  {(violated or '')[:60]}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--healthy", action="store_true")
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("bug", nargs="*", metavar="BUG")
    given = parser.parse_args()
    for bug in given.bug:
        if bug not in BUGS:
            parser.error(f"there is no bug {bug}; bugs are {', '.join(BUGS)}")
    nothing = not (given.healthy or given.wide or given.bugs or given.bug)
    healthy = dict(HEALTHY) if nothing or given.healthy else {}
    if given.wide:
        healthy["two batches, one fault of any kind"] = WIDE
    good = True
    for name, settings in healthy.items():
        begin = time.monotonic()
        violated, states, megabytes = explore(settings, None, 7200)
        fine = violated is None and states is not None
        good = good and fine
        report(name, fine, violated, states, megabytes, begin)
    for bug in given.bug or (BUGS if nothing or given.bugs else ()):
        begin = time.monotonic()
        violated, states, megabytes = explore(BUGS[bug], bug, given.seconds)
        good = good and violated is not None
        report(bug, violated is not None, violated, states, megabytes, begin)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
