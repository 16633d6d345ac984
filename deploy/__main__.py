"""`python -m deploy`: the bundles for a Raspberry Pi, from the project's wheel."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.bundle import make
from deploy.errors import DeployError
from deploy.targets import TARGETS
from deploy.wheels import Wheel


def main(arguments: Sequence[str] | None = None) -> int:
    """Pack; the only place where errors become exit codes."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description="Pack what installs postread on a Pi.")
    help = "release of Raspberry Pi OS (each of them); may be given again"
    parser.add_argument("--suite", action="append", choices=sorted(TARGETS), help=help)
    parser.add_argument("--out", type=Path, default=Path("dist"), metavar="DIR", help="for the archives (dist)")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="the project's (the one in dist)")
    options = parser.parse_args(arguments)
    try:
        wheel = options.wheel or _built()
        for suite in options.suite or sorted(TARGETS):
            archive = make(TARGETS[suite], Wheel(wheel), options.out)
            print(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)")
    except (DeployError, OSError) as error:
        print(f"python -m deploy: {error}", file=sys.stderr)
        return 1
    return 0


def _built() -> Path:
    wheels = sorted(Path("dist").glob("postread-*.whl"))
    if len(wheels) != 1:
        raise DeployError(f"dist has {len(wheels)} wheels, one is wanted: `make wheel`, or give --wheel")
    return wheels[0]


if __name__ == "__main__":
    sys.exit(main())
