"""Postal-code formats: what they are called, how a code is written, and which are refused by name."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import FormatError, UsageError
from device.formats import DEFAULT, FORMATS, WITH_LETTERS, get


@pytest.mark.parametrize(
    ("name", "digits", "code"),
    [
        ("cep", "01310100", "01310-100"),
        ("zip", "02139", "02139"),
        ("digits", "0123", "0123"),
        ("digits", "", ""),
        ("digits:6", "012345", "012345"),
    ],
)
def test_a_code_as_its_country_writes_it(name: str, digits: str, code: str) -> None:
    assert get(name).write(digits) == code


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_writing_keeps_every_digit(name: str, data: st.DataObject) -> None:
    format = get(name)
    assert format.length
    digits = data.draw(st.text("0123456789", min_size=format.length, max_size=format.length))
    code = format.write(digits)
    assert "".join(filter(str.isdigit, code)) == digits
    assert code.count(format.separator or " ") == (len(format.groups) - 1 if format.separator else 0)


def test_cep_is_the_default() -> None:
    assert DEFAULT == "cep"
    assert get(DEFAULT).length == 8


def test_names_know_no_case() -> None:
    assert get(" CEP ") is get("cep")


@pytest.mark.parametrize("name", FORMATS)
def test_postal_formats_have_one_addressee(name: str) -> None:
    assert get(name).postal
    assert get(name).name == name


@pytest.mark.parametrize(("name", "length"), [("digits", None), ("digits:1", 1), ("digits:8", 8), ("digits:99", 99)])
def test_plain_digits_have_many(name: str, length: int | None) -> None:
    format = get(name)
    assert (format.name, format.length, format.postal) == (name, length, False)


@pytest.mark.parametrize("name", WITH_LETTERS)
def test_codes_with_letters_are_refused_by_name(name: str) -> None:
    with pytest.raises(FormatError, match=f"the codes of {WITH_LETTERS[name]} have letters"):
        get(name)


@pytest.mark.parametrize(
    "name",
    ["", "zap", "digits:", "digits:0", "digits:-1", "digits:100", "digits:08", "digits:1.5", "digits:x", "digits: 5"],
)
def test_an_unknown_format_is_told_what_there_is(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        get(name)
    assert isinstance(caught.value, UsageError)
    assert f"no format is called {name!r}" in str(caught.value)
    assert all(word in str(caught.value) for word in ("cep", "zip", "digits", "digits:N"))


@given(st.text())
def test_no_name_brings_it_down(name: str) -> None:
    with contextlib.suppress(FormatError):
        assert get(name).name
