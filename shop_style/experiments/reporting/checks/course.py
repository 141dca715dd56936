"""Is it read as it was planned, by totals that are up to date?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.findings import Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, Check
from shop_style.models import Experiment

_STALE: Final = timedelta(days=1)


def plan_check(found: Findings) -> Iterator[Check]:
    """Is it read at the time that was planned?"""
    visitors, planned = found.visitors, found.rule.planned_visitors
    over = found.rule.is_overrun(visitors, planned)
    at_plan = [effect.as_of for effect in found.effects if effect.as_of]
    advice = _(
        "More came than planned, and on no day were there about as many as planned: the interval "
        "that holds at any time decides, also after the end. Decide by it."
    )
    if at_plan:
        advice = _(
            "It runs beyond its plan. The reading is that of %(day)s, when the planned visitors "
            "had come; who came since changes it no more. Decide by it."
        ) % {"day": max(at_plan).isoformat()}
    yield Check(
        name="plan",
        light=AMBER if over else GREEN,
        title=_("Planned against actual"),
        finding=_("%(visitors)s of %(planned)s planned visitors")
        % {"visitors": f"{visitors:,}", "planned": f"{planned:,}"},
        advice=advice if over else "",
    )


def freshness_check(found: Findings) -> Iterator[Check]:
    """Are the totals up to date?"""
    running = found.experiment.state == Experiment.State.RUNNING
    stale = running and (found.rolled_at is None or timezone.now() - found.rolled_at > _STALE)
    yield Check(
        name="freshness",
        light=AMBER if stale else GREEN,
        title=_("Age of the totals"),
        finding=f"{found.rolled_at:%Y-%m-%d %H:%M} UTC" if found.rolled_at else _("never"),
        advice=_("Let a style_worker run, or schedule rollup_events.") if stale else "",
    )
