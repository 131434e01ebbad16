"""The command line on a running cluster: JSON shapes, exit codes, and answers to mistakes within a second."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

import events
import harness


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(workers=2)
        cls.cluster.up()
        cls.base = cls.cluster.directory
        cls.events = events.write_files(cls.base / "in", 4, 100)
        cls.started = cls.cluster.submit(events.main_job(cls.base / "in", cls.base / "ckpt"), "--wait")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.down()

    def refused(self, words, code, *texts, seconds=2.0):
        begin = time.monotonic()
        done = self.cluster.sluice(*words)
        self.assertLess(time.monotonic() - begin, seconds)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)
        return done.stderr

    def job(self, text):
        path = self.base / "mistake.sql"
        path.write_text(text)
        return str(path)

    def streaming(self, select, mode="complete", schema="time TIMESTAMP, action STRING", path=None, checkpoint="ckpt-x", name="x"):
        return self.job(f"CREATE TEMPORARY VIEW e ({schema}) USING json OPTIONS (path '{path or self.base / 'in'}');\n"
                        f"CREATE STREAMING TABLE {name} USING memory OPTIONS (outputMode '{mode}', trigger 'availableNow', "
                        f"checkpointLocation '{self.base / checkpoint}') AS\n{select};\n")

    def test_ps_json(self):
        query = next(q for q in json.loads(self.cluster.sluice("ps", "--json").stdout) if q["name"] == "counts")
        self.assertEqual(set(query), {"id", "runId", "name", "state", "batchId", "numInputRows", "inputRowsPerSecond",
                                      "processedRowsPerSecond"})
        self.assertEqual(query["batchId"], 3)
        self.assertEqual(query["numInputRows"], 100)

    def test_show_json(self):
        shown = self.cluster.show("counts")
        self.assertEqual(set(shown), {"id", "runId", "name", "state", "sink", "checkpoint", "error", "plan", "lastProgress"})
        self.assertEqual(shown["checkpoint"], str(self.base / "ckpt"))
        self.assertIsNone(shown["error"])
        progress = shown["lastProgress"]
        for key in ("id", "runId", "name", "timestamp", "batchId", "batchDuration", "numInputRows", "durationMs",
                    "stateOperators", "sources", "sink"):
            self.assertIn(key, progress)
        self.assertIn("triggerExecution", progress["durationMs"])
        self.assertGreater(progress["stateOperators"][0]["numRowsTotal"], 0)

    def test_workers_json(self):
        workers = json.loads(self.cluster.sluice("workers", "--json").stdout)
        self.assertEqual(len(workers), 2)
        self.assertEqual(set(workers[0]), {"id", "pid", "address", "slots", "state"})

    def test_rows_in_three_formats(self):
        rows = self.cluster.rows("SELECT * FROM counts")
        self.assertEqual(events.counts_of_rows(rows), events.sliding_counts(self.events))
        table = self.cluster.sluice("sql", "SELECT action, sum(count) AS n FROM counts GROUP BY action ORDER BY action").stdout
        self.assertIn("Close", table)
        csv = self.cluster.sluice("sql", "--format", "csv", "SELECT 1 AS a, 'x,y' AS b, CAST(NULL AS INT) AS c").stdout
        self.assertEqual(csv.splitlines(), ["a,b,c", '1,"x,y",'])

    def test_global_options_before_and_after(self):
        address = self.cluster.address
        program = str(self.cluster.build_dir / "bin" / "sluice")
        for words in (["--coordinator", address, "ps"], ["ps", "--coordinator", address]):
            self.assertEqual(subprocess.run([program, *words], capture_output=True).returncode, 0)
        done = subprocess.run([program, "ps"], capture_output=True, env={**os.environ, "SLUICE_COORDINATOR": address})
        self.assertEqual(done.returncode, 0)

    def test_submit_without_wait_prints_name_and_id(self):
        out = self.cluster.submit(events.main_job(self.base / "in", self.base / "ckpt-nowait", name="nowait"))
        name, query = out.split()
        self.assertEqual(name, "nowait")
        self.assertEqual(self.cluster.show("nowait")["id"], query)

    def test_variables(self):
        text = "CREATE TEMPORARY VIEW e (time TIMESTAMP) USING json OPTIONS (path '${dir}');\nSELECT count(*) AS n FROM e;"
        done = self.cluster.sluice("submit", self.job(text), "--wait", "-D", f"dir={self.base / 'in'}", "--format", "json")
        self.assertEqual((done.returncode, done.stdout.strip().splitlines()[-1:]), (0, ['{"n":400}']), done.stderr)
        self.refused(["submit", self.job(text)], 1, "undefined_variable", "line 1")

    def test_relative_paths_are_the_clients(self):
        text = "CREATE TEMPORARY VIEW e (time TIMESTAMP) USING json OPTIONS (path 'in');\nSELECT count(*) AS n FROM e;"
        done = self.cluster.sluice("submit", self.job(text), "--wait", "--format", "json", cwd=self.base)
        self.assertIn('{"n":400}', done.stdout, done.stderr)

    def test_bad_sql(self):
        self.refused(["submit", self.streaming("SELECT count(*) FORM STREAM e")], 1, "parse_syntax", "line 3")

    def test_unknown_column(self):
        self.refused(["submit", self.streaming("SELECT actoin, count(*) AS n FROM STREAM e GROUP BY actoin")], 1,
                     "unresolved_column", "action")

    def test_unknown_option(self):
        text = f"CREATE TEMPORARY VIEW e (time TIMESTAMP) USING json OPTIONS (path '{self.base}', maxFilePerTrigger '1');"
        self.refused(["submit", self.job(text)], 1, "unknown_option", "maxFilesPerTrigger")

    def test_missing_path(self):
        self.refused(["submit", self.streaming("SELECT action, count(*) AS n FROM STREAM e GROUP BY action",
                                               path="/nowhere/at/all")], 1, "path_not_found", "/nowhere/at/all")

    def test_wrong_type(self):
        self.refused(["submit", self.streaming("SELECT sum(time) AS s FROM STREAM e")], 1, "datatype_mismatch")

    def test_file_sinks_take_append_only(self):
        text = (f"CREATE TEMPORARY VIEW e (time TIMESTAMP, action STRING) USING json OPTIONS (path '{self.base / 'in'}');\n"
                f"CREATE STREAMING TABLE x USING json OPTIONS (path '{self.base / 'o'}', outputMode 'complete', "
                f"checkpointLocation '{self.base / 'ckpt-o'}') AS SELECT action, count(*) AS n FROM STREAM e GROUP BY action;")
        self.refused(["submit", self.job(text)], 1, "complete")

    def test_checkpoint_of_another_query(self):
        self.refused(["submit", self.streaming("SELECT action, sum(unix_timestamp(time)) AS s FROM STREAM e GROUP BY action",
                                               checkpoint="ckpt", name="other")], 1, "checkpoint_mismatch")

    def test_unknown_table_and_query(self):
        self.refused(["sql", "SELECT * FROM nothing"], 1, "table_not_found")
        self.refused(["show", "nothing"], 1, "query_not_found")
        self.refused(["stop", "nothing"], 1, "query_not_found")

    def test_usage_errors(self):
        self.refused(["ps", "--no-such-flag"], 2)
        self.refused(["submit", "/no/such/job.sql"], 2)

    def test_coordinator_that_is_not_there(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.refused(["--coordinator", f"127.0.0.1:{port}", "ps"], 3, str(port))

    def test_busy_port(self):
        program = str(self.cluster.build_dir / "bin" / "sluice-coordinator")
        done = subprocess.run([program, "--listen", self.cluster.address, "--data-dir", str(self.base / "second")],
                              capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("address_in_use", done.stderr)
        self.assertIn(self.cluster.address, done.stderr)

    def test_listening_beyond_loopback_is_refused(self):
        program = str(self.cluster.build_dir / "bin" / "sluice-coordinator")
        done = subprocess.run([program, "--listen", "0.0.0.0:0", "--data-dir", str(self.base / "third")],
                              capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("insecure_listen", done.stderr)

    def test_interrupt_stops_the_query(self):
        job = self.base / "endless.sql"
        job.write_text(events.main_job(self.base / "in", self.base / "ckpt-endless", name="endless", available_now=False))
        client = subprocess.Popen(self.cluster.command("submit", str(job), "--wait"), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.cluster.wait_batch("endless", 3)
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=10)
        self.assertEqual(client.returncode, 130)
        self.cluster.wait_state("endless", "stopped")

    def test_changed_input_file_fails_by_name_and_can_be_repaired(self):
        folder = self.base / "broken"
        all_events = events.write_files(folder, 1, 50)
        text = events.main_job(folder, self.base / "ckpt-broken", name="broken", available_now=False)
        self.cluster.submit(text, name="broken.sql")
        self.cluster.wait_batch("broken", 0)
        os.chmod(folder, 0o755)
        os.mkdir(folder / "dir.json")   # a folder is no input file
        all_events += events.write_files(folder, 1, 50, seed=2, start_number=1)
        self.cluster.wait_batch("broken", 1)
        self.assertEqual(events.counts_of_rows(self.cluster.rows("SELECT * FROM broken")), events.sliding_counts(all_events))
        self.cluster.sluice("stop", "broken")

    def test_verify_names_a_flipped_byte(self):
        copy = self.base / "ckpt-copy"
        subprocess.run(["cp", "-r", str(self.base / "ckpt"), str(copy)], check=True)
        self.assertEqual(self.cluster.sluice("verify", str(copy)).returncode, 0)
        victim = copy / "commits" / "2"
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(bytes(data))
        done = self.cluster.sluice("verify", str(copy))
        self.assertEqual(done.returncode, 1)
        self.assertIn("commits/2", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
