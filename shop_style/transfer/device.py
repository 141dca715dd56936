"""Which device renders, and in which number format its convolutions are fast."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from time import perf_counter

import torch


@cache
def best_device() -> str:
    """CUDA where there is one, else the CPU."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@cache
def compute_dtype(device: str) -> torch.dtype:
    """The format convolutions run in: bfloat16 where the hardware multiplies it, else float32.

    CUDA before Ampere has no bfloat16 units and takes float16. On the CPU, oneDNN also accepts
    bfloat16 on machines that only emulate it, where it is slower than float32: hence AMX and
    AVX512_BF16 are asked for by name.
    """
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    # These are private in torch 2.6–2.13 and may be renamed: without them float32 is right, slower.
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    fast = any(getattr(torch.cpu, question, bool)() for question in questions)
    return torch.bfloat16 if fast else torch.float32


def autocast(device: str) -> AbstractContextManager[None]:
    """Context in which convolutions run in `compute_dtype`; losses belong outside it."""
    dtype = compute_dtype(device)
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=dtype, enabled=dtype is not torch.float32)


def measured_dtype(device: str, repeats: int = 5) -> torch.dtype:
    """bfloat16 where a convolution, forward and back, is faster in it at this very moment.

    For long runs, where asking the hardware's flags is not enough; takes about a second.
    """
    seconds = {dtype: _convolution_seconds(device, dtype, repeats) for dtype in _CANDIDATES}
    return min(seconds, key=lambda dtype: seconds[dtype])


_CANDIDATES = (torch.float32, torch.bfloat16)


def _convolution_seconds(device: str, dtype: torch.dtype, repeats: int) -> float:
    layer = torch.nn.Conv2d(64, 64, 3, padding=1).to(device, dtype)
    image = torch.rand(4, 64, 64, 64, device=device, dtype=dtype)
    image = image.contiguous(memory_format=torch.channels_last)
    best = float("inf")
    for _ in range(repeats + 1):
        started = perf_counter()
        layer(image).float().square().mean().backward()
        best = min(best, perf_counter() - started)
    return best
