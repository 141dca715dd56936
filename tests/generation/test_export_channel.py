"""`export_channel`: what may go is copied and listed, and each file is read back first."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from shop_style.channels.candidates import candidates
from shop_style.channels.configuration import policy_called
from shop_style.generation import review, runner
from shop_style.generation.request import request_variant
from shop_style.imaging.encode import encode
from shop_style.imaging.provenance import TRAINED, read_digital_source_type, xmp_packet
from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage
from tests.shop.models import Chair

pytestmark = pytest.mark.django_db(databases=["default", "tenant"])

FEED = "feed-lifestyle"


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("export_channel", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def store(name: str, data: bytes) -> str:
    return str(variant_storage().save(f"shop_style/variants/{name}", ContentFile(data)))


@pytest.fixture
def approved(publish_variant: Any) -> Callable[..., StyleVariant]:
    """A published variant whose files were encoded and marked as the pipeline does it."""

    def files(mark: str, prefix: str) -> list[dict[str, Any]]:
        rgb = np.ones((560, 640, 3), np.float32)
        rgb[40:520, 30:610] = (0.6, 0.3, 0.2)
        xmp = xmp_packet(mark) if mark else b""
        return [
            {
                "name": store(f"{prefix}{item.suffix}", item.data),
                "format": item.format,
                "width": item.width,
                "height": item.height,
                "bytes": len(item.data),
                "white_border": item.white_border,
            }
            for item in encode(rgb, None, widths=(320,), xmp=xmp)
        ]

    def make(row: Any, style: Any, **values: Any) -> StyleVariant:
        return publish_variant(
            row,
            style,
            **{
                "renditions": files(TRAINED, ""),
                "original_renditions": files("", "original-"),
                "scorecard": {"mask_confidence": 0.95, "frame": {"fill": 0.9}},
                **values,
            },
        )

    return make


def replaced(name: str, change: Callable[[Image.Image, io.BytesIO], None]) -> None:
    """Put other bytes where a stored file was."""
    storage = variant_storage()
    stream = io.BytesIO()
    with storage.open(name, "rb") as opened, Image.open(opened) as image:
        change(image, stream)
    storage.delete(name)
    assert storage.save(name, ContentFile(stream.getvalue())) == name


def test_a_variant_from_the_worker_arrives_with_its_mark(
    make_chair: Any, make_style: Any, picture: Any, tmp_path: Path
) -> None:
    chair = make_chair(name="Oak chair", data=picture(size=(700, 520)))
    variant = request_variant(chair, make_style())
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert {item["white_border"] for item in variant.original_renditions} == {1.0}
    assert {set(item) >= {"bytes", "white_border"} for item in variant.renditions} == {True}
    # The drawing's flat colours move further than a grade may; what counts here is the file.
    StyleVariant.objects.update(passed=True, reasons=[])
    out = tmp_path / "feed"
    assert "0 pictures copied" in run(FEED, "--out", str(out)), "nobody approved it"
    review.approve([StyleVariant.objects.get()], actor="mira")
    assert "1 pictures copied" in run(FEED, "--out", str(out))
    (row,) = listed(out)
    data = (out / row["file"]).read_bytes()
    assert row["file"] == f"chair-{chair.pk}-photo-warm.jpg"
    assert row["object"] == f"shop.chair:{chair.pk}" and row["alt"] == "Oak chair"
    assert row["sha256"] == hashlib.sha256(data).hexdigest() and int(row["bytes"]) == len(data)
    assert (row["format"], row["width"], row["height"]) == ("jpeg", "700", "520")
    assert row["digital_source_type"] == variant.digital_source_type
    assert read_digital_source_type(data) == variant.digital_source_type
    assert sorted(path.name for path in out.iterdir()) == [row["file"], "manifest.csv"]


def test_a_marketplace_gets_originals_once_each_and_without_a_mark(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path, settings: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": SMALL}
    chair = make_chair()
    for slug in ("warm", "cold"):
        approved(chair, make_style(slug))
    approved(make_chair(), make_style("low"), scorecard={"mask_confidence": 1, "frame": None})
    text = run("marketplace-main", "--out", str(tmp_path))
    assert "1 pictures copied" in text and "1 may not go: unmeasurable" in text
    (row,) = listed(tmp_path)
    assert row["file"] == f"chair-{chair.pk}-photo-original.jpg" and row["style"] == ""
    assert row["digital_source_type"] == ""
    assert read_digital_source_type((tmp_path / row["file"]).read_bytes()) is None


SMALL = {"marketplace-main": {"min_long_side": 600}}


def stripped(image: Image.Image, stream: io.BytesIO) -> None:
    image.save(stream, "JPEG", quality=90)


def shrunk(image: Image.Image, stream: io.BytesIO) -> None:
    image.resize((64, 56)).save(stream, "JPEG", xmp=image.info["xmp"])


def cut(image: Image.Image, stream: io.BytesIO) -> None:
    whole = io.BytesIO()
    image.save(whole, "JPEG", xmp=image.info["xmp"])
    stream.write(whole.getvalue()[: len(whole.getvalue()) // 2])


@pytest.mark.parametrize(
    ("change", "words"),
    [(stripped, "marked nothing"), (shrunk, "64 × 56"), (cut, "no whole jpeg")],
)
def test_a_file_that_is_not_what_its_row_says_stays_here(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path, change: Any, words: str
) -> None:
    style = make_style()
    good, bad = (approved(make_chair(), style) for _ in range(2))
    replaced(bad.srcset("jpeg")[-1]["name"], change)
    output = io.StringIO()
    with pytest.raises(CommandError, match="1 files were left out"):
        call_command("export_channel", FEED, f"--out={tmp_path}", stdout=output, stderr=output)
    assert words in output.getvalue() and bad.object_id in output.getvalue()
    assert [row["object"] for row in listed(tmp_path)] == [f"shop.chair:{good.object_id}"]
    assert len(list(tmp_path.glob("chair-*"))) == 1


def test_a_lost_file_and_a_border_that_is_not_white(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path, settings: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "CHANNELS": SMALL}
    style = make_style()
    lost, grey = (approved(make_chair(), style) for _ in range(2))
    variant_storage().delete(lost.original_renditions[1]["name"])
    name = grey.original_renditions[1]["name"]
    replaced(
        name,
        lambda image, stream: Image.new("RGB", image.size, (254, 254, 254)).save(stream, "JPEG"),
    )
    output = io.StringIO()
    with pytest.raises(CommandError, match="2 files"):
        call_command(
            "export_channel", "marketplace-main", f"--out={tmp_path}", stdout=output, stderr=output
        )
    assert "gone from storage" in output.getvalue()
    assert "0.0000 of its border is white" in output.getvalue()


def test_a_dry_run_counts_and_writes_nothing(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path
) -> None:
    style = make_style()
    approved(make_chair(), style)
    approved(make_chair(), style, passed=False)
    text = run(FEED, "--out", str(tmp_path / "feed"), "--dry-run")
    assert "1 pictures may go; nothing was written" in text and "1 may not go: gate" in text
    assert not (tmp_path / "feed").exists()


def test_styles_are_chosen_and_what_may_not_go_any_more_is_named(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path
) -> None:
    chair = make_chair()
    first, second = (approved(chair, make_style(slug)) for slug in ("warm", "cold"))
    assert "2 pictures copied" in run(FEED, "--out", str(tmp_path))
    text = run(FEED, "--out", str(tmp_path), "--style", "cold")
    assert [row["style"] for row in listed(tmp_path)] == ["cold"]
    assert f"chair-{chair.pk}-photo-warm.jpg" in text and "still there" in text
    with pytest.raises(CommandError, match="no style is called hot"):
        run(FEED, "--out", str(tmp_path), "--style", "hot")
    with pytest.raises(CommandError, match="unknown_channel: no channel is called 'ebay'"):
        run("ebay", "--out", str(tmp_path))


def test_the_published_variant_goes_before_a_newer_one_that_is_only_approved(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path
) -> None:
    chair, style = make_chair(), make_style()
    shown = approved(chair, style)
    approved(chair, style, recipe_digest="newer", published_at=None)
    found = list(candidates(policy_called(FEED), databases=["default"]))
    assert [item.variant for item in found] == [shown]


def test_a_variant_whose_product_is_gone(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path
) -> None:
    style = make_style()
    gone = approved(make_chair(), style)
    Chair.objects.filter(pk=gone.object_id)._raw_delete("default")
    text = run(FEED, "--out", str(tmp_path))
    assert "0 pictures copied" in text and "1 may not go: host_gone" in text


def test_every_database_is_looked_into(
    make_chair: Any, make_style: Any, approved: Any, tmp_path: Path
) -> None:
    style = make_style()
    here = approved(make_chair(), style)
    there = make_chair(using="tenant", name="Far chair")
    row = request_variant(there, style)
    copied = ("status", "review", "passed", "published_at", "image", "renditions")
    columns = {name: getattr(here, name) for name in (*copied, "digital_source_type")}
    StyleVariant.objects.using("tenant").filter(pk=row.pk).update(**columns)
    assert "2 pictures copied" in run(FEED, "--out", str(tmp_path))
    assert [(row["file"].split("-")[0], row["alt"]) for row in listed(tmp_path)] == [
        ("chair", "chair"),
        ("tenant", "Far chair"),
    ]


def test_as_many_queries_for_two_as_for_twelve(
    make_chair: Any, make_style: Any, approved: Any
) -> None:
    style = make_style()
    counts = []
    for number in (2, 10):
        for _ in range(number):
            approved(make_chair(), style)
        with CaptureQueriesContext(connection) as queries:
            found = list(candidates(policy_called(FEED), databases=["default"]))
        counts.append(len(queries))
    assert len(found) == 12 and all(item.host and item.answer.allowed for item in found)
    assert counts[0] == counts[1] == 2
