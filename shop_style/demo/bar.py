"""The demo's bar: which arm this visitor sees, and for staff how the others look."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from shop_style.demo.parts import Part, parts_of
from shop_style.experiments.page import Page
from shop_style.experiments.preview import preview_link
from shop_style.experiments.snapshot import current_snapshot
from shop_style.models import Arm


@dataclass(frozen=True, kw_only=True)
class View:
    """An arm that staff may look at. is_shown: is this page a preview of it?"""

    name: str
    address: str
    is_shown: bool


@dataclass(frozen=True, kw_only=True)
class Bar:
    """parts: what this visitor takes part in. previewed: name of the look of a preview's arm, None
    where the page is none. views: for staff, the arms of what runs here."""

    parts: list[Part]
    previewed: str | None
    views: list[View]
    leave: str


def bar_of(request: HttpRequest) -> Bar | None:
    """What there is to say of a page whose pictures are placed; None for nothing.

    No query where no experiment is live, one or two otherwise; Django's own for who is logged in.
    """
    page = Page.of(request)
    parts = [] if page.preview is not None else parts_of(request)
    may_look = _may_look(request)
    live = [item.id for item in current_snapshot().live] if may_look or page.preview else []
    arms = list(_arms(live)) if live else []
    shown = page.preview.arm if page.preview is not None else None
    previewed = None if shown is None else next((_name(arm) for arm in arms if arm.pk == shown), "")
    if not (parts or may_look and arms or page.preview is not None):
        return None
    views = [
        View(name=_name(arm), address=preview_link(arm, request.path), is_shown=arm.pk == shown)
        for arm in arms
        if may_look
    ]
    return Bar(parts=parts, previewed=previewed, views=views, leave=request.path)


def _may_look(request: HttpRequest) -> bool:
    # Whoever has no session is nobody's staff; asking would make the page vary by cookie.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return bool(user.is_staff and user.has_perm("shop_style.view_experiment"))


def _arms(experiments: list[int]) -> QuerySet[Arm]:
    rows = Arm.objects.filter(experiment__in=experiments).select_related("style", "experiment")
    return rows.order_by("experiment", "position", "pk")


def _name(arm: Arm) -> str:
    return arm.style.name if arm.style else _("Originals")
