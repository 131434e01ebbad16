"""The second step of the demo: a cluster of two workers, and the notebook of examples/pyspark/ run on it by the PySpark client of .venv."""
import argparse
import os
import pathlib
import shutil
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "connect"))
from pyspark_events import write_events  # noqa: E402


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-dir", type=pathlib.Path, required=True)
    parser.add_argument("--dir", type=pathlib.Path, default=ROOT / ".demo")
    given, _ = parser.parse_known_args()
    python = ROOT / ".venv" / "bin" / "python"
    if subprocess.run([str(python), "-c", "import pyspark"], capture_output=True).returncode != 0:
        print("demo: the client pyspark-client is not in .venv (some 430 MB); scripts/setup installs it", file=sys.stderr)
        return 1
    folder = given.dir / "pyspark"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_events(folder / "events")
    port = free_port()
    (folder / "settings.toml").write_text(f'connect.listen = "127.0.0.1:{port}"\n')
    cluster = [str(ROOT / "scripts" / "cluster")]
    where = ["--dir", str(folder / "cluster")]
    print("== A coordinator and two workers; PySpark connects to sc://127.0.0.1:%d" % port, flush=True)
    subprocess.run([*cluster, "up", "--workers", "2", "--port", "0", "--build-dir", str(given.build_dir), "--config",
                    str(folder / "settings.toml"), *where], check=True)
    try:
        program = ROOT / "examples" / "pyspark" / "notebook.py"
        print(f"== {program.relative_to(ROOT)}", flush=True)
        done = subprocess.run([str(python), str(program), f"sc://127.0.0.1:{port}", str(folder / "events")],
                              env={**os.environ, "TZ": "UTC", "PYTHONWARNINGS": "ignore"})
    finally:
        subprocess.run([*cluster, "down", *where], check=False)
    print("== The program ran unchanged" if done.returncode == 0 else "== The program failed", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
