"""Renders in the calling process: for tests and small scripts, never behind a web page."""

from __future__ import annotations

from collections.abc import Sequence

from shop_style.generation.dispatchers.base import Dispatcher


class ImmediateDispatcher(Dispatcher):
    """Runs each variant now. What fails is on its row, as with any worker."""

    renders_in_caller = True

    def dispatch(self, variant_ids: Sequence[int], *, using: str) -> None:
        # The runner imports torch; a process that only dispatches to a queue never needs it.
        from shop_style.generation.runner import run

        for pk in variant_ids:
            run(pk, using=using)
