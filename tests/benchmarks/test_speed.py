"""The stopwatch."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import cases, machine, speed
from benchmarks.errors import BenchmarkError
from benchmarks.speed import OTHER, STAGES, Stopwatch, watched


def burn(seconds: float) -> None:
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass


def test_a_stage_within_a_stage_counts_once() -> None:
    watch = Stopwatch()
    with watch.stage("outer"):
        burn(0.02)
        watch.timed("inner", burn)(0.05)
        watch.timed("inner", burn)(0.01)
    assert watch.spent["outer"] == pytest.approx(0.02, abs=0.015)
    assert watch.spent["inner"] == pytest.approx(0.06, abs=0.015)


def test_the_pipeline_is_as_it_was_afterwards() -> None:
    def members() -> list[object]:
        return [getattr(owner, name) for stage in STAGES.values() for owner, name in stage]

    before = members()
    with watched(Stopwatch()):
        assert all(now is not then for now, then in zip(members(), before, strict=True))
    assert members() == before


def test_a_stage_that_was_renamed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(speed.STAGES, "cut out", ((speed.segment, "sever"),))
    with pytest.raises(BenchmarkError, match=r"device\.segment has no sever any more"), watched(Stopwatch()):
        pass


def test_what_is_timed_is_what_is_read(root: Path) -> None:
    (timing,) = speed.run(cases.read(root / "docs/sample"), None, "int8", repeats=1)
    assert sum(timing.stages.values()) == pytest.approx(timing.whole)
    assert set(timing.stages) == {*STAGES, OTHER}
    assert timing.imdecode <= timing.whole
    assert speed.table([timing]).splitlines()[-1].startswith("| envhand | 1 |")


def test_a_board_is_named_by_its_device_tree(tmp_path: Path) -> None:
    tree, cpus = tmp_path / "model", tmp_path / "cpuinfo"
    cpus.write_text("processor : 0\nmodel name\t: A Fine CPU\n")
    assert machine.board(tree, cpus) == "A Fine CPU"
    tree.write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    assert machine.board(tree, cpus) == "Raspberry Pi 5 Model B Rev 1.0"
    assert machine.board(tmp_path / "none", tmp_path / "none") is None


def test_it_runs_without_the_workstations_libraries(root: Path) -> None:
    code = (
        "import sys; from benchmarks.__main__ import main; code = main(['speed', '--repeats', '1'])\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "sys.exit(code or ' '.join({'tensorflow', 'keras', 'PIL', 'matplotlib', 'scipy'} & loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
