"""The message catalogue: `make messages` takes up new strings and compiles what is translated.

`--missing` prints what has no translation yet as JSON, `--fill FILE` takes the same JSON back.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import polib
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parents[2]
CATALOGUE: Final = ROOT / "shop_style/locale/zh_Hans/LC_MESSAGES/django.po"
COMPILED: Final = CATALOGUE.with_suffix(".mo")
PACKAGES: Final = ("shop_style", "styleeval")
TERMINAL: Final = ("management", "migrations", "training")
"""Folders whose words only developers meet, in a terminal: they stay English."""

LISTS: Final = {"shop_style/transfer/weights/network_styles.json": ("name", "reference")}
"""Lists in JSON, and what of their entries people read."""

KEYWORDS: Final = (
    *("gettext_noop", "gettext_lazy", "ngettext_lazy:1,2", "pgettext:1c,2", "npgettext:1c,2,3"),
    *("pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3", "_now", "said", "_refuse"),
    # What an engine's parameter means: shop_style/transfer/parameters.py.
    *("bounded:4", "chosen:2", "stepped:3", "built_in:1"),
)
METADATA: Final = {
    "Project-Id-Version": "django-shop-style",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
"""The header. No dates: a second run changes nothing."""

Key = tuple[str | None, str]


def has_xgettext() -> bool:
    """Is GNU gettext installed? Only `make messages` and one test need it."""
    return shutil.which("xgettext") is not None


def extracted(root: Path = ROOT) -> polib.POFile:
    """Every string that can be translated, in the order of files and lines.

    Raises CalledProcessError with xgettext's words, such as on a template it cannot read.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        names = sorted(_prepared(root, work))
        (work / "files").write_text("\n".join(names), encoding="utf-8")
        subprocess.run(
            [
                *("xgettext", "--language=Python", "--from-code=UTF-8", "--add-location=file"),
                *("--add-comments=Translators", "--files-from=files", "--output=out.pot"),
                *(f"--keyword={keyword}" for keyword in KEYWORDS),
            ],
            cwd=work,
            check=True,
        )
        found = polib.pofile(str(work / "out.pot"), wrapwidth=98)
    for entry in found:
        entry.occurrences = [(name.removesuffix(".py"), line) for name, line in entry.occurrences]
        for occurrence, (name, line) in enumerate(entry.occurrences):
            if not name.endswith((".html", ".json", ".txt")):
                entry.occurrences[occurrence] = (f"{name}.py", line)
    return found


def _prepared(root: Path, work: Path) -> Iterator[str]:
    """Copies sources to a folder, templates as the Python that xgettext reads. Yields names."""
    for name, words in LISTS.items():
        texts = [entry[word] for entry in json.loads((root / name).read_text()) for word in words]
        target = work / f"{name}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(f"said({text!r})\n" for text in texts), encoding="utf-8")
        yield f"{name}.py"
    for path in sources(root):
        name = path.relative_to(root)
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            text = templatize(text, origin=str(name))
            name = name.with_name(f"{name.name}.py")
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
        yield name.as_posix()


def sources(root: Path = ROOT) -> list[Path]:
    """Modules and templates with words for people."""
    found = []
    for package in PACKAGES:
        for path in (root / package).rglob("*"):
            if path.suffix in {".py", ".html", ".txt"} and not set(path.parts) & set(TERMINAL):
                found.append(path)
    return sorted(found)


def merged(found: polib.POFile, known: polib.POFile) -> polib.POFile:
    """The strings that were found with the translations that are known; nothing is guessed."""
    translations = {key(entry): entry for entry in known}
    result = polib.POFile(wrapwidth=98)
    result.metadata = dict(METADATA)
    for entry in found:
        old = translations.get(key(entry))
        if old is not None and bool(old.msgid_plural) == bool(entry.msgid_plural):
            entry.msgstr = old.msgstr
            entry.msgstr_plural = dict(old.msgstr_plural)
            entry.tcomment = old.tcomment
        elif entry.msgid_plural:
            entry.msgstr_plural = {0: ""}
        result.append(entry)
    return result


def key(entry: polib.POEntry) -> Key:
    """What tells a string from the others."""
    return entry.msgctxt, entry.msgid


def missing(catalogue: Iterable[polib.POEntry]) -> list[dict[str, Any]]:
    """Strings without a translation, as JSON takes them; fill in each `msgstr`."""
    return [
        {
            **({"msgctxt": entry.msgctxt} if entry.msgctxt else {}),
            "msgid": entry.msgid,
            **({"msgid_plural": entry.msgid_plural} if entry.msgid_plural else {}),
            "msgstr": "",
            "where": entry.occurrences[0][0] if entry.occurrences else "",
        }
        for entry in catalogue
        if not translation(entry)
    ]


def translation(entry: polib.POEntry) -> str:
    """The one translation of a string; Chinese has no plural."""
    if entry.msgid_plural:
        return str(entry.msgstr_plural.get(0, ""))
    return str(entry.msgstr)


def fill(catalogue: polib.POFile, items: Iterable[dict[str, Any]]) -> list[str]:
    """Take translations in. Returns those whose string the catalogue does not have."""
    entries = {key(entry): entry for entry in catalogue}
    unknown = []
    for item in items:
        entry = entries.get((item.get("msgctxt"), item["msgid"]))
        if entry is None:
            unknown.append(item["msgid"])
        elif entry.msgid_plural:
            entry.msgstr_plural = {0: item["msgstr"]}
        else:
            entry.msgstr = item["msgstr"]
    return unknown


def opened() -> polib.POFile:
    """The catalogue as it is kept."""
    return polib.pofile(str(CATALOGUE), wrapwidth=98) if CATALOGUE.exists() else polib.POFile()


def main() -> int:
    """Runs from a terminal. Fails while a string has no translation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing", action="store_true", help="print strings to translate as JSON")
    parser.add_argument("--fill", type=Path, metavar="FILE", help="take translations from JSON")
    options = parser.parse_args()
    if not has_xgettext():
        print("xgettext is missing: install GNU gettext (Debian: apt-get install gettext)")
        return 2
    catalogue = merged(extracted(), opened())
    unknown = []
    if options.fill:
        unknown = fill(catalogue, json.loads(options.fill.read_text(encoding="utf-8")))
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(CATALOGUE))
    COMPILED.write_bytes(catalogue.to_binary())
    left = missing(catalogue)
    if options.missing:
        json.dump(left, sys.stdout, ensure_ascii=False, indent=1)
        print()
        return 0
    for text in unknown:
        print(f"not in the catalogue: {text!r}")
    print(f"{len(catalogue)} strings, {len(left)} without a translation")
    return 1 if left or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
