"""A real gunicorn on a test's own database and media."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A gunicorn that answers."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def running_server(*, folder: Path, media: Path, log: Path) -> Iterator[Server]:
    """Two workers of four threads on the test databases in a folder. log: where it writes."""
    number = _free_port()
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "settings.wsgi:application",
                f"--bind=127.0.0.1:{number}",
                "--workers=2",
                "--threads=4",
                "--graceful-timeout=5",
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "settings.test",
                "SHOP_STYLE_TEST_FOLDER": str(folder),
                "SHOP_STYLE_TEST_MEDIA": str(media),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(number, process, log)
            yield Server(number, process)
        finally:
            process.terminate()
            process.wait(timeout=15)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"gunicorn does not answer: {log.read_text()}")
