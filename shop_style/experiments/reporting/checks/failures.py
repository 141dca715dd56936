"""Pictures that do not load, and programs among the visitors, by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from shop_style.conf import app_settings
from shop_style.experiments.reporting.checks.findings import FEW, STRICT, Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, ArmReport, Check

_MOST_MIXED: Final = 0.01


def failure_checks(found: Findings) -> Iterator[Check]:
    """Visitors whom a picture did not load for, in each arm beside the control."""
    from styleeval.inference import Proportion, proportion_difference

    floor = app_settings().PAUSE_FAILURE_SHARE
    for control, arm in found.against_control():
        finding = _(
            "a picture did not load for %(arm)s of its visitors, and %(control)s of the originals’"
        )
        values = {"arm": share(arm), "control": share(control)}
        light = OPEN if min(arm.visitors, control.visitors) < FEW else GREEN
        if light == GREEN and arm.failing_visitors + control.failing_visitors:
            one, other = (
                Proportion(
                    visitors=item.visitors, successes=min(item.failing_visitors, item.visitors)
                )
                for item in (control, arm)
            )
            comparison = proportion_difference(one, other)
            much = arm.failing_visitors >= floor * arm.visitors
            if comparison.p_value < STRICT:
                worse = comparison.difference.estimate > 0
                light = RED if worse and much else AMBER
        yield Check(
            name="load_failures",
            arm=arm.slug,
            light=light,
            title=_("Pictures that do not load"),
            finding=finding % values,
            advice=_(
                "Open a page of that arm and look at its pictures’ addresses: are the files there, "
                "and does the CDN serve their format? Visitors stay in their arm; the result is "
                "biased against it."
            )
            if light in (AMBER, RED)
            else "",
        )


def share(arm: ArmReport) -> str:
    """Visitors of an arm whom a picture did not load for, in words."""
    return f"{100 * arm.failing_visitors / arm.visitors:.2f} %" if arm.visitors else "–"


def bot_checks(found: Findings) -> Iterator[Check]:
    """Visitors who look like a program, by arm."""
    from styleeval.inference import Proportion, TooFewVisitors, proportion_difference

    for control, arm in found.against_control():
        few = min(arm.visitors, control.visitors) < FEW
        apart = False
        if not few:
            one, other = (
                Proportion(visitors=item.visitors, successes=item.flagged_visitors)
                for item in (control, arm)
            )
            try:
                apart = proportion_difference(one, other).p_value < STRICT
            except TooFewVisitors:
                apart = False  # nobody is flagged
        shares = [
            f"{100 * item.flagged_visitors / item.visitors:.2f} %" if item.visitors else "–"
            for item in (control, arm)
        ]
        yield Check(
            name="bots",
            arm=arm.slug,
            light=OPEN if few else AMBER if apart else GREEN,
            title=_("Programs among the visitors"),
            finding=_("flagged: %(arm)s of its visitors, and %(control)s of the originals’")
            % {"arm": shares[1], "control": shares[0]},
            advice=_(
                "A program visits one arm. It is kept in the numbers: compare the effect without "
                "flagged visitors, find it in the server’s log and keep it out."
            )
            if apart
            else "",
        )


def mixed_check(found: Findings) -> Iterator[Check]:
    """Visitors who saw two arms: left out of both."""
    mixed = sum(arm.mixed for arm in found.reports)
    visitors = sum(arm.visitors for arm in found.reports)
    if found.rule.by_tile:
        return
    share = mixed / (mixed + visitors) if mixed else 0.0
    much = share > _MOST_MIXED
    yield Check(
        name="mixed_arms",
        light=OPEN if visitors < FEW else AMBER if much else GREEN,
        title=_("Visitors who saw two arms"),
        finding=_("%(share)s, left out of both") % {"share": f"{100 * share:.2f} %"},
        advice=_(
            "Visitors change arms: by logins on another device (merge them), by a cache that hands "
            "out others’ pages, or by cookies that are lost."
        )
        if much
        else "",
    )
