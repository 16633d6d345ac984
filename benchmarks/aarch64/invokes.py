"""Run under emulation with the counting plugin: `python -m benchmarks.aarch64.invokes BATCH FILE.tflite…`

Each network is invoked some times with a mark before and after each, so that the plugin notes what an invoke took.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from benchmarks.graphs import opened

GETPID = 172
"""Its number on aarch64; it takes no arguments, and the plugin takes these for a mark."""
MARK = 0x706F7374
"""As in count.c."""
INVOKES = 4
"""Of each network; the first one allocates, and does not count."""


def main(batch: int, networks: list[Path]) -> None:
    """Set INVOKES + 1 marks for each network, all with its number."""
    call = ctypes.CDLL(None).syscall
    for number, network in enumerate(networks):
        interpreter = opened(network.read_bytes(), batch)
        call(GETPID, MARK, number)
        for _ in range(INVOKES):
            interpreter.invoke()
            call(GETPID, MARK, number)


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
