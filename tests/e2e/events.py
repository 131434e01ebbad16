"""Event files for the tests and the answers computed without Sluice. Standard library only."""
import collections
import datetime
import json
import os
import pathlib
import random


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_lines(rng, count, start=1469501107, actions=("Open", "Close")):
    time = start
    for _ in range(count):
        time += rng.randrange(3)
        yield time, rng.choice(actions)


def as_json(events):
    return "".join(json.dumps({"time": t, "action": a}, separators=(",", ":")) + "\n" for t, a in events)


def write_atomically(folder, name, text):
    """A file appears in the folder whole, by rename from beside it."""
    folder = pathlib.Path(folder)
    staged = folder.parent / f".{folder.name}-{name}"
    staged.write_text(text)
    os.rename(staged, folder / name)


def write_files(folder, files, lines, seed=1, start_number=0):
    """Writes files of `lines` events each; returns all events."""
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    events, start = [], 1469501107
    for number in range(start_number, start_number + files):
        part = list(make_lines(rng, lines, start))
        start = part[-1][0]
        events += part
        write_atomically(folder, f"file-{number:04d}.json", as_json(part))
    return events


def sliding_counts(events, size=600, slide=300):
    """(action, start, end) -> (count, mean time), the long way."""
    counts, sums = collections.Counter(), collections.Counter()
    for time, action in events:
        start = time - time % slide
        while start > time - size:
            counts[action, start] += 1
            sums[action, start] += time
            start -= slide
    return {(a, iso(s), iso(s + size)): (n, sums[a, s] / n) for (a, s), n in counts.items()}


def counts_of_rows(rows):
    return {(r["action"], r["window"]["start"], r["window"]["end"]): (r["count"], r["mean_time"]) for r in rows}


MAIN_JOB = """
CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING)
  USING json OPTIONS (path '{path}', maxFilesPerTrigger '{files}');
CREATE STREAMING TABLE {name}
  USING memory OPTIONS (outputMode 'complete'{trigger}, checkpointLocation '{checkpoint}') AS
SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count, avg(unix_timestamp(time)) AS mean_time
FROM STREAM events
GROUP BY action, window(time, '10 minutes', '5 minutes');
"""

STATELESS_JOB = """
CREATE TEMPORARY VIEW lines_{name} (time TIMESTAMP, action STRING)
  USING json OPTIONS (path '{path}', maxFilesPerTrigger '{files}');
CREATE STREAMING TABLE {name}
  USING {format} OPTIONS (path '{sink}', outputMode 'append'{trigger}, checkpointLocation '{checkpoint}') AS
SELECT time, upper(action) AS action FROM STREAM lines_{name} WHERE action <> 'Close';
"""


def main_job(path, checkpoint, name="counts", files=1, available_now=True):
    return MAIN_JOB.format(path=path, checkpoint=checkpoint, name=name, files=files,
                           trigger=", trigger 'availableNow'" if available_now else "")


def stateless_job(path, sink, checkpoint, name="opened", sink_format="json", files=1, available_now=True):
    return STATELESS_JOB.format(path=path, sink=sink, checkpoint=checkpoint, name=name, format=sink_format, files=files,
                                trigger=", trigger 'availableNow'" if available_now else "")
