"""docs/images/screens: every page of the demo at three widths, and docs/screens.md that lists them.

`make demo && make screenshots` (needs Chromium). The demo's rows are copied, and stay as they are.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "images" / "screens"
PAGE = ROOT / "docs" / "screens.md"
WIDTHS = {390: "phone", 1280: "laptop", 1920: "large"}
_HEIGHTS = {390: 844, 1280: 800, 1920: 1080}
_QUALITY = 72


def main() -> None:
    """Photograph all screens, or those named; the page lists all either way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="of screens; all without any")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as copied:
        _set_up(Path(copied))
        from tests.browser.screens import screens

        every = list(screens())
        unknown = set(options.names) - {screen.name for screen in every}
        if unknown:
            parser.error(f"no screen is called {', '.join(sorted(unknown))}")
        wanted = [item for item in every if not options.names or item.name in options.names]
        _shoot(wanted, options.folder)
    PAGE.write_text(listing(every), encoding="utf-8")


def listing(every: Sequence[Any]) -> str:
    """The docs page with every screen, large; the other widths are linked."""
    lines = [
        "# Screens",
        "",
        "Every page of the demo, at 390, 1,280 and 1,920 CSS pixels, as",
        "`make demo && make screenshots` photographs them.",
    ]
    for screen in every:
        files = {width: f"images/screens/{screen.name}-{width}.webp" for width in WIDTHS}
        widths = " · ".join(f"[{WIDTHS[width]}]({name})" for width, name in files.items())
        lines += ["", f"## {screen.title}", "", f"![{screen.title}]({files[1280]})", "", widths]
    return "\n".join(lines) + "\n"


def _set_up(folder: Path) -> None:
    found = ROOT / "var"
    if not (found / "demo.sqlite3").exists():
        sys.exit("the demo has not run here: `make demo` first")
    for name in ("media", "demo"):
        (folder / name).symlink_to(found / name)
    shutil.copy(found / "demo.sqlite3", folder)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "settings.dev",
        "SHOP_STYLE_VAR": str(folder),
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _shoot(wanted: Sequence[Any], folder: Path) -> None:
    from playwright.sync_api import sync_playwright
    from pytest_django.live_server_helper import LiveServer

    from tests.browser.conftest import FLAGS
    from tests.browser.session import staff_cookie
    from tests.conftest import BROWSER

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        sys.exit("no Chromium on this machine: install Debian's `chromium`")
    folder.mkdir(parents=True, exist_ok=True)
    server = LiveServer("localhost")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for screen in wanted:
            for width in WIDTHS:
                context = browser.new_context(
                    viewport={"width": width, "height": _HEIGHTS[width]},
                    color_scheme=screen.theme,
                    reduced_motion="reduce",
                    user_agent=BROWSER,
                )
                context.add_cookies([staff_cookie(server.url)])
                page = context.new_page()
                page.goto(server.url + screen.path, wait_until="networkidle")
                if screen.act is not None:
                    screen.act(page)
                name = folder / f"{screen.name}-{width}.webp"
                name.write_bytes(_webp(page.screenshot(full_page=True), screen.height))
                print(name.relative_to(ROOT) if name.is_relative_to(ROOT) else name)
                context.close()
        browser.close()
    server.stop()


def _webp(shot: bytes, height: int) -> bytes:
    from PIL import Image

    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    stream = io.BytesIO()
    picture.crop((0, 0, picture.width, min(picture.height, height))).save(
        stream, "WEBP", quality=_QUALITY, method=6
    )
    return stream.getvalue()


if __name__ == "__main__":
    main()
