"""The demo itself: real renders by a real worker, real visitors of a real server, once each."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import Event, Experiment, Status, StyleVariant
from shop_style.models.storage import variant_storage

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


@pytest.mark.slow
def test_the_demo_from_pictures_to_published_variants(
    fixtures: Path, media: Path, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO_FIXTURES = fixtures
    settings.VAR_DIR = tmp_path / "var"
    monkeypatch.setenv("SHOP_STYLE_TEST_FOLDER", str(settings.TEST_FOLDER))
    monkeypatch.setenv("SHOP_STYLE_TEST_MEDIA", str(media))
    first = io.StringIO()
    call_command("demo", stdout=first, visitors=60)
    variants = list(StyleVariant.objects.all())
    assert len(variants) == 9  # three pictures in three styles
    assert {variant.status for variant in variants} == {Status.READY}
    assert {variant.engine for variant in variants} == {"grade", "network"}
    painted = [variant for variant in variants if variant.engine == "network"]
    assert all(variant.engine_detail.startswith("network ") for variant in painted)
    assert "9/9 variants" in first.getvalue() and "ST-LPIPS (AlexNet)" in first.getvalue()
    published = StyleVariant.objects.published()
    assert published.count() == sum(variant.passed is True for variant in variants)
    for variant in variants:
        for item in variant.renditions:
            with Image.open(variant_storage().open(item["name"])) as image:
                assert image.size == (item["width"], item["height"])
                assert read_digital_source_type(image) == variant.digital_source_type
    sheet = settings.VAR_DIR / "demo" / "contact_sheet"
    assert sheet.with_suffix(".html").exists() and sheet.with_suffix(".png").exists()
    assert 'href="golden-hour.html"' in sheet.with_suffix(".html").read_text()
    assert "<svg" in (sheet.parent / "golden-hour.html").read_text()
    experiment = Experiment.objects.get()
    assert (experiment.slug, experiment.state) == ("golden-hour", "running")
    assert "60/60 visitors" in first.getvalue()
    events = Event.objects.count()
    second = io.StringIO()
    call_command("demo", stdout=second, visitors=60)
    assert "Nothing to render" in second.getvalue()
    assert "Playing" not in second.getvalue() and "Planted: +25 %" in second.getvalue()
    assert Event.objects.count() == events > 60
    assert set(StyleVariant.objects.values_list("pk", "attempts")) == {
        (variant.pk, 1) for variant in variants
    }
