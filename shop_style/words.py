"""What errors and findings say, in the reader's language.

Exceptions, rows and JSON hold English sentences; their templates are in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language, gettext, trans_real

_PLACE: Final = re.compile(r"\{([\w.]+)(?:!\w)?(:[^{}]*)?\}")
_SENTENCES: Final = frozenset({"why", "which", "meaning"})
"""Values that are words themselves, and translated too."""


@dataclass(frozen=True, kw_only=True)
class _Template:
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    longest: str
    translation: str

    def filled(self, text: str) -> str | None:
        """The translation with the values that the text has; None where it is another text."""
        found = self.pattern.fullmatch(text) if self.longest in text else None
        if found is None:
            return None
        values = dict(zip(self.names, found.groups(), strict=True))
        for name in _SENTENCES & values.keys():
            values[name] = in_words(values[name])
        return _PLACE.sub(lambda place: values.get(place[1], place[0]), self.translation)


def in_words(text: object) -> str:
    """The text in the active language, line by line; a line that the catalogue lacks as it is.

    text: made by `said`, of any version, or of several such sentences with a name before them.
    """
    language = get_language()
    if not settings.USE_I18N or language is None:
        return str(text)
    return "\n".join(_line(line, language) for line in str(text).split("\n"))


def _line(line: str, language: str) -> str:
    if line.startswith("- "):
        return f"- {_line(line[2:], language)}"
    whole = _sentence(line, language)
    if whole is not None:
        return whole
    # "Name of a file: what is wrong with it"
    for place in re.finditer(": ", line):
        part = _sentence(line[place.end() :], language)
        if part is not None:
            return f"{line[: place.end()]}{part}"
    parts = line.split("; ")
    translated = [_line(part, language) for part in parts] if len(parts) > 1 else parts
    return line if translated == parts else gettext("; ").join(translated)


def _sentence(text: str, language: str) -> str | None:
    translated = gettext(text) if text.strip() else text
    if translated != text:
        return translated
    for template in _templates(language):
        filled = template.filled(text)
        if filled is not None:
            return filled
    return None


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    """Translated sentences with values in braces, the ones with most words first."""
    found = [
        _template(source, translation)
        for source, translation in _catalogue(language)
        if isinstance(source, str) and translation and _PLACE.search(source)
    ]
    fixed = [item for item in found if len(item.longest.strip()) > 2]
    return tuple(sorted(fixed, key=lambda item: -len(item.pattern.pattern)))


def _catalogue(language: str) -> Iterator[tuple[Any, str]]:
    found: Any = trans_real.translation(language)
    yield from found._catalog.items()  # as Django's own JavaScriptCatalog reads it


def _template(source: str, translation: str) -> _Template:
    pieces = _PLACE.split(source)
    fixed, names, specs = pieces[::3], pieces[1::3], pieces[2::3]
    pattern = re.escape(fixed[0])
    for spec, piece in zip(specs, fixed[1:], strict=True):
        # What a format writes is a number: it has no spaces.
        pattern += (r"(\S+?)" if spec else "(.+?)") + re.escape(piece)
    return _Template(
        pattern=re.compile(pattern.replace(r"\{\{", r"\{").replace(r"\}\}", r"\}"), re.DOTALL),
        names=tuple(names),
        longest=max(fixed, key=len),
        translation=translation,
    )
