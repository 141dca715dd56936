from __future__ import annotations

import hashlib
import importlib
import io
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from skimage.data import chelsea, coffee

from styleeval.preservation import backbones
from styleeval.preservation.perceptual import perceptual_metric
from styleeval.preservation.shift_tolerant import WEIGHTS_SHA256, ShiftTolerantLpips

CAT = np.float32(chelsea()[:192, :256]) / 255
CUP = np.float32(coffee()[:192, :256]) / 255


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a metric reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)


@pytest.fixture(scope="module")
def random_alexnet() -> bytes:
    """An AlexNet state dict as torchvision saves it, weights at random."""
    torch.manual_seed(0)
    stream = io.BytesIO()
    torch.save(backbones.torchvision().models.alexnet(weights=None).state_dict(), stream)
    return stream.getvalue()


def test_st_lpips_needs_no_network(no_network: None) -> None:
    metric = perceptual_metric()
    assert metric.name == "ST-LPIPS (AlexNet)"
    assert metric is perceptual_metric(), "loaded once"
    same, other = metric.maps(CAT, [CAT, CUP])
    assert same.shape == (192, 256) and same.max() == 0
    assert other.mean() > 0.1


def test_st_lpips_is_symmetric() -> None:
    metric = perceptual_metric()
    (forth,), (back,) = metric.maps(CAT, [CUP]), metric.maps(CUP, [CAT])
    np.testing.assert_allclose(forth, back, atol=1e-6)


def test_st_lpips_forgives_a_shift_more_than_a_blur() -> None:
    """A shift of one pixel looks the same to a person; a blur does not."""
    shifted = np.roll(CAT, 1, axis=1)
    blurred = torch.nn.functional.avg_pool2d(
        torch.from_numpy(CAT).permute(2, 0, 1)[None], 7, 1, 3, count_include_pad=False
    )[0]
    one, two = perceptual_metric().maps(CAT, [shifted, blurred.permute(1, 2, 0).numpy()])
    assert one[8:-8, 8:-8].mean() < two[8:-8, 8:-8].mean() / 4


@pytest.mark.parametrize("size", [(192, 256), (191, 253), (150, 65)], ids=str)
def test_st_lpips_equals_the_wheel_it_takes_its_weights_from(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    """The wheel's own code runs here alone, with the two packages it forgets to require stubbed."""
    backbones.torchvision()
    ipython, summary = ModuleType("IPython"), ModuleType("torchsummary")
    ipython.embed = summary.summary = lambda *args, **kwargs: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "torchsummary", summary)
    stlpips = importlib.import_module("stlpips_pytorch.stlpips")
    theirs = stlpips.LPIPS(net="alex", variant="shift_tolerant", spatial=True, verbose=False)
    pair = [picture[: size[0], : size[1]] for picture in (CAT, CUP)]
    first, second = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in pair)
    with torch.no_grad():
        expected = theirs(first, second, normalize=True)[0, 0].numpy()
    (given,) = perceptual_metric().maps(pair[0], [pair[1]])
    # The order of additions differs, nothing else.
    np.testing.assert_allclose(given, expected, atol=2e-6)


def test_weights_that_are_not_the_pinned_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert hashlib.sha256(ShiftTolerantLpips.wheel_weights()).hexdigest() == WEIGHTS_SHA256
    package = tmp_path / "stlpips_pytorch"
    weights = package / "weights" / "vST0.0" / "alex_shift_tolerant.pth"
    weights.parent.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('the wheel was imported')")
    weights.write_bytes(b"something else")
    for name in [name for name in sys.modules if name.startswith("stlpips_pytorch")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(OSError, match="SHA-256"):
        ShiftTolerantLpips.wheel_weights()


def test_lpips_runs_where_alexnet_is_given(no_network: None, random_alexnet: bytes) -> None:
    metric = perceptual_metric(random_alexnet)
    assert metric.name == "LPIPS (AlexNet)"
    assert metric is perceptual_metric(random_alexnet)
    same, other = metric.maps(CAT, [CAT, CUP])
    assert same.max() == 0 and other.mean() > 0


def test_lpips_reads_alexnet_from_a_path(random_alexnet: bytes, tmp_path: Path) -> None:
    path = tmp_path / "alexnet.pth"
    path.write_bytes(random_alexnet)
    (from_path,) = perceptual_metric(path).maps(CAT, [CUP])
    (from_bytes,) = perceptual_metric(random_alexnet).maps(CAT, [CUP])
    np.testing.assert_array_equal(from_path, from_bytes)


def test_lpips_uses_every_layer_of_the_given_trunk(random_alexnet: bytes) -> None:
    """Filled by hand, the package's own network gives the same distances."""
    import lpips

    backbones.torchvision()
    own = lpips.LPIPS(net="alex", spatial=True, pnet_rand=True, verbose=False)
    state = torch.load(io.BytesIO(random_alexnet), weights_only=True)
    convolutions = [m for m in own.net.modules() if isinstance(m, torch.nn.Conv2d)]
    for number, layer in zip((0, 3, 6, 8, 10), convolutions, strict=True):
        layer.load_state_dict(
            {part: state[f"features.{number}.{part}"] for part in ("weight", "bias")}
        )
    first, second = (torch.from_numpy(x).permute(2, 0, 1)[None] for x in (CAT, CUP))
    with torch.no_grad():
        expected = own(first, second, normalize=True)[0, 0].numpy()
    (given,) = perceptual_metric(random_alexnet).maps(CAT, [CUP])
    np.testing.assert_allclose(given, expected, atol=1e-6)


def test_torchvision_imports_and_stays_imported() -> None:
    assert backbones.torchvision() is backbones.torchvision()
    assert backbones.torchvision().models.vgg16(weights=None).features[0].out_channels == 64
