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


def has_possible_past(row: Row) -> bool:
    """Can the same visitors have done this in the baseline?"""
    past = row.get("past")
    if not past:
        return True
    n, m, d = row["visitors"], past["before_clicks"], past["before_viewable"]
    mm, dd = past["before_clicks_squared"], past["before_viewable_squared"]
    now = {"clicks": row["clicks_squared"], "viewable": row["viewable_squared"]}
    before = {"clicks": mm, "viewable": dd}
    return bool(
        m * m <= n * mm
        and d * d <= n * dd
        and past["before_clicks_viewable"] ** 2 <= mm * dd
        and all(
            past[f"{one}_before_{other}"] ** 2 <= now[one] * before[other]
            for one in now
            for other in before
        )
    )


def impossible_rows(sums: Sums) -> list[tuple[int, int, str]]:
    """Phase, arm and slice of each row that is not."""
    return [
        key for key, row in sums.rows.items() if not (is_possible(row) and has_possible_past(row))
    ]
