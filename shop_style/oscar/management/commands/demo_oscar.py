"""See the plugin at work in django-oscar: `manage.py demo_oscar`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shop_style.exceptions import ShopStyleError


class Command(BaseCommand):
    help = (
        "Fill Oscar's catalogue with the bundled products, render them in two styles, publish "
        "what passed, and start an experiment on the listing. A second run does nothing twice."
    )

    def handle(self, **options: Any) -> None:
        from shop_style.oscar.run import OscarDemo

        demo = OscarDemo(
            fixtures=Path(settings.DEMO_FIXTURES), output=Path(settings.VAR_DIR), out=self.stdout
        )
        try:
            demo.run()
        except ShopStyleError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("stopped; run it again to go on from here", returncode=130) from None
