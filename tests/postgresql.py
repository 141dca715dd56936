"""A PostgreSQL server of our own: on a free port, in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
"""For tests: nothing has to survive a crash of the computer."""


@dataclass(frozen=True)
class Cluster:
    """A server that runs."""

    port: int
    version: str

    @property
    def url(self) -> str:
        """The database that it starts with."""
        return f"postgres://shop@127.0.0.1:{self.port}/postgres"


def programs() -> Path | None:
    """The folder of initdb and postgres of the newest server installed, or None."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(installed, key=lambda path: float(path.parts[-3]))
    return newest[-1].parent if newest else None


@contextmanager
def cluster(*options: str) -> Iterator[Cluster]:
    """A fresh cluster, with these options of `postgres`, until the block ends.

    Raises RuntimeError where no server is installed, or where it does not start.
    """
    folder = programs()
    if folder is None:
        raise RuntimeError("no PostgreSQL server is installed here (looked for initdb)")
    base = Path(tempfile.mkdtemp(prefix="shop-style-pg-"))
    as_user = _unprivileged(base)
    try:
        _run([folder / "initdb", "-D", base / "data", "-U", "shop", "-A", "trust"], as_user)
        server, port = _started(folder, base, options, as_user)
        try:
            yield Cluster(port, _version(folder))
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _unprivileged(base: Path) -> dict[str, Any]:
    """How to start a program that refuses to run as root: as postgres, or else as nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(base, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is no other user")


def _run(command: list[Any], as_user: dict[str, Any]) -> None:
    options = ["--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(
        [*map(str, command), *options], check=True, capture_output=True, cwd="/", **as_user
    )


def _started(
    folder: Path, base: Path, options: tuple[str, ...], as_user: dict[str, Any]
) -> tuple[subprocess.Popen[bytes], int]:
    for _ in range(3):  # somebody else may take the port between our asking and our using it
        port = _free_port()
        command = [folder / "postgres", "-D", base / "data", "-p", port, "-k", base]
        command += ["-c", "listen_addresses=127.0.0.1", *options]
        log = base / "log"
        with log.open("wb") as stream:
            server = subprocess.Popen(
                [*map(str, command)], stdout=stream, stderr=stream, cwd="/", **as_user
            )
        until = time.monotonic() + 20
        while server.poll() is None and time.monotonic() < until:
            if b"ready to accept connections" in log.read_bytes():
                return server, port
            time.sleep(0.05)
        server.kill()
        server.wait()
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(folder: Path) -> str:
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    return answer.stdout.split()[-1] if "(" not in answer.stdout else answer.stdout.split()[2]
