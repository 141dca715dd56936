"""Whether a result may be trusted: each check with its light, what was seen and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from shop_style.experiments.reporting.checks.arrivals import position_check, split_checks
from shop_style.experiments.reporting.checks.course import freshness_check, plan_check
from shop_style.experiments.reporting.checks.failures import bot_checks, failure_checks, mixed_check
from shop_style.experiments.reporting.checks.findings import Findings as Findings
from shop_style.experiments.reporting.checks.integrity import (
    clock_check,
    picture_check,
    repeat_check,
    salt_check,
)
from shop_style.experiments.reporting.checks.worth import (
    clickbait_checks,
    denominator_checks,
    novelty_checks,
)
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check

_CHECKS: Final[Sequence[Callable[[Findings], Iterator[Check]]]] = (
    split_checks,
    failure_checks,
    bot_checks,
    mixed_check,
    position_check,
    denominator_checks,
    clickbait_checks,
    novelty_checks,
    plan_check,
    freshness_check,
    salt_check,
    picture_check,
    repeat_check,
    clock_check,
)

_ORDER: Final = (RED, AMBER, GREEN, OPEN)


def checks_of(found: Findings) -> list[Check]:
    """All of them: what stands against the result first, then in the order of the visitor's way."""
    if not found.sums.phases:
        return []
    checks = [item for check in _CHECKS for item in check(found)]
    return sorted(checks, key=lambda item: _ORDER.index(item.light))
