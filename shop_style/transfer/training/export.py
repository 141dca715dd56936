"""From a run to the weight file that ships."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor


def export_weights(tensors: Mapping[str, Tensor], path: Path) -> str:
    """Write float16 safetensors and return the file's SHA-256."""
    data = save(
        {
            name: value.detach().to(torch.float16).contiguous().clone()
            for name, value in sorted(tensors.items())
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
