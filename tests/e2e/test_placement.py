"""The same job gives the same rows in one process, on one worker and on four; kills do not change them."""
import json
import subprocess
import unittest

import events
import harness


class Placement(unittest.TestCase):
    def test_local_one_worker_and_four_workers_agree(self):
        with harness.Cluster(workers=4) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 20, 500)
            expected = events.sliding_counts(all_events)
            cluster.submit(events.main_job(base / "in", base / "ckpt4"), "--wait")
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), expected)
            cluster.scale(1)
            cluster.submit(events.main_job(base / "in", base / "ckpt1", name="counts1"), "--wait")
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts1")), expected)
            job = base / "local.sql"
            job.write_text(events.main_job(base / "in", base / "ckpt-local") + "SELECT * FROM counts;\n")
            done = subprocess.run([str(harness.BUILD_DIR / "bin" / "sluice"), "local", str(job), "--format", "json"],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            self.assertEqual(events.counts_of_rows(rows), expected)

    def test_finished_table_is_read_after_a_restart_of_everything(self):
        with harness.Cluster(workers=2) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 200)
            cluster.submit(events.main_job(base / "in", base / "ckpt"), "--wait")
            cluster.kill_all()
            cluster.up()
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))

    def test_stopped_query_goes_on_from_its_checkpoint(self):
        with harness.Cluster(workers=2) as cluster:
            base = cluster.directory
            all_events = events.write_files(base / "in", 3, 200)
            cluster.submit(events.main_job(base / "in", base / "ckpt"), "--wait")
            all_events += events.write_files(base / "in", 3, 200, seed=2, start_number=3)
            cluster.submit(events.main_job(base / "in", base / "ckpt"), "--wait")
            self.assertEqual(events.counts_of_rows(cluster.rows("SELECT * FROM counts")), events.sliding_counts(all_events))
            self.assertEqual(cluster.queries()["counts"]["batchId"], 5)


if __name__ == "__main__":
    unittest.main()
