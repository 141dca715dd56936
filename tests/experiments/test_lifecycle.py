"""States, their order, what refuses them, and the trail they leave."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.exceptions import ExperimentError, UnknownExperiment
from shop_style.experiments import lifecycle
from shop_style.experiments.snapshot import current_snapshot, forget_snapshot
from shop_style.models import Arm, AuditEntry, Experiment, PhaseVariant, StyleVariant
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


def trail(shop: Any) -> list[str]:
    rows = AuditEntry.objects.filter(target_model="shop_style.experiment").order_by("pk")
    return [f"{row.actor} {row.verb}" for row in rows]


def test_from_draft_to_finished_every_step_is_in_the_trail(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.pause(shop.experiment, actor="ben", reason="a strange Tuesday")
    assert shop.experiment.state == "paused"
    lifecycle.resume(shop.experiment, actor="ben")
    lifecycle.raise_coverage(shop.experiment, 1.0, actor="ben")
    lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    assert (shop.experiment.state, shop.experiment.outcome) == ("finished", "ship")
    assert shop.experiment.ended_at and shop.experiment.phases.get().ended_at
    assert trail(shop) == [
        "ada started",
        "ben paused",
        "ben resumed",
        "ben coverage raised",
        "ada finished",
    ]
    assert AuditEntry.objects.filter(reason="a strange Tuesday").exists()


def test_a_start_freezes_products_variants_weights_and_draws_salts(make_shop: Any) -> None:
    shop = make_shop(3)
    phase = shop.start()
    row = Experiment.objects.get()
    assert len({row.coverage_salt, row.arm_salt, row.visitor_salt, ""}) == 4
    assert phase.products.count() == 3
    assert PhaseVariant.objects.count() == 3
    assert sorted(phase.weights.values()) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.experiment.arms.filter(slug="control").delete(), "0 arms without a style"),
        (lambda s: s.experiment.arms.filter(slug="warm").delete(), "fewer than two arms"),
        (lambda s: s.experiment.arms.update(style=None), "2 arms without a style"),
        (lambda s: s.experiment.arms.filter(slug="warm").update(weight=0.4), "sum to 0.9"),
        (lambda s: s.experiment.arms.filter(slug="warm").update(weight=0), "not above 0"),
        (lambda s: Experiment.objects.update(planned_visitors=None), "planned visitors"),
        (lambda s: Experiment.objects.update(coverage=0), "coverage is 0"),
        (lambda s: Experiment.objects.update(layer_from=0.5, layer_to=0.5), "layer is empty"),
        (lambda s: StyleVariant.objects.update(published_at=None), "no picture has a published"),
        (lambda s: StyleVariant.objects.update(renditions=[]), "no picture has a published"),
    ],
)
def test_a_start_that_cannot_work_is_refused_with_the_reason(
    make_shop: Any, change: Any, words: str
) -> None:
    shop = make_shop()
    change(shop)
    with pytest.raises(ExperimentError) as caught:
        shop.start()
    assert words in str(caught.value)
    assert caught.value.code == "bad_experiment_step" and caught.value.problems
    row = Experiment.objects.get()
    assert row.state == "draft" and row.arm_salt == "" and not row.phases.exists()
    assert trail(shop) == [] and current_snapshot().experiments == ()


def test_every_reason_is_told_at_once(make_shop: Any) -> None:
    shop = make_shop(planned_visitors=None)
    shop.experiment.arms.update(weight=0.3)
    with pytest.raises(ExperimentError) as caught:
        shop.start()
    assert len(caught.value.problems) == 2


def test_only_pictures_with_every_arms_style_take_part(
    make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    shop = make_shop(3)
    cold = make_style("cold")
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.2)
    shop.experiment.arms.filter(slug="warm").update(weight=0.3)
    with pytest.raises(ExperimentError, match="no picture has"):
        shop.start()
    publish_variant(shop.chairs[1], cold)
    phase = shop.start()
    assert [item.object_id for item in phase.products.all()] == [str(shop.chairs[1].pk)]


def test_objects_limit_what_is_enrolled(make_shop: Any) -> None:
    shop = make_shop(4)
    phase = lifecycle.start(shop.experiment, actor="ada", objects=shop.chairs[:2])
    assert phase.products.count() == 2


def second(shop: Any, **values: Any) -> Experiment:
    other = Experiment.objects.create(
        slug="second", name="Second", **{"planned_visitors": 5, "placement": "listing", **values}
    )
    Arm.objects.create(experiment=other, slug="control", weight=0.5)
    Arm.objects.create(experiment=other, slug="warm", style=shop.style, weight=0.5)
    return other


def test_two_live_experiments_do_not_share_a_picture(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    for placement in ("listing", ""):
        with pytest.raises(ExperimentError, match="warm-listing"):
            lifecycle.start(second(shop, placement=placement), actor="ada")
        Experiment.objects.filter(slug="second").delete()
    lifecycle.start(second(shop, placement="elsewhere"), actor="ada")
    Experiment.objects.filter(slug="second").delete()
    lifecycle.pause(shop.experiment, actor="ada")
    with pytest.raises(ExperimentError, match="paused"):
        lifecycle.start(second(shop), actor="ada")
    Experiment.objects.filter(slug="second").delete()
    lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    lifecycle.start(second(shop), actor="ada")


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (lifecycle.pause, "draft"),
        (lifecycle.resume, "running"),
        (lifecycle.pause, "paused"),
        (lifecycle.finish, "draft"),
        (lifecycle.finish, "finished"),
        (lifecycle.start, "running"),
    ],
)
def test_a_step_out_of_order_is_refused_and_changes_nothing(
    make_shop: Any, step: Any, state: str
) -> None:
    shop = make_shop()
    if state != "draft":
        shop.start()
    Experiment.objects.update(state=state)
    before = trail(shop)
    with pytest.raises(ExperimentError, match="this step takes"):
        step(shop.experiment, actor="ada")
    assert Experiment.objects.get().state == state and trail(shop) == before


def test_weights_change_in_a_new_phase_and_who_has_entered_stays(make_shop: Any) -> None:
    shop = make_shop()
    first = shop.start()
    early = [visit(shop) for _ in range(30)]
    phase = lifecycle.change_weights(
        shop.experiment, {"control": 0.1, "warm": 0.9}, actor="ada", reason="bandit"
    )
    forget_snapshot()
    assert phase.number == 2 and first.pk != phase.pk
    first.refresh_from_db()
    assert first.ended_at is not None and sorted(first.weights.values()) == [0.5, 0.5]
    for one in early:
        again = visit(shop, one.visitor)
        assert again.is_styled == one.is_styled
        assert dict(again.page.visitor.phases) == {shop.experiment.pk: first.pk}
    late = [visit(shop) for _ in range(60)]
    assert {visited.page.visitor.phases[shop.experiment.pk] for visited in late} == {phase.pk}
    # Nine in ten; fewer than 42 of 60 has p < 1e-5.
    assert sum(visited.is_styled for visited in late) >= 42


def test_a_phase_without_a_product_is_refused(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    StyleVariant.objects.update(published_at=None)
    with pytest.raises(ExperimentError, match="no product has"):
        lifecycle.change_weights(shop.experiment, {"control": 0.4, "warm": 0.6}, actor="ada")
    assert shop.experiment.phases.count() == 1


def test_experiments_of_a_layer_share_its_salt_whatever_the_secret_key(
    make_shop: Any, settings: Any
) -> None:
    shop = make_shop(layer="home", layer_to=0.5)
    shop.start()
    settings.SECRET_KEY = "the next one"
    other = second(shop, layer="home", layer_from=0.5)
    lifecycle.start(other, actor="ada")
    salts = set(Experiment.objects.values_list("layer_salt", flat=True))
    assert len(salts) == 1 and salts != {""}


@pytest.mark.parametrize(
    "weights",
    [
        {"control": 0.5},
        {"control": 0.5, "warm": 0.4},
        {"control": 1.0, "warm": 0.0},
        {"control": 0.5, "warm": 0.3, "cold": 0.2},
    ],
)
def test_weights_that_do_not_fit_are_refused(make_shop: Any, weights: dict[str, float]) -> None:
    shop = make_shop()
    shop.start()
    with pytest.raises(ExperimentError, match="weights must name each arm"):
        lifecycle.change_weights(shop.experiment, weights, actor="ada")
    assert shop.experiment.phases.count() == 1


def test_coverage_is_only_raised(make_shop: Any) -> None:
    shop = make_shop(coverage=0.5)
    shop.start()
    for wrong in (0.4, 1.1, float("nan")):
        with pytest.raises(ExperimentError, match="only be raised"):
            lifecycle.raise_coverage(shop.experiment, wrong, actor="ada")
    lifecycle.raise_coverage(shop.experiment, 0.8, actor="ada")
    assert Experiment.objects.get().coverage == 0.8


def test_an_unknown_arm_or_experiment_is_named_with_those_there_are(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    with pytest.raises(ExperimentError, match="control, warm"):
        lifecycle.finish(shop.experiment, actor="ada", ship="cold")
    assert Experiment.objects.get().state == "running"
    with pytest.raises(UnknownExperiment, match="warm-listing"):
        lifecycle.find_experiment("nothing")
