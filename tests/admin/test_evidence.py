"""The variant's page as evidence: verdict, reasons with their places, layers, and the table."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.admin.evidence import evidence_of
from shop_style.admin.scores import limits_moved, score_rows
from shop_style.imaging.sheet import HEAT, ROWS
from shop_style.models import Style, StyleVariant
from shop_style.models.storage import variant_storage
from styleeval.preservation.gate import Thresholds, judge
from styleeval.preservation.report import MEASURES, Scorecard
from tests.admin.conftest import CARD, CARD_2

pytestmark = pytest.mark.django_db

LIST = "/admin/shop_style/stylevariant/"
NO_LIMITS = {field.name: None for field in dataclasses.fields(Thresholds)}
STRICT = {"max_delta_e": 6.0, "max_worst_delta_e": 10.0, "min_worst_ssim": 0.7}


def judged(card: dict[str, Any], **thresholds: float) -> dict[str, Any]:
    """Columns of a variant that was judged by these thresholds alone."""
    verdict = judge(Scorecard.from_dict(card), Thresholds(**thresholds))
    return {
        "scorecard": card,
        "passed": verdict.passed,
        "reasons": [dataclasses.asdict(reason) for reason in verdict.reasons],
    }


@pytest.fixture
def with_sheet() -> dict[str, str]:
    """A stored evidence sheet, as its column."""
    return {"evidence": variant_storage().save("shop_style/variants/e.webp", ContentFile(b"x"))}


@pytest.fixture
def strict(make_style: Any) -> Style:
    """A style that has these limits and no others."""
    style: Style = make_style("strict", mode="fabric", thresholds={**NO_LIMITS, **STRICT})
    return style


@pytest.fixture
def make_failed(strict: Style, make_variant: Any, make_photo: Any, with_sheet: Any) -> Any:
    def make(**values: Any) -> StyleVariant:
        columns = {**judged(CARD_2, **STRICT), **with_sheet, **values}
        variant: StyleVariant = make_variant(make_photo(1), strict, **columns)
        return variant

    return make


def page_of(client: Any, variant: StyleVariant) -> str:
    response = client.get(f"{LIST}{variant.pk}/change/")
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_reasons_come_first_each_with_its_place_and_what_to_do(
    staff: Any, make_failed: Any
) -> None:
    page = page_of(staff(), make_failed())
    assert page.index("Not passed") < page.index("ss-evidence") < page.index("ss-scores")
    reasons = re.findall(r'<li id="reason-(\d)">(.*?)</li>', page, re.S)
    assert [number for number, _ in reasons] == ["1", "2", "3"]
    for (_, text), where, layer, said in zip(
        reasons,
        ("#spot-1", "#spot-2", "#spot-2"),
        ("ssim", "delta_e", "delta_e"),
        ("SSIM 0.65, at least 0.70", "ΔE 7.2, at most 6.0", "ΔE 11.5, at most 10.0"),
        strict=True,
    ):
        assert f'href="{where}"' in text and f'for="ss-layer-{layer}"' in text
        assert said in text
    assert "text lock" in reasons[0][1] and "colour lock" in reasons[1][1]
    # Colour as a whole has no place of its own; its spot has.
    assert "Show where most" in reasons[1][1] and "Show where most" not in reasons[2][1]
    # Each anchor leads to one box, which says whose it is and leads back.
    assert re.findall(r'id="(spot-\d)"', page) == ["spot-1", "spot-2"]
    spot = page.split('id="spot-2"')[1].split("</a></svg></svg>")[0]
    assert 'x="0.00%" y="0.00%" width="33.33%" height="50.00%"' in spot
    assert 'href="#reason-2"' in spot and 'href="#reason-3"' in spot


def test_every_layer_is_a_radio_button_of_a_row_of_the_sheet(staff: Any, make_failed: Any) -> None:
    variant = make_failed()
    page = page_of(staff(), variant)
    keys = re.findall(r'<input type="radio" name="ss-layer" value="(\w+)"', page)
    assert keys == ["none", *ROWS]
    assert re.findall(r'id="ss-layer-(\w+)"[^>]* checked', page) == ["outline"]
    for key in keys:
        assert len(re.findall(rf'<label for="ss-layer-{key}" id="ss-name-{key}">', page)) == 1
        assert f'aria-labelledby="ss-name-{key}"' in page
    flagged = re.findall(r'id="ss-name-(\w+)">[^<]*<span class="ss-flag">', page)
    assert flagged == ["ssim", "delta_e"]
    # Over both pictures the same sheet, which a screen reader passes over.
    assert page.count(f'<img class="ss-sheet" src="{variant.evidence.url}" alt="">') == 2
    assert page.count('<svg class="ss-marks" aria-hidden="true">') == 2
    assert page.count('class="ss-caption"') == 2 * len(MEASURES)
    body = page.split('class="ss-verdict"')[1].split('class="ss-facts"')[0]
    assert "<script" not in body and " style=" not in body and " onclick" not in body


def test_the_stylesheet_shows_each_row_of_the_sheet_where_it_lies() -> None:
    from django.contrib.staticfiles import finders

    with open(str(finders.find("shop_style/admin.css")), encoding="utf-8") as stream:
        css = stream.read()
    for number, row in enumerate(ROWS):
        top = f"-{100 * number}%" if number else "0"
        assert (
            f"#ss-layer-{row}:checked ~ .ss-compare .ss-sheet {{ display: block; top: {top}; }}"
            in css
        )
        assert f"#ss-layer-{row}:checked ~ * .ss-on-{row}" in css
    assert f"height: {100 * len(ROWS)}%" in css
    assert set(HEAT) == set(MEASURES) == set(ROWS[1:])


def test_the_table_says_each_number_its_limit_and_whether_it_holds(
    staff: Any, make_failed: Any
) -> None:
    variant = make_failed()
    rows = {str(row.name): row for row in score_rows(variant)}
    assert list(rows) == [
        "Structure",
        "Looks alike",
        "Colour",
        "Hue",
        "Fine detail",
        "Bent",
        "Outline",
        "Edge",
        "Outline lost",
        "Outline moved",
        "Light and shade",
        "Print",
        "Characters",
        "Halo",
        "White kept",
        "Moved by",
    ]
    structure = rows["Structure"]
    assert (structure.product.text, structure.worst.text) == ("0.979", "0.652")
    assert (structure.product.beyond, structure.worst.beyond) == (False, True)
    assert structure.around.text == "0.500"
    assert [(held.place, held.text) for held in structure.limits] == [
        ("worst spot", "at least 0.700")
    ]
    colour = rows["Colour"]
    assert [cell.text for cell in (colour.product, colour.worst, colour.around)] == [
        "7.2 ΔE",
        "11.5 ΔE",
        "3.2 ΔE",
    ]
    assert len(colour.broken) == 2
    assert (rows["Hue"].product.text, rows["Fine detail"].product.text) == ("18°", "81.4 %")
    # What these say of the surroundings is an echo of the product.
    assert rows["Fine detail"].around.empty and rows["Bent"].around.empty
    assert rows["Outline"].product.text == "99.1 %"
    assert rows["Moved by"].product.text == "3.0 px right, 1.5 px up"
    page = page_of(staff(), variant)
    table = page.split('class="ss-table ss-scores"')[1].split("</table>")[0]
    assert table.count("beyond its limit") == 2 and table.count("no limit") == 14
    assert limits_moved(variant, list(rows.values())) is False


def test_a_passed_variant_says_so_with_its_strength(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any, with_sheet: Any
) -> None:
    gentle = {**NO_LIMITS, "max_delta_e": 9.0, "min_change": 2.0}
    style = make_style("gentle", mode="fabric", thresholds=gentle, strength=None)
    columns = judged(CARD_2, max_delta_e=9.0)
    assert columns["passed"]
    variant = make_variant(
        make_photo(1), style, **columns, **with_sheet, strength_used=0.53125, bound_by="colour"
    )
    page = page_of(staff(), variant)
    assert "Passed: within every limit of its style" in page and "Not passed" not in page
    assert (
        "Strength 0.53, the strongest that keeps the product true; more would break: Colour."
        in page
    )
    assert 'id="reason-1"' not in page and "ss-flag" not in page and "ss-spot" not in page
    assert page.count("within its limit") == 2  # colour, and change


def test_a_row_of_the_first_schema_shows_what_it_has(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    reasons = [{"code": "colour", "text": "Another colour."}, {"code": "aura", "text": "Odd."}]
    variant = make_variant(
        make_photo(1), make_style(), passed=False, reasons=reasons, scorecard=CARD
    )
    page = page_of(staff(), variant)
    assert "ss-sheet" not in page and "Product outline" not in page
    keys = re.findall(r'name="ss-layer" value="(\w+)"', page)
    assert keys == ["none", "outline", "ssim", "perceptual", "delta_e"]
    assert 'x="0.00%" y="0.00%" width="33.33%" height="50.00%"' in page
    assert "Another colour." in page and 'href="#spot-1"' in page
    assert "Odd." in page and 'href="#spot-2"' not in page
    rows = {str(row.name): row for row in score_rows(variant)}
    # The grade mode's limits, as far as this card has numbers for them.
    assert list(rows) == ["Structure", "Looks alike", "Colour"]
    assert [held.holds for held in rows["Colour"].limits] == [False, True, True]
    assert rows["Colour"].limits[1].text == "9.8 ΔE, at most 12.0 ΔE"


@pytest.mark.parametrize(
    "values",
    [
        {"scorecard": None, "passed": None},
        {"scorecard": {"schema": 1, "mask_confidence": 1.0, "frame": {"fill": 0.9}}},
        {"scorecard": {**CARD, "size": None}},
        {"scorecard": {**CARD_2, "ssim": None}},
        {"status": "pending", "scorecard": None, "passed": None, "image": "", "renditions": []},
        {"retired_at": timezone.now(), "image": "", "renditions": []},
    ],
)
def test_rows_that_lack_something_have_a_page(
    values: dict[str, Any], staff: Any, make_failed: Any
) -> None:
    variant = make_failed(**values)
    page = page_of(staff(), variant)
    assert ("ss-sheet" in page) == bool(variant.image)


def test_a_style_whose_engine_is_gone_leaves_the_numbers_standing(
    staff: Any, make_failed: Any
) -> None:
    variant = make_failed()
    Style.objects.filter(pk=variant.style_id).update(engine="departed", mode="")
    page = page_of(staff(), variant)
    assert "11.5 ΔE" in page and page.count("no limit") >= 11


def test_limits_that_were_edited_since_are_said(staff: Any, make_failed: Any) -> None:
    variant = make_failed()
    client = staff()
    assert "would judge it otherwise" not in page_of(client, variant)
    Style.objects.filter(pk=variant.style_id).update(
        thresholds={**STRICT, "min_change": None, "max_delta_e": 8.0}
    )
    assert "would judge it otherwise" in page_of(client, variant)


def test_the_original_is_shown_as_it_was_compared(staff: Any, make_failed: Any) -> None:
    same = {"name": "shop_style/variants/o.webp", "format": "webp", "width": 96, "height": 80}
    variant = make_failed(original_renditions=[{**same, "name": "small.webp", "width": 48}, same])
    page = page_of(staff(), variant)
    stages = re.findall(r'<img (?:class="ss-(?:top|under)" )?src="([^"]+)" alt=', page)
    original = variant_storage().url(same["name"])
    # Beside the variant, and once more under it for the slider and the held key.
    assert stages == [original, original, variant.image.url]


def test_the_page_costs_the_same_however_much_there_is_to_show(
    staff: Any, make_failed: Any, make_photo: Any, make_variant: Any, strict: Style
) -> None:
    client = staff()
    bare = make_variant(make_photo(2), strict, scorecard=None, passed=None)
    counts = []
    for variant in (bare, make_failed(strength_used=0.5)):
        page_of(client, variant)
        with CaptureQueriesContext(connection) as queries:
            page_of(client, variant)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_names_the_first_reason_with_its_number(staff: Any, make_failed: Any) -> None:
    make_failed()
    page = staff().get(LIST).content.decode()
    assert "Structure, one spot 0.652" in page and "and 2 more" in page
    assert "structure_spot" not in page


def test_captions_run_into_the_picture() -> None:
    variant = StyleVariant(
        style=Style(slug="x"), scorecard=CARD_2, reasons=[{"code": "geometry", "text": "Bent."}]
    )
    tiles = {tile.layer: tile for tile in evidence_of(variant).tiles}
    assert tiles["delta_e"].ends is False and tiles["displacement"].ends is True
    assert tiles["delta_e"].caption_shift == 0 and tiles["displacement"].caption_shift < 0
    assert [place.x for place in tiles["displacement"].places] == [0]
