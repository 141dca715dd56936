"""One page view: its visitor, the tiles placed on it so far, and the token they come to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_cache_control, patch_vary_headers

from shop_style.conf import app_settings
from shop_style.experiments.assignment import Assignment, assign
from shop_style.experiments.edge import BUCKET_HEADER, holds_bucket
from shop_style.experiments.guard import guarded
from shop_style.experiments.identity import recognised, remember
from shop_style.experiments.preview import Preview, requested_preview
from shop_style.experiments.rendering import Rendering
from shop_style.experiments.snapshot import ExperimentEntry, Holdout, experiment_database
from shop_style.experiments.tally import TOKEN, VISITOR, tally
from shop_style.experiments.tokens import Exposure, new_page_view, page_token
from shop_style.experiments.visitor import (
    HOLDOUT,
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
    nobody is enrolled: each request would draw another arm. knows_users: may it be asked who is
    logged in? preview: the signed arm that a headless caller wants to see.
    """

    request: HttpRequest
    keeps_visitor: bool = False
    supplied: str = ""
    knows_users: bool = True
    supplied_preview: str = ""
    placed: dict[tuple[Any, ...], Placed | None] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    eager: list[Any] = field(default_factory=list)
    described: set[Any] = field(default_factory=set)
    varies: bool = False
    _visitor: Visitor | None = None
    _identified: Visitor | None = None
    _keeps: bool = False
    _assignments: dict[tuple[int, str], Assignment | None] = field(default_factory=dict)
    # By experiment and arm: where each tile is drawn by itself, a page has tiles of several.
    _tracked: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    _entered: dict[tuple[int, int], Assignment] = field(default_factory=dict)
    _excluded: set[int] = field(default_factory=set)
    _positions: int = 0
    _page_view: str = field(default_factory=new_page_view)
    _token: str | None = None
    _finished: bool = False
    _recognised: bool = False
    _failed: bool = False

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

    @cached_property
    def preview(self) -> Preview | None:
        """The arm that a signed link wants to see. Nothing of such a page counts, and its visitor
        is not looked at."""
        return requested_preview(self.request, self.supplied_preview)

    def kept_visitor(self) -> str:
        """What a headless caller keeps of the visitor; empty where there is nothing to keep.

        Never raises: what the caller has is better than nothing.
        """
        try:
            if self.preview is not None:
                return self.supplied
            asked = self.supplied or self._visitor is not None
            if not asked or self.visitor.excluded:
                return ""
            if self._keeps:
                return self.visitor.signed()
            return "" if self.visitor.is_new else self.supplied or self.visitor.signed()
        except Exception:
            logger.exception("the visitor of this page could not be kept")
            return self.supplied

    def recognise(self, experiments: Sequence[ExperimentEntry]) -> None:
        """Let who is logged in enter with the arms of their first device, before any is drawn.
        One query, where MERGE_LOGINS says so and something may be entered yet."""
        user = None if self.is_shared else self._user()
        fresh = [item for item in experiments if item.id not in self.visitor.phases]
        if user is not None and fresh and not self._recognised and not self.visitor.excluded:
            self._recognised = True
            self.become(recognised(self.visitor, user, fresh))

    def become(self, visitor: Visitor) -> None:
        """Go on as this visitor, and keep it."""
        if visitor != self.visitor:
            self._visitor = self._identified = visitor
            self._keeps = True

    def assignment(self, experiment: ExperimentEntry, tile: str = "") -> Assignment | None:
        """The visitor's arm in an experiment: one for the whole page, or one a tile."""
        key = (experiment.id, tile if experiment.by_tile else "")
        if key not in self._assignments:
            # As the page found the visitor: its second tile is as new to the experiment as its
            # first.
            found = self._identified or self.visitor
            self._assignments[key] = (
                assign(experiment, found, key[1]) if self.keeps_visitor else None
            )
        return self._assignments[key]

    def is_held_out(self, holdout: Holdout) -> bool:
        """Does no experiment take this visitor, and no variant reach it?"""
        if not (self.keeps_visitor and self.preview is None and holdout):
            return False
        bucket = self.visitor.bucket
        return holdout.holds(self.visitor.id) if bucket is None else holds_bucket(holdout, bucket)

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

    @property
    def is_shared(self) -> bool:
        """Does the edge's bucket alone decide what it shows, so that a cache may keep it?"""
        visitor = self.visitor
        return visitor.bucket is not None or visitor.excluded == "edge"

    def next_position(self) -> int:
        """The next tile's number."""
        self._positions += 1
        return self._positions - 1

    def track(self, assignment: Assignment, position: int, product: int) -> bool:
        """Let events count for a tile. The first one of an experiment enrols the visitor."""
        if position >= MOST_TILES:
            return False
        experiment, phase = assignment.experiment, assignment.phase
        key = (experiment.id, assignment.arm.id)
        if key not in self._tracked:
            self._tracked[key] = {}
            self._entered[key] = assignment
            if assignment.is_new:
                self._visitor = self.visitor.entered(experiment.id, phase.id)
                self._keeps = True
        self._tracked[key][position] = product
        self._token = None
        return True

    def drop(self) -> None:
        """Begin anew: what the tiles placed so far show is not what was assigned."""
        self._tracked.clear()
        self._entered.clear()
        self._assignments.clear()
        self._visitor, self._token = self._identified, None
        self._failed = True

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
        if self._visitor is not None and self.is_shared and not self._failed:
            # Nothing is counted or kept here: of most people the cache asks nothing.
            if self.varies:
                patch_vary_headers(response, [BUCKET_HEADER])
            return
        if self.varies:
            patch_cache_control(response, private=True)
        if self.preview is not None and self.varies:
            patch_cache_control(response, private=True, no_store=True)
            response["X-Robots-Tag"] = "noindex"
            return
        for assignment in self._entered.values():
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
        user = self._user() if self._entered else None
        if user is not None:
            with guarded(experiment_database()):
                remember(user, [item for item in self._entered.values() if item.is_new])

    def has_entered(self, assignment: Assignment) -> bool:
        """Was the experiment entered, on an earlier page or on this one?"""
        return not assignment.is_new or any(
            assignment.experiment.id == experiment for experiment, _arm in self._tracked
        )

    def arms(self) -> list[Assignment]:
        """The visitor's arms in the experiments entered, of those that are on this page."""
        found = self._assignments.values()
        return [item for item in found if item is not None and self.has_entered(item)]

    def exclude(self, experiments: Sequence[ExperimentEntry]) -> None:
        """Count a page of somebody who takes no part, once for each experiment on it."""
        for experiment in experiments:
            if self.is_shared:
                return
            if self.keeps_visitor and experiment.id not in self._excluded:
                self._excluded.add(experiment.id)
                tally.add(experiment.current, self.visitor.excluded or HOLDOUT)

    def _user(self) -> Any:
        """Who is logged in, where that may be asked; None for nobody."""
        if not (self.knows_users and app_settings().MERGE_LOGINS and self.keeps_visitor):
            return None
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    def _exposures(self) -> Sequence[Exposure]:
        return [
            Exposure(
                experiment=assignment.experiment.id,
                phase=assignment.phase.id,
                arm=assignment.arm.id,
                visitor=assignment.visitor,
                products=self._tracked[key],
            )
            for key, assignment in self._entered.items()
        ]
