"""Peers that are a few lines of Python, and two typefaces."""

import shlex
import sys

import pytest


@pytest.fixture
def make_peer(tmp_path):
    """Write a peer; its command, for --peer NAME=COMMAND."""

    def make(body: str) -> str:
        script = tmp_path / "peer.py"
        script.write_text(body)
        return shlex.join([sys.executable, str(script)])

    return make


@pytest.fixture
def knowing(make_peer) -> str:
    """The command of a peer that knows what is on the sample envelope, and chatters."""
    return make_peer(
        "import sys\n"
        "print('loading')\n"
        "for line in sys.stdin:\n"
        "    print('reading...')\n"
        "    print(line.strip(), 'Avenida Paulista, 1578 CEP 01310-100', 0.75, sep='\\t', flush=True)\n"
    )
