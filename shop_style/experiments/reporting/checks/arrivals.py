"""Did every arm get its visitors, and did they see the same places of the page?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.findings import FEW, STRICT, Findings, p_value
from shop_style.experiments.reporting.sums import Sums
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check
from shop_style.models import Arm

if TYPE_CHECKING:
    from styleeval.inference import Summary


def split_checks(found: Findings) -> Iterator[Check]:
    """Sample ratio, stage by stage, all phases together."""
    for stage, (title, advice, alarm) in _stages().items():
        splits = [item for item in found.splits if item.stage == stage]
        if not splits:
            continue
        wrong = [item for item in splits if item.mismatched]
        if wrong:
            light = alarm
        else:
            light = OPEN if all(item.mismatched is None for item in splits) else GREEN
        said = "; ".join(
            ", ".join(
                f"{slug} {number:,} ({item.expected[slug]:,.0f})"
                for slug, number in item.counts.items()
            )
            for item in wrong or splits[-1:]
        )
        finding = _("came (expected): %(counts)s") % {"counts": said}
        p = min((item.p_value for item in splits), default=1.0)
        yield Check(
            name=f"sample_ratio_{stage}",
            light=light,
            title=title,
            finding=f"{finding}; {p_value(p)}",
            advice=advice if wrong else "",
        )


def _stages() -> dict[str, tuple[str, str, str]]:
    return {
        "tokens": (
            _("Sample ratio: visitors enrolled"),
            _(
                "Visitors were not dealt out as planned. Look for a caller of the API that sends "
                "back an old visitor value, so that one visitor enrols on every page, and for "
                "weights that were changed in the database. Then start anew."
            ),
            RED,
        ),
        "rendered": (
            _("Sample ratio: visitors with a rendered picture"),
            _(
                "If the enrolled visitors are as promised, one arm loses them before its pictures "
                "report: look for failed pictures, for pages that are slower or whose script stops "
                "in one arm, and for a cache that hands one visitor’s page to others. Then start "
                "anew."
            ),
            RED,
        ),
        "tiles": (
            _("Sample ratio: tiles"),
            _("Tiles were not dealt out as planned. Look for weights that were changed by hand."),
            RED,
        ),
        "viewable": (
            _("Sample ratio: visitors with a picture in view"),
            _(
                "Visitors of one arm see fewer of its pictures. Its files may be heavier, or its "
                "pages laid out otherwise: compare both on a phone. Judge by clicks per visitor."
            ),
            AMBER,
        ),
    }


def position_check(found: Findings) -> Iterator[Check]:
    """Are pictures seen in the same places of the page in every arm?"""
    from styleeval.inference import TooFewVisitors, holm, mean_difference

    control, bands = found.control, found.sums.slices("position:")
    if control is None or not bands or found.rule.by_tile:
        return
    labels, values = [], []
    for arm in found.arms:
        if arm.is_control:
            continue
        for band in bands:
            one, other = (_seen_in(found.sums, item, band) for item in (control, arm))
            if one is None or other is None:
                continue
            try:
                comparison = mean_difference(one, other)
            except TooFewVisitors:
                continue  # all visitors saw as many: nothing to go by
            labels.append((arm.slug, band.removeprefix("position:"), comparison.lift))
            values.append(comparison.p_value)
    corrected = list(zip(labels, holm(values), strict=True))
    title = _("Places on the page")
    if not corrected:
        yield Check(name="positions", light=OPEN, title=title, finding=_("too few to say"))
        return
    (slug, band, lift), p = min(corrected, key=lambda item: item[1])
    values_in_words = {
        "arm": slug,
        "band": band,
        "change": f"{100 * lift.estimate:+.1f} %" if lift else "–",
        "p": p_value(p),
    }
    yield Check(
        name="positions",
        light=AMBER if p < STRICT else GREEN,
        title=title,
        finding=_(
            "pictures in view a visitor, largest difference: %(arm)s at positions %(band)s, "
            "%(change)s; %(p)s, corrected for all places"
        )
        % values_in_words,
        advice=_(
            "The list’s order or length differs by arm: a ranking that reacts to clicks, or a "
            "page that loads more. Freeze the ranking for the time of the test."
        )
        if p < STRICT
        else "",
    )


def _seen_in(sums: Sums, arm: Arm, band: str) -> Summary | None:
    """Viewable pictures in a band over all visitors of the arm, as a mean."""
    from styleeval.inference import Summary

    everybody = sums.total(arm, "visitors")
    rows = sums.of(arm, band)
    if everybody < FEW or not any(row["viewable"] for row in rows):
        return None
    return Summary(
        n=everybody,
        sum_m=sum(row["viewable"] for row in rows),
        sum_d=everybody,
        sum_mm=sum(row["viewable_squared"] for row in rows),
        sum_dd=everybody,
        sum_md=sum(row["viewable"] for row in rows),
    )
