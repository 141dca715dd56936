"""Pictures that do not load, and programs among the visitors, by arm."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shop_style.conf import app_settings
from shop_style.experiments.reporting.checks.findings import FEW, STRICT, Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, ArmReport, Check


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
    """Events that look like a program's, by arm."""
    for control, arm in found.against_control():
        shares = [
            item.suspicious / total if (total := item.rendered + item.viewable + item.clicks) else 0
            for item in (control, arm)
        ]
        apart = max(shares) > 0.01 and max(shares) > 2 * min(shares)
        few = min(arm.visitors, control.visitors) < FEW
        yield Check(
            name="bots",
            arm=arm.slug,
            light=OPEN if few else AMBER if apart else GREEN,
            title=_("Programs among the visitors"),
            finding=_("flagged: %(arm)s of the arm’s events, %(control)s of the control’s")
            % {"arm": f"{100 * shares[1]:.2f} %", "control": f"{100 * shares[0]:.2f} %"},
            advice=_(
                "A program clicks in one arm. It is kept in the numbers: find it in the server’s "
                "log and keep it out, then start anew."
            )
            if apart and not few
            else "",
        )
