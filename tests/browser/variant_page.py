"""docs/images/variant_page.jpg, the admin's page of a variant that failed its gate, and the same
in every width and theme: `python -m tests.browser.variant_page FOLDER` (needs Chromium)."""

from __future__ import annotations

import argparse
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "variant_page.jpg"
WIDTHS = (390, 1280, 1920)
_QUALITY = 74


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A variant to render and show. style: of the bundled catalogue. layer: what to look at."""

    name: str
    product: str
    style: str
    engine: str
    layer: str
    region: str = "whole"
    strength: float | None = 1.0
    parameters: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)


FAILED = Shown(
    name="failed",
    product="harbour-mug",
    style="painterly",
    engine="network",
    layer="detail",
    parameters={"style": "painterly"},
    thresholds={"max_delta_e": 12.0, "min_detail": 0.5, "max_worst_delta_e": 20.0},
)
SHOWN = (
    FAILED,
    Shown(
        name="passed",
        product="tide-mug",
        style="grade",
        engine="grade",
        layer="outline",
        strength=None,
        parameters={"lightness": 0.6, "chroma": 1.0},
    ),
    Shown(
        name="searched",
        product="harbour-mug",
        style="linocut",
        engine="network",
        layer="ssim",
        strength=None,
        parameters={"style": "linocut"},
    ),
)


def main() -> None:
    """Render what is not in the folder yet, photograph every page, and write the docs' picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="database, media and pictures; kept")
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
    variants = {shown.name: rendered(shown) for shown in SHOWN}
    with pages() as open_page:
        for shown in SHOWN:
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    shot = open_page(variants[shown.name], width, theme, shown.layer)
                    (folder / f"{shown.name}-{width}-{theme}.png").write_bytes(shot)
        PICTURE.write_bytes(_jpeg(open_page(variants["failed"], 1280, "light", FAILED.layer, 1080)))
        print(PICTURE.relative_to(ROOT), PICTURE.stat().st_size, "bytes")


def rendered(shown: Shown) -> Any:
    """The variant, rendered through the pipeline as a worker does."""
    from shop_style.demo.catalogue import load_catalogue
    from shop_style.demo.models import ProductImage
    from shop_style.generation.request import request_variant
    from shop_style.generation.runner import run

    load_catalogue(ROOT / "fixtures")
    image = ProductImage.objects.get(product__slug=shown.product, position=0)
    variant = request_variant(image, _style(shown))
    if variant.status == "pending":
        run(variant.pk, using="default")
        variant.refresh_from_db()
    reasons = [reason["code"] for reason in variant.reasons]
    print(shown.name, variant.status, variant.error_detail, variant.passed, reasons)
    return variant


def _style(shown: Shown) -> Any:
    import json

    from django.core.files.base import ContentFile

    from shop_style.models import Style, StyleReference
    from shop_style.transfer.registry import engine_entry

    entries = json.loads((ROOT / "fixtures" / "styles.json").read_text(encoding="utf-8"))
    entry = next(item for item in entries if item["slug"] == shown.style)
    style, new = Style.objects.update_or_create(
        slug=shown.name,
        defaults={
            "name": entry["name"],
            "engine": shown.engine,
            "region": shown.region,
            "strength": shown.strength,
            "parameters": shown.parameters,
            "thresholds": shown.thresholds,
        },
    )
    if new and engine_entry(shown.engine).needs_references:
        data = ContentFile((ROOT / "fixtures" / entry["file"]).read_bytes(), entry["file"])
        StyleReference.objects.create(style=style, image=data, licence=entry["licence"])
    style.refresh_from_db()
    return style


@contextmanager
def browsing() -> Iterator[Any]:
    """A browser, a live server, and the session of a person who may do everything."""
    from playwright.sync_api import sync_playwright
    from pytest_django.live_server_helper import LiveServer

    from tests.browser.conftest import FLAGS

    path = shutil.which("chromium") or shutil.which("google-chrome")
    server = LiveServer("localhost")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser, server, _session()
        browser.close()
    server.stop()


@contextmanager
def pages() -> Iterator[Any]:
    """A function that photographs a variant's page in Chromium, as PNG."""
    with browsing() as (browser, server, session):

        def shoot(variant: Any, width: int, theme: str, layer: str, height: int = 0) -> bytes:
            context = browser.new_context(
                viewport={"width": width, "height": height or 900},
                color_scheme=theme,
                java_script_enabled=False,
            )
            cookie = {"name": "sessionid", "value": session, "url": server.url}
            context.add_cookies([cookie])
            page = context.new_page()
            page.goto(f"{server.url}/admin/shop_style/stylevariant/{variant.pk}/change/")
            chip = page.locator(f"#ss-layer-{layer} + label")
            if chip.count():
                chip.click()
            shot = page.screenshot(full_page=not height)
            context.close()
            return bytes(shot)

        yield shoot


def _session() -> str:
    from django.contrib.auth.models import User
    from django.test import Client

    user, _ = User.objects.get_or_create(
        username="mira", defaults={"is_staff": True, "is_superuser": True}
    )
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def _jpeg(shot: bytes) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    picture.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    return stream.getvalue()


if __name__ == "__main__":
    main()
