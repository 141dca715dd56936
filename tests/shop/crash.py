"""Kills this process where the environment asks for it."""

import os
import signal
from collections.abc import Iterator
from typing import Any

from django.core.files.base import File

from shop_style.signals import stage_started


def connect() -> None:
    place = os.environ.get("TEST_KILL_AT")
    if place == "fsync":
        os.fsync = die  # type: ignore[assignment]
    elif place == "half a file":
        File.chunks = half_then_die  # type: ignore[method-assign,assignment]
    elif place:
        stage_started.connect(kill, dispatch_uid="tests.kill")


def kill(sender: Any, stage: str, **_: Any) -> None:
    if stage == os.environ["TEST_KILL_AT"]:
        die()


def half_then_die(self: Any, chunk_size: int | None = None) -> Iterator[bytes]:
    data = self.read()
    if data[:4] == b"RIFF":  # a rendition, not the original
        yield data[: len(data) // 2]
        die()
    yield data


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
