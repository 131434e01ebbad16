"""A real cluster for tests: started by scripts/cluster on free ports, stopped by its own process ids. Standard library only."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_DIR = pathlib.Path(os.environ.get("SLUICE_BUILD_DIR", ROOT / "build" / "dev"))


def wait_until(condition, what, seconds=60, pause=0.02):
    """Waits for a progress condition; returns its first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(pause)


class Cluster:
    """`with Cluster(workers=4) as c:` — the directory goes with it unless `directory` is given or `keep` is set."""

    def __init__(self, workers=2, slots=1, build_dir=None, directory=None, keep=False, config=None):
        self.workers, self.slots = workers, slots
        self.build_dir = pathlib.Path(build_dir or BUILD_DIR)
        self.keep = keep or directory is not None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="sluice-test-"))
        self.address = None
        self.config = config   # text of a settings file for all processes

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()
        if not self.keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def script(self, *words, timeout=120):
        return subprocess.run([str(ROOT / "scripts" / "cluster"), *words, "--dir", str(self.directory / "cluster")],
                              capture_output=True, text=True, timeout=timeout)

    def up(self):
        words = ["up", "--workers", str(self.workers), "--slots", str(self.slots), "--port", "0", "--build-dir", str(self.build_dir)]
        if self.config:
            (self.directory / "settings.toml").write_text(self.config)
            words += ["--config", str(self.directory / "settings.toml")]
        done = self.script(*words)
        if done.returncode != 0:
            raise RuntimeError(f"cluster up failed: {done.stdout}{done.stderr}")
        self.address = self.status()["coordinator"]

    def down(self):
        return self.script("down")

    def scale(self, workers):
        self.workers = workers
        done = self.script("scale", str(workers))
        if done.returncode != 0:
            raise RuntimeError(f"scale failed: {done.stdout}{done.stderr}")

    def status(self):
        return json.loads(self.script("status", "--json").stdout)

    def kill_worker(self, worker):
        os.kill(worker["pid"], signal.SIGKILL)

    def kill_coordinator(self):
        pid = self.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        return pid

    def restart_coordinator(self):
        done = self.script("restart-coordinator")
        if done.returncode != 0:
            raise RuntimeError(f"restart-coordinator failed: {done.stdout}{done.stderr}")

    def kill_all(self):
        status = self.status()
        for pid in [status["pid"]] + [w["pid"] for w in status["workers"]]:
            if pid:
                os.kill(pid, signal.SIGKILL)

    def command(self, *words):
        return [str(self.build_dir / "bin" / "sluice"), "--coordinator", self.address, *words]

    def sluice(self, *words, timeout=120, **options):
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=timeout, **options)

    def submit(self, text, *words, name="job.sql"):
        job = self.directory / name
        job.write_text(text)
        done = self.sluice("submit", str(job), *words)
        if done.returncode != 0:
            raise RuntimeError(f"submit failed ({done.returncode}): {done.stderr}")
        return done.stdout

    def queries(self):
        """Name -> summary; empty while the coordinator is away."""
        done = self.sluice("ps", "--json")
        return {q["name"]: q for q in json.loads(done.stdout)} if done.returncode == 0 else {}

    def show(self, name):
        return json.loads(self.sluice("show", name, "--json").stdout)

    def rows(self, query):
        done = self.sluice("sql", "--format", "json", query)
        if done.returncode != 0:
            raise RuntimeError(f"sql failed ({done.returncode}): {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_batch(self, name, batch, seconds=60):
        def reached():
            query = self.queries().get(name)
            if query and query["state"] == "failed":
                raise AssertionError(f"{name} failed: {json.dumps(self.show(name)['error'])}")
            return query and query["batchId"] >= batch
        wait_until(reached, f"{name} to commit batch {batch}", seconds)

    def wait_state(self, name, state, seconds=60):
        wait_until(lambda: self.queries().get(name, {}).get("state") == state, f"{name} to be {state}", seconds)
