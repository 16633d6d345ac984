"""A child that announces readings until the disk is full, makes room, and goes on: filling.py FOLDER READINGS."""

import sys
from pathlib import Path

from device.outputs import announcer as announcing
from device.outputs.announcer import Announcer
from device.outputs.store import Store
from tests.device.outputs.conftest import event_of

folder, most = Path(sys.argv[1]), int(sys.argv[2])
announcing.RETRY = 0.0
ballast = folder / "ballast"
ballast.write_bytes(bytes(5_000_000))
store = Store(folder / "readings.db", ["csv"])
announcer = Announcer(sys.stdout, store)
for number in range(most):
    announcer(event_of(f"{number:08d}", crop=(60, 160)))
print("full", len(store.latest(most)), flush=True)
ballast.unlink()
announcer.turn()
print("stored", len(store.latest(2 * most)), flush=True)
announcer.close()
store.close()
