"""Clients that break: the server stays up, and the others do not notice."""
import itertools
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import unittest

from harness import Cluster
from test_pyspark import PYTHON, free_port

HELLO = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote("{remote}").getOrCreate()
"""


class Faults(unittest.TestCase):
    numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.cluster = Cluster(workers=1, config=f'connect.listen = "127.0.0.1:{cls.port}"\n')
        cls.cluster.up()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.__exit__()

    def start(self, program, port=None):
        text = HELLO.format(remote=f"sc://127.0.0.1:{port or self.port}") + program
        script = self.cluster.directory / f"client-{next(self.numbers)}.py"   # with -c the client looks for a whole Spark
        script.write_text(text)
        return subprocess.Popen([PYTHON, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, "TZ": "UTC", "PYTHONWARNINGS": "ignore"})

    def run_client(self, program, port=None, seconds=120):
        client = self.start(program, port)
        try:
            out, err = client.communicate(timeout=seconds)
        finally:
            client.kill()
        self.assertEqual(client.returncode, 0, out[-1000:] + err[-3000:])
        return out

    def coordinator_memory(self):
        pid = self.cluster.status()["pid"]
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) << 10

    def serves(self):
        self.assertEqual(self.run_client("print(spark.range(3).count())").strip(), "3")

    def test_garbage_on_the_port(self):
        chance = random.Random(11)
        for size in (1, 9, 24, 1000, 70_000):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
                raw.sendall(chance.randbytes(size))
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
                raw.sendall(preface + chance.randbytes(200))
        self.serves()

    def test_messages_that_are_none(self):
        out = self.run_client("""
import grpc, random
channel = grpc.insecure_channel("127.0.0.1:%d")
chance = random.Random(3)
codes = set()
for method in ("ExecutePlan", "AnalyzePlan", "ReattachExecute", "Config", "Interrupt", "ReleaseExecute", "ReleaseSession", "ArtifactStatus"):
    path = "/spark.connect.SparkConnectService/" + method
    for size in (0, 1, 30, 300):
        try:
            if method in ("ExecutePlan", "ReattachExecute"):
                list(channel.unary_stream(path)(chance.randbytes(size), timeout=20))
            else:
                channel.unary_unary(path)(chance.randbytes(size), timeout=20)
            codes.add("OK")
        except grpc.RpcError as error:
            codes.add(error.code().name)
print(sorted(codes))
""" % self.port)
        self.assertNotIn("UNAVAILABLE", out)
        self.assertNotIn("DEADLINE", out)
        self.serves()

    def test_a_killed_client(self):
        client = self.start("""
spark.readStream.format("json").schema("a int").load("%s").writeStream.format("memory").queryName("left").start()
print("started", flush=True)
while True:
    spark.range(3000000).collect()
""" % self.cluster.directory)
        try:
            self.assertEqual(client.stdout.readline().strip(), "started")
            client.send_signal(signal.SIGKILL)
            client.wait()
        finally:
            client.kill()
            client.stdout.close()
            client.stderr.close()
        self.serves()
        self.assertIn("left", self.cluster.queries())

    def test_a_proxy_that_cuts_connections(self):
        proxy = CuttingProxy(self.port, random.Random(5))
        try:
            out = self.run_client("""
total = 0
for round in range(30):
    rows = spark.range(round, 200000 + round).toPandas()
    assert len(rows) == 200000 and rows["id"].iloc[0] == round and rows["id"].sum() == sum(range(round, 200000 + round)), round
    total += len(rows)
print(total)
""", port=proxy.port, seconds=300)
        finally:
            proxy.close()
        self.assertEqual(out.strip(), "6000000")
        self.assertGreater(proxy.cuts, 3)

    def test_a_hundred_clients(self):
        out = self.run_client("""
import threading, uuid
results = []
def one(number):
    mine = SparkSession.builder.remote("%s/;session_id=" + str(uuid.uuid4())).create()
    mine.range(number + 1).createOrReplaceTempView("mine")
    results.append((number, mine.sql("select count(*) as n from mine").collect()[0].n))
threads = [threading.Thread(target=one, args=(n,)) for n in range(100)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(results) == [(n, n + 1) for n in range(100)])
""" % f"sc://127.0.0.1:{self.port}", seconds=300)
        self.assertEqual(out.strip(), "True")

    def test_wide_and_deep_plans(self):
        out = self.run_client("""
from pyspark.sql import functions as F
wide = spark.range(2).select(*[(F.col("id") + n).alias(f"c{n}") for n in range(5000)])
rows = wide.collect()
print(len(rows[0]), rows[1][4999])
# the client itself stops at some 50 levels: deeper plans are made by hand
import grpc, uuid
from pyspark.sql.connect.proto import base_pb2
def field(number, payload):
    size, head = len(payload), []
    while size > 127:
        head.append(size & 127 | 128)
        size >>= 7
    key = number << 3 | 2
    keys = [key] if key < 128 else [key & 127 | 128, key >> 7]
    return bytes(keys + head + [size]) + payload
def nested(levels):
    expression = field(1, b"\\x30\\x01")                                 # literal { integer: 1 }
    for level in range(levels):
        expression = field(3, field(1, b"negative") + field(2, expression))  # unresolved_function { "negative", [...] }
    project = field(3, field(3, expression))
    return field(1, str(uuid.uuid4()).encode()) + field(3, field(1, project)) + field(6, str(uuid.uuid4()).encode())
channel = grpc.insecure_channel("127.0.0.1:%d")
run = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
for levels in (10, 300, 1000, 20000):
    try:
        rows = sum(base_pb2.ExecutePlanResponse.FromString(r).arrow_batch.row_count for r in run(nested(levels), timeout=60))
        print(levels, rows)
    except grpc.RpcError as error:
        print(levels, error.code().name, error.details())
""" % self.port, seconds=300)
        lines = out.splitlines()
        self.assertEqual(lines[:3], ["5000 5000", "10 1", "300 1"])
        for line in lines[3:5]:
            self.assertIn("nested deeper than", line)
        self.serves()

    def test_results_do_not_pile_up_in_the_server(self):
        self.serves()
        before = self.coordinator_memory()
        client = self.start("""
rows = spark.range(20_000_000).toLocalIterator()
next(rows)
print("first", flush=True)
time.sleep(600)
""")
        try:
            self.assertEqual(client.stdout.readline().strip(), "first")
            # 160 MB of rows stand in memory, what is encoded of them is bounded
            self.assertLess(self.coordinator_memory() - before, 300 << 20)
        finally:
            client.kill()
            client.wait()
            client.stdout.close()
            client.stderr.close()
        self.serves()


class CuttingProxy:
    """Forwards connections and cuts each after some bytes."""

    def __init__(self, target, chance):
        self.target, self.chance, self.cuts, self.closed = target, chance, 0, False
        self.lock, self.ended = threading.Lock(), {}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            left = [self.chance.randint(200_000, 6_000_000)]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.forward, args=(source, sink, left), daemon=True).start()

    def forward(self, source, sink, left):
        try:
            while data := source.recv(65536):
                left[0] -= len(data)
                if left[0] < 0:
                    self.cuts += 1
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.ended[source, sink] = self.ended[sink, source] = self.ended.get((source, sink), 0) + 1
            if self.ended[source, sink] == 2:   # both directions
                source.close()
                sink.close()

    def close(self):
        self.closed = True
        self.listener.close()


if __name__ == "__main__":
    unittest.main()
