"""`postread watch --web`, whole: what is refused, and a page that comes and goes with the watcher."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from device.web.address import Address, bind


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--web", "0.0.0.0"], "--web 0.0.0.0:8000: others reach this address, so the page needs a token"),
        (["--web", "0.0.0.0", "--web-token", "short"], "--web-token: fewer than 8 characters are guessed"),
        (["--web", "--web-token-file", "nowhere"], "--web-token-file nowhere: cannot be read"),
    ],
)
def test_what_would_let_others_in_is_refused_in_a_line(postread, tmp_path, arguments, said) -> None:
    answer = postread("watch", "--source", "folder:x", "--store", tmp_path / "a.db", *arguments)
    assert answer.code == 2
    assert answer.err.startswith(f"postread: {said}")
    assert len(answer.err.splitlines()) == 1


def test_a_missing_package_is_named_with_its_remedy(postread, monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    answer = postread("watch", "--source", "folder:x", "--store", tmp_path / "a.db", "--web")
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "--web: uvicorn is missing; install it: pip install 'postread[web]'" in answer.err


def test_a_port_that_is_taken_is_said_before_the_camera_is_opened(postread, tmp_path) -> None:
    with bind(Address("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = postread("watch", "--source", "folder:x", "--store", tmp_path / "a.db", "--web", where)
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert f"--web {where}: cannot listen there" in answer.err


def test_the_options_may_stand_in_the_file(postread, tmp_path) -> None:
    path = tmp_path / "postread.toml"
    path.write_text("[watch]\nweb = true\nweb-token = 'short'\n")
    assert "fewer than 8" in postread("watch", "--config", path).err
    path.write_text("[watch]\nweb = '0.0.0.0:81'\n")
    assert "--web 0.0.0.0:81: others reach this address" in postread("watch", "--config", path).err
    path.write_text("[watch]\nweb = 'nothing:here'\n")
    assert f"{path}, line 2: web: " in postread("watch", "--config", path).err


def test_watching_without_a_page_loads_nothing_of_it(root) -> None:
    code = "import sys, device.watch.command; print('starlette' in sys.modules, 'uvicorn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def _drain(url: str) -> None:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=60) as answer:
        answer.read()


def test_a_signal_ends_both_though_somebody_looks(sample, tmp_path, root) -> None:
    command = [sys.executable, "-m", "device", "watch", "--source", f"folder:{sample.path}", "--loop"]
    command += ["--store", str(tmp_path / "a.db"), "--web", "127.0.0.1:0"]
    log = tmp_path / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=root, text=True)
    try:
        first = json.loads(process.stdout.readline())
        assert first["state"] == "searching"
        url = re.search(r"live page: (\S+)", log.read_text())[1]
        with urllib.request.urlopen(f"{url}api/events", timeout=60) as events:
            while b"event: look" not in events.readline():  # sent to who comes late, too: it may be read already
                pass
            shot = urllib.request.urlopen(f"{url}api/picture", timeout=60)
            waiting = threading.Thread(target=lambda: _drain(f"{url}api/picture?after={shot.headers['Postread-Shot']}"))
            waiting.start()
            process.send_signal(signal.SIGTERM)
            events.read()  # to its end
        assert process.wait(30) == 0
        waiting.join()
        shot.close()
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    said = log.read_text()
    assert "Traceback" not in said
    assert "Cancel" not in said, "nobody is cut off"
