"""docs/extending.md: its code blocks are the files of tests/extension, which the tests run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "extending.md"
_BLOCK = re.compile(r"<!-- file: (\S+) -->\n\n```(\w+)\n.*?^```$", re.M | re.S)


def page() -> str:
    """The page with each marked block as its file is now."""
    return _BLOCK.sub(_block, PAGE.read_text(encoding="utf-8"))


def shown() -> list[str]:
    """The files that the page shows."""
    return [name for name, _ in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


def _block(found: re.Match[str]) -> str:
    name, language = found.groups()
    text = (ROOT / name).read_text(encoding="utf-8").rstrip()
    return f"<!-- file: {name} -->\n\n```{language}\n{text}\n```"
