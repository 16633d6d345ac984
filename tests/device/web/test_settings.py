"""Settings made on the page outlive a restart, until an option says otherwise."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import OutputError, UsageError
from device.web.settings import LEAST_SIDE, Kept, Settings

GIVEN = Settings("cep", 0.8, None)
shares = st.floats(0, 1)


def test_they_are_there_after_a_restart(tmp_path) -> None:
    path = tmp_path / "state" / "settings.json"
    Kept(path, GIVEN).change({"format": "zip", "roi": [0.1, 0.2, 0.5, 0.5]})
    assert Kept(path, GIVEN).now == Settings("zip", 0.8, (0.1, 0.2, 0.5, 0.5))


def test_what_was_said_last_wins(tmp_path) -> None:
    path = tmp_path / "settings.json"
    Kept(path, GIVEN).change({"format": "zip", "min_confidence": 0.9})
    later = Settings("de", 0.8, None)  # the option was changed since
    assert Kept(path, later).now == Settings("de", 0.9, None)


def test_a_reset_is_back_at_the_options(tmp_path) -> None:
    path = tmp_path / "settings.json"
    kept = Kept(path, GIVEN)
    kept.change({"format": "zip"})
    assert kept.reset() == GIVEN
    assert Kept(path, GIVEN).now == GIVEN


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 2}', '{"schema": 1, "settings": {"format": 3}}', "\0"])
def test_a_file_that_cannot_be_used_is_named_and_passed_over(tmp_path, content: str, caplog) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    logging.getLogger("postread").propagate = True
    assert Kept(path, GIVEN).now == GIVEN
    assert str(path) in caplog.text


def test_what_cannot_be_kept_is_not_changed(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    kept = Kept(tmp_path / "file" / "settings.json", GIVEN)
    with pytest.raises(OutputError, match="cannot be written"):
        kept.change({"format": "zip"})
    assert kept.now == GIVEN


@given(st.tuples(shares, shares, shares, shares))
def test_a_region_is_inside_of_the_picture_or_refused(roi) -> None:
    x, y, width, height = roi
    try:
        made = Settings("cep", 0.8, roi).roi
    except UsageError:
        assert x + width > 1 or y + height > 1 or min(width, height) < LEAST_SIDE + 1e-4
        return
    assert made is not None
    assert made[0] + made[2] <= 1 + 1e-9
    assert made[1] + made[3] <= 1 + 1e-9
    assert all(abs(one - other) < 3e-4 for one, other in zip(made, roi, strict=True))
