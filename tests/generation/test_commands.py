"""The commands as an operator types them."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from shop_style.generation.files import save_whole
from shop_style.generation.request import request_variants
from shop_style.imaging.provenance import read_digital_source_type
from shop_style.models import Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.sources import source_image
from shop_style.transfer import weights
from styleeval.preservation.text import text_available
from tests.shop.models import Lamp, Shot

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=output)
    return output.getvalue()


class TestGenerateVariants:
    def test_dry_run_writes_nothing_and_estimates(self, make_chair: Any, make_style: Any) -> None:
        make_style()
        for _ in range(3):
            make_chair()
        text = run("generate_variants", "--missing", "--dry-run")
        assert "warm: 3 pictures, 0 there, 3 to make" in text
        assert "assumed" in text and "worker hours" in text and "MB" in text
        assert not StyleVariant.objects.exists()

    def test_dry_run_measures_once_something_was_rendered(
        self, make_chair: Any, make_style: Any
    ) -> None:
        style = make_style()
        request_variants([source_image(make_chair())], [style])
        run("style_worker", "--once")
        make_chair()
        text = run("generate_variants", "--missing", "--dry-run")
        assert "2 pictures, 1 there, 1 to make" in text and "mean of 1 renders" in text
        again = run("generate_variants", "--regenerate", "--dry-run")
        assert "2 to make" in again

    def test_missing_asks_once(self, make_chair: Any, make_style: Any) -> None:
        make_style()
        make_chair()
        assert "1 requested" in run("generate_variants", "--missing")
        assert "0 requested, 1 already there" in run("generate_variants", "--missing")
        assert StyleVariant.objects.count() == 1

    def test_regenerate_keeps_what_is_live_and_missing_stays_quiet(
        self, make_chair: Any, make_style: Any
    ) -> None:
        from shop_style.generation import review

        make_style()
        make_chair()
        run("generate_variants", "--missing")
        run("style_worker", "--once")
        first = StyleVariant.objects.get()
        review.approve([first], actor="t", reason="test")
        review.publish([first], actor="t")
        run("generate_variants", "--regenerate")
        assert StyleVariant.objects.published().get() == first
        run("style_worker", "--once")
        second = StyleVariant.objects.exclude(pk=first.pk).get()
        assert second.revision == 1
        review.approve([second], actor="t", reason="test")
        review.publish([second], actor="t")
        assert StyleVariant.objects.published().get() == second
        assert "0 requested, 1 already there" in run("generate_variants", "--missing")

    def test_by_product_and_style(self, make_style: Any, picture: Any) -> None:
        make_style("one")
        make_style("two")
        lamps = [Lamp.objects.create() for _ in range(2)]
        for lamp in lamps:
            Shot.objects.create(lamp=lamp, picture=ContentFile(picture(), name="a.jpg"))
        run(
            "generate_variants",
            "--missing",
            "--style",
            "two",
            "--product",
            f"shop.Lamp:{lamps[1].pk}",
        )
        variant = StyleVariant.objects.get()
        assert (variant.style.slug, variant.host_object()) == ("two", lamps[1].shots.get())

    def test_what_failed_is_missing(self, make_style: Any) -> None:
        from tests.shop.models import Poster

        make_style()
        Poster.objects.create(artwork=ContentFile(b"junk", name="junk.jpg"))
        run("generate_variants", "--missing")
        run("style_worker", "--once")
        assert StyleVariant.objects.get().error_code == "not_an_allowed_image"
        assert "1 queued again" in run("generate_variants", "--missing")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--style", "nope"], "known: warm"),
            (["--product", "shop.Chair:1"], "--product"),
            (["--product", "shop.Nothing:1"], "--product"),
            (["--product", "shop.Lamp:999"], "no row '999'"),
        ],
    )
    def test_mistakes(self, make_style: Any, arguments: list[str], message: str) -> None:
        make_style()
        with pytest.raises(CommandError, match=message):
            run("generate_variants", "--missing", *arguments)

    def test_no_style_yet(self) -> None:
        with pytest.raises(CommandError, match="no style yet"):
            run("generate_variants", "--missing")


class TestPreviewStyle:
    @pytest.fixture
    def photo(self, tmp_path: Path, picture: Any) -> Path:
        path = tmp_path / "photo.jpg"
        path.write_bytes(picture(size=(120, 90)))
        return path

    @pytest.mark.parametrize("ending", [".webp", ".jpg", ".png"])
    def test_writes_a_marked_file_and_no_row(
        self, ending: str, photo: Path, make_style: Any, tmp_path: Path
    ) -> None:
        make_style()
        out = tmp_path / f"out{ending}"
        text = run("preview_style", str(photo), "--style", "warm", "--out", str(out))
        with Image.open(out) as image:
            assert image.size == (120, 90)
            assert str(read_digital_source_type(image)).endswith("algorithmicallyEnhanced")
        assert "ST-LPIPS" in text and "ΔE00" in text and "worst tile" in text
        assert not StyleVariant.objects.exists()

    def test_json_strength_and_region(self, photo: Path, make_style: Any, tmp_path: Path) -> None:
        make_style()
        out = tmp_path / "out.png"
        arguments = ("preview_style", str(photo), "--style", "warm", "--out", str(out), "--json")
        full = json.loads(run(*arguments))
        half = json.loads(run(*arguments, "--strength", "0.5"))
        product = json.loads(run(*arguments, "--region", "product"))
        assert half["strength"] == 0.5
        assert 0 < half["scorecard"]["delta_e"]["product"] < full["scorecard"]["delta_e"]["product"]
        assert product["scorecard"]["delta_e"]["product"] > 0
        assert set(full) >= {"passed", "reasons", "seconds", "device", "digital_source_type"}

    def test_mistakes(self, photo: Path, make_style: Any, tmp_path: Path) -> None:
        make_style()
        out = str(tmp_path / "out.png")
        for arguments, message in (
            ((str(photo), "--style", "nope", "--out", out), "known: warm"),
            (("missing.jpg", "--style", "warm", "--out", out), "cannot read missing.jpg"),
            ((str(photo), "--style", "warm", "--out", "out.bmp"), "end it in"),
            ((str(photo), "--style", "warm", "--out", "/nowhere/out.png"), "is not there"),
            ((str(photo), "--style", "warm", "--out", out, "--strength", "2"), "between 0 and 1"),
        ):
            with pytest.raises(CommandError, match=message):
                run("preview_style", *arguments)
        bad = tmp_path / "bad.jpg"
        bad.write_bytes(b"nothing of the kind")
        with pytest.raises(CommandError, match="not_an_allowed_image: .*bad.jpg"):
            run("preview_style", str(bad), "--style", "warm", "--out", out)


def test_status(make_chair: Any, make_style: Any) -> None:
    request_variants([source_image(make_chair()) for _ in range(3)], [make_style()])
    first, second, _third = StyleVariant.objects.order_by("pk")
    StyleVariant.objects.filter(pk=first.pk).update(status=Status.FAILED, error_code="undecodable")
    StyleVariant.objects.filter(pk=second.pk).update(
        status=Status.RUNNING, lease_expires_at=timezone.now() - timedelta(seconds=9)
    )
    text = run("style_status")
    assert "1 pending, 1 running, 0 ready, 1 failed" in text
    assert ("read by OCR" in text) == text_available()
    assert "1 × undecodable" in text and "has waited" in text and "worker that died" in text
    rows = {row["database"]: row for row in json.loads(run("style_status", "--json"))}
    assert rows["default"]["failures"] == {"undecodable": 1}
    assert rows["default"]["stalled"] == 1
    assert rows["tenant"]["oldest_pending"] is None


class TestPrune:
    def test_orphans_go_after_a_while_and_named_files_stay(
        self, make_chair: Any, make_style: Any
    ) -> None:
        request_variants([source_image(make_chair())], [make_style()])
        run("style_worker", "--once")
        variant = StyleVariant.objects.get()
        stray = save_whole(variant_storage(), f"shop_style/variants/9-{'a' * 32}/w1.webp", b"x")
        assert "0 orphan files removed" in run("prune_variants")
        dry = run("prune_variants", "--orphan-hours", "0", "--dry-run")
        assert stray in dry and "1 orphan files would be removed" in dry
        assert variant_storage().exists(stray)
        run("prune_variants", "--orphan-hours", "0")
        assert not variant_storage().exists(stray)
        assert all(variant_storage().exists(name) for name in variant.file_names())
        reference = variant.style.references.get()
        assert variant_storage().exists(reference.image.name)

    def test_a_live_workers_files_stay(self, make_chair: Any, make_style: Any) -> None:
        request_variants([source_image(make_chair())], [make_style()])
        rows = StyleVariant.objects.all()
        variant = rows.get()
        token = rows.claim(variant.pk, lease_seconds=60)
        name = save_whole(
            variant_storage(), f"shop_style/variants/{variant.pk}-{token}/w1.webp", b"x"
        )
        run("prune_variants", "--orphan-hours", "0")
        assert variant_storage().exists(name)
        StyleVariant.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        run("prune_variants", "--orphan-hours", "0")
        assert not variant_storage().exists(name)

    def test_a_file_that_vanishes_meanwhile_is_no_mistake(
        self, make_chair: Any, make_style: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for letter in "ab":
            save_whole(variant_storage(), f"shop_style/variants/9-{letter * 32}/w1.webp", b"x")
        original = FileSystemStorage.get_modified_time

        def vanish(self: Any, name: str) -> Any:
            if "aaa" in name:
                self.delete(name)
            return original(self, name)

        monkeypatch.setattr(FileSystemStorage, "get_modified_time", vanish)
        assert "1 orphan files removed" in run("prune_variants", "--orphan-hours", "0")

    def test_retired_rows_go_with_their_files(self, make_chair: Any, make_style: Any) -> None:
        request_variants([source_image(make_chair())], [make_style()])
        run("style_worker", "--once")
        names = StyleVariant.objects.get().file_names()
        StyleVariant.objects.update(retired_at=timezone.now())
        run("prune_variants")
        assert StyleVariant.objects.exists()
        run("prune_variants", "--retired-days", "0")
        assert not StyleVariant.objects.exists()
        assert not any(variant_storage().exists(name) for name in names)

    def test_variants_of_rows_deleted_behind_django_are_retired(
        self, make_chair: Any, make_style: Any
    ) -> None:
        chair = make_chair()
        request_variants([source_image(chair), source_image(make_chair())], [make_style()])
        type(chair).objects.filter(pk=chair.pk)._raw_delete("default")
        assert "1 variants of deleted rows" in run("prune_variants")
        assert StyleVariant.objects.live().count() == 1


class TestWeights:
    def test_import_knows_a_file_by_its_hash(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = b"not really AlexNet"
        item = weights.WeightFile(
            name="alexnet",
            file_name="alexnet.pth",
            sha256=hashlib.sha256(data).hexdigest(),
            licence="test",
            source="test",
            shipped=False,
        )
        monkeypatch.setitem(weights.WEIGHTS, "alexnet", item)
        monkeypatch.setenv(weights.IMPORT_FOLDER_VARIABLE, str(tmp_path / "weights"))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        assert item.path() is None
        assert "alexnet: not imported" in run("style_weights")
        brought = tmp_path / "whatever.bin"
        brought.write_bytes(data)
        assert "imported alexnet" in run("style_weights", "--import", str(brought))
        assert item.read() == data
        assert "alexnet: ok" in run("style_weights", "--verify")
        item.path().write_bytes(data + b"!")  # type: ignore[union-attr]
        with pytest.raises(CommandError, match="alexnet"):
            run("style_weights", "--verify")
        with pytest.raises(weights.WeightsMismatch, match="alexnet"):
            item.read()

    def test_mistakes(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="weights_missing: cannot read"):
            run("style_weights", "--import", str(tmp_path / "none.pth"))
        stranger = tmp_path / "stranger.pth"
        stranger.write_bytes(b"?")
        with pytest.raises(CommandError, match="weights_hash_mismatch.*alexnet"):
            run("style_weights", "--import", str(stranger))

    def test_no_user_text_becomes_a_path(self) -> None:
        with pytest.raises(weights.WeightsError, match="no weights are called"):
            weights.weight_file("../../etc/passwd")
