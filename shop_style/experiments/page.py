"""One page view: its visitor, the tiles placed on it so far, and the token they come to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_cache_control

from shop_style.experiments.assignment import Assignment, assign
from shop_style.experiments.rendering import Rendering
from shop_style.experiments.snapshot import ExperimentEntry
from shop_style.experiments.tally import TOKEN, VISITOR, tally
from shop_style.experiments.tokens import Exposure, new_page_view, page_token
from shop_style.experiments.visitor import (
    Visitor,
    forget_cookie,
    has_cookie,
    identify,
    set_cookie,
)

logger = logging.getLogger(__name__)

_ATTRIBUTE = "shop_style_page"


MOST_TILES = 400
"""Tracked tiles of one page; further ones are shown, but leave the token at a sane length."""


def events_address(request: HttpRequest) -> str:
    """Where a page's events go; empty, and logged, where the site has no address for them."""
    current = request.resolver_match.namespace if request.resolver_match else None
    try:
        return reverse("shop_style:events", current_app=current)
    except NoReverseMatch:
        logger.warning("shop_style.urls is not included in the site's urls: no events are counted")
        return ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A picture in its place. position: of the page; tracked: do events count for it?"""

    rendering: Rendering
    position: int
    tracked: bool = False


@dataclass
class Page:
    """What is known of the page that a request is being answered with.

    keeps_visitor: can the answer hand the visitor back, by cookie or in its body? Without that
    nobody is enrolled: each request would draw another arm.
    """

    request: HttpRequest
    keeps_visitor: bool = False
    supplied: str = ""
    placed: dict[tuple[Any, ...], Placed | None] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    varies: bool = False
    _visitor: Visitor | None = None
    _identified: Visitor | None = None
    _keeps: bool = False
    _assignments: dict[int, Assignment | None] = field(default_factory=dict)
    _tracked: dict[int, dict[int, int]] = field(default_factory=dict)
    _positions: int = 0
    _page_view: str = field(default_factory=new_page_view)
    _token: str | None = None
    _finished: bool = False

    @classmethod
    def of(cls, request: HttpRequest) -> Page:
        """The request's page, made at the first call."""
        page: Page | None = getattr(request, _ATTRIBUTE, None)
        if page is None:
            page = cls(request)
            setattr(request, _ATTRIBUTE, page)
        return page

    @property
    def visitor(self) -> Visitor:
        """The visitor, identified at the first call."""
        if self._visitor is None:
            self._visitor = self._identified = identify(self.request, self.supplied)
        return self._visitor

    def kept_visitor(self) -> str:
        """What a headless caller keeps of the visitor; empty where there is nothing to keep.

        Never raises: what the caller has is better than nothing.
        """
        try:
            asked = self.supplied or self._visitor is not None
            if not asked or self.visitor.excluded:
                return ""
            if self._keeps:
                return self.visitor.signed()
            return "" if self.visitor.is_new else self.supplied or self.visitor.signed()
        except Exception:
            logger.exception("the visitor of this page could not be kept")
            return self.supplied

    def assignment(self, experiment: ExperimentEntry) -> Assignment | None:
        """The visitor's arm in an experiment: one for the whole page."""
        if experiment.id not in self._assignments:
            self._assignments[experiment.id] = (
                assign(experiment, self.visitor) if self.keeps_visitor else None
            )
        return self._assignments[experiment.id]

    def keep_visitor(self) -> None:
        """An experiment that runs here was asked of: whoever was not let in must stay out, or
        each page would be another draw."""
        if self.visitor.is_new and self.keeps_visitor:
            self._keeps = True

    def vary(self) -> None:
        """This page differs by visitor: no shared cache may keep it."""
        self.varies = True
        # cache_page stores an answer before any middleware could mark it private. This is how
        # Django's own middleware remembers whether to store; it has no public switch.
        self.request._cache_update_cache = False  # type: ignore[attr-defined]

    def next_position(self) -> int:
        """The next tile's number."""
        self._positions += 1
        return self._positions - 1

    def track(self, assignment: Assignment, position: int, product: int) -> bool:
        """Let events count for a tile. The first one of an experiment enrols the visitor."""
        if position >= MOST_TILES:
            return False
        experiment, phase = assignment.experiment, assignment.phase
        if experiment.id not in self._tracked:
            self._tracked[experiment.id] = {}
            if assignment.is_new:
                self._visitor = self.visitor.entered(experiment.id, phase.id)
                self._keeps = True
        self._tracked[experiment.id][position] = product
        self._token = None
        return True

    def drop(self) -> None:
        """Begin anew: what the tiles placed so far show is not what was assigned."""
        self._tracked.clear()
        self._assignments.clear()
        self._visitor, self._token = self._identified, None

    def token(self) -> str:
        """The signed token of all tiles placed so far; empty where nothing is tracked."""
        if not self._tracked:
            return ""
        if self._token is None:
            self._token = page_token(self._page_view, list(self._exposures())).signed()
        return self._token

    def finish(self, response: HttpResponse) -> None:
        """Mark the answer private where it varies by visitor, and hand the visitor back. Once.

        Never raises: the answer is there, and a cookie less is better than none.
        """
        if self._finished:
            return
        self._finished = True
        try:
            self._hand_back(response)
        except Exception:
            logger.exception("the visitor of this page could not be kept")

    def _hand_back(self, response: HttpResponse) -> None:
        if self.varies:
            patch_cache_control(response, private=True)
        for assignment in self._entered():
            tally.add(assignment.phase.id, TOKEN, assignment.arm.slug)
            if assignment.is_new:
                tally.add(assignment.phase.id, VISITOR, assignment.arm.slug)
        if self._keeps and not self.supplied:
            set_cookie(response, self.request, self.visitor)
        if self._visitor is not None and self._visitor.excluded and has_cookie(self.request):
            # A cache that kept this would take everybody's cookie.
            patch_cache_control(response, private=True)
            forget_cookie(response)
        tally.write_if_due()

    def has_entered(self, assignment: Assignment) -> bool:
        """Was the experiment entered, on an earlier page or on this one?"""
        return not assignment.is_new or assignment.experiment.id in self._tracked

    def arms(self) -> list[Assignment]:
        """The visitor's arms in the experiments entered, of those that are on this page."""
        found = self._assignments.values()
        return [item for item in found if item is not None and self.has_entered(item)]

    def exclude(self, experiments: Sequence[ExperimentEntry]) -> None:
        """Count a page of somebody who takes no part, once for each experiment on it."""
        for experiment in experiments:
            if self.keeps_visitor and experiment.id not in self._assignments:
                self._assignments[experiment.id] = None
                tally.add(experiment.current, self.visitor.excluded)

    def _entered(self) -> Sequence[Assignment]:
        found = (self._assignments[pk] for pk in self._tracked)
        return [assignment for assignment in found if assignment is not None]

    def _exposures(self) -> Sequence[Exposure]:
        return [
            Exposure(
                experiment=assignment.experiment.id,
                phase=assignment.phase.id,
                arm=assignment.arm.id,
                visitor=assignment.visitor,
                products=self._tracked[assignment.experiment.id],
            )
            for assignment in self._entered()
        ]
