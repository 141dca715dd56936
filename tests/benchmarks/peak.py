"""What the machine itself reaches in 3×3 convolutions, channels-last, in GFLOP/s."""

from __future__ import annotations

import json
import statistics
import sys
import time

# Channels and side; 4.8 GFLOP each, as deep layers of style networks have them.
SHAPES = ((64, 256), (128, 128), (256, 64))
FORMATS = ("float32", "bfloat16")


def peak(dtype: str, repeats: int) -> float:
    """The best shape's median, counting a multiply-add as two operations."""
    import torch
    from torch.nn import functional

    best = 0.0
    with torch.inference_mode():
        for channels, side in SHAPES:
            kind = getattr(torch, dtype)
            image = torch.randn(1, channels, side, side, dtype=kind)
            kernel = torch.randn(channels, channels, 3, 3, dtype=kind)
            image = image.contiguous(memory_format=torch.channels_last)
            kernel = kernel.contiguous(memory_format=torch.channels_last)
            seconds = []
            for _ in range(repeats + 1):
                started = time.perf_counter()
                functional.conv2d(image, kernel, padding=1)
                seconds.append(time.perf_counter() - started)
            operations = 2 * 9 * channels**2 * side**2
            best = max(best, operations / statistics.median(seconds[1:]) / 1e9)
    return best


def main() -> None:
    """`python -m tests.benchmarks.peak THREADS REPEATS`: one JSON line."""
    import torch

    threads, repeats = map(int, sys.argv[1:3])
    torch.set_num_threads(threads)
    print(json.dumps({dtype: peak(dtype, repeats) for dtype in FORMATS}))


if __name__ == "__main__":
    main()
