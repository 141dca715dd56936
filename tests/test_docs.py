"""The pages lead somewhere, and name no machine they were written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "fixtures" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith(("http:", "https:")):
            assert (page.parent / target).exists(), target


def test_every_command_has_its_line() -> None:
    commands = {path.stem for path in (ROOT / "shop_style").glob("**/management/commands/*.py")}
    text = (ROOT / "docs" / "commands.md").read_text()
    assert all(f"`{name}" in text for name in commands - {"__init__"})


def test_the_readme_names_every_page() -> None:
    text = (ROOT / "README.md").read_text()
    missing = [page.name for page in PAGES[2:] if page.name not in text]
    linked = "".join((ROOT / "docs" / name).read_text() for name in ("engines.md",))
    assert [name for name in missing if name not in linked] == []
