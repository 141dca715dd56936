"""What a Markdown page links to, and which of its places can be linked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_FENCE = re.compile(r"^([ \t]*)(```+|~~~+).*?^\1\2[ \t]*$", re.M | re.S)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\]]*\]\([^)]*\))*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_BARE = re.compile(r"<(https?://[^>\s]+)>")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
_ID = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Link:
    """A link or a picture."""

    target: str

    @property
    def is_external(self) -> bool:
        """Does it leave the repository?"""
        return bool(urlsplit(self.target).scheme)

    @property
    def path(self) -> str:
        """Relative to the page; empty for the page itself."""
        return self.target.partition("#")[0]

    @property
    def anchor(self) -> str:
        """The place in it; empty for its top."""
        return self.target.partition("#")[2]


def links(text: str) -> Iterator[Link]:
    """Every link of a page, pictures too; code shows links and has none."""
    prose = _CODE.sub("`", _FENCE.sub("", text))
    yield from (Link(target) for target in _LINK.findall(prose))
    yield from (Link(target) for target in _BARE.findall(prose))


def anchors(text: str) -> set[str]:
    """Every place of a page that can be linked to, named as GitHub and our site name it."""
    prose = _FENCE.sub("", text)
    found: set[str] = set(_ID.findall(prose))
    for heading in _HEADING.findall(prose):
        slug = slug_of(heading)
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def slug_of(heading: str) -> str:
    """A heading's anchor: lower case, without signs, a hyphen for each blank."""
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")


def is_address(target: str) -> bool:
    """Has an external link the form of an address?"""
    parts = urlsplit(target)
    if parts.scheme == "mailto":
        return "@" in parts.path
    host = parts.hostname or ""
    known = host in ("127.0.0.1", "localhost")
    return parts.scheme in ("http", "https") and (
        known or bool(re.fullmatch(r"[\w-]+(\.[\w-]+)+", host))
    )


def read(path: Path) -> str:
    """A page's text."""
    return path.read_text(encoding="utf-8")
