"""The demo's experiment: started once, visited by a simulated crowd, and reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.core.management.base import OutputWrapper
from django.db import transaction

from shop_style.api.objects import name_of
from shop_style.demo.crowd import PLANTED_LIFT, shopper
from shop_style.demo.models import ProductImage
from shop_style.demo.server import live_server
from shop_style.demo.simulate import PLACEMENT, Crowd, play
from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.text import report_lines
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.rollup import rollup
from shop_style.models import Arm, Experiment, Style

VISITORS: Final = 3000
_TAKE_PART: Final = 0.9
"""Of the crowd, at least; crawlers and visitors with Sec-GPC do not."""


@dataclass(frozen=True, kw_only=True)
class DemoExperiment:
    """The originals against one style on the listing.

    output: folder of the server's log. visitors: size of the crowd; 0 plays nobody.
    """

    slug: str
    name: str
    style: Style
    actor: str
    output: Path
    visitors: int
    out: OutputWrapper

    def run(self, images: Sequence[ProductImage]) -> Path | None:
        """Start it, let the crowd come, and report; what was done before is not done again.

        Returns the file of the report, or None without a picture that it can show: it says so
        then, and does nothing. Raises DemoError when the live server fails.
        """
        try:
            experiment = self._find_or_start(images)
        except ExperimentError as error:
            self.out.write(f"\nNo experiment with {self.style}: {error}")
            return None
        rollup()
        report = build_report(experiment)
        if self._waits_for_visitors(report):
            self._play(report, images)
            rollup()
            report = build_report(experiment)
        elif report.is_complete:
            self.out.write("\nNobody to play: the planned visitors have come already.")
        self._tell(report)
        file = self.output / f"{self.slug}.html"
        file.write_text(report_page(report), encoding="utf-8")
        return file

    def _find_or_start(self, images: Sequence[ProductImage]) -> Experiment:
        found = Experiment.objects.filter(slug=self.slug).first()
        if found is not None:
            return found
        # All or nothing: an experiment that cannot start leaves no draft behind.
        with transaction.atomic():
            experiment = Experiment.objects.create(
                slug=self.slug,
                name=self.name,
                hypothesis=f"Pictures in the style “{self.style}” are clicked more often.",
                placement=PLACEMENT,
                planned_visitors=max(1, int(_TAKE_PART * (self.visitors or VISITORS))),
            )
            Arm.objects.create(experiment=experiment, slug="originals", weight=0.5, position=0)
            Arm.objects.create(
                experiment=experiment,
                slug=self.style.slug,
                style=self.style,
                weight=0.5,
                position=1,
            )
            lifecycle.start(experiment, actor=self.actor, objects=images)
        self.out.write(
            f"\nStarted the experiment “{self.name}”: half of the visitors see the originals, "
            f"half {self.style}."
        )
        return experiment

    def _waits_for_visitors(self, report: ExperimentReport) -> bool:
        if report.state != Experiment.State.RUNNING or report.is_complete:
            return False
        return self.visitors > report.visitors

    def _play(self, report: ExperimentReport, images: Sequence[ProductImage]) -> None:
        crowd = Crowd(first=come_already(report.visitors), last=self.visitors)
        covers: dict[int, ProductImage] = {}
        for image in images:
            covers.setdefault(image.product_id, image)
        objects = [name_of(cover) for cover in covers.values()]
        self.out.write(
            f"Playing {crowd.size:,} simulated visitors through a live server. Planted: a picture "
            f"in view is clicked {100 * crowd.lift:.0f} % more often when it shows a style."
        )
        with live_server(self.output / "server.log") as port:
            played = play(crowd, objects, port=port, out=self.out)
        self.out.write(f"  {played.summary()}.")

    def _tell(self, report: ExperimentReport) -> None:
        self.out.write("")
        for line in report_lines(report):
            self.out.write(line)
        self.out.write("")
        for line in recovery(report):
            self.out.write(line)


def come_already(enrolled: int, seed: int = Crowd.seed) -> int:
    """How many of the crowd have come when so many were enrolled: some take no part."""
    number = 0
    while enrolled:
        enrolled -= shopper(number, seed=seed).kind == "shopper"
        number += 1
    return number


def recovery(report: ExperimentReport, lift: float = PLANTED_LIFT) -> Iterator[str]:
    """What was planted beside what was estimated."""
    planted = f"Planted: {_percent(lift, 0)} clicks over viewable pictures."
    comparison = report.effects[0].comparison if report.effects else None
    estimated = comparison.lift if comparison else None
    if estimated is None:
        yield f"{planted} Estimated: nothing yet."
        return
    inside = estimated.low <= lift <= estimated.high
    yield (
        f"{planted} Estimated: {_percent(estimated.estimate)}, "
        f"{100 * (1 - estimated.alpha):.0f} % interval "
        f"{_percent(estimated.low)} … {_percent(estimated.high)}. "
        f"Inside the interval: {'yes' if inside else 'no'}."
    )
    yield (
        "The server draws each visitor's arm at random, so every new demo estimates anew; "
        "one in twenty misses."
    )


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:+.{digits}f} %"
