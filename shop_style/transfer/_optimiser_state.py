"""The state of an optimisation as safetensors bytes: exact, and no pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

FORMAT = "shop-style-optimise-1"


@dataclass(frozen=True, kw_only=True)
class OptimiserState:
    """Where an optimisation stands.

    scale, step: index of the scale and steps done in it. parts: the picture's pyramid.
    optimiser: what torch's optimiser keeps for each part.
    """

    fingerprint: str
    scale: int
    step: int
    parts: list[Tensor]
    optimiser: dict[int, dict[str, Any]]

    def to_bytes(self) -> bytes:
        """Safetensors; numbers that are no tensors go into one JSON tensor of bytes."""
        tensors = {f"part/{index}": part for index, part in enumerate(self.parts)}
        plain: dict[str, Any] = {
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "scale": self.scale,
            "step": self.step,
            "optimiser": _pack(self.optimiser, "optimiser", tensors),
        }
        text = np.frombuffer(json.dumps(plain).encode(), np.uint8).copy()
        tensors["state"] = torch.from_numpy(text)
        return save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()})


def read_state(data: bytes, fingerprint: str, device: str) -> OptimiserState | None:
    """The state, or None when the bytes are unreadable or of another picture or recipe."""
    try:
        tensors = load(data)
        plain = json.loads(tensors["state"].numpy().tobytes())
        if plain["format"] != FORMAT or plain["fingerprint"] != fingerprint:
            return None
        tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
        count = sum(name.startswith("part/") for name in tensors)
        packed = {int(key): value for key, value in plain["optimiser"].items()}
        return OptimiserState(
            fingerprint=fingerprint,
            scale=int(plain["scale"]),
            step=int(plain["step"]),
            parts=[tensors[f"part/{index}"] for index in range(count)],
            optimiser=_unpack(packed, tensors),
        )
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError):
        return None


def _pack(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        return {key: _pack(item, f"{name}/{key}", tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [_pack(item, f"{name}/{index}", tensors) for index, item in enumerate(value)]
    return value


def _unpack(value: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"tensor"}:
            return tensors[value["tensor"]]
        return {key: _unpack(item, tensors) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item, tensors) for item in value]
    return value
