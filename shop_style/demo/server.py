"""A live server of the shop: a process of its own on a free port of this computer."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import OutputWrapper
from django.core.servers.basehttp import (
    ThreadedWSGIServer,
    WSGIRequestHandler,
    get_internal_wsgi_application,
)
from django.urls import reverse

from shop_style.demo.errors import DemoError
from shop_style.demo.progress import log_end

HOST: Final = "127.0.0.1"
STARTUP_SECONDS: Final = 60.0
SHUTDOWN_SECONDS: Final = 10.0
_LISTENING = re.compile(r"^listening on (\d+)$", re.MULTILINE)


@contextmanager
def live_server(log: Path) -> Iterator[int]:
    """Run a server and give its port; it ends with the block, however that ends.

    Raises DemoError, with the end of its log, when it does not come up, and adds that end to any
    DemoError of the block.
    """
    with log.open("w", encoding="utf-8") as lines:
        server = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo_server"],
            stdin=subprocess.PIPE,
            stdout=lines,
            stderr=subprocess.STDOUT,
            cwd=settings.BASE_DIR,
            # Ctrl-C reaches a terminal's whole group; this one is told by its input.
            start_new_session=True,
        )
    try:
        yield _port(server, log)
    except DemoError as error:
        raise DemoError(f"{error}; the end of {log}:\n{log_end(log)}") from error
    finally:
        _stop(server)


def serve(out: OutputWrapper) -> None:
    """Serve until the standard input ends: with its owner, even one that was killed."""
    with ThreadedWSGIServer((HOST, 0), _Handler) as server:
        server.set_app(get_internal_wsgi_application())
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        out.write(f"listening on {server.server_port}")
        out.flush()
        server.serve_forever(poll_interval=0.1)


class _Handler(WSGIRequestHandler):
    # An answer is written in two pieces; the second must not wait for the first one's receipt.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the base names it
        """Log what went wrong only, so that the end of the log says something."""
        if not str(args[1]).startswith(("2", "3")):
            super().log_message(format, *args)


def _end_with_input(server: ThreadedWSGIServer) -> None:
    sys.stdin.buffer.read()
    server.shutdown()


def _port(server: subprocess.Popen[bytes], log: Path) -> int:
    """Wait until the server answers."""
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise DemoError(f"the live server stopped with exit code {server.returncode}")
        said = _LISTENING.search(log.read_text(encoding="utf-8"))
        if said and _answers(int(said[1])):
            return int(said[1])
        time.sleep(0.05)
    raise DemoError(f"the live server did not answer within {STARTUP_SECONDS:.0f} s")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=STARTUP_SECONDS)
    try:
        connection.request("GET", reverse("shop_style:variants") + "?object=none")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin is not None:
        server.stdin.close()
    try:
        server.wait(SHUTDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
