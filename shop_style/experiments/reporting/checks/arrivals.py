"""Did every arm get its visitors, and did they see the same places of the page?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.findings import FEW, STRICT, Findings, p_value
from shop_style.experiments.reporting.sums import Strata, Sums
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check, Split
from shop_style.models import Arm, Phase

if TYPE_CHECKING:
    from styleeval.inference import Summary


def split_checks(found: Findings) -> Iterator[Check]:
    """Sample ratio, stage by stage, all phases together."""
    for stage, (title, advice, alarm) in _stages().items():
        splits = [item for item in found.splits if item.stage == stage]
        whole = next((item for item in splits if item.phase is None), None)
        if whole is None:
            continue
        light = {None: OPEN, False: GREEN, True: alarm}[whole.mismatched]
        finding = _("came (expected): %(counts)s") % {"counts": _came(whole)}
        single = [item for item in splits if item.phase is not None]
        if whole.mismatched and len(single) > 1:
            finding += "".join(
                "; " + _("phase %(number)d: %(counts)s") % {"number": n, "counts": _came(item)}
                for item in single
                if (n := item.phase) is not None
            )
        yield Check(
            name=f"sample_ratio_{stage}",
            light=light,
            title=title,
            finding=f"{finding}; {p_value(whole.p_value)}",
            advice=advice if whole.mismatched else "",
        )


def _came(split: Split) -> str:
    return ", ".join(
        f"{slug} {number:,} ({split.expected[slug]:,.0f})" for slug, number in split.counts.items()
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
    from styleeval.inference import TooFewVisitors, holm, stratified_difference

    control, bands = found.control, found.sums.slices("position:")
    if control is None or not bands or found.rule.by_tile:
        return
    labels, values = [], []
    for arm in found.arms:
        if arm.is_control:
            continue
        for band in bands:
            strata, sizes = _seen_in(found.sums, control, arm, band)
            try:
                comparison = stratified_difference(strata, sizes=sizes)
            except TooFewVisitors:
                continue  # nobody saw any, or all as many: nothing to go by
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


def _seen_in(sums: Sums, control: Arm, arm: Arm, band: str) -> tuple[Strata, list[float]]:
    """Viewable pictures in a band over all visitors of an arm, as a mean, phase by phase.

    Also the phases' sizes. None of it where an arm has few visitors, or saw none there.
    """
    pair = (control, arm)
    few = min(sums.total(item, "visitors") for item in pair) < FEW
    if few or not all(sums.total(item, "viewable", band) for item in pair):
        return [], []
    strata: Strata = []
    sizes = list[float]()
    for phase in sums.phases:
        one, other = (_mean_in(sums, phase, item, band) for item in pair)
        if one is not None and other is not None:
            strata.append((one, other))
            sizes.append(one.n + other.n)
    return strata, sizes


def _mean_in(sums: Sums, phase: Phase, arm: Arm, band: str) -> Summary | None:
    from styleeval.inference import Summary

    whole, row = sums.row(phase, arm), sums.row(phase, arm, band)
    everybody = whole["visitors"] if whole else 0
    if not everybody:
        return None
    seen, squared = (row["viewable"], row["viewable_squared"]) if row else (0, 0)
    return Summary(
        n=everybody,
        sum_m=seen,
        sum_d=everybody,
        sum_mm=squared,
        sum_dd=everybody,
        sum_md=seen,
    )
