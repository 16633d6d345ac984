"""A child that watches a looped film for so many frames, and tells its memory and open files: soak.py FOLDER FRAMES."""

import json
import os
import sys
from pathlib import Path

from device.camera.folder import Folder
from device.camera.newest import InTurn
from device.outputs.announcer import Announcer
from device.outputs.store import Store
from device.reader import Reader
from device.watch.watcher import Watcher

folder, most, database = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def now() -> dict[str, int]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"memory": pages * os.sysconf("SC_PAGE_SIZE"), "files": sum(1 for _ in Path("/proc/self/fd").iterdir())}


store = Store(database, [], 2_000_000)
camera = InTurn(Folder(folder, fps=0, loop=True))
with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
    watcher = Watcher(camera, Reader.load(), Announcer(nowhere, store))
    figures = []
    for number in range(most):
        watcher.look(camera.shot(1.0))
        if number >= most // 3 and number % max(1, most // 30) == 0:
            figures.append(now())
print(json.dumps({"figures": figures, "readings": len(store.latest(10_000_000))}))
