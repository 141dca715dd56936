"""`fit_style` as an operator types it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.signals import pre_save
from PIL import Image

from shop_style.exceptions import RequestOutdated
from shop_style.generation.files import walk
from shop_style.generation.fit_plan import plan_fit
from shop_style.generation.job_result import JobResult
from shop_style.generation.photographs import photograph_file
from shop_style.models import AuditEntry, Status, Style, StyleJob, StyleReference, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.transfer.built_in import built_in_styles

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "tenant"])

RIGHTS = ("--licence", "CC0-1.0", "--source", "our own studio")
QUICK = ("--seconds", "3")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("fit_style", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def assert_nothing_saved() -> None:
    assert not Style.objects.exists() and not StyleJob.objects.exists()
    assert not set(walk(variant_storage(), "shop_style"))


@pytest.fixture
def make_file(tmp_path: Path, reference: bytes) -> Callable[..., str]:
    """Write a reference; warm strokes, or a tile pattern of two colours."""

    def make(name: str, *, tiles: tuple[str, str] | None = None, turned: int = 0) -> str:
        path = tmp_path / name
        image = Image.open(io.BytesIO(reference)).rotate(turned)
        if tiles:
            image = Image.new("RGB", (96, 96), tiles[0])
            for left in range(0, 96, 24):
                image.paste(tiles[1], (left, 0, left + 12, 96))
        image.save(path)
        return str(path)

    return make


def test_a_new_style_is_learned_and_kept_with_its_references(
    make_file: Any, make_chair: Any
) -> None:
    make_chair()
    files = [make_file("one.png"), make_file("two.png", turned=180)]
    text = run("oak-panel", *files, *RIGHTS, *QUICK, "--name", "Oak")
    style = Style.objects.get()
    assert (style.slug, style.name, style.engine) == ("oak-panel", "Oak", "network")
    assert style.digest == style.compute_digest() and style.artefact
    assert [(item.licence, item.source) for item in style.ordered_references()] == [
        ("CC0-1.0", "our own studio")
    ] * 2
    assert [item.image.read() for item in style.ordered_references()] == [
        Path(name).read_bytes() for name in files
    ]
    job = StyleJob.objects.get()
    assert (job.status, job.kind, job.requested_by) == (Status.READY, "fit", "fit_style")
    assert job.artefact.name == style.artefact.name and job.result
    assert job.report["summary"] in text
    assert "references: 2 added" in text and "new, engine network" in text
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["added", "fitted"]


def test_references_that_disagree_are_named(make_file: Any) -> None:
    files = [
        make_file("one.png"),
        make_file("two.png", turned=180),
        make_file("stranger.png", tiles=("#10208f", "#000000")),
    ]
    text = run("oak", *files, *RIGHTS, *QUICK)
    assert StyleJob.objects.get().report["disagreeing"] == [3]
    assert "far from the other references: stranger.png (reference 3)" in text


def test_a_sheet_of_the_operators_own_photos(make_file: Any, picture: Any, tmp_path: Path) -> None:
    photo, out = tmp_path / "mug.jpg", tmp_path / "sheet.png"
    photo.write_bytes(picture())
    run("oak", make_file("one.png"), *RIGHTS, *QUICK, "--photos", str(photo), "--preview", str(out))
    with Image.open(out) as sheet:
        assert sheet.format == "PNG" and sheet.width > sheet.height  # one pair beside itself
    assert StyleJob.objects.get().result.read() == out.read_bytes()


def test_a_dry_run_says_and_writes_nothing(make_file: Any) -> None:
    text = run("oak", make_file("one.png"), *RIGHTS, "--dry-run")
    assert "style oak (Oak): new" in text and "references: 1 added, licence CC0-1.0" in text
    assert "at most 240 s; nothing was written" in text
    assert_nothing_saved()


def test_without_files_the_style_is_fitted_on_what_it_has(make_style: Any) -> None:
    style = make_style("oak", engine="network")
    text = run("oak", *QUICK)
    assert "not fitted yet" in text and "references: the 1 it has" in text
    style.refresh_from_db()
    assert style.artefact and style.references.get().licence == "MIT"


def test_the_same_files_again_replace_nothing(make_file: Any) -> None:
    files = [make_file("one.png"), make_file("two.png", turned=180)]
    run("oak", *files, *RIGHTS, *QUICK)
    style = Style.objects.get()
    first, keys = style.artefact.name, set(style.references.values_list("pk", flat=True))
    assert "fitted before" in run("oak", *files, *QUICK, "--seed", "1")
    style.refresh_from_db()
    assert set(style.references.values_list("pk", flat=True)) == keys
    assert style.artefact.name != first and variant_storage().exists(first)


def test_replacing_references_is_asked_for_in_numbers(
    make_file: Any, make_style: Any, make_chair: Any, publish_variant: Any
) -> None:
    style = make_style("oak", engine="network")
    variant = publish_variant(make_chair(), style)
    files = [make_file("one.png", turned=90), make_file("two.png", turned=180)]
    with pytest.raises(CommandError) as refused:
        run("oak", *files, *RIGHTS, *QUICK)
    said = str(refused.value)
    assert "2 take the place of 1, of which 0 stay" in said and "--replace" in said
    assert "1 published variants keep serving until their replacements are approved" in said
    assert style.references.get().licence == "MIT"
    run("oak", *files, *RIGHTS, *QUICK, "--replace")
    assert set(style.references.values_list("licence", flat=True)) == {"CC0-1.0"}
    style.refresh_from_db()
    assert style.digest == style.compute_digest()
    variant.refresh_from_db()
    assert variant.is_published and variant.recipe_digest != style.digest
    assert variant in StyleVariant.objects.published()


def test_enqueued_it_is_a_workers_job(make_file: Any, make_chair: Any) -> None:
    make_chair()
    text = run("oak", make_file("one.png"), *RIGHTS, *QUICK, "--seed", "7", "--enqueue")
    job = StyleJob.objects.get()
    assert f"job {job.pk} waits for a style_worker" in text
    assert (job.status, job.payload["seed"], job.payload["seconds"]) == (Status.PENDING, 7, 3.0)
    assert not Style.objects.get().artefact
    call_command("style_worker", "--once", stdout=io.StringIO())
    job.refresh_from_db()
    assert job.status == Status.READY and job.result, job.error_detail
    assert Style.objects.get().artefact.name == job.artefact.name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{one}",), "bad_style_reference: --licence and --source missing"),
        (("{one}", "--licence", "MIT"), "--source missing"),
        (("{missing}", *RIGHTS), "unreadable: .*missing.png.*check the path"),
        (("{one}", "{junk}", *RIGHTS), "not_an_allowed_image: .*junk.png"),
        (("{one}", "{copy}", *RIGHTS), "copy.png is the same picture as one.png"),
        ((), "not_fittable: .*“oak” has 0 reference pictures"),
        (("{one}",) * 6 + RIGHTS, "has 6 reference pictures; a fit takes from 1 to 5"),
        (("{one}", "--licence", "x" * 300, "--source", "us"), "bad_style: .*at most 200"),
        (("{one}", *RIGHTS, "--name", "x" * 200), "bad_style: .*at most 100"),
        (("{one}", *RIGHTS, "--preview", "sheet.jpg"), "end it in .png"),
        (("{one}", *RIGHTS, "--preview", "/nowhere/sheet.png"), "is not there"),
        (("{one}", *RIGHTS, "--preview", "sheet.png"), "no picture yet; name some with --photos"),
        (("{one}", *RIGHTS, "--photos", "{junk}"), "not_an_allowed_image: .*junk.png"),
        (("{one}", *RIGHTS, "--photos", "{one}", "--enqueue"), "--photos out"),
        (("{one}", *RIGHTS, "--photos", *("{one}",) * 7), "at most 6"),
        (("{one}", *RIGHTS, "--seconds", "0"), "'0' is not a number of seconds"),
        (("{one}", *RIGHTS, "--seconds", "nan"), "'nan' is not a number of seconds"),
    ],
)
def test_mistakes_name_the_culprit_and_write_nothing(
    arguments: tuple[str, ...], message: str, make_file: Any, tmp_path: Path
) -> None:
    make_file("one.png")
    make_file("copy.png")
    (tmp_path / "junk.png").write_bytes(b"nothing of the kind")
    names = {item: str(tmp_path / f"{item}.png") for item in ("one", "copy", "junk", "missing")}
    with pytest.raises(CommandError, match=message):
        run("oak", *(item.format(**names) for item in arguments))
    assert_nothing_saved()


def test_a_slug_is_one(make_file: Any) -> None:
    with pytest.raises(CommandError, match="'Oak panel'.*letters"):
        run("Oak panel", make_file("one.png"), *RIGHTS)


def test_other_engines_and_built_in_looks_are_left_alone(make_style: Any, make_file: Any) -> None:
    make_style("warm", engine="grade")
    with pytest.raises(CommandError, match="not_fittable: .*engine 'grade'"):
        run("warm", make_file("one.png", turned=90), *RIGHTS, "--replace")
    slug = next(iter(built_in_styles()))
    make_style("shelf", engine="network", parameters={"style": slug})
    with pytest.raises(CommandError, match="not_fittable: .*built-in style"):
        run("shelf", *QUICK)
    assert not StyleJob.objects.exists()


class TestMeanwhile:
    """What somebody else did while it was fitted."""

    MADE = JobResult(artefact=b"fitted", report={"summary": "", "disagreeing": []})

    def test_a_style_of_that_name_was_added(self, make_file: Any, make_style: Any) -> None:
        plan = self.plan(make_file)
        make_style("oak", engine="network")
        self.assert_refused(plan)

    def test_a_style_of_that_name_was_added_at_the_last_instant(self, make_file: Any) -> None:
        plan = self.plan(make_file)

        def add_twin(instance: Style, **_: Any) -> None:
            # No signal of its own: what another process commits is not seen here either.
            Style.objects.bulk_create([Style(slug="oak", name="Oak", engine="network")])

        pre_save.connect(add_twin, sender=Style)
        try:
            self.assert_refused(plan)
        finally:
            pre_save.disconnect(add_twin, sender=Style)

    def test_its_references_were_changed(self, make_file: Any, make_style: Any) -> None:
        style = make_style("oak", engine="network")
        plan = self.plan(make_file, replace=True)
        style.references.all().delete()
        self.assert_refused(plan)

    def test_it_was_deleted(self, make_file: Any, make_style: Any) -> None:
        style = make_style("oak", engine="network")
        plan = self.plan(make_file, replace=True)
        style.delete()
        self.assert_refused(plan)

    def plan(self, make_file: Any, **values: Any) -> Any:
        file = photograph_file(Path(make_file("one.png", turned=90)))
        return plan_fit("oak", [file], licence="MIT", source="us", **values)

    def assert_refused(self, plan: Any) -> None:
        before = list(StyleReference.objects.values_list("pk", "sha256"))
        files = set(walk(variant_storage(), "shop_style"))
        with pytest.raises(RequestOutdated, match="“oak” meanwhile"):
            plan.save(self.MADE, {"pictures": []}, actor="anna")
        assert list(StyleReference.objects.values_list("pk", "sha256")) == before
        assert not StyleJob.objects.exists()
        assert set(walk(variant_storage(), "shop_style")) == files
