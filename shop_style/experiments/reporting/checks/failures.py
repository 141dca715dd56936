"""Pictures that do not load, and programs among the visitors, by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from shop_style.conf import app_settings
from shop_style.experiments.reporting.checks.findings import FEW, STRICT, Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, ArmReport, Check

if TYPE_CHECKING:
    from styleeval.inference import StratifiedShares

_MOST_MIXED: Final = 0.01


def failure_checks(found: Findings) -> Iterator[Check]:
    """Visitors whom a picture did not load for, in each arm beside the control."""
    floor = app_settings().PAUSE_FAILURE_SHARE
    for control, arm in found.against_control():
        compared = _compared(found, arm, "failing_visitors")
        finding = _(
            "a picture did not load for %(arm)s of its visitors, and %(control)s of the originals’"
        )
        values = _in_words(compared, control, arm, "failing_visitors")
        light = OPEN if min(arm.visitors, control.visitors) < FEW else GREEN
        if light == GREEN and compared is not None and compared.p_value < STRICT:
            much = arm.failing_visitors >= floor * arm.visitors
            light = RED if compared.difference > 0 and much else AMBER
        elif light == GREEN and arm.failing_visitors >= arm.visitors:
            light = AMBER  # of nobody's visitors do pictures load
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


def _compared(found: Findings, arm: ArmReport, column: str) -> StratifiedShares | None:
    """Shares of visitors inside each phase: a change of weights sets off no alarm.

    None where nobody is such a visitor, or everybody.
    """
    from styleeval.inference import Proportion, TooFewVisitors, stratified_shares

    control = found.control
    style = next(item for item in found.arms if item.slug == arm.slug)
    if control is None:
        return None
    strata = [
        (
            Proportion(visitors=one["visitors"], successes=min(one[column], one["visitors"])),
            Proportion(visitors=other["visitors"], successes=min(other[column], other["visitors"])),
        )
        for one, other in found.sums.pairs(control, style)
    ]
    try:
        return stratified_shares(strata)
    except TooFewVisitors:
        return None


def _in_words(
    compared: StratifiedShares | None, control: ArmReport, arm: ArmReport, column: str
) -> dict[str, str]:
    """Both shares, of phases in the same weights where there are several."""
    if compared is not None:
        shares = [compared.control, compared.treatment]
    else:
        shares = [getattr(item, column) / max(1, item.visitors) for item in (control, arm)]
    words = [
        f"{100 * value:.2f} %" if item.visitors else "–"
        for value, item in zip(shares, (control, arm), strict=True)
    ]
    return {"control": words[0], "arm": words[1]}


def bot_checks(found: Findings) -> Iterator[Check]:
    """Visitors who look like a program, by arm."""
    for control, arm in found.against_control():
        few = min(arm.visitors, control.visitors) < FEW
        compared = _compared(found, arm, "flagged_visitors")
        apart = not few and compared is not None and compared.p_value < STRICT
        yield Check(
            name="bots",
            arm=arm.slug,
            light=OPEN if few else AMBER if apart else GREEN,
            title=_("Programs among the visitors"),
            finding=_("flagged: %(arm)s of its visitors, and %(control)s of the originals’")
            % _in_words(compared, control, arm, "flagged_visitors"),
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
