"""Learn from a shop's approvals, and keep what was learned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import tee
from typing import Any

from django.db import router

from shop_style.exceptions import LearningError
from shop_style.generation.acceptance import forget_parameters, rescore
from shop_style.generation.databases import variant_databases
from shop_style.generation.decisions import Tally, decisions, reviewed_shares
from shop_style.models import AcceptanceModel, AuditEntry
from styleeval.acceptance.errors import AcceptanceError


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A fit that is not kept yet. report: plain, of `AcceptanceReport` and `Tally`."""

    parameters: dict[str, Any]
    report: dict[str, Any]

    @property
    def is_useful(self) -> bool:
        """Does it know more than the base rate?"""
        return bool(self.report["is_better_than_base_rate"])


def learn(*, reviewers: Collection[str] = ()) -> Learned:
    """Fit a model on what people decided. Writes nothing.

    reviewers: as `decisions` takes them. Raises LearningError: `too_few_decisions` with how many
    are missing, `learner_missing`.
    """
    from styleeval.acceptance.learner import fit

    databases = variant_databases()
    tally = Tally()
    # Read in step, so that no more than one scorecard is held.
    cards, answers, products = tee(decisions(databases, tally=tally, reviewers=reviewers), 3)
    try:
        found = fit(
            ((decision.card, decision.mode) for decision in cards),
            (decision.approved for decision in answers),
            (decision.product for decision in products),
        )
    except AcceptanceError as error:
        others = sum(tally.not_people.values())
        hint = f". {others} more are of names without an account" if others else ""
        raise LearningError(f"{error}{hint}", code=error.code) from error
    people = {**tally.as_dict(), "reviewed": reviewed_shares(databases)}
    return Learned(
        parameters=found.parameters.as_dict(),
        report={**found.report.as_dict(), "decisions": people},
    )


def keep(learned: Learned, *, actor: str, force: bool = False) -> tuple[AcceptanceModel, int]:
    """Store a fit, and let it speak of every variant that waits. The row, and of how many.

    Raises LearningError `nothing_learned` for one that is no better than the base rate, unless
    forced.
    """
    if not (learned.is_useful or force):
        raise LearningError(
            "this model is no better than saying the same of every variant; it was not kept. "
            "Decide on more variants, or keep it all the same with --force"
        )
    model = AcceptanceModel.objects.using(router.db_for_write(AcceptanceModel)).create(
        parameters=learned.parameters,
        report=learned.report,
        approved=learned.report["approved"],
        rejected=learned.report["rejected"],
        fitted_by=actor,
    )
    AuditEntry.objects.record(
        "fitted",
        model,
        actor=actor or "fit_acceptance",
        detail={"forced": not learned.is_useful, "auc": learned.report["auc"]["estimate"]},
    )
    forget_parameters()
    return model, rescore()
