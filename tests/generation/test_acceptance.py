"""A shop's decisions from the rows to the model and back; nothing is ever published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.exceptions import LearningError
from shop_style.generation import acceptance, runner
from shop_style.generation.acceptance import chance_of_approval, newest_parameters
from shop_style.generation.databases import style_in
from shop_style.generation.decisions import Tally, decisions, reviewed_shares
from shop_style.generation.learning import keep, learn
from shop_style.generation.request import request_variant
from shop_style.models import AcceptanceModel, AuditEntry, Status, Style, StyleVariant
from shop_style.models.variant import Review
from tests.styleeval.shops import Card, open_shop, real_cards

DATABASES = ["default", "tenant"]
pytestmark = pytest.mark.django_db(databases=DATABASES)


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return real_cards()


def taste(card: Card, mode: str) -> float:
    return float(5 - 1.0 * card["delta_e"]["product"])


def anything(card: Card, mode: str) -> float:
    return 0.0


@pytest.fixture
def fill(make_style: Any, cards: list[Card]) -> Callable[..., list[StyleVariant]]:
    """Decided variants of a shop, as rows."""
    from django.contrib.contenttypes.models import ContentType

    from tests.shop.models import Chair

    def make(number: int, *, using: str = "default", **options: Any) -> list[StyleVariant]:
        User.objects.get_or_create(username="mira")
        liking = options.get("liking", taste)
        shop = open_shop(cards, liking, variants=number, seed=number)
        style = style_in(Style.objects.filter(slug="graded").first() or make_style("graded"), using)
        kind = ContentType.objects.db_manager(using).get_for_model(Chair)
        start = timezone.now() - timedelta(days=1)
        return StyleVariant.objects.using(using).bulk_create(
            StyleVariant(
                content_type=kind,
                object_id=str(product),
                database=using,
                field="photo",
                style=style,
                source_name=f"{product}.jpg",
                source_digest=f"{place:064d}",
                recipe_digest=style.digest,
                status=Status.READY,
                review=Review.APPROVED if approved else Review.REJECTED,
                reviewed_by=options.get("by", "mira"),
                reviewed_at=start + timedelta(seconds=20 * place),
                scorecard=card,
                passed=card["delta_e"]["product"] < 6,
                reasons=[{"code": "colour", "text": "Too red."}],
            )
            for place, (card, product, approved) in enumerate(
                zip(shop.cards, shop.products, shop.approved, strict=True)
            )
        )

    return make


def test_learns_keeps_and_speaks_of_what_waits_and_publishes_nothing(
    fill: Any, make_chair: Any, cards: list[Card]
) -> None:
    decided = fill(240)
    waiting = decided[0]
    StyleVariant.objects.filter(pk=waiting.pk).update(
        review=Review.UNREVIEWED, reviewed_by="", scorecard=cards[0], passed=True
    )
    learned = learn()
    assert not AcceptanceModel.objects.exists(), "nothing is written before it is kept"
    model, spoken_of = keep(learned, actor="mira")
    assert spoken_of == 1
    assert model.approved + model.rejected == 239 and model.fitted_by == "mira"
    row = StyleVariant.objects.get(pk=waiting.pk)
    assert row.acceptance is not None and row.acceptance > 0.8
    assert row.review == Review.UNREVIEWED and row.published_at is None
    assert not StyleVariant.objects.exclude(pk=row.pk).exclude(acceptance=None).exists()
    assert AuditEntry.objects.filter(verb="fitted", actor="mira").count() == 1
    # However sure the model, the row waits for a person.
    sure = {**learned.parameters, "intercept": 50.0}
    AcceptanceModel.objects.filter(pk=model.pk).update(parameters=sure)
    acceptance.rescore()
    row.refresh_from_db()
    assert row.acceptance is not None and row.acceptance > 0.99
    assert row.review == Review.UNREVIEWED and not row.is_published


def test_a_new_variant_is_told_its_chance(fill: Any, make_style: Any, make_chair: Any) -> None:
    fill(240)
    style = make_style("warm")
    before = request_variant(make_chair(), style)
    runner.run(before.pk, using="default")
    before.refresh_from_db()
    assert before.status == Status.READY and before.acceptance is None, "no model yet"
    keep(learn(), actor="mira")
    after = request_variant(make_chair(), style)
    runner.run(after.pk, using="default")
    after.refresh_from_db()
    assert after.scorecard is not None
    assert after.acceptance == chance_of_approval(after.scorecard, "grade")
    assert after.acceptance is not None and 0 < after.acceptance < 1
    assert after.review == Review.UNREVIEWED


def test_too_few_decisions_are_refused_with_what_is_missing(fill: Any) -> None:
    fill(40)
    with pytest.raises(LearningError, match="more rejected") as refused:
        learn()
    assert refused.value.code == "too_few_decisions"
    with pytest.raises(CommandError, match="^too_few_decisions: "):
        call_command("fit_acceptance")


def counted(**options: Any) -> Tally:
    """What is counted while every decision goes by."""
    tally = Tally()
    found = list(decisions(DATABASES, tally=tally, **options))
    assert len(found) == sum(tally.people.values())
    return tally


def test_only_people_count(fill: Any) -> None:
    fill(90, by="demo")
    with pytest.raises(LearningError, match="90 more are of names without an account"):
        learn()
    assert counted(reviewers=["somebody-else"]).people == {}
    assert counted(reviewers=["demo"]).people == {"demo": 90}, "who has left is named"
    User.objects.create(username="demo")
    assert counted().people == {"demo": 90}


def test_counts_where_people_and_gate_disagree(fill: Any) -> None:
    rows = fill(240)
    found = counted().as_dict()
    over = sum(row.passed is False and row.review == Review.APPROVED for row in rows)
    turned_down = sum(row.passed is True and row.review == Review.REJECTED for row in rows)
    assert over and turned_down
    assert found["approved_though_failed"] == over
    assert found["rejected_though_passed"] == turned_down
    assert found["against"] == {"colour": over}
    assert found["together"] == 0 and found["told"] is None
    StyleVariant.objects.update(reviewed_at=timezone.now())
    assert counted().together == 239


def test_what_was_told_before_a_decision_is_held_against_it(fill: Any) -> None:
    rows = fill(40)
    StyleVariant.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(
        acceptance=0.75, review=Review.APPROVED
    )
    StyleVariant.objects.filter(pk=rows[1].pk).update(review=Review.REJECTED)
    told = counted().as_dict()["told"]
    expected = {"count": 2, "predicted": 0.75, "observed": 0.5, "brier": (0.25**2 + 0.75**2) / 2}
    assert told == pytest.approx(expected)


def test_decisions_of_every_database_count(fill: Any, make_style: Any) -> None:
    fill(30)
    fill(30, using="tenant")
    products = [item.product for item in decisions(DATABASES, tally=Tally())]
    assert len(products) == 60 and len(set(products)) == 20, (
        "rows of two databases are two products"
    )


def test_knows_how_much_was_never_decided(fill: Any) -> None:
    rows = fill(40)
    StyleVariant.objects.filter(passed=False).update(review=Review.UNREVIEWED)
    passed = sum(bool(row.passed) for row in rows)
    assert reviewed_shares(DATABASES) == {"passed": [passed, passed], "failed": [0, 40 - passed]}


def test_what_is_no_better_than_the_base_rate_is_kept_only_by_force(fill: Any, capsys: Any) -> None:
    fill(200, liking=anything)
    with pytest.raises(CommandError, match="^nothing_learned: "):
        call_command("fit_acceptance")
    assert "no better than saying" in capsys.readouterr().out
    assert not AcceptanceModel.objects.exists()
    call_command("fit_acceptance", force=True)
    assert AcceptanceModel.objects.get().report["is_better_than_base_rate"] is False


def test_the_command_prints_the_report_and_can_leave_it_at_that(fill: Any, capsys: Any) -> None:
    fill(240)
    call_command("fit_acceptance", dry_run=True, by="mira")
    text = capsys.readouterr().out
    for words in ("finds the approved one in", "Approved less with: ", "Decided by mira 240."):
        assert words in text
    assert "failed the gate (colour" in text and "dry run" in text
    assert not AcceptanceModel.objects.exists()
    call_command("fit_acceptance", by="mira")
    assert AcceptanceModel.objects.get().fitted_by == "mira"


def test_queries_do_not_grow_with_decisions(fill: Any) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert list(decisions(DATABASES, tally=Tally()))
        return len(found)

    rows = fill(240)
    StyleVariant.objects.filter(pk__in=[row.pk for row in rows[120:]]).update(
        review=Review.UNREVIEWED
    )
    few = queries()
    StyleVariant.objects.filter(review=Review.UNREVIEWED).update(review=Review.REJECTED)
    assert queries() == few


def test_the_newest_model_is_read_once_in_a_while(
    fill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    AcceptanceModel.objects.create(parameters={"a": 1}, report={}, approved=1, rejected=1)
    with CaptureQueriesContext(connection) as found:
        assert [newest_parameters() for _ in range(5)] == [{"a": 1}] * 5
    assert len(found) == 1
    AcceptanceModel.objects.create(parameters={"a": 2}, report={}, approved=1, rejected=1)
    assert newest_parameters() == {"a": 1}
    monkeypatch.setattr(acceptance, "SECONDS", 0.0)
    assert newest_parameters() == {"a": 2}
    assert chance_of_approval({"schema": 2}, "grade") is None, "a model of another version"
