"""The docs' pictures of the demo, after `make demo`: `python -m tests.docs.pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from shop_style.demo.contact_sheet import CAPTION, CELL, GAP, TOP

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "var" / "demo"
IMAGES = ROOT / "docs" / "images"
ROWS, WIDTH = 3, 980
REPORT = {"width": 900, "height": 1145}


def contact_sheet(demo: Path, images: Path) -> Path:
    """The first rows of the sheet that the demo wrote."""
    sheet = Image.open(demo / "contact_sheet.png").convert("RGB")
    height = TOP + ROWS * (CELL + GAP + CAPTION) - GAP // 2
    part = sheet.crop((0, 0, sheet.width, min(height, sheet.height)))
    small = part.resize((WIDTH, round(part.height * WIDTH / part.width)), Image.Resampling.LANCZOS)
    small.save(images / "contact_sheet.jpg", quality=82)
    return images / "contact_sheet.jpg"


def report(demo: Path, images: Path) -> Path:
    """The top of the report that the demo wrote, as Chromium shows it."""
    import shutil

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=REPORT)  # type: ignore[arg-type]
        page.goto((demo / "golden-hour.html").as_uri())
        page.screenshot(path=images / "experiment_report.jpg", type="jpeg", quality=80)
        browser.close()
    return images / "experiment_report.jpg"


def main(demo: Path = DEMO, images: Path = IMAGES) -> int:
    """Both, where the demo has been run."""
    if not (demo / "golden-hour.html").exists():
        print(f"{demo} has no report yet: run `make demo` first", file=sys.stderr)
        return 1
    for make in (contact_sheet, report):
        path = make(demo, images)
        print(f"{path}: {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
