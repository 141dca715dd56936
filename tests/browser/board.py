"""A board of four variants that wait for review, and what a test asks of it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from PIL import Image

from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from tests.admin.conftest import CARD_2
from tests.browser.session import staff_cookie

BOARD = "/admin/shop_style/reviewboard/"
SIZE = (240, 200)
FAILED_GATE: dict[str, Any] = {
    "passed": False,
    "reasons": [{"code": "colour", "text": "Too red.", "value": 13.4, "limit": 6, "box": None}],
}


def four_that_wait(make_chair: Any, style: Any, publish_variant: Any) -> list[StyleVariant]:
    """Four that wait for review, red over a blue original; the third failed its gate."""
    rows = []
    for number in range(4):
        red, blue = (
            stored("#c02020", f"red-{number}.webp"),
            stored("#2040c0", f"blue-{number}.webp"),
        )
        entry = {"format": "webp", "width": SIZE[0], "height": SIZE[1]}
        rows.append(
            publish_variant(
                make_chair(),
                style,
                review=Review.UNREVIEWED,
                published_at=None,
                image=red,
                width=SIZE[0],
                height=SIZE[1],
                renditions=[{**entry, "name": red}],
                original_renditions=[{**entry, "name": blue}],
                scorecard=CARD_2,
                **(FAILED_GATE if number == 2 else {}),
            )
        )
    return rows


def stored(colour: str, name: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", SIZE, colour).save(stream, "WEBP", lossless=True)
    saved: str = variant_storage().save(name, ContentFile(stream.getvalue()))
    return saved


def signed_in(open_page: Any, server: str, address: str, **options: Any) -> Any:
    """The page of a superuser's browser at this address."""
    page = open_page("/admin/login/", **{"viewport": {"width": 1280, "height": 900}, **options})
    page.context.add_cookies([staff_cookie(server, User.objects.create_superuser("mira"))])
    page.goto(server + address)
    return page


def soon(holds: Callable[[], bool]) -> None:
    """Wait until it holds; what is posted in the background arrives when it does."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def reviews(rows: list[StyleVariant]) -> list[str]:
    found = dict(StyleVariant.objects.values_list("pk", "review"))
    return [found[row.pk] for row in rows]


def wait_for(page: Any, row: StyleVariant) -> None:
    """Until it is shown, its pictures as well."""
    page.wait_for_selector(f'#ss-viewer:not([aria-busy]) .ss-view[data-id="{row.pk}"]')
