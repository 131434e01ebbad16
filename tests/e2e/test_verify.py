"""`sluice verify`: accepts every healthy checkpoint (running, killed, collected) and finds every flipped byte."""
import os
import pathlib
import random
import threading
import unittest

import events
import harness

EAGER = "[query]\nmin-batches-to-retain = 2\nbase-interval = 3\n"


class Feeder(threading.Thread):
    """Small input files, one after the other."""

    def __init__(self, folder, number=0):
        super().__init__(daemon=True)
        self.folder, self.number, self.ending = folder, number, threading.Event()

    def run(self):
        while not self.ending.is_set():
            events.write_files(self.folder, 1, 5, seed=self.number, start_number=self.number)
            self.number += 1
            self.ending.wait(0.01)

    def stop(self):
        self.ending.set()
        self.join()


class Verify(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(harness.Cluster(workers=2, config=EAGER))
        self.base = pathlib.Path(self.cluster.directory)
        self.checkpoints = [self.base / "ckpt-counts", self.base / "ckpt-opened"]

    def submit_both(self):
        source, options = self.base / "in", {"available_now": False}
        self.cluster.submit(events.main_job(source, self.checkpoints[0], **options), name="counts.sql")
        self.cluster.submit(events.stateless_job(source, self.base / "out", self.checkpoints[1], **options), name="opened.sql")

    def begin(self):
        events.write_files(self.base / "in", 2, 5)
        self.submit_both()
        feeder = Feeder(self.base / "in", 2)
        self.addCleanup(feeder.stop)
        feeder.start()
        return feeder

    def assert_whole(self, checkpoint):
        done = self.cluster.sluice("verify", str(checkpoint))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return int(done.stdout.split("last batch ")[1].split(",")[0])

    def test_running_queries_are_whole_at_any_moment(self):
        feeder = self.begin()
        for checkpoint in self.checkpoints:
            harness.wait_until(lambda: (checkpoint / "base").exists() and os.listdir(checkpoint / "base"), "a base record")
            seen = [self.assert_whole(checkpoint) for _ in range(40)]
            self.assertGreater(seen[-1], seen[0])   # it did run meanwhile
        feeder.stop()

    def test_killed_clusters_leave_whole_checkpoints(self):
        feeder = self.begin()
        for cycle in range(5):
            self.cluster.wait_batch("counts", 20 * (cycle + 1))
            self.cluster.kill_all()
            for checkpoint in self.checkpoints:
                last = self.assert_whole(checkpoint)
                # what a kill in the middle of writing leaves
                (checkpoint / "commits" / f".{last + 1}.torn{cycle}.tmp").write_bytes(b"sluice commit v1\n{\"batch\"")
                (checkpoint / "offsets" / f".{last + 2}.torn{cycle}.tmp").write_bytes(b"")
                if (checkpoint / "state").exists():
                    (checkpoint / "state" / f"{last + 1}-99-{cycle}-0.state").write_bytes(os.urandom(100))
                self.assert_whole(checkpoint)
            self.cluster.up()
        feeder.stop()

    def test_every_flipped_byte_is_found(self):
        """A sample of each file's bytes through the program; unit tests flip every byte."""
        events.write_files(self.base / "in", 14, 20)
        self.submit_both()
        for name in ("counts", "opened"):
            self.cluster.wait_batch(name, 13)
        for name in ("counts", "opened"):
            self.cluster.sluice("stop", name)
            self.cluster.wait_state(name, "stopped")
        rng = random.Random(1)
        tried = 0
        for checkpoint in self.checkpoints:
            self.assert_whole(checkpoint)
            for path in sorted(path for path in checkpoint.rglob("*") if path.is_file()):
                healthy = path.read_bytes()
                size = len(healthy)
                self.assertGreater(size, 0, path)
                for at in sorted({size - 1, rng.randrange(size), rng.randrange(size)}):
                    flipped = bytearray(healthy)
                    flipped[at] ^= 1 << rng.randrange(8)
                    path.write_bytes(flipped)
                    done = self.cluster.sluice("verify", str(checkpoint))
                    self.assertEqual(done.returncode, 1, f"{path} at byte {at} of {size}: {done.stdout}")
                    self.assertIn(path.name, done.stderr)
                    tried += 1
                path.write_bytes(healthy)
            self.assert_whole(checkpoint)
        self.assertGreater(tried, 60)


if __name__ == "__main__":
    unittest.main()
