#!/usr/bin/env python3
"""Runs every .slt file straight and with a restart of the whole cluster after each batch, on one worker and on four.

    python3 tests/slt/run.py [--build-dir build/dev] [--only SUBSTRING] [--workers N] [--style straight|restart]

All files of one execution run at the same time on one cluster, one input file per step. Last line: `N passed, N failed`.
"""
import argparse
import decimal
import json
import pathlib
import re
import shutil
import sys
import tempfile
import time

import cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402

STEP_SECONDS = 60


class Number(str):
    """A JSON number with a point or exponent, as its text: decimals must not pass through doubles."""


def job_text(case, folder):
    options = {"path": str(folder / "in"), "maxFilesPerTrigger": "1", **case.options}
    listed = ", ".join(f"{k} '" + v.replace("\\", r"\\").replace("'", r"\'") + "'" for k, v in options.items())
    settings = "".join(f"SET {k} = {v};\n" for k, v in case.settings.items())
    return (f"{settings}CREATE TEMPORARY VIEW events ({case.schema}) USING {case.format} OPTIONS ({listed});\n"
            f"CREATE STREAMING TABLE {case.name} USING memory OPTIONS (outputMode '{case.mode}', "
            f"checkpointLocation '{folder / 'ckpt'}') AS\n{case.query};\n")


def parsed(line):
    return json.loads(line, parse_float=Number)


def same(expected, got):
    if isinstance(expected, dict):
        return isinstance(got, dict) and list(expected) == list(got) and all(same(expected[k], got[k]) for k in expected)
    if isinstance(expected, list):
        return isinstance(got, list) and len(expected) == len(got) and all(map(same, expected, got))
    if isinstance(expected, Number):
        try:
            return got is not None and cases.normal(float(expected)) == cases.normal(float(got))
        except (TypeError, ValueError):
            return False
    if isinstance(got, (Number, int)) and isinstance(expected, str) and re.fullmatch(r"-?\d+(\.\d+)?(E[-+]?\d+)?", expected):
        return decimal.Decimal(str(got)) == decimal.Decimal(expected)
    return expected == got and isinstance(expected, bool) == isinstance(got, bool)


def difference(case, lines):
    expected, got = [parsed(x) for x in case.expect], [parsed(x) for x in lines]
    left = list(got)
    missing = []
    for position, row in enumerate(expected):
        if case.ordered:
            if position >= len(got) or not same(row, got[position]):
                missing.append(row)
            else:
                left[position] = None
            continue
        found = next((i for i, other in enumerate(left) if same(row, other)), None)
        if found is None:
            missing.append(row)
        else:
            left.pop(found)
    extra = [x for x in left if x is not None]
    if not missing and not extra:
        return None
    return (f"{len(missing)} rows missing, {len(extra)} too many;\n      expected {json.dumps(missing[:3], ensure_ascii=False)}"
            f"\n      got      {json.dumps(extra[:3], ensure_ascii=False)}")


class Execution:
    """All cases on one cluster, one step per input file."""

    def __init__(self, cluster, scratch, restart):
        self.cluster, self.scratch, self.restart = cluster, scratch, restart
        self.failures, self.running = {}, []

    def states(self):
        done = self.cluster.sluice("ps", "--json")
        return {q["name"]: q for q in json.loads(done.stdout)} if done.returncode == 0 else {}

    def submit(self, case):
        folder = self.scratch / case.name
        (folder / "in").mkdir(parents=True)
        job = folder / "job.sql"
        job.write_text(job_text(case, folder), encoding="utf-8", errors="surrogateescape")
        done = self.cluster.sluice("submit", str(job))
        wanted = case.expect[0] if case.expect else ""
        if wanted.startswith("error "):
            if done.returncode != 1 or wanted.split()[1] not in done.stderr:
                self.failures[case.name] = f"expected {wanted}, exit {done.returncode}: {done.stderr.strip()[:300]}"
        elif done.returncode != 0:
            self.failures[case.name] = f"submit failed: {done.stderr.strip()[:300]}"
        else:
            self.running.append(case)

    def feed(self, step):
        for case in self.running:
            if step < len(case.batches):
                folder = self.scratch / case.name
                staged = folder / f"staged-{step}"
                staged.write_bytes(case.batches[step].encode("utf-8", "surrogateescape"))
                staged.rename(folder / "in" / f"file-{step:03d}.{case.format}")

    def wait(self, step):
        deadline = time.monotonic() + STEP_SECONDS
        waiting = {c.name for c in self.running if step < len(c.batches) and c.name not in self.failures}
        while waiting and time.monotonic() < deadline:
            for name, query in self.states().items():
                if name in waiting and (query["batchId"] >= step or query["state"] in ("failed", "stopped", "finished")):
                    waiting.discard(name)
            if waiting:
                time.sleep(0.03)
        for name in waiting:
            self.failures[name] = f"batch {step} not committed within {STEP_SECONDS} s"

    def check(self, case):
        if case.expect and case.expect[0].startswith("fails "):
            wanted = case.expect[0].split()[1]
            shown = json.loads(self.cluster.sluice("show", case.name, "--json").stdout or "{}")
            if shown.get("state") != "failed" or wanted not in json.dumps(shown.get("error")):
                return f"expected to fail with {wanted}: {json.dumps(shown)[:300]}"
            return None
        done = self.cluster.sluice("sql", "--format", "json", f"SELECT * FROM {case.name}")
        if done.returncode != 0:
            return f"reading the table failed: {done.stderr.strip()[:300]}"
        return difference(case, done.stdout.splitlines())

    def run(self, selected):
        for case in selected:
            self.submit(case)
        steps = max((len(c.batches) for c in self.running), default=0)
        for step in range(steps):
            self.feed(step)
            self.wait(step)
            if self.restart:
                self.cluster.kill_all()
                self.cluster.up()
        for case in self.running:
            if case.name not in self.failures:
                problem = self.check(case)
                if problem:
                    self.failures[case.name] = problem
        return self.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", default=str(ROOT / "build" / "dev"))
    parser.add_argument("--only", default="")
    parser.add_argument("--workers", type=int, action="append")
    parser.add_argument("--style", choices=["straight", "restart"], action="append")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    arguments = parser.parse_args()
    selected = [c for c in cases.all_cases(pathlib.Path(__file__).parent) if arguments.only in str(c.path)]
    passed = failed = 0
    for workers in arguments.workers or [1, 4]:
        for style in arguments.style or ["straight", "restart"]:
            scratch = pathlib.Path(tempfile.mkdtemp(prefix="sluice-slt-"))
            cluster, failures = None, {}
            try:
                cluster = harness.Cluster(workers, build_dir=arguments.build_dir, directory=scratch)
                cluster.up()
                failures = Execution(cluster, scratch, style == "restart").run(selected)
            except Exception as error:  # noqa: BLE001: a cluster that does not start fails every case
                failures = {c.name: f"could not run: {error}" for c in selected}
            finally:
                if cluster:
                    cluster.down()
            for name, problem in sorted(failures.items()):
                print(f"FAILED {name} ({style}, {workers} workers): {problem}")
            passed += len(selected) - len(failures)
            failed += len(failures)
            print(f"slt {style}, {workers} worker(s): {len(selected) - len(failures)} of {len(selected)}", flush=True)
            if not arguments.keep and not failures:
                shutil.rmtree(scratch, ignore_errors=True)
            elif failures:
                print(f"  scratch kept: {scratch}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
