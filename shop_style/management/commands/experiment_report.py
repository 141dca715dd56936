"""What an experiment has found: `manage.py experiment_report SLUG`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import translation

from shop_style.experiments.lifecycle import find_experiment
from shop_style.experiments.reporting.page import report_page
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.reporting.tables import report_csv
from shop_style.experiments.reporting.text import report_lines
from shop_style.experiments.rollup import rollup
from shop_style.management.coded import CodedCommand
from shop_style.models import Experiment


class Command(CodedCommand):
    help = "Print an experiment's report as of the last rollup, as text, JSON, CSV or a page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="of the experiment")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="everything, for programs")
        form.add_argument("--csv", action="store_true", help="every number, for a spreadsheet")
        form.add_argument(
            "--html", metavar="FILE", help="write one file that opens anywhere, without a server"
        )
        parser.add_argument("--rollup", action="store_true", help="bring totals up to date first")

    def handle(self, **options: Any) -> None:
        experiment = find_experiment(options["slug"])
        if options["rollup"]:
            rollup(products=True)
        if options["html"]:
            self._write_page(experiment, Path(options["html"]))
            return
        report = build_report(experiment)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        elif options["csv"]:
            self.stdout.write(report_csv(report), ending="")
        else:
            self.stdout.write("\n".join(report_lines(report)))

    def _write_page(self, experiment: Experiment, file: Path) -> None:
        # In the shop's language: a page is no terminal.
        with translation.override(settings.LANGUAGE_CODE):
            page = report_page(build_report(experiment))
        try:
            file.write_text(page, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write {file}: {error.strerror}") from error
        self.stdout.write(f"wrote {file.resolve()}")
