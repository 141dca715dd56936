"""The dispatcher contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar


class Dispatcher(ABC):
    """Hands requested variants to whatever will render them."""

    survives_crash: ClassVar[bool] = False
    """Will a variant still be rendered if the worker is killed?"""

    renders_in_caller: ClassVar[bool] = False
    """Does `dispatch` return only when the pictures are rendered?"""

    @abstractmethod
    def dispatch(self, variant_ids: Sequence[int], *, using: str) -> None:
        """Called once the rows are committed. using: alias of their database."""
