"""Remove what is known of one visitor: `manage.py forget_visitor VISITOR`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError, CommandParser

from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.rollup import rollup
from shop_style.management.coded import CodedCommand


class Command(CodedCommand):
    help = (
        "Remove one visitor's events and totals from every experiment and make its sums anew. "
        "Running it twice changes nothing more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "visitor",
            nargs="?",
            default="",
            help="value of the visitor cookie, or what the API calls visitor",
        )
        parser.add_argument("--user", help="username of somebody whose logins were merged")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *, visitor: str, user: str | None, dry_run: bool, **options: Any) -> None:
        if not visitor and user is None:
            raise CommandError("name a visitor, or --user")
        somebody = None if user is None else _user(user)
        report = forget_visitor(visitor, user=somebody, dry_run=dry_run)
        if report.experiments and not dry_run:
            rollup(products=True)
        self.stdout.write(f"{report.summary()} {'would be' if dry_run else 'were'} removed")


def _user(name: str) -> Any:
    model = get_user_model()
    found = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    if found is None:
        raise CommandError(f"there is no user {name!r}")
    return found
