"""Segmenters of third parties: models that find a product where colours do not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from importlib.metadata import entry_points
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shop_style.exceptions import SegmenterError
from styleeval.sentence import gettext_noop, said

ENTRY_POINT_GROUP: Final = "shop_style.segmenters"

_NONE_INSTALLED: Final = gettext_noop(
    "no segmenter is called {name!r}, and none is installed; install one, such as "
    "django-shop-style[rembg]"
)


class Segmenter(ABC):
    """Finds the product of a photo."""

    @abstractmethod
    def segment(self, rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
        """Weights (H, W) float32 in [0, 1] of a picture (H, W, 3), and a confidence in [0, 1]."""


def segmenter_names() -> list[str]:
    """What installed packages register; no segmenter is imported."""
    return sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})


@cache
def installed_segmenter(name: str) -> Segmenter:
    """The segmenter that an installed package registers under this name, made once a process.

    Raises SegmenterError naming those there are.
    """
    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in points:
        if not points:
            raise SegmenterError(said(_NONE_INSTALLED, name=name))
        raise SegmenterError(
            said(
                "no segmenter is called {name!r}; installed are {known}",
                name=name,
                known=", ".join(sorted(points)),
            )
        )
    try:
        made = points[name].load()()
    except SegmenterError:
        raise
    except Exception as error:  # whatever a third party's import or constructor raises
        raise SegmenterError(
            said(
                "the segmenter {name!r} cannot be made ({kind}: {why}); install what it "
                "needs, or name another in SHOP_STYLE['SEGMENTER']",
                name=name,
                kind=type(error).__name__,
                why=error,
            )
        ) from error
    if not isinstance(made, Segmenter):
        raise SegmenterError(
            said(
                "{name!r} of {entry_point_group} makes no Segmenter",
                name=name,
                entry_point_group=ENTRY_POINT_GROUP,
            )
        )
    return made
