"""The demo's steps: fill the shop, render, judge, show, publish, experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import OutputWrapper
from django.db import connection

from shop_style.demo.catalogue import (
    MOST_PHOTOS,
    DemoError,
    Loaded,
    load_catalogue,
    load_photos,
)
from shop_style.demo.contact_sheet import write_sheet
from shop_style.demo.experiment import VISITORS, DemoExperiment
from shop_style.demo.models import Product, ProductImage
from shop_style.demo.progress import work_off
from shop_style.demo.styles import STYLES, load_styles
from shop_style.demo.table import reasons, table
from shop_style.experiments.reporting.text import counted
from shop_style.generation.limits import intake_limits
from shop_style.generation.request import RequestReport, request_variants
from shop_style.generation.review import approve, publish
from shop_style.models import Experiment, Status, Style, StyleVariant
from shop_style.models.variant import Review
from shop_style.sources import source_image

ACTOR = "demo"
LOGIN = "admin"
COMPARED = "grade"
"""Slug of the style that the experiment compares with the originals."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """One run of the demo.

    fixtures: folder of the bundled catalogue and styles. output: folder of the sheet and log.
    photos: folder of the user's own photos, or None for the bundled catalogue.
    visitors: how many are simulated; 0 leaves the experiment to real ones.
    """

    fixtures: Path
    output: Path
    photos: Path | None
    out: OutputWrapper
    visitors: int = VISITORS

    def run(self) -> None:
        """All steps. Raises DemoError when one cannot be taken."""
        check_tables()
        self.output.mkdir(parents=True, exist_ok=True)
        styles = load_styles(self.fixtures)
        loaded = self._load()
        report = self._request(loaded.images, styles)
        if report.created or report.requeued or _unfinished(report):
            self.out.write("Rendering in a worker process of its own:")
            pks = [variant.pk for variant in report.variants]
            work_off(pks, log=self.output / "worker.log", out=self.out)
        else:
            self.out.write("Nothing to render: every variant is there already.")
        rows = self._results(loaded.images)
        self._tell_results(rows)
        self._write_sheet(loaded.images, list(styles.values()))
        self._publish([variant for _, variant in rows])
        self._experiment(styles[COMPARED]).run(loaded.images)
        self._tell_where(add_login(self.out))

    def _load(self) -> Loaded:
        if self.photos is None:
            loaded = load_catalogue(self.fixtures)
        else:
            loaded = load_photos(self.photos, intake_limits())
        self.out.write(f"{counted(len(loaded.images), 'picture')} in the shop, {loaded.new} new.")
        for _name, why in loaded.refused:
            self.out.write(f"  refused {why}")
        if loaded.left_out:
            self.out.write(
                f"  {loaded.left_out} more photos were left out: "
                f"the demo takes {MOST_PHOTOS} at a time."
            )
        return loaded

    def _request(self, images: Sequence[ProductImage], styles: dict[str, Style]) -> RequestReport:
        total = RequestReport()
        pictures = [source_image(image) for image in images]
        for wanted in STYLES:
            report = request_variants(pictures, [styles[wanted.slug]], actor=ACTOR)
            self.out.write(f"{styles[wanted.slug]}: {report.summary()}.")
            for _name, error in report.refused:
                self.out.write(f"  refused {error} ({error.code})")
            total.created += report.created
            total.requeued += report.requeued
            total.variants += report.variants
        return total

    def _results(self, images: Sequence[ProductImage]) -> list[tuple[str, StyleVariant]]:
        products = {str(image.pk): image.product.name for image in images}
        slugs = [style.slug for style in STYLES]
        variants = (
            StyleVariant.objects.for_objects(images)
            .live()
            .filter(style__slug__in=slugs)
            .select_related("style")
        )
        order = {slug: number for number, slug in enumerate(slugs)}
        rows = [(products[variant.object_id], variant) for variant in variants]
        return sorted(rows, key=lambda row: (order[row[1].style.slug], int(row[1].object_id)))

    def _tell_results(self, rows: Sequence[tuple[str, StyleVariant]]) -> None:
        self.out.write("")
        for line in table(rows):
            self.out.write(line)
        why = list(reasons(rows))
        if why:
            self.out.write("\nNot passed, and why:")
            for line in why:
                self.out.write(f"  {line}")

    def _write_sheet(self, images: Sequence[ProductImage], styles: Sequence[Style]) -> None:
        own = self.photos is not None
        page, picture = write_sheet(
            images,
            styles,
            self.output,
            stem="contact_sheet_photos" if own else "contact_sheet",
            title="Your photos" if own else "The demo catalogue",
        )
        self.out.write(f"\nContact sheet: {page}\n               {picture}")

    def _publish(self, variants: Sequence[StyleVariant]) -> None:
        passed = [item for item in variants if item.status == Status.READY and item.passed]
        undecided = [item for item in passed if item.review == Review.UNREVIEWED]
        approved = approve(undecided, actor=ACTOR, reason="passed its gate in the demo").done
        waiting = [item for item in undecided if item.review == Review.APPROVED]
        published = publish(waiting, actor=ACTOR).done
        if approved:
            self.out.write(
                f"\nApproved {approved} variants that passed their gate and published "
                f"{published}, as “{ACTOR}”, in the audit trail.\n"
                "A demo must go on by itself; in a real shop a person looks at each and decides: "
                "the gate of painted styles judges shape and print, and lets colours go far."
            )
        else:
            self.out.write("\nNothing new to approve.")

    def _experiment(self, style: Style) -> DemoExperiment:
        own = self.photos is not None
        return DemoExperiment(
            slug="golden-hour-photos" if own else "golden-hour",
            name=f"{style} on {'your photos' if own else 'the listing'}",
            style=style,
            actor=ACTOR,
            output=self.output,
            visitors=self.visitors,
            out=self.out,
        )

    def _tell_where(self, login: str) -> None:
        self.out.write(
            "\nLook at it: make serve\n"
            "  storefront  http://127.0.0.1:8000/  (with the originals: /?look=original)\n"
            "  experiment  http://127.0.0.1:8000/admin/shop_style/experiment/\n"
            "  API schema  http://127.0.0.1:8000/shop-style/schema/\n"
            "  admin       http://127.0.0.1:8000/admin/" + (f"  {login}" if login else "")
        )


def check_tables() -> None:
    """Raises DemoError when the database has not been migrated."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    needed = {
        model._meta.db_table for model in (Product, ProductImage, Style, StyleVariant, Experiment)
    }
    if needed - there:
        raise DemoError("the database has no tables yet; run `python manage.py migrate` first")


def add_login(out: OutputWrapper) -> str:
    """A superuser for this computer, under DEBUG only. Returns the login in words, or nothing."""
    if not settings.DEBUG:
        return ""
    users = get_user_model()._default_manager
    user = users.filter(username=LOGIN).first()
    if user is None:
        users.create_superuser(LOGIN, password=LOGIN)
        out.write(
            f"\nADDED A LOGIN {LOGIN} / {LOGIN} FOR THIS COMPUTER ONLY: "
            "never let others reach a shop that has it."
        )
        return f"login {LOGIN} / {LOGIN}"
    return f"login {LOGIN} / {LOGIN}" if user.check_password(LOGIN) else ""


def _unfinished(report: RequestReport) -> bool:
    waiting = (Status.PENDING, Status.RUNNING)
    return any(variant.status in waiting for variant in report.variants)
