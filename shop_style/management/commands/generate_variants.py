"""Ask for variants across the catalogue: `manage.py generate_variants --missing --dry-run`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from shop_style.generation import sweep
from shop_style.generation.databases import variant_databases
from shop_style.generation.request import RequestReport, request_variants
from shop_style.management.coded import CodedCommand
from shop_style.models import Style
from shop_style.sources import SourceImage


class Command(CodedCommand):
    help = "Request style variants for products and styles; a worker renders them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--product",
            action="append",
            default=[],
            metavar="app.Model:KEY",
            help="a product (or picture) row; repeat for several; all pictures when left out",
        )
        parser.add_argument(
            "--style", action="append", default=[], metavar="SLUG", help="repeat for several"
        )
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--missing", action="store_true", help="what is not there yet, and what failed"
        )
        which.add_argument(
            "--regenerate",
            action="store_true",
            help="everything again; what is live stays live until replacements are published",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what it would take")
        parser.add_argument("--database", default="default", help="alias the products live in")

    def handle(self, **options: Any) -> None:
        variant_databases()  # says so when nothing is migrated
        styles = self._styles(options["style"])
        if options["dry_run"]:
            self._estimate(options, styles, options["database"])
        else:
            self._request(options, styles, options["database"])

    def _styles(self, slugs: Sequence[str]) -> list[Style]:
        styles = list(
            Style.objects.home().filter(slug__in=slugs) if slugs else Style.objects.home().offered()
        )
        unknown = set(slugs) - {style.slug for style in styles}
        known = ", ".join(Style.objects.home().values_list("slug", flat=True)) or "none"
        if unknown:
            raise CommandError(f"no style is called {', '.join(sorted(unknown))}; known: {known}")
        if not styles:
            raise CommandError("there is no style yet; add one in the admin")
        return styles

    def _chunks(self, products: Sequence[str], database: str) -> Iterator[list[SourceImage]]:
        if products:
            return iter([sweep.named_products(products, using=database)])
        return sweep.catalogue(using=database)

    def _estimate(self, options: dict[str, Any], styles: list[Style], database: str) -> None:
        plans = sweep.plan_catalogue(self._chunks(options["product"], database), styles)
        if options["regenerate"]:
            plans = {slug: plan.all_again() for slug, plan in plans.items()}
        estimate = sweep.estimate(styles, plans)
        for item in estimate.styles:
            plan = plans[item.style]
            basis = f"mean of {item.measured} renders" if item.measured else "assumed, none yet"
            self.stdout.write(
                f"{item.style}: {plan.pictures} pictures, {plan.existing} there, "
                f"{item.to_make} to make at {item.seconds_each:.1f} s ({basis})"
            )
        self.stdout.write(
            f"about {estimate.hours:.2f} worker hours and {estimate.megabytes:.1f} MB of files; "
            "nothing was requested (dry run)"
        )

    def _request(self, options: dict[str, Any], styles: list[Style], database: str) -> None:
        total = RequestReport()
        with tqdm(unit=" pictures", desc="requesting", file=self.stderr, disable=None) as bar:
            for chunk in self._chunks(options["product"], database):
                report = request_variants(
                    chunk, styles, regenerate=options["regenerate"], actor="generate_variants"
                )
                total.add(report)
                bar.update(len(chunk))
        for name, error in total.refused:
            self.stderr.write(f"refused {name}: {error.code}: {error}")
        self.stdout.write(total.summary())
        if total.created or total.requeued:
            self.stdout.write("a running style_worker renders them; style_status shows how far")
