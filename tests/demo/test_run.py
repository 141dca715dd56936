"""The demo command: progress, results, publication, and what it says when something fails."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.utils import timezone
from PIL import Image

from shop_style.demo import run
from shop_style.demo.catalogue import load_catalogue, load_photos
from shop_style.demo.contact_sheet import CAPTION, CELL, GAP, TOP, write_sheet
from shop_style.demo.errors import DemoError
from shop_style.demo.models import ProductImage
from shop_style.demo.progress import work_off
from shop_style.demo.styles import load_styles
from shop_style.demo.table import reasons, table
from shop_style.generation.limits import intake_limits
from shop_style.generation.request import request_variants
from shop_style.models import AuditEntry, Experiment, PhaseProduct, Status, Style, StyleVariant
from shop_style.sources import source_image

pytestmark = pytest.mark.django_db
MANAGE = 'import sys\nprint("\\n".join(f"line {n}" for n in range(40)))\nsys.exit(%d)\n'


@pytest.fixture
def demo(settings: Any, fixtures: Path, tmp_path: Path) -> Path:
    """The command's surroundings in a folder of the test's own. Returns its output folder."""
    settings.DEMO_FIXTURES = fixtures
    settings.VAR_DIR = tmp_path / "var"
    settings.BASE_DIR = tmp_path
    settings.DEBUG = True
    return tmp_path / "var" / "demo"


def command(**options: Any) -> str:
    said = io.StringIO()
    # A live server would not see what a test has not committed.
    call_command("demo", "--no-visitors", stdout=said, **options)
    return said.getvalue()


def rendered(fixtures: Path, make_variant: Any) -> None:
    """Everything the demo asks for is there already, as its worker would have left it."""
    for style in load_styles(fixtures).values():
        for image in load_catalogue(fixtures).images:
            rendered_one(image, style, make_variant, passed=style.slug != "linocut")


def rendered_one(image: ProductImage, style: Style, make_variant: Any, *, passed: bool) -> None:
    row = request_variants([source_image(image)], [style]).variants[0]
    made = make_variant(image, style, recipe_digest="template")
    values = {
        name: getattr(made, name)
        for name in ("status", "image", "renditions", "width", "height", "ssim", "seconds")
    }
    made.delete()
    StyleVariant.objects.filter(pk=row.pk).update(**values, passed=passed, delta_e=3.0)


def test_a_second_run_renders_nothing_and_publishes_what_passed(
    demo: Path, fixtures: Path, make_variant: Any
) -> None:
    rendered(fixtures, make_variant)
    said = command()
    assert "Nothing to render" in said
    assert "Approved 6 variants that passed their gate and published 6" in said
    assert "in a real shop a person looks" in said
    assert StyleVariant.objects.published().count() == 6
    assert not StyleVariant.objects.published().filter(style__slug="linocut").exists()
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"demo"}
    assert (demo / "contact_sheet.html").exists()
    experiment = Experiment.objects.get()
    assert (experiment.slug, experiment.state, experiment.placement) == (
        "golden-hour",
        Experiment.State.RUNNING,
        "listing",
    )
    assert PhaseProduct.objects.count() == 3
    assert {arm.style and arm.style.slug for arm in experiment.arms.all()} == {None, "grade"}
    for text in ("make serve", "/admin/shop_style/experiment/", "/shop-style/schema/"):
        assert text in said
    before = list(StyleVariant.objects.values_list("pk", "published_at").order_by("pk"))
    again = command()
    assert "Nothing to render" in again
    assert "Started the experiment" in said and "Started the experiment" not in again
    assert "0 of 2,700 planned visitors" in again
    assert "Nothing new to approve" in again
    assert list(StyleVariant.objects.values_list("pk", "published_at").order_by("pk")) == before


def test_the_login_is_for_debug_only_and_said_loudly(
    demo: Path, fixtures: Path, make_variant: Any, settings: Any
) -> None:
    rendered(fixtures, make_variant)
    settings.DEBUG = False
    assert "login admin" not in command().lower()
    assert not User.objects.exists()
    settings.DEBUG = True
    assert "FOR THIS COMPUTER ONLY" in command()
    user = User.objects.get()
    assert user.is_superuser
    assert user.check_password("admin")
    user.set_password("another")
    user.save()
    assert "admin / admin" not in command()


@pytest.mark.parametrize("code", [0, 3])
def test_a_worker_that_leaves_work_undone_fails_the_command_with_its_log(
    demo: Path, tmp_path: Path, code: int
) -> None:
    (tmp_path / "manage.py").write_text(MANAGE % code)
    with pytest.raises(CommandError) as caught:
        command()
    message = str(caught.value)
    assert f"exit code {code} and 9 variants undone" in message
    assert "line 39" in message
    assert "line 3\n" not in message
    assert (demo / "worker.log").read_text().startswith("line 0\n")


def test_a_folder_of_photos_that_is_not_there_fails_the_command(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        command(images=tmp_path / "nowhere")


def test_unmigrated_tables_fail_with_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.Product._meta, "db_table", "not_there")
    with pytest.raises(DemoError, match=r"manage\.py migrate"):
        run.check_tables()


def test_an_experiment_with_own_photos_stands_beside_the_catalogues(
    demo: Path, fixtures: Path, tmp_path: Path, make_variant: Any, picture: Any
) -> None:
    rendered(fixtures, make_variant)
    command()
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "chair.jpg").write_bytes(picture(colour="purple"))
    image = load_photos(folder, intake_limits()).images[0]
    for style in load_styles(fixtures).values():
        rendered_one(image, style, make_variant, passed=style.slug != "grade")
    said = command(images=folder)
    # Its grade did not pass, so that there is nothing to compare; the demo goes on.
    assert "No experiment with Grade" in said and "make serve" in said
    assert Experiment.objects.count() == 1
    StyleVariant.objects.for_objects([image]).update(passed=True)
    assert "Started the experiment “Grade on your photos”" in command(images=folder)
    assert set(Experiment.objects.values_list("slug", "state")) == {
        ("golden-hour", "running"),
        ("golden-hour-photos", "running"),
    }


def test_work_that_is_done_ends_well(
    demo: Path, tmp_path: Path, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    (tmp_path / "manage.py").write_text(MANAGE % 0)
    variant = make_variant(make_photo(), make_style())
    stream = io.StringIO()
    work_off([variant.pk], log=tmp_path / "worker.log", out=OutputWrapper(stream))
    assert "1/1 variants" in stream.getvalue()


def test_the_table_names_the_measure_and_the_reasons_follow(
    make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    image, style = make_photo(), make_style()
    weak = make_variant(
        image, style, passed=False, reasons=[{"code": "colour", "text": "Its colour is another."}]
    )
    broken = make_variant(
        image,
        style,
        recipe_digest="b",
        status=Status.FAILED,
        error_code="undecodable",
        error_detail="mug.jpg is damaged",
        ssim=None,
    )
    rows = [("Mug", weak), ("Mug", broken)]
    heading, _rule, *lines = table(rows)
    assert heading.split()[3:6] == ["SSIM", "perceptual", "ΔE00"]
    assert lines[0].split("  ")[0] == "Mug"
    for text in ("0.871", "0.125 ST-LPIPS (AlexNet)", "7.2", "did not pass", "1.5"):
        assert text in lines[0]
    assert "undecodable" in lines[1]
    assert list(reasons(rows)) == [
        "Mug, Warm: Its colour is another.",
        "Mug, Warm: mug.jpg is damaged (undecodable)",
    ]


def test_the_contact_sheet_lies_beside_its_pictures_and_says_what_they_scored(
    media: Path, tmp_path: Path, make_photo: Any, make_style: Any, make_variant: Any
) -> None:
    images = [make_photo("mug"), make_photo("jar", size=(60, 120))]
    styles = [make_style("warm"), make_style("cold")]
    make_variant(images[0], styles[0])
    make_variant(images[0], styles[0], recipe_digest="old", retired_at=timezone.now(), ssim=0.111)
    make_variant(
        images[1],
        styles[1],
        passed=False,
        reasons=[{"code": "colour", "text": "Its colour is another."}],
    )
    lost = make_variant(images[0], styles[1])
    for name in lost.file_names():
        lost.image.storage.delete(name)
    page, picture = write_sheet(images, styles, tmp_path / "out", stem="sheet", title="Test sheet")
    html = page.read_text(encoding="utf-8")
    links = set(re.findall(r'(?:src|href)="([^"]+)"', html))
    missing = [link for link in links if not (page.parent / link).is_file()]
    assert len(links) == 5
    assert [Path(link).name for link in missing] == [Path(lost.image.name).name]
    for text in ("Mug", "Jar", "Warm", "Cold", "SSIM 0.871", "passed", "did not pass"):
        assert text in html
    assert "Its colour is another." in html
    assert "0.111" not in html
    assert "http" not in html
    with Image.open(picture) as sheet:
        assert sheet.width == GAP + 3 * (CELL + GAP)
        # The variant is one flat brown, in the second column of the first row.
        middle = GAP + (CELL + GAP) + CELL // 2
        assert sheet.getpixel((middle, TOP + CELL // 2)) == pytest.approx((160, 80, 48), abs=6)
        # Its other style lost its files: a white cell, and the sheet goes on.
        assert sheet.getpixel((middle + CELL + GAP, TOP + CELL // 2)) == (255, 255, 255)
        # The second row has one variant, beside its original.
        below = TOP + CELL // 2 + CELL + GAP + CAPTION
        assert sheet.getpixel((middle, below)) == pytest.approx((160, 80, 48), abs=6)
        assert sheet.getpixel((middle + CELL + GAP, below)) == (250, 249, 246)
