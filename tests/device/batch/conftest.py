"""What the tests of piles share: small pages that are quick to read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

Line = dict[str, Any]


@pytest.fixture(scope="session")
def blank() -> bytes:
    """White paper, as PNG."""
    return cv2.imencode(".png", np.full((60, 100), 255, np.uint8))[1].tobytes()


@pytest.fixture(scope="session")
def coded(sample) -> bytes:
    """The line with the sample's code, as PNG: quick to read, and accepted."""
    return cv2.imencode(".png", cv2.imread(str(sample.path))[515:683, 389:1021])[1].tobytes()


@pytest.fixture
def fill(tmp_path: Path, blank: bytes) -> Callable[..., Path]:
    """fill("pile", "a.png", "b/c.png", …): a folder with white pages of these names."""

    def fill(folder: str, *names: str) -> Path:
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blank)
        return tmp_path / folder

    return fill


@pytest.fixture(scope="session")
def lines_of() -> Callable[[Path], list[Line]]:
    """The pages of a file of JSON lines."""
    return lambda path: [json.loads(text) for text in path.read_text(encoding="utf-8").split("\n")[:-1]]
