"""A heavier, larger or otherwise served arm is found: before the start, in report and command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop_style.checkup.run import findings
from shop_style.experiments.arm_files import FileFinding, arm_files, file_findings
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.models import StyleVariant
from tests.experiments.visits import visit_arm

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])


def files(weight: float = 1.0, *, widths: tuple[int, ...] = (96, 48), kinds: Any = None) -> list:
    """Renditions whose bytes go by their area, AVIF the lightest."""
    base = {"avif": 20, "webp": 25, "jpeg": 50}
    return [
        {
            "name": f"w{width}.{kind}",
            "format": kind,
            "width": width,
            "height": width * 5 // 6,
            "bytes": round(base[kind] * width * weight),
        }
        for kind in kinds or base
        for width in widths
    ]


@pytest.fixture
def shop(make_shop: Any) -> Any:
    """Four chairs whose variants weigh as their originals do."""
    shop = make_shop()
    StyleVariant.objects.update(renditions=files(), original_renditions=files())
    return shop


def found(shop: Any) -> dict[str, FileFinding]:
    return {item.code: item for item in file_findings(arm_files(shop.experiment))}


def test_files_that_are_alike_are_right(shop: Any) -> None:
    (finding,) = found(shop).values()
    assert (finding.code, finding.severity, finding.next_step) == ("arm_bytes", "right", "")
    (arm,) = arm_files(shop.experiment)
    assert arm.pictures == 4 and arm.ratio == pytest.approx(1)


@pytest.mark.parametrize(
    ("weight", "severity"),
    [
        (0.45, "wrong"),
        (0.7, "notice"),
        (0.9, "right"),
        (1.2, "right"),
        (1.3, "notice"),
        (2.1, "wrong"),
    ],
)
def test_a_heavier_or_a_lighter_arm_is_told(shop: Any, weight: float, severity: str) -> None:
    StyleVariant.objects.update(renditions=files(weight))
    finding = found(shop)["arm_bytes"]
    assert finding.severity == severity
    assert bool(finding.next_step) == (severity != "right")
    (arm,) = arm_files(shop.experiment)
    assert arm.ratio == pytest.approx(weight, rel=0.01)
    # The file nearest to 640 px is the widest: 96 px, 1,920 bytes.
    assert arm.control_kilobytes == pytest.approx(1.92)
    assert arm.kilobytes == pytest.approx(1.92 * weight, rel=0.01)


def test_one_heavy_picture_is_named_and_hardly_moves_the_mean(shop: Any) -> None:
    heavy = StyleVariant.objects.first()
    StyleVariant.objects.filter(pk=heavy.pk).update(renditions=files(2.2), source_name="big.jpg")
    finding = found(shop)["arm_bytes"]
    assert finding.severity == "right" and "big.jpg" in finding.text and "2.2" in finding.text


@pytest.mark.parametrize(
    ("own", "code"),
    [
        (files(widths=(192, 96)), "arm_pixels"),
        (files(kinds=("webp", "jpeg")), "arm_formats"),
        (files(widths=(96,)), "arm_formats"),
    ],
    ids=["pixels", "formats", "widths"],
)
def test_other_pixels_and_other_files_are_wrong(shop: Any, own: Any, code: str) -> None:
    StyleVariant.objects.update(renditions=own)
    finding = found(shop)[code]
    assert finding.severity == "wrong" and "4 of 4" in finding.text and finding.next_step


def test_an_arm_without_avif_is_compared_by_what_a_browser_takes(shop: Any) -> None:
    """AVIF for the control and WebP for the style: 25 bytes against 20."""
    StyleVariant.objects.update(renditions=files(kinds=("webp", "jpeg")))
    (arm,) = arm_files(shop.experiment)
    assert arm.ratio == pytest.approx(1.25, rel=0.01)


def test_a_control_without_files_of_its_own_is_wrong(shop: Any) -> None:
    StyleVariant.objects.update(original_renditions=[])
    assert found(shop)["control_files"].severity == "wrong"
    assert found(shop)["arm_bytes"].severity == "notice"  # of unknown weight


def test_sizes_that_nobody_kept_are_said_to_be_unknown(shop: Any) -> None:
    old = [{key: item[key] for key in item if key != "bytes"} for item in files()]
    StyleVariant.objects.update(renditions=old)
    assert found(shop)["arm_bytes"].severity == "notice"


def test_it_asks_as_often_for_any_number_of_pictures(make_shop: Any) -> None:
    shop = make_shop(3)
    counts = []
    for number in (3, 30):
        for _ in range(number - StyleVariant.objects.count()):
            variant = StyleVariant.objects.latest("pk")
            variant.pk, variant.object_id = None, str(10_000 + variant.id)
            variant.save(force_insert=True)
        with CaptureQueriesContext(connection) as queries:
            (arm,) = arm_files(shop.experiment)
        counts.append((len(queries), arm.pictures))
    assert counts[0][0] == counts[1][0]
    assert [pictures for _, pictures in counts] == [3, 30]


def test_the_checklist_the_report_and_the_command_say_it(
    shop: Any, admin_client: Any, picture: Callable[..., bytes]
) -> None:
    StyleVariant.objects.update(renditions=files(1.5))
    address = f"/admin/shop_style/experiment/{shop.experiment.pk}/change/"
    html = admin_client.get(address).content.decode()
    assert "arm_bytes" in html and "To know:" in html and 'value="start">' in html
    shop.start()
    visit_arm(shop, styled=True).report(("rendered", 0))
    visit_arm(shop, styled=False).report(("rendered", 0))
    rollup()
    (check,) = [item for item in build_report(shop.experiment).checks if item.name == "arm_bytes"]
    assert (check.light, check.arm) == ("amber", "warm") and check.advice
    (said,) = [item for item in findings() if item.area == "arm files"]
    assert said.state == "notice" and "warm-listing" in said.text and said.next_step
