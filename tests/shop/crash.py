"""Kills this process at a named stage, when the environment asks for it."""

import os
import signal
from typing import Any

from shop_style.signals import stage_started


def connect() -> None:
    if os.environ.get("TEST_KILL_AT"):
        stage_started.connect(kill, dispatch_uid="tests.kill")


def kill(sender: Any, stage: str, **_: Any) -> None:
    if stage == os.environ["TEST_KILL_AT"]:
        os.kill(os.getpid(), signal.SIGKILL)
