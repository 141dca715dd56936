"""The live server: it comes up, answers, says why when it does not, and always goes."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from shop_style.demo import server
from shop_style.demo.errors import DemoError
from shop_style.demo.server import HOST, live_server

BROKEN = 'import sys\nprint("\\n".join(f"line {n}" for n in range(40)))\nsys.exit(3)\n'
SILENT = "import sys\nprint('not yet', flush=True)\nsys.stdin.read()\n"


def status(port: int, path: str = "/shop-style/variants/") -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def is_gone(port: int) -> bool:
    try:
        status(port)
    except ConnectionRefusedError:
        return True
    except OSError:  # on its way
        return False
    return False


@pytest.fixture
def log(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server logs; it serves the test's databases."""
    monkeypatch.setenv("SHOP_STYLE_TEST_FOLDER", str(settings.TEST_FOLDER))
    return tmp_path / "server.log"


def test_it_answers_within_the_block_and_is_gone_after_it(log: Path) -> None:
    with live_server(log) as port:
        assert status(port) == 400
        assert status(port, "/nothing-here/") == 404
    assert is_gone(port)
    # What went well is not logged.
    assert "404" in log.read_text() and "200" not in log.read_text()


@pytest.mark.parametrize("error", [KeyboardInterrupt, DemoError("it is tired")])
def test_it_is_gone_however_the_block_ends(log: Path, error: Any) -> None:
    with pytest.raises((KeyboardInterrupt, DemoError)) as caught, live_server(log) as port:
        raise error
    assert is_gone(port)
    if caught.type is DemoError:
        assert str(caught.value).startswith(f"it is tired; the end of {log}:\nlistening on")


def test_it_goes_with_an_owner_that_was_killed(log: Path, settings: Any) -> None:
    owner = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        import django
        django.setup()
        from shop_style.demo.server import live_server
        with live_server(Path({str(log)!r})) as port:
            print(port, flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", owner],
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings.test"},
    )
    assert process.stdout is not None
    with process.stdout as lines:
        port = int(lines.readline())
    assert status(port) == 400
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 20
    while not is_gone(port) and time.monotonic() < end:
        time.sleep(0.1)
    assert is_gone(port)


def test_one_that_stops_or_stays_silent_is_named_with_the_end_of_its_log(
    log: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "manage.py").write_text(BROKEN)
    with pytest.raises(DemoError) as caught, live_server(log):
        pass
    assert "stopped with exit code 3" in str(caught.value)
    assert "line 39" in str(caught.value) and "line 3\n" not in str(caught.value)
    (tmp_path / "manage.py").write_text(SILENT)
    monkeypatch.setattr(server, "STARTUP_SECONDS", 1.0)
    with (
        pytest.raises(DemoError, match=r"did not answer within 1 s(.|\n)*not yet"),
        live_server(log),
    ):
        pass
