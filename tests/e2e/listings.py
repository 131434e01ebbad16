"""Reads a file sink's folder as others see it: by plain listing, or through _spark_metadata as Spark does."""
import json
import pathlib


def plain_paths(folder):
    """What a reader sees who lists the folder and knows nothing of manifests."""
    return sorted(p for p in pathlib.Path(folder).iterdir() if not p.name.startswith(("_", ".")))


def manifest_paths(folder):
    """What a reader sees who follows the manifest: the newest compacted log and those after it."""
    log = pathlib.Path(folder) / "_spark_metadata"
    numbers = sorted((int(p.name.split(".")[0]), p) for p in log.iterdir() if p.name.split(".")[0].isdigit())
    compact = max((n for n, p in numbers if p.name.endswith(".compact")), default=-1)
    paths = {}
    for number, path in numbers:
        if number < compact or (number == compact and not path.name.endswith(".compact")):
            continue
        for line in path.read_text().splitlines()[1:]:
            paths[json.loads(line)["path"]] = True
    return [pathlib.Path(path.removeprefix("file://")) for path in paths]


def read(path):
    if path.suffix == ".parquet":
        import pyarrow.parquet   # from .venv; only tests of Parquet need it
        return pyarrow.parquet.ParquetFile(path).read().to_pylist()
    return [json.loads(line) for line in path.read_text().splitlines()]


def rows_of(folder, way):
    """Rows of a sink's folder; `way` is "plain" or "manifest"."""
    paths = plain_paths(folder) if way == "plain" else manifest_paths(folder)
    return [row for path in paths for row in read(path)]
