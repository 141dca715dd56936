"""Sums that no visitors can have: which rows they are, and what to do."""

from __future__ import annotations

from shop_style.experiments.reporting.sums import Row, Sums


def fault_in_words(error: Exception) -> str:
    """What is wrong, and the next step."""
    from django.utils.translation import gettext as _

    return _(
        "its sums are of no possible visitors (%(error)s): run “manage.py rollup_events --recount”"
    ) % {"error": error}


def is_possible(row: Row) -> bool:
    """Can visitors have these clicks and viewable impressions? By Cauchy and Schwarz."""
    n, m, d = row["visitors"], row["clicks"], row["viewable"]
    mm, dd, md = row["clicks_squared"], row["viewable_squared"], row["clicks_viewable"]
    return bool(
        min(n, m, d, mm, dd, md) >= 0 and m * m <= n * mm and d * d <= n * dd and md * md <= mm * dd
    )


def impossible_rows(sums: Sums) -> list[tuple[int, int, str]]:
    """Phase, arm and slice of each row that is not."""
    return [key for key, row in sums.rows.items() if not is_possible(row)]
