"""The default: the row itself is the queue, `style_worker` takes from it."""

from __future__ import annotations

from collections.abc import Sequence

from shop_style.generation.dispatchers.base import Dispatcher


class DatabaseDispatcher(Dispatcher):
    """Nothing to hand over: a worker finds the pending row."""

    survives_crash = True

    def dispatch(self, variant_ids: Sequence[int], *, using: str) -> None:
        return None
