"""Words that people read: of templates, of the admin's modules, and of finished pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from django.template.base import Lexer, TokenType

READ_ALOUD: Final = frozenset({"alt", "aria-label", "label", "placeholder", "title"})
"""Attributes whose value people read or hear."""

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_BLOCKS: Final = {"blocktranslate": "endblocktranslate", "blocktrans": "endblocktrans"}
_BLOCKS |= {"comment": "endcomment", "verbatim": "endverbatim"}


def of_template(text: str) -> list[str]:
    """Words of a template that stand outside of its translation tags."""
    parser = _Texts()
    parser.feed("".join(_html(text)))
    parser.close()
    return parser.found


def of_page(page: str) -> list[str]:
    """What people read or hear of a page; code is no language."""
    parser = _Texts()
    parser.feed(page)
    parser.close()
    return parser.found


def _html(text: str) -> Iterator[str]:
    """The template's own HTML; what a tag or variable prints is left out."""
    until = ""
    for token in Lexer(text).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            if not until:
                until = _BLOCKS.get(name, "")
                until = "endblock" if token.contents == "block bodyclass" else until
            elif name == until:
                until = ""
        elif token.token_type == TokenType.TEXT and not until:
            yield token.contents
        elif token.token_type == TokenType.VAR and not until:
            yield "1"


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"code", "script", "style"}:
            self._silent = tag
        if ("type", "hidden") in attrs:
            return
        self.found += [
            " ".join(value.split())
            for name, value in attrs
            if name in READ_ALOUD and value and _WORD.search(value)
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent and _WORD.search(data):
            self.found.append(" ".join(data.split()))


SHOWN_BY: Final = frozenset({"message_user", "ValidationError"})
"""Calls whose text arguments people read."""

SHOWN_AS: Final = frozenset({"description", "help_text", "label", "short_description", "title"})
"""Keyword arguments and class attributes that people read."""


def of_module(path: Path) -> list[str]:
    """Bare strings of a module that are shown to people, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for shown in _shown(tree)
        for node in _bare(shown)
        if _WORD.search(_written(node))
    ]


def _shown(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SHOWN_BY:
                yield from node.args
            yield from (item.value for item in node.keywords if item.arg in SHOWN_AS)
        elif isinstance(node, ast.Assign):
            names = {getattr(item, "attr", getattr(item, "id", "")) for item in node.targets}
            if names & (SHOWN_AS | {"verbose_name", "verbose_name_plural"}):
                yield node.value


def _bare(shown: ast.expr) -> Iterator[ast.expr]:
    """The string itself, or those in a list, dict or f-string; not those handed to a function."""
    if isinstance(shown, ast.Constant | ast.JoinedStr):
        yield shown
    elif isinstance(shown, ast.List | ast.Tuple):
        for item in shown.elts:
            yield from _bare(item)
    elif isinstance(shown, ast.Dict):
        for item in shown.values:
            yield from _bare(item)


def _written(node: ast.expr) -> str:
    """The words of a string, without an f-string's values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return " ".join(_written(part) for part in parts if isinstance(part, ast.Constant))
