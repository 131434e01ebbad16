"""Faults of files, disks, processes and peers: each is named, harms nothing else, and its query goes on exactly after repair."""
import contextlib
import functools
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import events
import harness
import listings


def expected_opened(all_events):
    return sorted((events.iso(t).replace("Z", ".000Z"), a.upper()) for t, a in all_events if a != "Close")


IMPATIENT = '[link]\nsilence = "700ms"\nheartbeat = "100ms"\n'


@contextlib.contextmanager
def stopped(pids):
    """The processes hold still meanwhile; short enough to be taken for a slow machine, not for a dead one."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


class SharedCluster(unittest.TestCase):
    """One cluster of two workers for the tests of a class; each test has its own folder and names."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(workers=2)
        cls.addClassCleanup(shutil.rmtree, cls.cluster.directory, True)
        cls.addClassCleanup(cls.cluster.down)
        cls.cluster.up()

    def setUp(self):
        self.name = self._testMethodName.removeprefix("test_")[:40]
        self.base = self.cluster.directory / self.name
        self.base.mkdir()
        self.source = self.base / "in"

    def tearDown(self):
        self.cluster.sluice("stop", self.name)

    def submit(self, text, *words):
        return self.cluster.submit(text, *words, name=f"{self.name}.sql")

    def main_job(self):
        return events.main_job(self.source, self.base / "ckpt", name=self.name, available_now=False)

    def refused(self, text, *words):
        with self.assertRaises(RuntimeError) as caught:
            self.submit(text)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def assert_counts(self, all_events):
        self.assertEqual(events.counts_of_rows(self.cluster.rows(f"SELECT * FROM {self.name}")), events.sliding_counts(all_events))


class InputFiles(SharedCluster):
    """A file that changes between the intent of its batch and its reading."""

    def spoil_and_repair(self, spoil, repair, error):
        all_events = events.write_files(self.source, 2, 50)
        self.submit(self.main_job())
        self.cluster.wait_batch(self.name, 1)
        with stopped([w["pid"] for w in self.cluster.status()["workers"]]):
            all_events += events.write_files(self.source, 1, 50, seed=2, start_number=2)
            harness.wait_until((self.base / "ckpt" / "offsets" / "2").exists, "the batch to be planned", pause=0.002)
            file = self.source / "file-0002.json"
            spoil(file)
        self.cluster.wait_state(self.name, "failed")
        self.assertEqual(self.cluster.queries()[self.name]["batchId"], 1)
        shown = json.dumps(self.cluster.show(self.name)["error"])
        self.assertIn(error, shown)
        self.assertIn(str(file), shown)
        self.assert_counts(all_events[:100])   # the table stays readable as of the last commit
        repair(file)
        self.submit(self.main_job())
        all_events += events.write_files(self.source, 1, 50, seed=3, start_number=3)
        self.cluster.wait_batch(self.name, 3)
        self.assert_counts(all_events)

    def keep(self, file):
        self.kept, self.kept_times = file.read_bytes(), (file.stat().st_atime_ns, file.stat().st_mtime_ns)

    def restore(self, file):
        with open(file, "r+b") as out:   # the same inode
            out.write(self.kept)
        os.utime(file, ns=self.kept_times)

    def test_file_that_vanishes(self):
        aside = self.base / "aside"
        self.spoil_and_repair(lambda f: os.rename(f, aside), lambda f: os.rename(aside, f), "source_file_missing")

    def test_file_that_is_truncated(self):
        def spoil(file):
            self.keep(file)
            os.truncate(file, 700)
        self.spoil_and_repair(spoil, self.restore, "source_file_changed")

    def test_file_that_is_rewritten_at_equal_size(self):
        def spoil(file):
            self.keep(file)
            with open(file, "r+b") as out:
                out.write(self.kept.replace(b"Open", b"Shut"))
            os.utime(file, ns=(self.kept_times[0], self.kept_times[1] + 1000))
        self.spoil_and_repair(spoil, self.restore, "source_file_changed")

    def test_file_that_is_replaced(self):
        aside = self.base / "aside"

        def spoil(file):
            os.rename(file, aside)
            file.write_bytes(aside.read_bytes())
            os.utime(file, ns=(aside.stat().st_atime_ns, aside.stat().st_mtime_ns))
        self.spoil_and_repair(spoil, lambda f: os.rename(aside, f), "source_file_changed")

    def test_file_that_becomes_unreadable(self):
        aside = self.base / "aside"

        def spoil(file):
            os.rename(file, aside)
            os.mkdir(file)   # root reads whatever its mode says, but nobody reads a folder

        def repair(file):
            os.rmdir(file)
            os.rename(aside, file)
        self.spoil_and_repair(spoil, repair, "source_file_unreadable")

    def test_idle_query_takes_a_renamed_file_at_once(self):
        events.write_files(self.source, 1, 50)
        self.submit(self.main_job())
        self.cluster.wait_batch(self.name, 0)
        times = []
        for number in range(1, 11):
            commit = self.base / "ckpt" / "commits" / str(number)
            staged = self.base / "next"
            staged.write_text(events.as_json([(1469501107, "Open")]))
            begin = time.monotonic()
            os.rename(staged, self.source / f"file-{number:04d}.json")
            harness.wait_until(commit.exists, "the file to be committed", pause=0.001)
            times.append(time.monotonic() - begin)
        times.sort()
        print(f"renamed file to commit: median {times[5] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms", flush=True)
        self.assertLess(times[5], 0.25)   # some 20 ms on a quiet machine; polling would take 100 ms more


class Restarts(SharedCluster):
    """What a stopped query's checkpoint lets another start do."""

    def job(self, select, mode, name=None, checkpoint="ckpt"):
        return (f"CREATE TEMPORARY VIEW e (time TIMESTAMP, action STRING) USING json OPTIONS (path '{self.source}', "
                f"maxFilesPerTrigger '1');\nCREATE STREAMING TABLE {name or self.name} USING memory OPTIONS (outputMode '{mode}', "
                f"checkpointLocation '{self.base / checkpoint}') AS {select};")

    def run_and_stop(self, text):
        self.events = events.write_files(self.source, 2, 50)
        self.submit(text)
        self.cluster.wait_batch(self.name, 1)
        self.assertEqual(self.cluster.sluice("stop", self.name).returncode, 0)
        self.cluster.wait_state(self.name, "stopped")

    def test_append_table_is_not_started_again(self):
        text = self.job("SELECT action FROM STREAM e", "append")
        self.run_and_stop(text)
        self.refused(text, "memory_restart", "ckpt")
        self.assertEqual(len(self.cluster.rows(f"SELECT * FROM {self.name}")), 100)   # what was there stays readable

    def test_update_table_is_not_started_again(self):
        text = self.job("SELECT action, count(*) AS n FROM STREAM e GROUP BY action", "update")
        self.run_and_stop(text)
        self.refused(text, "memory_restart", "ckpt")

    def test_complete_table_goes_on(self):
        self.run_and_stop(self.main_job())
        self.submit(self.main_job())
        self.events += events.write_files(self.source, 1, 50, seed=2, start_number=2)
        self.cluster.wait_batch(self.name, 2)
        self.assert_counts(self.events)

    def test_other_keys_and_aggregates_are_refused(self):
        self.run_and_stop(self.main_job())
        self.refused(self.job("SELECT action, count(*) AS n FROM STREAM e GROUP BY action", "complete"), "checkpoint_mismatch")
        self.refused(self.main_job().replace("avg(unix", "max(unix"), "checkpoint_mismatch")
        self.refused(self.main_job().replace("'5 minutes'", "'10 minutes'"), "checkpoint_mismatch")
        self.submit(self.main_job())   # the refusals changed nothing
        self.cluster.wait_batch(self.name, 1)
        self.assert_counts(self.events)

    def test_other_filter_and_order_are_accepted(self):
        plain = "SELECT action, count(*) AS n FROM STREAM e GROUP BY action"
        self.run_and_stop(self.job(plain, "complete"))
        first = {a: sum(action == a for _, action in self.events) for a in ("Open", "Close")}
        more = events.write_files(self.source, 1, 50, seed=2, start_number=2)
        self.submit(self.job("SELECT action, count(*) AS n FROM STREAM e WHERE action = 'Open' GROUP BY action ORDER BY n DESC LIMIT 1",
                             "complete"))
        self.cluster.wait_batch(self.name, 2)
        opened = first["Open"] + sum(action == "Open" for _, action in more)
        best = max((opened, "Open"), (first["Close"], "Close"))
        self.assertEqual([(r["n"], r["action"]) for r in self.cluster.rows(f"SELECT * FROM {self.name}")], [best])


class Peers(SharedCluster):
    """Clients and strangers."""

    def test_garbage_on_every_port(self):
        all_events = events.write_files(self.source, 3, 50)
        self.submit(self.main_job())
        self.cluster.wait_batch(self.name, 2)
        status = self.cluster.status()
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        settings = b"\0\0\0\x04\0\0\0\0\0"
        messages = [b"", os.urandom(4096), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", preface[:7], preface + settings[:5],
                    preface + b"\xff\xff\xff\x04\0\0\0\0\0" + os.urandom(100), preface + settings + b"\0\x40\0\x01\x04\0\0\0\x01half",
                    preface + settings + b"\0\0\x05\0\x01\0\0\0\x01\0\xff\xff\xff\xff", b"\xff\xff\xff\xff" * 64]
        held = []
        for address in [status["coordinator"]] + [w["address"] for w in status["workers"]]:
            host, port = address.rsplit(":", 1)
            for message in messages:
                for closing in (True, False):
                    peer = socket.create_connection((host, int(port)), timeout=5)
                    with contextlib.suppress(OSError):
                        peer.sendall(message)
                    if closing:
                        peer.close()
                    else:
                        held.append(peer)   # says no more, and stays
        try:
            all_events += events.write_files(self.source, 3, 50, seed=2, start_number=3)
            self.cluster.wait_batch(self.name, 5, seconds=20)
            self.assert_counts(all_events)
            self.assertEqual([w["pid"] for w in self.cluster.status()["workers"]], [w["pid"] for w in status["workers"]])
        finally:
            for peer in held:
                peer.close()

    def test_killed_client_leaves_its_query_running(self):
        all_events = events.write_files(self.source, 2, 50)
        job = self.base / "job.sql"
        job.write_text(self.main_job())
        client = subprocess.Popen(self.cluster.command("submit", str(job), "--wait"), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.cluster.wait_batch(self.name, 1)
        client.kill()
        client.wait(10)
        all_events += events.write_files(self.source, 2, 50, seed=2, start_number=2)
        self.cluster.wait_batch(self.name, 3)
        self.assert_counts(all_events)


def in_own_namespace(test):
    """For tests that mount: without root, the test runs as root of a user namespace of its own, in another process."""
    @functools.wraps(test)
    def run(self):
        if os.geteuid() == 0:
            return test(self)
        done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "unittest", self.id()],
                              cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, timeout=300)
        return self.assertEqual(done.returncode, 0, f"neither root nor a user namespace, or failed in it: {done.stderr}")
    return run


class Storage(unittest.TestCase):
    """Checkpoints on file systems that fill up, become read-only, or are not where a worker looks."""

    def small_disk(self, where, options="size=1m"):
        where.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"this test mounts a small file system and needs root: {done.stderr}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(where)], stderr=subprocess.DEVNULL)

    def fails_and_goes_on(self, spoil, repair, causes):
        with harness.Cluster(workers=2) as cluster:
            base, disk = cluster.directory, cluster.directory / "disk"
            self.small_disk(disk)
            all_events = events.write_files(base / "in", 2, 50)
            text = events.main_job(base / "in", disk / "ckpt", available_now=False)
            cluster.submit(text)
            cluster.wait_batch("counts", 1)
            spoil(disk)
            all_events += events.write_files(base / "in", 3, 50, seed=2, start_number=2)
            cluster.wait_state("counts", "failed")
            shown = json.dumps(cluster.show("counts")["error"])
            self.assertTrue(any(cause in shown for cause in causes), shown)
            self.assertIn(str(disk), shown)
            repair(disk)
            cluster.submit(text)
            cluster.wait_batch("counts", 4)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            verified = cluster.sluice("verify", str(disk / "ckpt"))
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            cluster.sluice("stop", "counts")

    @staticmethod
    def fill(disk):
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            with contextlib.suppress(OSError):
                while ballast.write(b"x" * 4096):
                    pass

    @in_own_namespace
    def test_full_file_system(self):
        self.fails_and_goes_on(self.fill, lambda disk: (disk / "ballast").unlink(), ["disk_full"])

    @in_own_namespace
    def test_full_file_system_under_a_file_sink(self):
        with harness.Cluster(workers=2) as cluster:
            base, disk = cluster.directory, cluster.directory / "disk"
            self.small_disk(disk)
            all_events = events.write_files(base / "in", 2, 50)
            text = events.stateless_job(base / "in", disk / "out", base / "ckpt", available_now=False)
            cluster.submit(text)
            cluster.wait_batch("opened", 1)
            self.fill(disk)
            all_events += events.write_files(base / "in", 3, 50, seed=2, start_number=2)
            cluster.wait_state("opened", "failed")
            shown = json.dumps(cluster.show("opened")["error"])
            self.assertIn("disk_full", shown)
            self.assertIn(str(disk / "out"), shown)
            (disk / "ballast").unlink()
            cluster.submit(text)
            expected = expected_opened(all_events)
            harness.wait_until(lambda: len(listings.rows_of(disk / "out", "manifest")) >= len(expected), "all batches published")
            for way in ("plain", "manifest"):
                self.assertEqual(sorted(tuple(r.values()) for r in listings.rows_of(disk / "out", way)), expected)
            cluster.sluice("stop", "opened")

    @in_own_namespace
    def test_full_file_system_under_the_cluster_itself(self):
        """Logs and records cannot be written; what runs goes on, what starts is refused with the cause."""
        with tempfile.TemporaryDirectory(prefix="sluice-test-") as folder:
            base = pathlib.Path(folder)
            disk = base / "disk"
            self.small_disk(disk, "size=2m")
            with harness.Cluster(workers=2, directory=disk) as cluster:
                all_events = events.write_files(base / "in", 2, 50)
                cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
                cluster.wait_batch("counts", 1)
                (disk / "job.sql").write_text(events.main_job(base / "in", base / "ckpt-late", name="late", available_now=False))
                self.fill(disk)
                all_events += events.write_files(base / "in", 2, 50, seed=2, start_number=2)
                cluster.wait_batch("counts", 3)
                self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
                refused = cluster.sluice("submit", str(disk / "job.sql"))
                self.assertEqual(refused.returncode, 1, refused.stdout)
                self.assertIn("disk_full", refused.stderr)
                (disk / "ballast").unlink()
                cluster.sluice("submit", str(disk / "job.sql"))
                cluster.wait_batch("late", 3)
            subprocess.run(["umount", "-l", str(disk)], check=True)

    @in_own_namespace
    def test_read_only_file_system(self):
        def remount(mode):
            return lambda disk: subprocess.run(["mount", "-o", f"remount,bind,{mode}", str(disk)], check=True)
        self.fails_and_goes_on(remount("ro"), remount("rw"), ["storage_io", "Read-only"])

    @in_own_namespace
    def test_worker_that_does_not_see_the_checkpoint(self):
        with harness.Cluster(workers=1) as cluster:
            base = cluster.directory
            events.write_files(base / "in", 2, 50)
            (base / "shared").mkdir()
            worker = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"', "sh", str(base / "shared"),
                 str(cluster.build_dir / "bin" / "sluice-worker"), "--coordinator", cluster.address, "--slots", "1",
                 "--data-dir", str(base / "blind")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                harness.wait_until(lambda: len(json.loads(cluster.sluice("workers", "--json").stdout)) == 2, "the second worker")
                cluster.submit(events.main_job(base / "in", base / "shared" / "ckpt", available_now=False))
                cluster.wait_state("counts", "failed")
                shown = json.dumps(cluster.show("counts")["error"])
                self.assertIn("path_not_shared", shown)
                self.assertIn(str(base / "shared" / "ckpt"), shown)
            finally:
                worker.terminate()
                worker.wait(30)


class Absences(unittest.TestCase):
    """Processes that are away for long, and little of what a process may have."""

    def test_coordinator_away_for_longer_than_the_silence(self):
        with harness.Cluster(workers=2, config=IMPATIENT) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 50)
            cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
            cluster.wait_batch("counts", 2)
            workers = cluster.status()["workers"]
            cluster.kill_coordinator()
            all_events += events.write_files(base / "in", 2, 50, seed=2, start_number=3)
            time.sleep(1.2)   # the fault itself: more than twice the silence
            cluster.restart_coordinator()
            cluster.wait_batch("counts", 4)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            self.assertEqual([w["pid"] for w in cluster.status()["workers"]], [w["pid"] for w in workers])

    def test_worker_that_wakes_up_after_it_was_given_up(self):
        with harness.Cluster(workers=2, config=IMPATIENT) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 50)
            cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
            cluster.submit(events.stateless_job(base / "in", base / "out", base / "ckpt-out", available_now=False))
            cluster.wait_batch("counts", 2)
            cluster.wait_batch("opened", 2)
            with stopped([cluster.status()["workers"][0]["pid"]]):
                all_events += events.write_files(base / "in", 3, 50, seed=2, start_number=3)
                cluster.wait_batch("counts", 5)   # the other one does it alone
                cluster.wait_batch("opened", 5)
            harness.wait_until(lambda: len(json.loads(cluster.sluice("workers", "--json").stdout)) == 2, "its return")
            all_events += events.write_files(base / "in", 3, 50, seed=3, start_number=6)
            cluster.wait_batch("counts", 8)
            cluster.wait_batch("opened", 8)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            expected = expected_opened(all_events)
            harness.wait_until(lambda: len(listings.rows_of(base / "out", "plain")) >= len(expected), "all batches published")
            for way in ("plain", "manifest"):
                self.assertEqual(sorted(tuple(r.values()) for r in listings.rows_of(base / "out", way)), expected)

    def test_two_clusters_on_one_checkpoint(self):
        """The later one wins, the earlier one stops with a reason, and the rows are right."""
        with harness.Cluster(workers=1) as first, harness.Cluster(workers=1) as second:
            base = first.directory
            all_events = events.write_files(base / "in", 3, 50)
            text = events.main_job(base / "in", base / "ckpt", available_now=False)
            first.submit(text)
            first.wait_batch("counts", 2)
            second.submit(text)
            second.wait_batch("counts", 2)
            for number in range(3, 9):
                all_events += events.write_files(base / "in", 1, 50, seed=number, start_number=number)
                second.wait_batch("counts", number)
            first.wait_state("counts", "stopped")
            self.assertIn("checkpoint_in_use", json.dumps(first.show("counts")["error"]))
            self.assertEqual(events.counts_of_rows(second.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            second.sluice("stop", "counts")
            first.submit(text)   # back again, by hand
            all_events += events.write_files(base / "in", 1, 50, seed=9, start_number=9)
            first.wait_batch("counts", 9)
            self.assertEqual(events.counts_of_rows(first.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            verified = first.sluice("verify", str(base / "ckpt"))
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_all_workers_gone_and_back(self):
        with harness.Cluster(workers=2) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 50)
            cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
            cluster.wait_batch("counts", 2)
            for worker in cluster.status()["workers"]:
                cluster.kill_worker(worker)
            all_events += events.write_files(base / "in", 2, 50, seed=2, start_number=3)
            harness.wait_until(lambda: not json.loads(cluster.sluice("workers", "--json").stdout), "the workers' ends to be noticed")
            self.assertEqual(cluster.queries()["counts"]["state"], "running")
            refused = cluster.sluice("sql", "SELECT count(*) AS n FROM counts")
            if refused.returncode != 0:
                self.assertIn("no_workers", refused.stderr)
            cluster.scale(3)
            cluster.wait_batch("counts", 4)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))

    def test_job_without_workers_says_that_it_waits(self):
        with harness.Cluster(workers=0) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 2, 50)
            job = base / "job.sql"
            job.write_text(events.main_job(base / "in", base / "ckpt"))
            client = subprocess.Popen(cluster.command("submit", str(job), "--wait"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                      text=True)
            limit = threading.Timer(30, client.kill)   # reading its lines must not wait for ever
            limit.start()
            self.addCleanup(limit.cancel)
            self.addCleanup(client.kill)
            said = [client.stderr.readline(), client.stderr.readline()]
            self.assertIn("no worker is ready", "".join(said))
            cluster.scale(1)
            client.communicate(timeout=60)
            self.assertEqual(client.returncode, 0)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))

    def test_many_workers_killed_at_once(self):
        """Their ends are noticed one by one; the batch was given up after four."""
        with harness.Cluster(workers=6) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 50)
            cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
            cluster.wait_batch("counts", 2)
            with stopped([w["pid"] for w in cluster.status()["workers"]]):   # so that a batch runs when they end
                all_events += events.write_files(base / "in", 2, 50, seed=2, start_number=3)
                harness.wait_until((base / "ckpt" / "offsets" / "3").exists, "the batch to be planned", pause=0.002)
                for worker in cluster.status()["workers"]:
                    cluster.kill_worker(worker)
            cluster.scale(2)
            cluster.wait_batch("counts", 4)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))

    def test_256_file_descriptors(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))   # inherited by the cluster
        try:
            with harness.Cluster(workers=4) as cluster:
                base = cluster.directory
                all_events = events.write_files(base / "in", 40, 50)
                for number in range(4):
                    cluster.submit(events.main_job(base / "in", base / f"ckpt{number}", name=f"counts{number}"), "--wait")
                cluster.submit(events.stateless_job(base / "in", base / "out", base / "ckpt-out", files=20), "--wait")
                for number in range(4):
                    self.assertEqual(events.counts_of_rows(cluster.rows(f"SELECT * FROM counts{number}")),
                                     events.sliding_counts(all_events))
                self.assertEqual(sorted(tuple(r.values()) for r in listings.rows_of(base / "out", "plain")), expected_opened(all_events))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


class Clocks(unittest.TestCase):
    """The wall clock of all processes is stepped, by libfaketime, while queries run."""

    def programs_under_faketime(self, folder, offset):
        """A build folder whose programs run with the clock moved by what the file says."""
        (folder / "bin").mkdir(parents=True)
        for name in ("sluice-coordinator", "sluice-worker", "sluice"):
            program = folder / "bin" / name
            preload = "" if name == "sluice" else (f"LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={offset} FAKETIME_NO_CACHE=1 "
                                                   "FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1")
            program.write_text(f'#!/bin/sh\nexec env {preload} {harness.BUILD_DIR.resolve() / "bin" / name} "$@"\n')
            program.chmod(0o755)
        return folder

    def test_days_forth_and_back(self):
        self.assertTrue(os.path.exists(FAKETIME), "the package faketime is missing: scripts/setup")
        self.cluster = harness.Cluster(workers=2)
        base, offset = self.cluster.directory, self.cluster.directory / "offset"
        self.addCleanup(shutil.rmtree, base, True)
        self.addCleanup(self.cluster.down)
        self.cluster.build_dir = self.programs_under_faketime(base / "programs", offset)
        offset.write_text("+0")
        self.cluster.up()
        all_events = events.write_files(base / "in", 2, 50)
        self.cluster.submit(events.main_job(base / "in", base / "ckpt", available_now=False))
        self.cluster.submit(events.stateless_job(base / "in", base / "out", base / "ckpt-out", available_now=False))
        times = []
        for step, days in enumerate(("+0", "+1d", "-1d", "+0")):
            staged = base / "offset.next"
            staged.write_text(days)
            os.rename(staged, offset)
            if step == 3:
                self.cluster.kill_all()   # and a start at another time than the last batch's
                self.cluster.up()
            all_events += events.write_files(base / "in", 2, 50, seed=step + 2, start_number=2 * step + 2)
            for name in ("counts", "opened"):
                self.cluster.wait_batch(name, 2 * step + 3)
            intent = "".join((base / "ckpt" / "offsets" / str(2 * step + 3)).read_text().splitlines()[1:-1])
            times.append(json.loads(intent)["time"])
        self.assertGreater(times[1] - times[0], 23 * 3600 * 1_000_000)   # the step was seen …
        self.assertEqual(times, sorted(times))                      # … and time of batches never runs back
        self.assertEqual(events.counts_of_rows(self.cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
        expected = expected_opened(all_events)
        harness.wait_until(lambda: len(listings.rows_of(base / "out", "plain")) >= len(expected), "all batches published")
        self.assertEqual(sorted(tuple(r.values()) for r in listings.rows_of(base / "out", "plain")), expected)
        for checkpoint in ("ckpt", "ckpt-out"):
            verified = self.cluster.sluice("verify", str(base / checkpoint))
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


class Memory(unittest.TestCase):
    """Workers that may hardly have more memory than they had at the start."""

    KEYS = 300_000

    def job(self, base):
        return (f"CREATE TEMPORARY VIEW r (k BIGINT, s STRING) USING json OPTIONS (path '{base / 'in'}', maxFilesPerTrigger '1');\n"
                f"CREATE STREAMING TABLE big USING memory OPTIONS (outputMode 'complete', checkpointLocation '{base / 'ckpt'}') AS "
                "SELECT k, max(s) AS s, count(*) AS n FROM STREAM r GROUP BY k;")

    def write(self, base):
        for number in range(3):
            part = range(number * self.KEYS // 3, (number + 1) * self.KEYS // 3)
            events.write_atomically(base / "in", f"file-{number}.json", "".join(f'{{"k":{k},"s":"{k:0200d}"}}\n' for k in part))

    def test_worker_that_may_not_grow(self):
        with harness.Cluster(workers=2) as cluster:
            base = cluster.directory
            (base / "in").mkdir()
            limited = [w["pid"] for w in cluster.status()["workers"]]
            for pid in limited:
                size = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]) * 4096
                resource.prlimit(pid, resource.RLIMIT_AS, (size + (64 << 20), size + (64 << 20)))
            cluster.submit(self.job(base))
            self.write(base)

            def over():
                query = cluster.queries().get("big", {})
                alive = [w for w in json.loads(cluster.sluice("workers", "--json").stdout) if w["pid"] in limited]
                return query.get("state") == "failed" or query.get("batchId") == 2 or not alive
            harness.wait_until(over, "the limit to be felt", seconds=90)
            failed = cluster.queries()["big"]["state"] == "failed"
            if failed:
                self.assertRegex(json.dumps(cluster.show("big")["error"]), "memory_limit|worker_lost")
            cluster.scale(4)
            for pid in limited:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if failed:
                cluster.submit(self.job(base))
            cluster.wait_batch("big", 2)
            self.assertEqual(cluster.rows("SELECT count(*) AS k, sum(n) AS n, count_if(cast(s AS BIGINT) = k) AS s FROM big"),
                             [{"k": self.KEYS, "n": self.KEYS, "s": self.KEYS}])
            verified = cluster.sluice("verify", str(base / "ckpt"))
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)


class ParquetSink(unittest.TestCase):
    def test_parquet_folder_after_kills(self):
        with harness.Cluster(workers=3) as cluster:
            base = cluster.directory
            source, sink = base / "in", base / "out"
            all_events = events.write_files(source, 4, 200)
            cluster.submit(events.stateless_job(source, sink, base / "ckpt", sink_format="parquet", available_now=False))
            for cycle in range(6):
                all_events += events.write_files(source, 3, 200, seed=cycle + 2, start_number=4 + 3 * cycle)
                if cycle % 3 == 2:
                    cluster.kill_coordinator()
                    cluster.restart_coordinator()
                else:
                    cluster.kill_worker(cluster.status()["workers"][cycle % 3])
                    cluster.scale(3)
            cluster.wait_batch("opened", 21)
            expected = sorted((t, a.upper()) for t, a in all_events if a != "Close")
            harness.wait_until(lambda: len(listings.rows_of(sink, "plain")) >= len(expected), "all batches published")
            for way in ("plain", "manifest"):
                rows = sorted((int(r["time"].timestamp()), r["action"]) for r in listings.rows_of(sink, way))
                self.assertEqual(rows, expected, way)


if __name__ == "__main__":
    unittest.main()
