"""A child that stores and announces readings as fast as it can, until it is killed: writing.py DATABASE SEED."""

import sys

from device.outputs.announcer import Announcer
from device.outputs.store import Store
from tests.device.outputs.conftest import event_of

store = Store(sys.argv[1], ["mqtt"])
announcer = Announcer(sys.stdout, store)
for number in range(int(sys.argv[2]) * 10_000, 99_999_999):
    announcer(event_of(f"{number:08d}", crop=(24, 60)))
