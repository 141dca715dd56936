"""Learn a style from reference pictures: `manage.py fit_style oak door.jpg floor.jpg …`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_slug
from tqdm import tqdm

from shop_style.generation.databases import variant_databases
from shop_style.generation.fit_plan import FitPlan, plan_fit
from shop_style.generation.fitting import FIT_SECONDS, Fitting
from shop_style.generation.job_result import JobResult
from shop_style.generation.photographs import (
    PREVIEW_PICTURES,
    Photograph,
    named_pictures,
    photograph_file,
    readable_photographs,
)
from shop_style.management.coded import CodedCommand
from shop_style.models import StyleJob
from shop_style.sources import latest_pictures

_ACTOR = "fit_style"


def slug(text: str) -> str:
    """A style's slug from the command line."""
    try:
        validate_slug(text)
    except ValidationError:
        raise ArgumentTypeError(f"{text!r}: take letters, digits, - and _ only") from None
    return text


def budget(text: str) -> float:
    """A number of seconds from the command line."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0, a day at most")
    return seconds


class Command(CodedCommand):
    help = (
        "Learn a style from 1 to 5 reference pictures and keep it, with its references. Adds the "
        "style, or fits one of the engine network again; published variants keep serving."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("style", type=slug, metavar="SLUG")
        parser.add_argument(
            "references",
            type=Path,
            nargs="*",
            metavar="REF",
            help="1 to 5 pictures; without any, those the style has",
        )
        parser.add_argument("--licence", default="", help="the references are used under")
        parser.add_argument("--source", default="", help="where the references are from")
        parser.add_argument("--name", default="", help="what people call the style")
        parser.add_argument(
            "--replace", action="store_true", help="give up the references the style has"
        )
        parser.add_argument("--seconds", type=budget, default=FIT_SECONDS, metavar="S")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--preview", type=Path, metavar="FILE", help="also write the sheet there, as PNG"
        )
        parser.add_argument(
            "--photos",
            type=Path,
            nargs="+",
            default=[],
            metavar="FILE",
            help="products to learn and show it on, six at most; else the shop's newest",
        )
        parser.add_argument(
            "--enqueue", action="store_true", help="leave the fit to a style_worker"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen")

    def handle(self, **options: Any) -> None:
        variant_databases()  # says so when nothing is migrated
        self._check_options(options)
        try:
            plan = plan_fit(
                options["style"],
                [photograph_file(path) for path in options["references"]],
                name=options["name"],
                licence=options["licence"],
                source=options["source"],
                replace=options["replace"],
            )
        except ValidationError as error:
            raise CommandError(f"bad_style: {'; '.join(error.messages)}") from error
        for line in plan.summary():
            self.stdout.write(line)
        if options["dry_run"]:
            where = "by a worker" if options["enqueue"] else "here"
            self.stdout.write(
                f"would be fitted {where} in at most {options['seconds']:g} s; nothing was "
                "written (dry run)"
            )
        elif options["enqueue"]:
            self._enqueue(plan, options)
        else:
            self._fit(plan, options)

    def _check_options(self, options: dict[str, Any]) -> None:
        preview: Path | None = options["preview"]
        if options["enqueue"] and (preview or options["photos"]):
            raise CommandError(
                "--enqueue: a worker shows it on the shop's own pictures, in the admin; leave "
                "--preview and --photos out"
            )
        if len(options["photos"]) > PREVIEW_PICTURES:
            raise CommandError(f"--photos: at most {PREVIEW_PICTURES} are shown")
        if preview is None:
            return
        if preview.suffix.lower() != ".png":
            raise CommandError(f"--preview {preview.name}: end it in .png")
        if not preview.absolute().parent.is_dir():
            raise CommandError(
                f"--preview {preview}: the folder {preview.absolute().parent} is not there"
            )

    def _enqueue(self, plan: FitPlan, options: dict[str, Any]) -> None:
        job = plan.enqueue(
            latest_pictures(PREVIEW_PICTURES),
            actor=_ACTOR,
            seconds=options["seconds"],
            seed=options["seed"],
        )
        self.stdout.write(f"job {job.pk} waits for a style_worker; the style's page shows how far")

    def _fit(self, plan: FitPlan, options: dict[str, Any]) -> None:
        payload = {"pictures": [], "seconds": options["seconds"], "seed": options["seed"]}
        left_out: list[str] = []
        photographs = [photograph_file(path) for path in options["photos"]]
        if not photographs:
            payload["pictures"] = named_pictures(latest_pictures(PREVIEW_PICTURES))
            photographs, left_out = readable_photographs(payload["pictures"])
        if options["preview"] and not photographs:
            raise CommandError("--preview: the shop has no picture yet; name some with --photos")
        try:
            made = self._made(plan, photographs, options, left_out)
        except KeyboardInterrupt:
            raise CommandError("stopped; nothing was saved") from None
        plan.save(made, payload, actor=_ACTOR)
        if options["preview"] and made.sheet is not None:
            options["preview"].write_bytes(made.sheet)
        self._print(plan, made, options)

    def _made(
        self,
        plan: FitPlan,
        photographs: list[Photograph],
        options: dict[str, Any],
        left_out: list[str],
    ) -> JobResult:
        fitting = Fitting(
            kind=StyleJob.Kind.FIT,
            style=plan.style,
            references=plan.references(),
            photographs=photographs,
            seconds=options["seconds"],
            seed=options["seed"],
        )
        with tqdm(total=100, unit="%", desc=plan.style.slug, file=self.stderr, disable=None) as bar:

            def report(done: int, total: int) -> None:
                bar.update(round(100 * done / total) - bar.n)

            return fitting.run(report=report, on_progress=bar.set_postfix_str, left_out=left_out)

    def _print(self, plan: FitPlan, made: JobResult, options: dict[str, Any]) -> None:
        write = self.stdout.write
        write(made.report["summary"])
        names = plan.reference_names
        for number in made.report["disagreeing"]:
            write(f"far from the other references: {names[number - 1]} (reference {number})")
        for text in made.report["left_out"]:
            write(f"not on the sheet: {text}")
        if options["preview"] and made.sheet is not None:
            write(f"sheet: {options['preview']}")
        write(
            f"style {plan.style.slug} is fitted; ask for its variants with "
            f"`generate_variants --missing --style {plan.style.slug}`"
        )
