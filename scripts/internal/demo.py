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
KILL_AFTER, KILL_BEFORE = 10, 40
PATIENCE_SECONDS = 120   # without a line from submit

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


def cluster(folder, *words, **options):
    return run(ROOT / "scripts" / "cluster", *words, "--dir", folder / "cluster", **options)


def cluster_status(folder):
    return json.loads(cluster(folder, "status", "--json", capture_output=True, text=True).stdout)


def input_files(data):
    """Files that a query reads: hidden ones and those that start with _ are left out."""
    return [p for p in data.iterdir() if p.is_file() and p.name[0] not in "._"]


def compare(folder):
    """Exit code of the comparison of the last run's table with its input."""
    place, table = folder / "run.json", folder / "counts.json"
    if not place.exists() or not table.exists():
        raise Trouble(f"there is no finished run in {folder}; start scripts/demo first")
    data = json.loads(place.read_text())["data"]
    return subprocess.run([str(ROOT / "scripts" / "expected_counts"), data, "--compare", str(table)]).returncode


def empty(folder):
    """Removes an earlier run, and no folder of something else; stops its cluster if that still runs."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / "run.json").exists():
            raise Trouble(f"{folder} holds something else than an earlier run of the demo; name another folder with --dir")
        cluster(folder, "down", stdout=subprocess.DEVNULL)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text("{}")


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
        say(f"== kill -9 of worker process {self.victim} after batch {batch} was committed; the other worker goes on")


class Watchdog:
    """Ends a process from which no line came for a long time."""

    def __init__(self, process):
        self.process, self.timer = process, None

    def lines(self):
        self.restart()
        for line in self.process.stderr:
            self.restart()
            yield line

    def restart(self):
        self.stop()
        self.timer = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self.timer.start()

    def stop(self):
        if self.timer:
            self.timer.cancel()


def count_events(folder, sluice, data, victim):
    files = len(input_files(data))
    job = folder / "counts.sql"
    job.write_text(JOB.format(data=data, checkpoint=folder / "checkpoint"))
    say(f"== sluice submit --wait {job} ({files} files, one a batch)")
    process = subprocess.Popen([*sluice, "submit", "--wait", str(job)], stderr=subprocess.PIPE, text=True)
    watchdog = Watchdog(process)
    try:
        watch = Watch(files, victim)
        if not watch.follow(watchdog.lines()):
            raise Trouble(f"sluice submit ended (exit {process.wait()}) before batch {watch.last} was committed")
        with open(folder / "counts.json", "wb") as out:
            run(*sluice, "sql", "--format", "json", "SELECT * FROM counts", stdout=out)
        process.send_signal(signal.SIGINT)   # stops the query; 130 is the answer to Ctrl-C
        process.communicate()
    finally:
        watchdog.stop()
        if process.poll() is None:
            process.kill()
            process.wait()


def show_some_rows(sluice):
    say("== the table's first rows")
    query = "SELECT action, window.start, window.end, count, mean_time FROM counts ORDER BY window.start, action LIMIT 6"
    run(*sluice, "sql", query)


def demo(given):
    folder, build = given.dir.resolve(), given.build_dir.resolve()
    if given.data:
        data = given.data.resolve()
        if not data.is_dir():
            raise Trouble(f"--data {given.data} is no folder")
        if data == folder or folder in data.parents:
            raise Trouble(f"--data {given.data} is in {folder}, which is emptied at the start")
        if not input_files(data):
            raise Trouble(f"--data {given.data} has no files to count")
    empty(folder)
    if not given.data:
        data = folder / "data"
        run(ROOT / "scripts" / "generate_events", data, "--seed", given.seed)
    (folder / "run.json").write_text(json.dumps({"data": str(data)}))
    say("== scripts/cluster up --workers 2")
    try:
        cluster(folder, "up", "--workers", 2, "--port", 0, "--build-dir", build)
        status = cluster_status(folder)
        sluice = [str(build / "bin" / "sluice"), "--coordinator", status["coordinator"]]
        count_events(folder, sluice, data, status["workers"][-1]["pid"])
        show_some_rows(sluice)
        say("== comparing the whole table with scripts/expected_counts (Python, no code of Sluice)")
        code = compare(folder)
    finally:
        cluster(folder, "down", stdout=subprocess.DEVNULL)
    say(f"== table: {folder / 'counts.json'}\n== logs: {folder / 'cluster' / 'logs'}\n== checkpoint: {folder / 'checkpoint'}\n"
        f"== remove them with: rm -rf {folder}")
    return code


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build-dir", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / ".demo")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    try:
        return compare(given.dir.resolve()) if given.check else demo(given)
    except KeyboardInterrupt:
        return 130
    except Trouble as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
    except subprocess.CalledProcessError as failed:
        print(f"demo: {' '.join(failed.cmd)} gave exit {failed.returncode}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
