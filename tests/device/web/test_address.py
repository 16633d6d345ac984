"""Where the page is served: loopback by itself, elsewhere only with a token."""

import argparse

import pytest

from device.errors import OutputError, UsageError
from device.web.address import Address, bind, check, names, parse_address, read_token


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", Address("127.0.0.1", 8080)),
        ("0.0.0.0", Address("0.0.0.0", 8000)),
        ("0.0.0.0:81", Address("0.0.0.0", 81)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:81", Address("::1", 81)),
        ("[::]", Address("::", 8000)),
        ("::1", Address("::1", 8000)),
        ("reader.local:9000", Address("reader.local", 9000)),
    ],
)
def test_addresses_as_people_write_them(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":8000", "127.0.0.1:http", "127.0.0.1:65536", "[::1]:x", "99999"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"as in 127\.0\.0\.1:8000"):
        parse_address(text)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    check(Address(host), None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "reader.local"])
def test_where_others_reach_it_a_token_is_needed(host: str) -> None:
    check(Address(host), "long enough")
    with pytest.raises(UsageError, match="the page needs a token: give --web-token-file FILE"):
        check(Address(host), None)


def test_a_token_may_stand_in_a_file(tmp_path) -> None:
    path = tmp_path / "token"
    path.write_text("  long enough\n")
    assert read_token(None, path) == "long enough"
    assert read_token("from here", None) == "from here"
    assert read_token(None, None) is None


def test_a_token_that_is_guessed_or_not_there_is_refused_with_the_remedy(tmp_path) -> None:
    with pytest.raises(UsageError, match=r"--web-token: fewer than 8 characters .*secrets\.token_urlsafe"):
        read_token("1234567", None)
    with pytest.raises(UsageError, match=r"nowhere: cannot be read .*secrets\.token_urlsafe"):
        read_token(None, tmp_path / "nowhere")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(UsageError, match="empty: fewer than 8"):
        read_token(None, tmp_path / "empty")


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    with bind(Address("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OutputError, match=f"--web 127.0.0.1:{port}: cannot listen there"):
            bind(Address("127.0.0.1", port))


def test_the_names_of_this_machine_and_those_given() -> None:
    assert {"localhost", "127.0.0.1", "reader.example"} <= names(Address(), ["Reader.Example"])
