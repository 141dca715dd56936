"""Commands whose errors end in one line with a code, not in a traceback."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from shop_style.exceptions import ShopStyleError


class CodedCommand(BaseCommand):
    """Turns our errors into what `manage.py` prints of a mistake: code, culprit, next step.

    It speaks English whatever the shop's language, as Django's own commands and the logs do.
    """

    def execute(self, *arguments: Any, **options: Any) -> str | None:
        try:
            with translation.override(None):
                return super().execute(*arguments, **options)
        except ShopStyleError as error:
            raise CommandError(f"{error.code}: {error}") from error
