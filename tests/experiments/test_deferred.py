"""SQLite as Django sets it up: transactions that begin without a lock. Rollups still take turns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_rollups_waits_and_writers_take_turns_on_a_deferred_sqlite(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "tests.experiments.deferred"],
        env={**os.environ, "SHOP_STYLE_TEST_FOLDER": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stdout[-2_000:] + found.stderr[-2_000:]
    assert found.stdout.split() == ["failures:", "0", "events:", "120", "counted:", "120"]
