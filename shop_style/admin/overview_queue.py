"""The queue on the overview: its state in a sentence, what runs, what failed and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop_style.admin.actions import may_generate
from shop_style.admin.failures import advice_for
from shop_style.admin.links import change_link, list_link
from shop_style.admin.overview_chart import RateChart, rate_chart
from shop_style.generation.health import Failures, QueueHealth, queue_health
from shop_style.models import StyleVariant

PARTS = ("state", "running", "rate", "failures")
"""The pieces that are drawn anew while the page is open, each a template of its own."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A variant in a list: what it is, and its page."""

    name: str
    style: str
    link: str
    stage: str = ""
    percent: int = 0
    since: str = ""
    is_stalled: bool = False


@dataclass(frozen=True, kw_only=True)
class FailureGroup:
    """Variants that failed alike. list_url: all of them; code: as they are tried again."""

    code: str
    number: int
    name: str
    next_step: str
    helps: bool
    example: Line
    detail: str
    list_url: str


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """The queue as the page shows it. level: right, notice or wrong; steps: what to do."""

    health: QueueHealth
    level: str
    sentence: str
    steps: Sequence[str]
    first: Line | None
    waited: str
    running: Sequence[Line]
    more_running: int
    chart: RateChart
    failures: Sequence[FailureGroup]
    may_retry: bool
    waiting_url: str
    running_url: str
    failed_url: str


def queue_view(site: AdminSite, request: HttpRequest, using: str) -> QueueView:
    """The queue now, for this person."""
    health = queue_health(using)
    address = list_link(site, StyleVariant)
    level, sentence, steps = _state(health)
    waited = health.waited
    return QueueView(
        health=health,
        level=level,
        sentence=sentence,
        steps=steps,
        first=_line(site, health.first, health) if health.first else None,
        waited=_ago(health, waited.total_seconds()) if waited else "",
        running=[_line(site, variant, health) for variant in health.at_work],
        more_running=health.running - len(health.at_work),
        chart=rate_chart(health.hours),
        failures=[_group(site, item, health, address) for item in health.failures],
        may_retry=may_generate(request),
        waiting_url=_filtered(address, status__exact="pending", published="no"),
        running_url=_filtered(address, status__exact="running", published="no"),
        failed_url=_filtered(address, status__exact="failed", published="no"),
    )


def queue_parts(view: QueueView, request: HttpRequest) -> dict[str, str]:
    """Each piece as HTML, by its name."""
    return {
        name: render_to_string(
            f"admin/shop_style/overview/{name}.html", {"queue": view}, request=request
        )
        for name in PARTS
    }


def in_short(view: QueueView) -> str:
    """The queue in one line, to be read aloud when it changes."""
    health = view.health
    return _("%(waiting)s waiting, %(running)s running, %(failed)s failed.") % {
        "waiting": f"{health.waiting:,}",
        "running": f"{health.running:,}",
        "failed": f"{health.failed:,}",
    }


def _state(health: QueueHealth) -> tuple[str, str, list[str]]:
    steps = []
    if health.stalled:
        steps.append(
            ngettext(
                "%d was left by a worker that died; a running worker takes it up again by itself.",
                "%d were left by a worker that died; a running worker takes them up again by "
                "itself.",
                health.stalled,
            )
            % health.stalled
        )
    if health.retrying:
        steps.append(
            ngettext(
                "%d failed in a way that may pass, and is tried again by itself.",
                "%d failed in a way that may pass, and are tried again by themselves.",
                health.retrying,
            )
            % health.retrying
        )
    if health.is_stuck:
        last = health.last_finished
        sentence = _("Variants wait, and no worker is at work.")
        if last:
            sentence += " " + _("The last one was done %(ago)s ago.") % {
                "ago": timesince(last, health.at, depth=1)
            }
        return "wrong", sentence, [_START, *steps]
    if health.is_slow:
        return "notice", _("Workers are busy, and the queue is long."), [_more(health), *steps]
    if health.waiting or health.running:
        return "right", _("The queue moves."), [*([_more(health)] if _left(health) else []), *steps]
    if health.failed:
        return "right", _("Nothing waits. What failed is below, with what to do."), steps
    return "right", _("Nothing waits, and nothing failed."), steps


_START = "style_worker"
"""Stands for the step that names the command; the template writes it."""


def _left(health: QueueHealth) -> str:
    left = health.hours_left
    if left is None or health.waiting == 0:
        return ""
    if left < 1:
        minutes = max(round(60 * left), 1)
        return ngettext("%d minute", "%d minutes", minutes) % minutes
    if left < 48:
        return ngettext("%d hour", "%d hours", round(left)) % round(left)
    return ngettext("%d day", "%d days", round(left / 24)) % round(left / 24)


def _more(health: QueueHealth) -> str:
    left = _left(health)
    if not left:
        return _("None was done in the last hour; look at what runs, and start another worker.")
    return _(
        "At the rate of the last hour, %(rate)s an hour, all is done in about %(left)s; another "
        "worker makes it faster."
    ) % {"rate": f"{health.last_hour:,}", "left": left}


def _line(site: AdminSite, variant: StyleVariant, health: QueueHealth) -> Line:
    since = variant.started_at
    lease = variant.lease_expires_at
    return Line(
        name=PurePosixPath(variant.source_name).name,
        style=variant.style.name,
        link=change_link(site, StyleVariant, variant.pk),
        stage=variant.stage_in_words,
        percent=round(100 * variant.progress),
        since=timesince(since, health.at, depth=1) if since else "",
        is_stalled=lease is not None and lease < health.at,
    )


def _group(site: AdminSite, item: Failures, health: QueueHealth, address: str) -> FailureGroup:
    advice = advice_for(item.code)
    return FailureGroup(
        code=item.code,
        number=item.number,
        name=str(advice.name),
        next_step=str(advice.next_step),
        helps=advice.helps,
        example=_line(site, item.example, health),
        detail=item.example.error_in_words,
        list_url=_filtered(
            address, status__exact="failed", published="no", error_code__exact=item.code
        ),
    )


def _ago(health: QueueHealth, seconds: float) -> str:
    assert health.first is not None
    if seconds < 60:
        return _("less than a minute")
    return timesince(health.first.updated_at, health.at, depth=2)


def _filtered(address: str, **values: str) -> str:
    return f"{address}?{urlencode(values)}" if address else ""
