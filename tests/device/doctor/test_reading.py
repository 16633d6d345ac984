"""Runtime, model, and a code that is drawn and read."""

import sys

import pytest

from device.doctor import reading


def test_all_is_well_here(options) -> None:
    checks = (reading.runtime, reading.model, reading.drawn_code)
    assert [check(options()).verdict for check in checks] == ["ok"] * 3
    assert reading.runtime(options()).said.startswith("litert ")


def test_without_an_interpreter(options, monkeypatch) -> None:
    for name in ("ai_edge_litert", "tflite_runtime"):
        for part in (name, f"{name}.interpreter"):
            monkeypatch.setitem(sys.modules, part, None)
    found = reading.runtime(options())
    assert found.verdict == "fail"
    assert "pip install ai-edge-litert" in found.said
    assert reading.drawn_code(options()).verdict == "fail"


def test_a_model_that_was_changed(options, bundle) -> None:
    path = bundle.file("float32")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    found = reading.model(options("--model", bundle.path))
    assert found.verdict == "fail"
    assert "its sha256 differs" in found.said
    assert found.remedy == "mend model in postread.toml"


def test_a_model_that_is_not_there(options) -> None:
    found = reading.model(options("--model", "nothing"))
    assert (found.verdict, found.said[:34]) == ("fail", "no shipped bundle is called 'nothi")
    assert reading.drawn_code(options("--model", "nothing")).verdict == "fail"


@pytest.mark.parametrize(("code", "said"), [(None, "nothing"), ("01310-700", "01310-700")])
def test_a_reader_that_reads_wrongly(options, monkeypatch, code: str | None, said: str) -> None:
    monkeypatch.setattr(reading, "_read", lambda options: code)
    assert reading.drawn_code(options()).said == f"a drawn 01310-100 is read as {said}"


def test_an_opencv_that_does_not_load(options, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    found = reading.drawn_code(options())
    assert (found.verdict, found.remedy) == ("fail", reading.AGAIN)
