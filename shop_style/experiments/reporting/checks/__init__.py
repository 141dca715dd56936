"""Whether a result may be trusted: each check with its light, what was seen and what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.arrivals import position_check, split_checks
from shop_style.experiments.reporting.checks.before import (
    balance_checks,
    baseline_check,
    sums_check,
)
from shop_style.experiments.reporting.checks.course import freshness_check, plan_check
from shop_style.experiments.reporting.checks.failures import bot_checks, failure_checks, mixed_check
from shop_style.experiments.reporting.checks.files import file_checks
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

logger = logging.getLogger(__name__)

_CHECKS: Final[Mapping[str, Callable[[Findings], Iterator[Check]]]] = {
    "sample_ratio": split_checks,
    "sums": sums_check,
    "baseline_split": baseline_check,
    "baseline_balance": balance_checks,
    "load_failures": failure_checks,
    "bots": bot_checks,
    "mixed_arms": mixed_check,
    "positions": position_check,
    "clicks_per_visitor": denominator_checks,
    "clickbait": clickbait_checks,
    "novelty": novelty_checks,
    "plan": plan_check,
    "freshness": freshness_check,
    "salts": salt_check,
    "arm_pictures": picture_check,
    "arm_files": file_checks,
    "repeats": repeat_check,
    "clocks": clock_check,
}

_ORDER: Final = (RED, AMBER, GREEN, OPEN)


def checks_of(found: Findings) -> list[Check]:
    """All of them: what stands against the result first, then in the order of the visitor's way."""
    # In a baseline there is nothing else to be trusted yet.
    names = _CHECKS if found.sums.phases else ["baseline_split"]
    checks = [item for name in names for item in _made(name, found)]
    return sorted(checks, key=lambda item: _ORDER.index(item.light))


def _made(name: str, found: Findings) -> Iterator[Check]:
    """A check's findings; where it fails, that it is open: the report is shown all the same."""
    try:
        yield from _CHECKS[name](found)
    except Exception:
        logger.exception("check %s of experiment %s failed", name, found.experiment.slug)
        yield Check(
            name=name,
            light=OPEN,
            title=_("A check that failed"),
            finding=_("%(name)s could not be made") % {"name": name},
            advice=_("The server’s log says why. Do not take it for passed."),
        )
