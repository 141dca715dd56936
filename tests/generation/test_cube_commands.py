"""Looks in and out as `.cube` files, as an operator types it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image, ImageFilter

from shop_style.exceptions import RequestOutdated
from shop_style.generation.look import plan_import
from shop_style.generation.request import request_variants
from shop_style.models import AuditEntry, Status, Style, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image
from shop_style.transfer.cube import Cube, grid, read_cube, write_cube

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture
def faded(tmp_path: Path) -> Path:
    """A file whose look lifts black and warms the lights."""
    rgb = grid(9)
    values = 0.05 + 0.9 * rgb + 0.06 * rgb.mean(-1, keepdims=True) * np.array([1, 0, -1])
    path = tmp_path / "faded.cube"
    path.write_bytes(write_cube(Cube(values=values, title="Faded")))
    return path


def files() -> list[str]:
    folder = "shop_style/artefacts"
    return variant_storage().listdir(folder)[1] if variant_storage().exists(folder) else []


class TestImport:
    def test_adds_a_style_that_takes_the_whole_look(self, faded: Path, make_chair: Any) -> None:
        text = run("import_cube", str(faded), "--style", "faded", "--name", "Faded film")
        assert "style faded (Faded film): new, engine grade" in text
        assert "“Faded”, table of 9 points a side" in text and text.endswith("saved\n")
        style = Style.objects.get()
        assert style.parameters == {"lightness": 1.0, "chroma": 1.0, "keep_neutrals": 0.0}
        assert style.artefact.name.endswith(".cube") and style.digest == style.compute_digest()
        assert AuditEntry.objects.get().verb == "added"
        request_variants([source_image(make_chair())], [style])
        run("style_worker", "--once")
        variant = StyleVariant.objects.get()
        assert variant.status == Status.READY, variant.error_detail
        assert variant.delta_e > 1
        assert variant.digital_source_type.endswith("algorithmicallyEnhanced")

    def test_a_dry_run_writes_nothing(self, faded: Path) -> None:
        assert "nothing was written" in run(
            "import_cube", str(faded), "--style", "faded", "--dry-run"
        )
        assert not Style.objects.exists() and not files()

    def test_changes_a_style_that_has_references(self, faded: Path, make_style: Any) -> None:
        style = make_style(parameters={"chroma": 0.5})
        before = style.digest
        text = run("import_cube", str(faded), "--style", "warm")
        assert "its reference pictures are kept, and count no more" in text
        style.refresh_from_db()
        assert style.digest == style.compute_digest() != before
        # What the style said itself holds.
        assert style.parameters == {"lightness": 1.0, "chroma": 0.5, "keep_neutrals": 0.0}
        # The same file again changes nothing, another one does.
        name, digest = style.artefact.name, style.digest
        run("import_cube", str(faded), "--style", "warm")
        style.refresh_from_db()
        assert (style.artefact.name, style.digest) == (name, digest)
        faded.write_bytes(write_cube(Cube(values=grid(5))))
        run("import_cube", str(faded), "--style", "warm")
        style.refresh_from_db()
        assert style.artefact.name != name and style.digest != digest

    def test_says_what_is_wrong_and_writes_nothing(
        self, faded: Path, make_style: Any, tmp_path: Path
    ) -> None:
        make_style("painted", engine="network")
        with pytest.raises(CommandError, match="bad_cube: style “painted” uses the engine"):
            run("import_cube", str(faded), "--style", "painted")
        with pytest.raises(CommandError, match="cannot read"):
            run("import_cube", str(tmp_path / "none.cube"), "--style", "faded")
        with pytest.raises(CommandError, match="[Ss]lug"):
            run("import_cube", str(faded), "--style", "not a slug")
        faded.write_text(faded.read_text().replace("0.05", "0,05", 1))
        with pytest.raises(CommandError, match="bad_cube: faded.cube, line 5: .*dot for decimals"):
            run("import_cube", str(faded), "--style", "faded")
        assert Style.objects.count() == 1 and not files()

    def test_somebody_elses_change_meanwhile_is_not_overwritten(
        self, faded: Path, make_style: Any
    ) -> None:
        style = make_style()
        plan = plan_import("warm", faded.read_bytes(), file_name="faded.cube")
        style.parameters = {"chroma": 0.1}
        style.save()
        with pytest.raises(RequestOutdated, match="run it again"):
            plan.save(actor="ada")
        style.refresh_from_db()
        assert style.parameters == {"chroma": 0.1} and not files()


class TestExport:
    def test_another_tool_makes_the_same_picture(
        self, make_style: Any, picture: Any, tmp_path: Path
    ) -> None:
        """What the pipeline renders, and Pillow with the picture's own exported table."""
        make_style(keep_white=False)
        shot, out, cube = (tmp_path / name for name in ("mug.jpg", "mug.png", "mug.cube"))
        shot.write_bytes(picture())
        run("preview_style", str(shot), "--style", "warm", "--out", str(out))
        assert "for mug.jpg" in run("export_cube", "warm", "--image", str(shot), "--out", str(cube))
        values = read_cube(cube.read_bytes()).values
        table = ImageFilter.Color3DLUT(33, values.reshape(-1).tolist())
        theirs = np.asarray(Image.open(shot).convert("RGB").filter(table), np.float32)
        ours = np.asarray(Image.open(out).convert("RGB"), np.float32)
        # Both round to bytes, Pillow its table too.
        assert np.abs(ours - theirs).max() <= 1
        assert np.abs(ours - np.asarray(Image.open(shot), np.float32)).max() > 8

    def test_a_files_look_goes_out_as_it_came_in(self, faded: Path, tmp_path: Path) -> None:
        run("import_cube", str(faded), "--style", "faded")
        out = tmp_path / "out.cube"
        text = run("export_cube", "faded", "--size", "9", "--out", str(out))
        assert "9 points a side, the same for every picture" in text
        assert np.array_equal(
            read_cube(out.read_bytes()).values, read_cube(faded.read_bytes()).values
        )

    def test_the_style_s_strength_counts_unless_another_is_given(
        self, make_style: Any, tmp_path: Path
    ) -> None:
        make_style(strength=0.5)
        out = tmp_path / "warm.cube"
        changes = []
        for arguments in ((), ("--strength", "1"), ("--strength", "0")):
            run("export_cube", "warm", "--size", "17", "--out", str(out), *arguments)
            changes.append(read_cube(out.read_bytes()).values - grid(17))
        own, full, none = changes
        np.testing.assert_allclose(own, full / 2, atol=2e-6)
        assert np.abs(none).max() < 1e-6 < 0.02 < np.abs(full).max()

    def test_without_a_picture_it_is_for_an_ordinary_one(
        self, make_style: Any, picture: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_style()
        monkeypatch.chdir(tmp_path)
        assert "ordinary photograph" in run("export_cube", "warm")
        ordinary = read_cube(Path("warm.cube").read_bytes())
        shot = Path("mug.jpg")
        shot.write_bytes(picture(colour="#102050"))
        run("export_cube", "warm", "--image", "mug.jpg", "--out", "mug.cube")
        assert (
            np.abs(ordinary.values - read_cube(Path("mug.cube").read_bytes()).values).max() > 0.02
        )
        assert ordinary.title == "Warm"

    def test_says_what_is_wrong(self, make_style: Any, tmp_path: Path) -> None:
        make_style("painted", engine="network")
        bare = Style.objects.create(slug="bare", name="Bare", engine="grade")
        for arguments, said in (
            (("nobody",), "known: "),
            (("painted",), "bad_cube: style “painted” uses the engine 'network'"),
            (("bare",), "bad_style_reference: .*add one or a .cube file"),
            (("bare", "--image", str(tmp_path / "no.jpg")), "cannot read"),
            (("bare", "--size", "1"), "from 2 to 129"),
            (("bare", "--strength", "2"), "from 0 to 1"),
            (("bare", "--out", str(tmp_path / "no" / "a.cube")), "is not there"),
        ):
            with pytest.raises(CommandError, match=said):
                run("export_cube", *arguments)
        assert not bare.has_own_artefact
