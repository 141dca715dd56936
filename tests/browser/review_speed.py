"""How quickly 200 variants can be reviewed: `python -m tests.browser.review_speed FOLDER`.

Presses A on each as soon as it is shown, and prints what a person would have waited for (needs
Chromium). FOLDER keeps the database and the pictures of one rendered variant.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

NUMBER = 200
_SHOWN = """id => document.querySelector('.ss-view')?.dataset.id !== id
  && !document.querySelector('#ss-viewer[aria-busy]')"""


def main() -> None:
    """Set up, review, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="database and media; kept")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "settings.test",
        "SHOP_STYLE_TEST_FOLDER": str(folder),
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    board_of(NUMBER)
    waits, seconds, saved = reviewed()
    waits.sort()
    print(f"{len(waits) + 1} variants approved by key in {seconds:.1f} s, {saved} saved")
    print(f"from key to next picture: median {1000 * statistics.median(waits):.0f} ms,", end=" ")
    print(f"95th of a hundred {1000 * waits[int(0.95 * len(waits))]:.0f} ms")


def board_of(number: int) -> None:
    """So many unreviewed variants: rows of their own, with the files of one that was rendered."""
    from shop_style.models import StyleVariant
    from shop_style.models.variant import Review
    from tests.browser.variant_page import SHOWN, rendered

    passed = next(shown for shown in SHOWN if shown.name == "passed")
    first = rendered(passed)
    StyleVariant.objects.exclude(pk=first.pk).delete()
    columns = {
        field.attname: getattr(first, field.attname)
        for field in StyleVariant._meta.concrete_fields
        if not field.primary_key
    }
    fresh: dict[str, Any] = {"review": Review.UNREVIEWED, "published_at": None, "passed": True}
    StyleVariant.objects.filter(pk=first.pk).update(**fresh)
    StyleVariant.objects.bulk_create(
        StyleVariant(**{**columns, **fresh, "recipe_digest": f"{copy:064d}"})
        for copy in range(1, number)
    )


def reviewed() -> tuple[list[float], float, int]:
    """Seconds from each key to the next variant, seconds in all, and rows that are approved."""
    from shop_style.models import StyleVariant
    from tests.browser.variant_page import browsing

    with browsing() as (browser, server, session):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
        page = context.new_page()
        page.goto(f"{server.url}/admin/shop_style/reviewboard/")
        page.wait_for_selector("#ss-viewer:not([aria-busy]) .ss-view")
        waits, start = [], time.perf_counter()
        for _step in range(NUMBER - 1):
            shown = page.get_attribute(".ss-view", "data-id")
            pressed = time.perf_counter()
            page.keyboard.press("a")
            page.wait_for_function(_SHOWN, arg=shown)
            waits.append(time.perf_counter() - pressed)
        page.keyboard.press("a")
        page.wait_for_function(
            f"document.querySelector('[data-count]').textContent.startsWith('{NUMBER}')"
        )
        page.wait_for_selector("[data-save][data-kind='saved']")
        seconds = time.perf_counter() - start
        page.wait_for_timeout(500)
        context.close()
    return waits, seconds, StyleVariant.objects.filter(review="approved").count()


if __name__ == "__main__":
    main()
