"""Each way to fail says what to do next."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style import exceptions
from shop_style.admin.failures import FAILURES, UNKNOWN, advice_for
from shop_style.imaging.intake import REFUSALS
from shop_style.models import Status, StyleJob

_OF_WORKERS = (
    exceptions.SourceError,
    exceptions.EngineError,
    exceptions.WeightsError,
    exceptions.MaskUncertain,
    exceptions.GuideUnusable,
    exceptions.SegmenterError,
    exceptions.FacesRefused,
)


def codes(kind: type[Any]) -> set[str]:
    return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))


def test_every_code_that_a_worker_leaves_has_advice() -> None:
    left = set(REFUSALS).union(*(codes(kind) for kind in _OF_WORKERS))
    left |= {"storage_failed", "out_of_memory", "lease_lost", "bad_setting"}
    assert left - set(FAILURES) == set()
    assert {code for code, advice in FAILURES.items() if not str(advice.next_step)} == set()


def test_a_code_of_somebody_elses_gets_general_advice() -> None:
    assert advice_for("their_engine_exploded") is UNKNOWN


@pytest.mark.django_db
def test_pages_of_what_failed_say_what_to_do(
    staff: Any, make_style: Any, make_variant: Any, make_photo: Any
) -> None:
    style = make_style()
    values = {"status": Status.FAILED, "error_code": "mask_uncertain", "error_detail": "mug.jpg"}
    variant = make_variant(make_photo(1), style, **values)
    job = StyleJob.objects.create(kind="fit", style=style, **values)
    client = staff()
    for address in (f"stylevariant/{variant.pk}/change/", f"stylejob/{job.pk}/change/"):
        page = client.get(f"/admin/shop_style/{address}").content.decode()
        assert "Give the picture a product mask (open the example), then try again." in page
