"""Commands whose errors end in one line with a code, not in a traceback."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shop_style.exceptions import ShopStyleError


class CodedCommand(BaseCommand):
    """Turns our errors into what `manage.py` prints of a mistake: code, culprit, next step."""

    def execute(self, *arguments: Any, **options: Any) -> str | None:
        try:
            return super().execute(*arguments, **options)
        except ShopStyleError as error:
            raise CommandError(f"{error.code}: {error}") from error
