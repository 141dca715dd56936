"""Visitors of a test: pages placed by the service, events taken by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import RequestFactory

from shop_style.experiments.ingest import IngestReport, ingest
from shop_style.experiments.page import Page, Placed
from shop_style.experiments.placement import place
from shop_style.sources import source_image
from tests.conftest import BROWSER


@dataclass
class Visit:
    """One page view."""

    page: Page
    placed: list[Placed]

    @property
    def is_styled(self) -> bool:
        """Is this visitor in the arm with the style?"""
        return self.placed[0].rendering.is_styled

    @property
    def visitor(self) -> str:
        """What a headless caller sends back."""
        return self.page.visitor.signed()

    def report(self, *events: tuple[str, int], agent: str = BROWSER) -> IngestReport:
        """Send events of kind and position."""
        bodies = [{"kind": kind, "position": position} for kind, position in events]
        return ingest(self.page.token(), bodies, agent=agent)


def visit(shop: Any, visitor: str = "", *, placement: str = "listing", **headers: str) -> Visit:
    """A page with the shop's chairs, of a new visitor or one who comes back."""
    request = RequestFactory().get("/", headers={"user-agent": BROWSER, **headers})
    page = Page(request, keeps_visitor=True, supplied=visitor)
    pictures = [source_image(chair) for chair in shop.chairs]
    return Visit(page, place(page, pictures, placement=placement))


def visit_arm(shop: Any, *, styled: bool) -> Visit:
    """A new visitor of that arm."""
    while True:
        found = visit(shop)
        if found.is_styled == styled:
            return found
