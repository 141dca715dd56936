"""Is what went before the test as it should be, and are the sums of possible visitors?"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.findings import STRICT, Findings, p_value
from shop_style.experiments.reporting.faults import impossible_rows
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check


def baseline_check(found: Findings) -> Iterator[Check]:
    """Sample ratio of the baseline's own visitors: a draw for itself."""
    if found.baseline is None:
        return
    splits = [item for item in found.baseline.splits if item.stage != "viewable"]
    decided = [item for item in splits if item.mismatched is not None]
    light = OPEN if not decided else RED if found.baseline.is_mismatched else GREEN
    names = {"tokens": _("enrolled"), "rendered": _("with a rendered picture")}
    said = [
        f"{names.get(item.stage, item.stage)} "
        + ", ".join(
            f"{slug} {number:,} ({item.expected[slug]:,.0f})"
            for slug, number in item.counts.items()
        )
        + f"; {p_value(item.p_value)}"
        for item in splits
        if any(item.counts.values())
    ]
    yield Check(
        name="baseline_split",
        light=light,
        title=_("Sample ratio of the baseline"),
        finding=_("came (expected): %(counts)s") % {"counts": " · ".join(said) or "–"},
        advice=_(
            "In the baseline all arms looked alike, so that no picture can have done this: look "
            "for a caller that sends back an old visitor value, and for changed weights."
        )
        if light == RED
        else "",
    )


def balance_checks(found: Findings) -> Iterator[Check]:
    """Were the arms alike in the baseline, those of its visitors who came back?"""
    for effect in found.effects:
        if effect.balance is None:
            continue
        off = effect.balance.p_value < STRICT
        points = effect.balance.difference
        yield Check(
            name="baseline_balance",
            arm=effect.arm,
            light=AMBER if off else GREEN,
            title=_("CTR in the baseline, of those who came back"),
            finding=_("%(points)s points against the originals; %(p)s")
            % {"points": f"{100 * points.estimate:+.2f}", "p": p_value(effect.balance.p_value)},
            advice=_(
                "Arms that looked alike differed: one of them lost visitors who click. Read the "
                "sample ratio, and trust neither reading before the cause is known."
            )
            if off
            else "",
        )


def sums_check(found: Findings) -> Iterator[Check]:
    """Can visitors have such sums at all?"""
    broken = impossible_rows(found.sums)
    slugs = {arm.pk: arm.slug for arm in found.arms}
    named = sorted({f"{slugs.get(arm, arm)} {part}" for _phase, arm, part in broken})
    yield Check(
        name="sums",
        light=RED if broken else GREEN,
        title=_("Sums of clicks and impressions"),
        finding=_("%(number)d rows of no possible visitors: %(rows)s")
        % {"number": len(broken), "rows": ", ".join(named[:5])}
        if broken
        else _("all of possible visitors"),
        advice=_(
            "Rows of totals were changed by hand, or a database was restored in part. Run "
            "“manage.py rollup_events --recount”: it makes them anew from the events that are kept."
        )
        if broken
        else "",
    )
