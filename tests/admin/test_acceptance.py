"""The acceptance model in the admin: read only, a plot that can be read without seeing it."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.admin.reliability import reliability_plot
from shop_style.models import AcceptanceModel

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/acceptancemodel/"
VIEW = "shop_style.view_acceptancemodel"
BINS = [
    {"predicted": 0.1, "observed": 0.2, "count": 20, "low": 0.08, "high": 0.42},
    {"predicted": 0.9, "observed": 0.85, "count": 40, "low": 0.71, "high": 0.93},
]
REPORT: dict[str, Any] = {
    "approved": 38,
    "rejected": 22,
    "products": 30,
    "modes": {"grade": 60},
    "left_out": {"scored by another version": 4},
    "auc": {"estimate": 0.87, "low": 0.79, "high": 0.93},
    "brier": 0.142,
    "base_brier": 0.236,
    "log_loss": 0.45,
    "base_log_loss": 0.66,
    "calibration_error": 0.062,
    "calibrated": False,
    "bins": BINS,
    "influences": [{"feature": "colour", "words": "colour away from it", "odds": 0.4}],
    "penalty": 0.1,
    "is_better_than_base_rate": True,
    "decisions": {
        "approved_though_failed": 3,
        "rejected_though_failed": 11,
        "approved_though_passed": 35,
        "rejected_though_passed": 11,
        "against": {"halo": 2, "colour": 1},
        "people": {"mira": 60},
        "not_people": {"demo": 7},
        "together": 12,
        "no_mode": 0,
        "told": {"count": 9, "predicted": 0.62, "observed": 0.58, "brier": 0.151},
        "reviewed": {"passed": [46, 50], "failed": [14, 140]},
    },
}


def make_model(**changes: Any) -> AcceptanceModel:
    return AcceptanceModel.objects.create(
        parameters={},
        report={**REPORT, **changes},
        approved=38,
        rejected=22,
        fitted_by="mira",
    )


def test_points_lie_where_their_shares_are() -> None:
    plot = reliability_plot(BINS)
    first, second = plot.points
    width, height = plot.right - plot.left, plot.bottom - plot.top
    assert first.x == plot.left + 0.1 * width and second.x == plot.left + 0.9 * width
    assert first.y == plot.bottom - 0.2 * height
    assert second.low > second.y > second.high, "up the page is more"
    assert second.radius > first.radius
    assert plot.description.startswith("Predicted 10 %: 20 % of 20 variants approved (8 % to 42 %)")


def test_the_page_says_how_good_it_is_in_words_a_plot_and_a_table(staff: Any) -> None:
    model = make_model()
    page = staff(VIEW).get(f"{LIST}{model.pk}/change/").content.decode()
    for text in (
        "This is the model that is asked.",
        "the approved one in 87 % of pairs",
        "colour away from it (odds × 0.40)",
        "Left out: 4 scored by another version.",
        "Decided by mira 60.",
        "nobody logs in by these names: demo 7.",
        "People approved 3 of 14 that failed the gate (halo 2, colour 1)",
        "rejected 11 of 46 that had passed it",
        "12 were decided in one step",
        "it had said 62 % on average, and 58 % were approved (Brier score 0.151)",
        "92 % of what passed the gate, 10 % of what failed it",
        'role="img"',
        "Predicted 90 %: 85 % of 40 variants approved",
    ):
        assert text in page, text
    assert page.count('class="ss-point"') == 2
    assert 'name="_save"' not in page and "deletelink" not in page
    assert " style=" not in page.split("ss-acceptance")[1]
    make_model()
    older = staff(VIEW, username="omar").get(f"{LIST}{model.pk}/change/").content.decode()
    assert "A newer one is asked instead." in older


def test_the_list_names_the_useless(staff: Any) -> None:
    make_model(is_better_than_base_rate=False)
    page = staff(VIEW).get(LIST).content.decode()
    assert "no better than the base rate" in page and "87 % (79 % – 93 %)" in page
    assert staff(username="omar").get(LIST).status_code == 403


def test_nobody_adds_changes_or_deletes_one(staff: Any) -> None:
    model = make_model()
    rights = [f"shop_style.{step}_acceptancemodel" for step in ("add", "change", "delete")]
    client = staff(VIEW, *rights)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{model.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{model.pk}/change/", {"fitted_by": "x"}).status_code == 403
    assert AcceptanceModel.objects.get().fitted_by == "mira"


def test_a_variant_has_its_chance_beside_the_verdict(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    style = make_style()
    known = make_variant(make_photo(1), style, acceptance=0.784)
    unknown = make_variant(make_photo(2), style)
    client = staff()
    variants = "/admin/shop_style/stylevariant/"
    page = client.get(f"{variants}{known.pk}/change/").content.decode()
    assert "Your past decisions say: 78 %." in page and "nothing follows from it" in page
    assert "passed its gate" in page
    assert "past decisions" not in client.get(f"{variants}{unknown.pk}/change/").content.decode()
    rows = client.get(variants).content.decode().split("<tbody>")[1]
    assert '<td class="field-chance">78 %</td>' in rows
    assert '<td class="field-chance">–</td>' in rows
    ordered = client.get(variants, {"o": "5"}).context["cl"].get_ordering_field_columns()
    assert ordered, "the column orders the list"
