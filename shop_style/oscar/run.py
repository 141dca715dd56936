"""The steps of `make demo-oscar`: fill Oscar's catalogue, render, publish, start an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.management.base import OutputWrapper
from django.db import transaction

from shop_style.demo.login import add_login
from shop_style.demo.styles import load_styles
from shop_style.demo.table import reasons, table
from shop_style.demo.variants import publish_passed, render
from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.models import Arm, Experiment, Style, StyleVariant
from shop_style.oscar.shop import load_shop
from shop_style.sources import source_image

ACTOR: Final = "demo"
SHOWN: Final = ("grade", "linocut")
COMPARED: Final = "grade"
_SLUG: Final = "golden-hour"
_PLANNED: Final = 3000


@dataclass(frozen=True, kw_only=True)
class OscarDemo:
    """One run. fixtures: folder of the bundled catalogue and styles. output: of the log."""

    fixtures: Path
    output: Path
    out: OutputWrapper

    def run(self) -> None:
        """All steps; a second run does nothing twice. Raises DemoError when one cannot be taken."""
        self.output.mkdir(parents=True, exist_ok=True)
        rows, new = load_shop(self.fixtures)
        self.out.write(f"{len(rows)} pictures in Oscar's catalogue, {new} new.")
        every = load_styles(self.fixtures)
        styles = [every[slug] for slug in SHOWN]
        pictures = [source_image(row) for row in rows]
        render(pictures, styles, actor=ACTOR, log=self.output / "worker.log", out=self.out)
        variants = self._variants(rows, styles)
        self._tell(rows, variants)
        publish_passed(variants, actor=ACTOR, out=self.out)
        self._start(every[COMPARED], rows)
        login = add_login(self.out)
        self.out.write(
            "\nLook at it: make serve-oscar\n"
            "  shop       http://127.0.0.1:8000/\n"
            "  dashboard  http://127.0.0.1:8000/dashboard/  (Styled pictures leads to the admin)\n"
            "  admin      http://127.0.0.1:8000/admin/shop_style/" + (f"  {login}" if login else "")
        )

    def _variants(self, rows: Sequence[Any], styles: Sequence[Style]) -> list[StyleVariant]:
        found = StyleVariant.objects.for_objects(list(rows)).live().filter(style__in=styles)
        return sorted(
            found.select_related("style"), key=lambda row: (row.style_id, int(row.object_id))
        )

    def _tell(self, rows: Sequence[Any], variants: Sequence[StyleVariant]) -> None:
        titles = {str(row.pk): row.product.get_title() for row in rows}
        named = [(titles[variant.object_id], variant) for variant in variants]
        self.out.write("")
        for line in (*table(named), *reasons(named)):
            self.out.write(line)

    def _start(self, style: Style, rows: Sequence[Any]) -> None:
        if Experiment.objects.filter(slug=_SLUG).exists():
            return
        try:
            # All or nothing: an experiment that cannot start leaves no draft behind.
            with transaction.atomic():
                experiment = Experiment.objects.create(
                    slug=_SLUG,
                    name=f"{style} on the listing",
                    placement="listing",
                    planned_visitors=_PLANNED,
                )
                Arm.objects.create(experiment=experiment, slug="originals", weight=0.5, position=0)
                Arm.objects.create(
                    experiment=experiment, slug=style.slug, style=style, weight=0.5, position=1
                )
                lifecycle.start(experiment, actor=ACTOR, objects=rows)
        except ExperimentError as error:
            self.out.write(f"\nNo experiment with {style}: {error}")
            return
        self.out.write(f"\nStarted “{experiment.name}”: half of the visitors see the originals.")
