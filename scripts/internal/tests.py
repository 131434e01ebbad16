"""Runs every kind of test against one build and counts them; started by scripts/test and scripts/check.
The last line is `N passed, N failed`. A test that could not run, or was skipped, counts as failed."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT_SECONDS = 300


class Tally:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def add(self, kind, passed, failed, seconds):
        self.passed += passed
        self.failed += failed
        print(f"-- {kind}: {passed} passed, {failed} failed ({seconds:.1f} s)", flush=True)


# ---- unit: every GoogleTest binary that CTest knows ----

def unit_binaries(build):
    shown = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True)
    for test in json.loads(shown.stdout)["tests"]:
        yield test["name"], test.get("command", [])


def run_unit(name, command):
    """(name, passed, failed, output to show)."""
    if not command or not os.path.exists(command[0]):
        return name, 0, 1, f"{name}: its program is not built"
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, "report.json")
        try:
            done = subprocess.run([*command, f"--gtest_output=json:{report}"], cwd=folder, capture_output=True, text=True,
                                  errors="replace", timeout=UNIT_SECONDS, env={**os.environ, "TZ": "UTC"})
        except subprocess.TimeoutExpired:
            return name, 0, 1, f"{name}: not done after {UNIT_SECONDS} s"
        output = done.stdout[-8000:] + done.stderr[-8000:]
        if not report.exists():
            return name, 0, 1, f"{name}: ended with {done.returncode}\n{output}"
        counts = json.loads(report.read_text())
    cases = [case for suite in counts["testsuites"] for case in suite["testsuite"]]
    passed = sum(case["result"] == "COMPLETED" and "failures" not in case for case in cases)
    failed = len(cases) - passed + (1 if done.returncode != 0 and passed == len(cases) else 0)
    if not cases:
        failed = 1
    return name, passed, failed, output if failed else ""


def unit(build, tally):
    begin = time.monotonic()
    tests = list(unit_binaries(build))
    if not tests:
        tally.add("unit", 0, 1, 0)
        return
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, good, bad, output in pool.map(lambda t: run_unit(*t), tests):
            passed, failed = passed + good, failed + bad
            if bad:
                print(output)
                print(f"unit {name}: {bad} failed", flush=True)
    tally.add("unit", passed, failed, time.monotonic() - begin)


# ---- things that are right or wrong as a whole ----

def layers(build, tally):
    begin = time.monotonic()
    done = subprocess.run([str(ROOT / "scripts" / "layers")])
    tally.add("layers", int(done.returncode == 0), int(done.returncode != 0), time.monotonic() - begin)


def generated(build, tally):
    """docs/reference/settings.md is what the settings table says."""
    begin = time.monotonic()
    page = ROOT / "docs" / "reference" / "settings.md"
    program = build / "bin" / "sluice-coordinator"
    made = subprocess.run([str(program), "--settings-reference"], capture_output=True, text=True) if program.exists() else None
    fresh = made is not None and made.returncode == 0 and page.exists() and made.stdout == page.read_text()
    if not fresh:
        print(f"{page} is stale: {program} --settings-reference > docs/reference/settings.md")
    tally.add("generated files", int(fresh), int(not fresh), time.monotonic() - begin)


# ---- Python tests ----

class Result(unittest.TextTestResult):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.succeeded = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.succeeded += 1


def python_tests(kind, folder):
    def run(build, tally):
        begin = time.monotonic()
        os.environ["SLUICE_BUILD_DIR"] = str(build)
        suite = unittest.TestLoader().discover(str(folder), top_level_dir=str(folder))
        total = suite.countTestCases()
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
        passed = result.succeeded
        tally.add(kind, passed, max(total - passed, 0 if total else 1), time.monotonic() - begin)
    return run


def scripted(build, tally):
    """The .slt files, whose runner prints its own total."""
    begin = time.monotonic()
    process = subprocess.Popen([sys.executable, str(ROOT / "tests" / "slt" / "run.py"), "--build-dir", str(build)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    total = None
    for line in process.stdout:
        print(line, end="", flush=True)
        total = re.fullmatch(r"(\d+) passed, (\d+) failed\s*", line) or total
    code = process.wait()
    passed, failed = (int(total[1]), int(total[2])) if total else (0, 1)
    if code != 0 and failed == 0:
        failed = 1
    tally.add("slt", passed, failed, time.monotonic() - begin)


KINDS = {
    "layers": layers,
    "generated": generated,
    "unit": unit,
    "scripts": python_tests("scripts", ROOT / "tests" / "scripts"),
    "slt": scripted,
    "e2e": python_tests("e2e", ROOT / "tests" / "e2e"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-dir", type=pathlib.Path, required=True)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="default: all")
    given = parser.parse_args()
    tally = Tally()
    for kind in given.kinds or KINDS:
        print(f"== {kind}", flush=True)
        try:
            KINDS[kind](given.build_dir.resolve(), tally)
        except Exception as error:   # a kind that cannot run is a failure, and the others still run
            print(f"{kind} could not run: {error!r}")
            tally.add(kind, 0, 1, 0)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
