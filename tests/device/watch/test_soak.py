"""Memory and open files stay flat.  POSTREAD_FRAMES=50000 is `make soak`'s."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

FRAMES = int(os.environ.get("POSTREAD_FRAMES", "3000"))


def test_memory_and_files_stay_flat(sample, tmp_path, root) -> None:
    folder = tmp_path / "film"
    folder.mkdir()
    picture = cv2.resize(cv2.imread(str(sample.path)), (800, 480), interpolation=cv2.INTER_AREA)
    for number in range(120):  # the envelope lies there for 8 frames of 60, each time elsewhere
        table = np.full((720, 1280, 3), 70, np.uint8)
        if number % 60 < 8:
            left = 100 + 120 * (number // 60)
            table[100:580, left : left + 800] = picture
        cv2.imwrite(str(folder / f"{number:03d}.jpg"), table)
    child = Path(__file__).with_name("soak.py")
    command = [sys.executable, str(child), str(folder), str(FRAMES), str(tmp_path / "readings.db")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(root)})
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    memory = [figure["memory"] for figure in answer["figures"]]
    assert max(memory[len(memory) // 2 :]) < 1.05 * max(memory[: len(memory) // 2])
    assert len({figure["files"] for figure in answer["figures"]}) == 1
    assert answer["readings"] >= FRAMES // 60 - 2
