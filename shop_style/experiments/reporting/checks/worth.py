"""What more clicks are worth: orders, clicks of each visitor, and whether it lasts."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from shop_style.experiments.evidence import surplus
from shop_style.experiments.reporting.checks.findings import STRICT, Findings, p_value
from shop_style.experiments.reporting.novelty import fading
from shop_style.experiments.reporting.sums import strata_of
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check


def clickbait_checks(found: Findings) -> Iterator[Check]:
    """Do clicks lead to as many orders as those on the originals?"""
    from styleeval.inference import sequential_strata
    from styleeval.inference.errors import InferenceError

    control = found.control
    for (one, other), arm in zip(
        found.against_control(), (arm for arm in found.arms if not arm.is_control), strict=True
    ):
        assert control is not None
        title = _("Clicks that lead to orders")
        if one.conversions + other.conversions < 50 or not (one.clicks and other.clicks):
            yield Check(
                name="clickbait",
                arm=arm.slug,
                light=OPEN,
                title=title,
                finding=_("too few orders to say: %(control)d and %(arm)d")
                % {"control": one.conversions, "arm": other.conversions},
            )
            continue
        planned = found.rule.planned(found.sums.phases, control, arm)
        try:
            comparison = sequential_strata(
                strata_of(found.sums.pairs(control, arm), orders=True),
                planned=planned,
                alpha=2 * STRICT,
                sizes=found.sums.sizes(control, arm),
            )
        except InferenceError as error:  # also of orders by visitors whose pictures never reported
            yield Check(
                name="clickbait",
                arm=arm.slug,
                light=OPEN,
                title=title,
                finding=_("orders and clicks that cannot be compared: %(error)s")
                % {"error": error},
            )
            continue
        down = comparison.difference.high < 0
        more = surplus(
            ((row["conversions"], row["visitors"]), (its["conversions"], its["visitors"]))
            for row, its in found.sums.pairs(control, arm)
        )
        no_more = more <= 0
        yield Check(
            name="clickbait",
            arm=arm.slug,
            light=RED if down and no_more else AMBER if down else GREEN,
            title=title,
            finding=_("of 100 clicks %(arm)s become an order, of 100 on the originals %(control)s")
            % {
                "arm": f"{100 * (other.conversions_per_click or 0):.1f}",
                "control": f"{100 * (one.conversions_per_click or 0):.1f}",
            },
            advice=(
                _("The picture promises what the product does not keep. Do not ship it.")
                if no_more
                else _(
                    "Clicks are worth less, and there are more orders all the same. Look at "
                    "returns before you ship it."
                )
            )
            if down
            else "",
        )


def denominator_checks(found: Findings) -> Iterator[Check]:
    """Does the CTR tell the same as clicks per visitor?"""
    for effect in found.effects:
        if effect.comparison is None or effect.per_visitor is None:
            continue
        ctr, mean = effect.comparison, effect.per_visitor
        against = ctr.difference.estimate * mean.difference.estimate < 0
        odd = effect.is_decided and (against or mean.p_value >= 0.2)
        change = mean.lift.estimate if mean.lift else 0.0
        yield Check(
            name="clicks_per_visitor",
            arm=effect.arm,
            light=AMBER if odd else GREEN,
            title=_("Clicks per visitor beside the CTR"),
            finding=_("clicks per visitor %(change)s, %(p)s")
            % {"change": f"{100 * change:+.1f} %", "p": p_value(mean.p_value)},
            advice=_(
                "The CTR differs because its denominator does: visitors of this arm see another "
                "number of pictures. Judge by clicks per visitor, and look at the places above."
            )
            if odd
            else "",
        )


def novelty_checks(found: Findings) -> Iterator[Check]:
    """Does the effect wear off from day to day?"""
    for effect in found.effects:
        control = found.control
        trend = fading(found.hours, control.slug if control else "", effect.arm)
        title = _("Novelty")
        if trend is None:
            yield Check(
                name="novelty",
                arm=effect.arm,
                light=OPEN,
                title=title,
                finding=_("a week of days is needed to see whether the effect wears off"),
            )
            continue
        yield Check(
            name="novelty",
            arm=effect.arm,
            light=AMBER if trend.fades else GREEN,
            title=title,
            finding=_("the lift changes by %(slope)s a day over %(days)d days; %(p)s")
            % {
                "slope": f"{100 * trend.slope:+.2f} %",
                "days": trend.days,
                "p": p_value(trend.p_value),
            },
            advice=_(
                "The effect wears off: a new look draws clicks for being new. Run on until it is "
                "level, or count on less than what is shown."
            )
            if trend.fades
            else "",
        )
