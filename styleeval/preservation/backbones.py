"""Imports torchvision also where its compiled operators do not fit the installed torch."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

# Operators that torchvision describes at import whether or not its compiled library loaded.
_DESCRIBED = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_kept_alive: list[Any] = []


@cache
def torchvision() -> ModuleType:
    """The torchvision package.

    PyPI's torchvision is built for PyPI's CUDA torch. Beside a CPU torch its library does not
    load and `import torchvision` fails with "operator torchvision::nms does not exist", although
    its models need no compiled operator. Declaring the operators without a body lets it import;
    detection models then fail when called, all others work.
    """
    if not _compiled_operators_loaded():
        _declare_operators()
    return import_module("torchvision")


def _compiled_operators_loaded() -> bool:
    import torch

    package = importlib.util.find_spec("torchvision")
    if package is None or not package.submodule_search_locations:
        raise ImportError("torchvision is not installed; pip install torchvision")
    loaders = (
        importlib.machinery.ExtensionFileLoader,
        importlib.machinery.EXTENSION_SUFFIXES,
    )
    for folder in package.submodule_search_locations:
        library = importlib.machinery.FileFinder(folder, loaders).find_spec("_C")
        if library is None or library.origin is None:
            continue
        try:
            torch.ops.load_library(library.origin)  # type: ignore[no-untyped-call]
        except OSError:
            continue
        return True
    return False


def _declare_operators() -> None:
    import torch

    # Undeclared again as soon as this object is collected.
    library = torch.library.Library(  # type: ignore[no-untyped-call]
        "torchvision", "FRAGMENT"
    )
    for name, schema in _DESCRIBED.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)  # type: ignore[no-untyped-call]
    _kept_alive.append(library)
