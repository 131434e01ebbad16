"""Input of the example programs: four JSON files of 50 events, the same at every call."""
import json
import os
import pathlib
import random

FIRST = 1469501107  # 2016-07-26 02:45:07 UTC


def write_events(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    chance = random.Random(7)
    moment = FIRST
    for number in range(4):
        lines = []
        for _ in range(50):
            moment += chance.randint(1, 240)
            lines.append(json.dumps({"time": moment, "action": chance.choice(["Open", "Close"])}, separators=(",", ":")))
        path = folder / f"file-{number}.json"
        path.write_text("\n".join(lines) + "\n")
        os.utime(path, (FIRST + number, FIRST + number))
