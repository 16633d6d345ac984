"""What every test may lean on: the checkout, the sample envelope and its truth, and a promise that CI skips nothing."""

import csv
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from train.data import Mnist
    from train.rendered import Supplies

ROOT = Path(__file__).resolve().parents[1]

NO_SKIP = os.environ.get("POSTREAD_NO_SKIP") == "1"

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture under docs/sample and what is written on it, as truth.csv has it."""

    path: Path
    digits: str
    format: str


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sample() -> Sample:
    """The envelope that `make demo` reads."""
    with (ROOT / "docs/sample/truth.csv").open(newline="", encoding="utf-8") as file:
        row = next(row for row in csv.DictReader(file) if row["file"] == "envelope.png")
    return Sample(ROOT / "docs/sample" / row["file"], row["text"], row["format"])


@pytest.fixture(scope="session")
def mnist() -> "Mnist":
    """All of MNIST, through the sources that training uses."""
    from train.data import load  # here as below: tests of the device alone do without the workstation's libraries

    return load()


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of one printed and one handwritten typeface, fetched as training fetches them."""
    from train import typefaces

    folder, names = tmp_path_factory.mktemp("fonts"), ("arimo", "zeyada")
    fetched = typefaces.provide(names=names)
    for name in names:
        shutil.copy(fetched / typefaces.file_name(name), folder)
    return folder


@pytest.fixture(scope="session")
def supplies(mnist: "Mnist", fonts: Path) -> "Supplies":
    """A thousand digits and two typefaces."""
    from train.rendered import Supplies

    return Supplies(mnist.train[:1000], None, fonts)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: of tests that run beside each other the last to end should not be the longest."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    return _not_skipped(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    return _not_skipped((yield))


def _not_skipped(report):
    """With POSTREAD_NO_SKIP=1 a skipped test, or a skipped file of them, has failed."""
    if NO_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and POSTREAD_NO_SKIP=1 forbids it: {report.longrepr}"
    return report
