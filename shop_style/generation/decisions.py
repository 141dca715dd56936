"""What people decided about variants, as the acceptance model learns it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from shop_style.generation.acceptance import modes_in
from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review

_CHUNK: Final = 200
_TOGETHER: Final = timedelta(seconds=1)
"""Nobody looks at two pictures in less: they were ticked in a list and decided in one step."""

_COLUMNS: Final = (
    "content_type_id",
    "object_id",
    "style_id",
    "scorecard",
    "review",
    "passed",
    "reasons",
    "reviewed_by",
    "reviewed_at",
    "acceptance",
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One variant that was approved or rejected. product: its host row, as one word. told: the
    chance of approval that stood beside it when it was decided."""

    card: dict[str, Any]
    mode: str
    product: str
    approved: bool
    passed: bool | None
    reasons: tuple[str, ...]
    by: str
    at: datetime | None
    told: float | None


@dataclass
class Tally:
    """Counts of decisions as they go by.

    passed, failed: what the gate said of what was approved and rejected. against: codes of what
    was approved all the same. together: decided in one step with others. not_people: by names
    that are no account here. told: chance and decision where an earlier model had spoken first.
    """

    passed: Counter[bool] = field(default_factory=Counter)
    failed: Counter[bool] = field(default_factory=Counter)
    against: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    not_people: Counter[str] = field(default_factory=Counter)
    no_mode: int = 0
    together: int = 0
    told: list[tuple[float, bool]] = field(default_factory=list)
    _last: dict[str, datetime] = field(default_factory=dict)

    def count(self, decision: Decision) -> None:
        """Add a decision of a person."""
        self.people[decision.by] += 1
        if decision.passed is not None:
            (self.passed if decision.passed else self.failed)[decision.approved] += 1
        if decision.approved and decision.passed is False:
            self.against.update(decision.reasons)
        if decision.told is not None:
            self.told.append((decision.told, decision.approved))
        if decision.at is None:
            return
        last = self._last.get(decision.by)
        self.together += last is not None and decision.at - last < _TOGETHER
        self._last[decision.by] = decision.at

    def as_dict(self) -> dict[str, Any]:
        """How often people and gate disagreed, and whose decisions these are."""
        return {
            "approved_though_failed": self.failed[True],
            "rejected_though_failed": self.failed[False],
            "approved_though_passed": self.passed[True],
            "rejected_though_passed": self.passed[False],
            "against": dict(self.against.most_common()),
            "people": dict(self.people.most_common()),
            "not_people": dict(self.not_people.most_common()),
            "together": self.together,
            "no_mode": self.no_mode,
            "told": self._told(),
        }

    def _told(self) -> dict[str, float] | None:
        """How what was said before each decision came true."""
        if not self.told:
            return None
        number = len(self.told)
        return {
            "count": number,
            "predicted": sum(chance for chance, _approved in self.told) / number,
            "observed": sum(approved for _chance, approved in self.told) / number,
            "brier": sum((chance - approved) ** 2 for chance, approved in self.told) / number,
        }


def decisions(
    databases: Sequence[str], *, tally: Tally, reviewers: Collection[str] = ()
) -> Iterator[Decision]:
    """Every decision of a person, counted as it goes by, in the order it was taken.

    reviewers: take only theirs, whether or not they still have an account; else those of every
    account. A number of queries that depends on the databases alone; scorecards are read a few
    hundred at a time.
    """
    for alias in databases:
        rows = StyleVariant.objects.using(alias).filter(
            status=Status.READY,
            review__in=(Review.APPROVED, Review.REJECTED),
            scorecard__isnull=False,
        )
        names = set(rows.order_by().values_list("reviewed_by", flat=True).distinct())
        people = names & set(reviewers) if reviewers else accounts(names)
        modes = modes_in(alias)
        found = rows.order_by("reviewed_at", "pk").values_list(*_COLUMNS)
        for row in found.iterator(chunk_size=_CHUNK):
            kind, key, style, card, review, passed, reasons, by, at, told = row
            if by not in people:
                tally.not_people[by] += 1
            elif style not in modes:
                tally.no_mode += 1
            else:
                decision = Decision(
                    card=card,
                    mode=modes[style],
                    product=f"{alias}/{kind}/{key}",
                    approved=review == Review.APPROVED,
                    passed=passed,
                    reasons=tuple(str(item["code"]) for item in reasons),
                    by=by,
                    at=at,
                    told=told,
                )
                tally.count(decision)
                yield decision


def accounts(names: Collection[str]) -> set[str]:
    """Those of these names that people log in by: whatever else approves is a program."""
    users = get_user_model()
    field_name = users.USERNAME_FIELD
    found = users._default_manager.filter(**{f"{field_name}__in": names})
    return set(found.values_list(field_name, flat=True))


def reviewed_shares(databases: Sequence[str]) -> dict[str, list[int]]:
    """[decided, all] of the ready variants that passed their gate, and of those that failed it."""
    found = {"passed": [0, 0], "failed": [0, 0]}
    decided = Count("pk", filter=~Q(review=Review.UNREVIEWED))
    for alias in databases:
        rows = StyleVariant.objects.using(alias).filter(status=Status.READY)
        for passed, done, every in (
            rows.exclude(passed=None)
            .order_by()
            .values("passed")
            .annotate(done=decided, every=Count("pk"))
            .values_list("passed", "done", "every")
        ):
            counts = found["passed" if passed else "failed"]
            counts[0] += done
            counts[1] += every
    return found
