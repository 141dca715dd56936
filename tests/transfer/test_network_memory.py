"""Large pictures: what a render holds in memory, process and torch included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RENDER = """
import resource, sys
import torch
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.network import NetworkEngine
from shop_style.transfer.parameters import NetworkParameters

side, working_side = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(2)
engine = NetworkEngine()
parameters = NetworkParameters(style="munch-scream", working_side=working_side)
style = engine.prepare(StyleSpec(slug="large", engine="network", parameters=parameters))
rows = torch.linspace(0, 40, side)
image = (torch.outer(rows.sin(), rows.cos()) * 0.25 + 0.5).expand(3, side, side).contiguous()
styled = engine.stylise(image, style, 1.0, RenderContext(device="cpu"))
assert styled.shape == image.shape and float((styled[:, :64] - image[:, :64]).abs().max()) > 0.01
assert float((styled[:, -64:] - image[:, -64:]).abs().max()) > 0.01
try:
    # Not ru_maxrss, which a child on Linux inherits from the process that started it.
    status = open("/proc/self/status").read()
    print(int(status.split("VmHWM:")[1].split()[0]))
except FileNotFoundError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak_bytes(side: int, working_side: int) -> int:
    result = subprocess.run(
        [sys.executable, "-c", RENDER, str(side), str(working_side)],
        cwd=ROOT,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        capture_output=True,
        text=True,
        check=True,
    )
    # Linux counts in KiB, macOS in bytes.
    return int(result.stdout) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("working_side", [0, 512])
def test_4096_pixels_a_side_stay_below_1_5_gigabytes(working_side):
    assert _peak_bytes(4096, working_side) < 1.5e9


def test_8192_pixels_a_side_complete():
    # Picture in and out are 1.6 GB of it.
    assert _peak_bytes(8192, 1024) < 4e9
