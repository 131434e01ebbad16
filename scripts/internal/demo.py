"""The part of scripts/demo after the build: cluster, job, kill, comparison."""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".demo"
KILL_AFTER, KILL_BEFORE = 10, 40
PATIENCE_SECONDS = 120

# An interval between batches leaves time to watch, and to hit the middle of the run with the kill.
JOB = """\
CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING)
  USING json OPTIONS (path '{data}', maxFilesPerTrigger '1');
CREATE STREAMING TABLE counts
  USING memory OPTIONS (outputMode 'complete', trigger '100 milliseconds', checkpointLocation '{checkpoint}') AS
SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count, avg(unix_timestamp(time)) AS mean_time
FROM STREAM events
GROUP BY action, window(time, '10 minutes', '5 minutes');
"""


class Trouble(Exception):
    pass


def say(text):
    print(text, flush=True)


def run(*words, **options):
    return subprocess.run([str(w) for w in words], check=True, **options)


def cluster(*words, **options):
    return run(ROOT / "scripts" / "cluster", *words, "--dir", FOLDER / "cluster", **options)


def cluster_status():
    return json.loads(cluster("status", "--json", capture_output=True, text=True).stdout)


def compare():
    """Exit code of the comparison of the last run's table with its input."""
    place = FOLDER / "run.json"
    if not place.exists():
        raise Trouble("there is no finished run in .demo; start scripts/demo first")
    data = json.loads(place.read_text())["data"]
    return subprocess.run([str(ROOT / "scripts" / "expected_counts"), data, "--compare", str(FOLDER / "counts.json")]).returncode


class Watch:
    """Shows the progress lines of a running submit; kills a worker on the way; ends after the last batch."""

    def __init__(self, files, victim):
        self.last = files - 1
        self.kill_at = KILL_AFTER if self.last > KILL_AFTER else self.last // 2
        self.victim = victim
        self.killed_at = None

    def follow(self, lines):
        for line in lines:
            say("   " + line.rstrip())
            found = re.match(r"counts: batch (\d+),", line)
            if not found:
                continue
            batch = int(found.group(1))
            if self.killed_at is None and batch >= self.kill_at:
                self.kill(batch)
            if batch >= self.last:
                return True
        return False

    def kill(self, batch):
        if batch >= KILL_BEFORE:
            raise Trouble(f"saw batch {batch} before worker {self.victim} could be killed")
        os.kill(self.victim, signal.SIGKILL)
        self.killed_at = batch
        say(f"== kill -9 of worker process {self.victim} after batch {batch} was committed")


def count_events(sluice, data, victim):
    files = len([p for p in data.iterdir() if p.is_file() and p.name[0] not in "._"])
    job = FOLDER / "counts.sql"
    job.write_text(JOB.format(data=data, checkpoint=FOLDER / "checkpoint"))
    say(f"== sluice submit --wait {job} ({files} files, one a batch)")
    process = subprocess.Popen([*sluice, "submit", "--wait", str(job)], stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(PATIENCE_SECONDS, process.kill)
    watchdog.start()
    try:
        watch = Watch(files, victim)
        if not watch.follow(process.stderr):
            raise Trouble(f"sluice submit ended (exit {process.wait()}) before batch {watch.last} was committed")
        with open(FOLDER / "counts.json", "wb") as out:
            run(*sluice, "sql", "--format", "json", "SELECT * FROM counts", stdout=out)
        process.send_signal(signal.SIGINT)   # stops the query; 130 is the answer to Ctrl-C
        process.communicate()
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()


def show_some_rows(sluice):
    say("== the table's first rows")
    query = "SELECT action, window.start, window.end, count, mean_time FROM counts ORDER BY window.start, action LIMIT 6"
    run(*sluice, "sql", query)


def demo(given):
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    FOLDER.mkdir()
    if given.data:
        data = given.data.resolve()
        if not data.is_dir():
            raise Trouble(f"--data {given.data} is no folder")
    else:
        data = FOLDER / "data"
        run(ROOT / "scripts" / "generate_events", data, "--seed", given.seed)
    (FOLDER / "run.json").write_text(json.dumps({"data": str(data)}))
    build = given.build_dir.resolve()
    say("== scripts/cluster up --workers 2")
    cluster("up", "--workers", 2, "--port", 0, "--build-dir", build)
    try:
        status = cluster_status()
        sluice = [str(build / "bin" / "sluice"), "--coordinator", status["coordinator"]]
        count_events(sluice, data, status["workers"][-1]["pid"])
        show_some_rows(sluice)
        say("== comparing the table with scripts/expected_counts (Python, no code of Sluice)")
        code = compare()
    finally:
        cluster("down", stdout=subprocess.DEVNULL)
    say(f"== table: {FOLDER / 'counts.json'}\n== logs: {FOLDER / 'cluster' / 'logs'}\n== checkpoint: {FOLDER / 'checkpoint'}\n"
        f"== remove it all with: rm -rf {FOLDER}")
    return code


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    try:
        return compare() if given.check else demo(given)
    except Trouble as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
    except subprocess.CalledProcessError as failed:
        print(f"demo: {' '.join(failed.cmd)} gave exit {failed.returncode}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
