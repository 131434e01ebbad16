"""The built programs, and what a copy of one needs to run on another machine."""
import hashlib
import subprocess
from pathlib import Path

from .trouble import Trouble

OF_THE_SYSTEM = ("ld-linux", "libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so", "libresolv.so")   # glibc


def find(build, name):
    path = Path(build) / "bin" / name
    if not path.exists():
        raise Trouble(f"{path} is not there; build it (cmake --preset release && cmake --build --preset release), "
                      "or name another build with --build-dir")
    return str(path)


def bundle(path):
    """Files a copy needs (name -> path here), without glibc, and the copy's name, which changes with the files."""
    shown = subprocess.run(["ldd", path], capture_output=True, text=True)
    files = {f"bin/{Path(path).name}": path}
    for line in shown.stdout.splitlines():
        name, arrow, rest = line.strip().partition(" => ")
        if arrow and rest.startswith("/") and not name.startswith(OF_THE_SYSTEM):
            files[f"lib/{name}"] = rest.split(" (")[0]
        elif arrow and not rest.startswith("/"):
            raise Trouble(f"{path} needs {name}, which is not found here")
    digest = hashlib.sha256()
    for name, source in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(Path(source).read_bytes()).hexdigest()}\n".encode())
    return files, digest.hexdigest()[:16]
