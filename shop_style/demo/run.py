"""The demo's steps: fill the shop, render, judge, show, publish, experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import OutputWrapper
from django.db import connection

from shop_style.demo.catalogue import (
    MOST_PHOTOS,
    Loaded,
    load_catalogue,
    load_photos,
)
from shop_style.demo.contact_sheet import SheetName, write_page, write_sheet
from shop_style.demo.errors import DemoError
from shop_style.demo.experiment import VISITORS, DemoExperiment
from shop_style.demo.login import add_login
from shop_style.demo.models import Product, ProductImage
from shop_style.demo.styles import STYLES, load_styles
from shop_style.demo.table import reasons, table
from shop_style.demo.variants import publish_passed, render
from shop_style.experiments.reporting.text import counted
from shop_style.generation.limits import intake_limits
from shop_style.models import Experiment, Style, StyleVariant
from shop_style.sources import source_image

ACTOR = "demo"
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
        pictures = [source_image(image) for image in loaded.images]
        wanted = [styles[item.slug] for item in STYLES]
        render(pictures, wanted, actor=ACTOR, log=self.output / "worker.log", out=self.out)
        rows = self._results(loaded.images)
        self._tell_results(rows)
        sheet = self._sheet()
        page, picture = write_sheet(loaded.images, list(styles.values()), self.output, **sheet)
        self.out.write(f"\nContact sheet: {page}\n               {picture}")
        publish_passed([variant for _, variant in rows], actor=ACTOR, out=self.out)
        report = self._experiment(styles[COMPARED]).run(loaded.images)
        if report is not None:
            write_page(loaded.images, list(styles.values()), self.output, report=report, **sheet)
            self.out.write(f"Report: {report}, linked from the contact sheet.")
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

    def _sheet(self) -> SheetName:
        if self.photos is not None:
            return {"stem": "contact_sheet_photos", "title": "Your photos"}
        return {"stem": "contact_sheet", "title": "The demo catalogue"}

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
