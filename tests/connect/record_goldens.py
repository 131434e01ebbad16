"""Records what the programs of examples/pyspark/ print on real Spark: one file per program in tests/connect/goldens/.

    python -m venv V && V/bin/pip install "pyspark[connect]==4.3.0" "pandas<3"     (some 1 GB, and Java 17 or later)
    V/bin/python tests/connect/record_goldens.py [NAME …]

Starts a server of its own on a free port and stops it. The tests compare with these files and need neither Java nor Spark.
"""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import pyspark

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "connect"))
from pyspark_events import write_events  # noqa: E402

GOLDENS = ROOT / "tests" / "connect" / "goldens"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    wanted = sys.argv[1:]
    programs = [p for p in sorted((ROOT / "examples" / "pyspark").glob("*.py")) if not wanted or p.stem in wanted]
    home = pathlib.Path(pyspark.__file__).parent
    port = free_port()
    environment = {**os.environ, "SPARK_HOME": str(home), "TZ": "UTC", "SPARK_NO_DAEMONIZE": "1"}
    with tempfile.TemporaryDirectory(prefix="sluice-goldens-") as folder:
        server = subprocess.Popen(
            [str(home / "bin" / "spark-submit"), "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "goldens",
             "--conf", f"spark.connect.grpc.binding.port={port}", "--conf", "spark.ui.enabled=false", "--master", "local[2]",
             "--conf", "spark.sql.shuffle.partitions=2", "--conf", "spark.driver.extraJavaOptions=-Duser.timezone=UTC",
             "--conf", f"spark.sql.warehouse.dir={folder}/warehouse"],
            cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=open(f"{folder}/server.log", "w"))
        try:
            deadline = time.monotonic() + 900
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if time.monotonic() > deadline or server.poll() is not None:
                    sys.exit("the server does not start:\n" + open(f"{folder}/server.log").read()[-3000:])
                time.sleep(0.5)
            for program in programs:
                work = pathlib.Path(folder, program.stem)
                work.mkdir()
                write_events(work / "events")
                done = subprocess.run([sys.executable, str(program), f"sc://127.0.0.1:{port}", str(work / "events"), str(work / "out")],
                                      capture_output=True, text=True, timeout=600, env={**environment, "PYTHONWARNINGS": "ignore"})
                if done.returncode != 0:
                    print(f"{program.stem}: failed\n{done.stderr[-3000:]}")
                    continue
                GOLDENS.joinpath(program.stem + ".txt").write_text(done.stdout)
                print(f"{program.stem}: {len(done.stdout.splitlines())} lines", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
