"""One person's look at a page that a cache hands to many; the edge says whose it was."""

from __future__ import annotations

from dataclasses import replace

from shop_style.experiments.assignment import assign
from shop_style.experiments.hashing import shared_page
from shop_style.experiments.snapshot import current_snapshot
from shop_style.experiments.tokens import Exposure, PageToken
from shop_style.experiments.visitor import Visitor


def personal(token: PageToken, person: Visitor, view: str) -> PageToken:
    """The page as this person's own.

    view: what the person's browser calls this look; without one, all looks at the same copy count
    once. What another bucket's copy shows is left out: such a page is no page of this person's,
    but of a cache that mixes buckets up, or of somebody who plays with cookies.
    """
    return replace(
        token,
        page_view=shared_page(token.page_view, person.id, view),
        exposures=tuple(
            replace(exposure, visitor=visitor)
            for exposure in token.exposures
            if (visitor := _visitor(exposure, person))
        ),
    )


def _visitor(exposure: Exposure, person: Visitor) -> str:
    experiment = current_snapshot().get(exposure.experiment)
    found = None if experiment is None else assign(experiment, person)
    return found.visitor if found is not None and found.arm.id == exposure.arm else ""
