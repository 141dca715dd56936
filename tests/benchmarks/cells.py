"""One measurement in a fresh process: cold seconds, warm seconds, peak memory."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

MEASURES: dict[str, Callable[[int], Callable[[], Any]]] = {}


def measure(name: str) -> Callable[[Callable[[int], Callable[[], Any]]], Any]:
    """Register a set-up that takes a side in pixels and returns the call to time."""

    def register(make: Callable[[int], Callable[[], Any]]) -> Any:
        MEASURES[name] = make
        return make

    return register


def photo(side: int) -> np.ndarray:
    """A product-like picture, side × side float32: a textured disc on white."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[0:side, 0:side] / side
    inside = (rows - 0.5) ** 2 + (columns - 0.5) ** 2 < 0.12
    texture = 0.4 + 0.2 * np.sin(60 * rows + 25 * columns) + generator.normal(0, 0.03, inside.shape)
    rgb = np.stack([texture + 0.15, texture, texture * 0.7], -1)
    return np.where(inside[..., None], rgb, 1.0).clip(0, 1).astype(np.float32)


def reference() -> Any:
    """A style reference (3, 384, 384)."""
    import torch

    rows, columns = np.mgrid[0:384, 0:384]
    wave = np.sin((rows + 2 * columns) / 9) * 0.25 + 0.5
    rgb = np.stack([wave + 0.3, wave, 0.6 - wave]).clip(0, 1).astype(np.float32)
    return torch.from_numpy(rgb)


@measure("grade")
def grade(side: int) -> Callable[[], Any]:
    return _engine_call("grade", side)


@measure("grade, exact per pixel (peer)")
def grade_exact(side: int) -> Callable[[], Any]:
    """The same transfer without a LUT: scikit-image's Lab there and back for every pixel."""
    from skimage.color import lab2rgb, rgb2lab

    rgb = photo(side)
    target = rgb2lab(reference().permute(1, 2, 0).numpy())

    def call() -> Any:
        lab = rgb2lab(rgb)
        flat = lab.reshape(-1, 3)
        mean, covariance = flat.mean(0), np.cov(flat.T) + np.eye(3) * 1e-3
        wanted = target.reshape(-1, 3)
        root = _root(covariance)
        inverse = np.linalg.inv(root)
        middle = _root(root @ (np.cov(wanted.T) + np.eye(3) * 1e-3) @ root)
        transport = inverse @ middle @ inverse
        return lab2rgb((flat - mean) @ transport.T + wanted.mean(0))

    return call


@measure("optimise, working side 256")
def optimise_256(side: int) -> Callable[[], Any]:
    return _engine_call("optimise", side, working_side=256, trunk="distilled")


@measure("optimise, working side 512")
def optimise_512(side: int) -> Callable[[], Any]:
    return _engine_call("optimise", side, working_side=512, trunk="distilled")


@measure("trunk step, ours, 256 px")
def trunk_ours(side: int) -> Callable[[], Any]:
    from shop_style.transfer.trunk import load_trunk

    return _trunk_call(lambda image: load_trunk("distilled").taps(image), side)


@measure("trunk step, VGG16 layout to relu4_3 (peer)")
def trunk_vgg16(side: int) -> Callable[[], Any]:
    """torchvision's layers with random weights: time does not depend on them."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    before = 3
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512):
        if width:
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
        else:
            layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers).to(memory_format=torch.channels_last).requires_grad_(False)

    def taps(image: Any) -> dict[str, Any]:
        with torch.autocast("cpu", torch.bfloat16):
            return {"relu4_3": net(image.contiguous(memory_format=torch.channels_last)).float()}

    return _trunk_call(taps, side)


@measure("scorecard")
def scores(side: int) -> Callable[[], Any]:
    from styleeval.preservation import scorecard

    original = photo(side)
    candidate = (original * 0.9 + 0.02).astype(np.float32)
    mask = (original.min(-1) < 0.99).astype(np.float32)
    return lambda: scorecard(original, candidate, mask)


@measure("intake and mask (JPEG)")
def intake(side: int) -> Callable[[], Any]:
    import io

    from PIL import Image

    from shop_style.imaging.intake import decode
    from shop_style.imaging.mask import find_mask

    stream = io.BytesIO()
    Image.fromarray((photo(side) * 255).astype(np.uint8)).save(stream, "JPEG", quality=92)
    data = stream.getvalue()
    return lambda: find_mask(decode(data, name="bench.jpg"))


@measure("encode (4 widths × WebP, JPEG)")
def encoding(side: int) -> Callable[[], Any]:
    from shop_style.imaging.encode import encode

    rgb = photo(side)
    return lambda: encode(rgb, None, widths=(320, 640, 1024), xmp=b"")


def _engine_call(engine: str, side: int, **parameters: Any) -> Callable[[], Any]:
    import torch

    from shop_style.transfer import stylise

    image = torch.from_numpy(photo(side)).permute(2, 0, 1).contiguous()
    references = [reference()]
    return lambda: stylise(image, engine=engine, references=references, **parameters)


def _trunk_call(taps: Callable[[Any], dict[str, Any]], side: int) -> Callable[[], Any]:
    import torch

    image = torch.from_numpy(photo(256)).permute(2, 0, 1)[None].contiguous()

    def call() -> None:
        picture = image.clone().requires_grad_(True)
        loss = sum(value.float().square().mean() for value in taps(picture).values())
        loss.backward()  # type: ignore[union-attr]

    return call


def _root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T


def main() -> None:
    """`python -m tests.benchmarks.cells NAME SIDE REPEATS THREADS`: one JSON line."""
    name, side, repeats, threads = sys.argv[1], *map(int, sys.argv[2:5])
    import torch

    torch.set_num_threads(threads)
    call = MEASURES[name](side)
    started = time.perf_counter()
    call()
    cold = time.perf_counter() - started
    warm = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        warm.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    median = statistics.median(warm) if warm else cold
    print(json.dumps({"cold": cold, "warm": median, "peak_mb": peak}))


if __name__ == "__main__":
    main()
