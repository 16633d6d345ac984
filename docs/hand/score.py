"""How well bundles read the old hand: python docs/hand/score.py lenet5 models/mine.json

Digits and codes that fine-tuning was not shown, from seeds of their own; each digit by every network alone and by all
together, codes as `postread read --format digits` reads them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import write  # noqa: E402

from device.model import VIEWS, Bundle  # noqa: E402
from device.reader import Reader  # noqa: E402
from device.sources import pages  # noqa: E402
from train.crops import cut, listed  # noqa: E402

DIGITS, CODES = 1000, 100
SEEDS = 77, 78


def digits_right(reader: Reader, folder: Path) -> dict[str, float]:
    """Share of single digits that each network has right, and all of them together."""
    made = cut(listed(folder), reader)
    networks = [network for network in (reader.digit, reader.digit_or_not, reader.which_digit) if network is not None]
    found = {"together": reader.score(made.pixels).digit}
    for network in networks:
        found[network.network.role] = network.logits(made.pixels[:, VIEWS[network.network.role]])[:, :10]
    return {name: float((scores.argmax(axis=1) == made.labels).mean()) for name, scores in found.items()}


def codes_right(reader: Reader, folder: Path) -> tuple[float, float]:
    """Share of whole codes whose likeliest reading is right, and of those that are accepted too."""
    crops = listed(folder)
    first = [next(iter(reader.read(next(pages(crop.path)))), None) for crop in crops]
    right = [one for one, crop in zip(first, crops, strict=True) if one is not None and one.digits == crop.label]
    return len(right) / len(crops), sum(one.accepted for one in right) / len(crops)


def score(bundle: str) -> str:
    """One bundle's figures in a line."""
    reader = Reader.load(bundle, "digits")
    with tempfile.TemporaryDirectory() as made:
        folders = [Path(made, name) for name in ("digits", "codes")]
        write.save(folders[0], write.crops(DIGITS, SEEDS[0]))
        write.save(folders[1], write.crops(CODES * write.CODE, SEEDS[1], codes=True))
        digits, (right, accepted) = digits_right(reader, folders[0]), codes_right(reader, folders[1])
    each = ", ".join(f"{name} {share:.1%}" for name, share in digits.items())
    return f"{Bundle.load(bundle).name}: digits {each}; codes right {right:.0%}, and accepted {accepted:.0%}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0].partition(":")[0])
    parser.add_argument("bundles", metavar="BUNDLE", nargs="+", help="a bundle's name or card")
    for bundle in parser.parse_args(arguments).bundles:
        print(score(bundle))


if __name__ == "__main__":
    main()
