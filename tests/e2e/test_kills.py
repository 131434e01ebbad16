"""Random kill -9 of workers and of the coordinator while a stateful and a stateless job run: every row once."""
import os
import random
import unittest

import events
import harness
import listings

CYCLES = int(os.environ.get("SLUICE_KILL_CYCLES", "20"))
SEED = int(os.environ.get("SLUICE_KILL_SEED", "1"))


def tuples(folder, way):
    return sorted(tuple(row.values()) for row in listings.rows_of(folder, way))


class Kills(unittest.TestCase):
    def test_random_kills_lose_and_double_nothing(self):
        rng = random.Random(SEED)
        with harness.Cluster(workers=4) as cluster:
            base = cluster.directory
            source, sink = base / "in", base / "out"
            all_events = events.write_files(source, 10, 500, seed=SEED)
            cluster.submit(events.main_job(source, base / "ckpt-counts", available_now=False), name="counts.sql")
            cluster.submit(events.stateless_job(source, sink, base / "ckpt-opened", available_now=False), name="opened.sql")
            number = 10
            for cycle in range(CYCLES):
                new = events.write_files(source, 4, 500, seed=SEED * 1000 + cycle, start_number=number)
                number += 4
                all_events += new
                status = cluster.status()
                if rng.random() < 0.3:
                    cluster.kill_coordinator()
                    cluster.restart_coordinator()
                else:
                    for worker in rng.sample(status["workers"], rng.choice([1, 1, 2])):
                        cluster.kill_worker(worker)
                    cluster.scale(4)
                cluster.wait_batch("counts", rng.randrange(number - 6, number - 2))
            cluster.wait_batch("counts", number - 1)
            cluster.wait_batch("opened", number - 1)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            expected = sorted((events.iso(t).replace("Z", ".000Z"), a.upper()) for t, a in all_events if a != "Close")
            harness.wait_until(lambda: len(tuples(sink, "plain")) >= len(expected), "all batches published")
            self.assertEqual(tuples(sink, "plain"), expected)
            self.assertEqual(tuples(sink, "manifest"), expected)
            for checkpoint in ("ckpt-counts", "ckpt-opened"):
                verified = cluster.sluice("verify", str(base / checkpoint))
                self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_whole_cluster_killed_and_started_again(self):
        with harness.Cluster(workers=2) as cluster:
            base = cluster.directory
            source = base / "in"
            all_events = events.write_files(source, 5, 300)
            cluster.submit(events.main_job(source, base / "ckpt", available_now=False))
            cluster.wait_batch("counts", 4)
            cluster.kill_all()
            cluster.up()
            all_events += events.write_files(source, 5, 300, seed=2, start_number=5)
            cluster.wait_batch("counts", 9)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))

    def test_rescaling_while_running(self):
        with harness.Cluster(workers=1) as cluster:
            base = cluster.directory
            source = base / "in"
            all_events = events.write_files(source, 5, 300)
            cluster.submit(events.main_job(source, base / "ckpt", available_now=False))
            for step, workers in enumerate([4, 2]):
                cluster.scale(workers)
                all_events += events.write_files(source, 5, 300, seed=step + 2, start_number=5 * (step + 1))
                cluster.wait_batch("counts", 5 * (step + 2) - 1)
                self.assertEqual(len(cluster.status()["workers"]), workers)
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))


if __name__ == "__main__":
    unittest.main()
