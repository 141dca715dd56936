"""The catalogue says everything, in words that fit where they stand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import django
import polib
import pytest

from tests.language import catalogue
from tests.language.literals import of_module, of_template

PERCENT = re.compile(r"%%|%(?:\(\w+\))?[-+#0 ]*\d*(?:\.\d+)?[a-zA-Z]")
BRACES = re.compile(r"\{[\w.]+[^{}]*\}")
TAGS = re.compile(r"</?\w+>")

KEPT = {"%(name)s × %(style)s", "Lindow & Hale", "SSIM", "p", "ΔE00"}
"""Names and measures that are the same in Chinese."""

# Words of the API's schema: reference for developers, in English as docs/api.md.
DEVELOPERS = ("shop_style/api/", "shop_style/apps.py", "shop_style/checks.py")


@pytest.fixture(scope="module")
def entries() -> polib.POFile:
    return catalogue.opened()


def name(entry: polib.POEntry) -> str:
    return f"{entry.msgctxt}|{entry.msgid}" if entry.msgctxt else entry.msgid


def test_every_string_of_the_sources_is_in_the_catalogue(entries: polib.POFile) -> None:
    if not catalogue.has_xgettext():
        pytest.skip("xgettext is missing: new strings cannot be looked for (apt: gettext)")
    found = {catalogue.key(entry) for entry in catalogue.extracted()}
    known = {catalogue.key(entry) for entry in entries}
    assert found - known == set(), "run `make messages` and translate what it prints"
    assert known - found == set(), "run `make messages`: these are not said any more"


def test_no_string_is_missing_or_guessed(entries: polib.POFile) -> None:
    assert len(entries) > 1_000
    assert catalogue.missing(entries) == []
    assert [name(entry) for entry in entries if entry.fuzzy] == []


def test_what_is_compiled_is_what_is_written(entries: polib.POFile) -> None:
    assert catalogue.COMPILED.read_bytes() == entries.to_binary(), "run `make messages`"


def test_placeholders_and_tags_are_those_of_the_original(entries: polib.POFile) -> None:
    wrong = []
    for entry in entries:
        said = catalogue.translation(entry)
        one = entry.msgid
        for pattern in (PERCENT, BRACES, TAGS):
            # A plural's singular may leave its number out.
            wanted = {tuple(sorted(pattern.findall(text))) for text in (one, entry.msgid_plural)}
            if tuple(sorted(pattern.findall(said))) not in wanted:
                wrong.append((name(entry), said))
    assert wrong == []


def test_translations_are_chinese(entries: polib.POFile) -> None:
    latin = [
        name(entry)
        for entry in entries
        if entry.msgid not in KEPT
        and not re.search(r"[\u4e00-\u9fff，；]", catalogue.translation(entry))
    ]
    assert latin == []


def test_punctuation_is_full_width_after_chinese(entries: polib.POFile) -> None:
    half = [
        catalogue.translation(entry)
        for entry in entries
        # But for what is typed, such as [左, 上, 右, 下].
        if re.search(
            r"[\u4e00-\u9fff][,;:?!()]", re.sub(r"\[.*?\]", "", catalogue.translation(entry))
        )
    ]
    assert half == []


def test_an_ending_full_stop_stays(entries: polib.POFile) -> None:
    differs = [
        name(entry)
        for entry in entries
        if entry.msgid.endswith(".") != catalogue.translation(entry).endswith("。")
    ]
    assert differs == []


def test_words_shared_with_django_mean_the_same(entries: polib.POFile) -> None:
    """A host's catalogues are one: a word of ours would be read in Django's admin too."""
    folder = Path(django.__file__).parent
    theirs: dict[catalogue.Key, set[str]] = {}
    for file in folder.rglob("locale/zh_Hans/LC_MESSAGES/django.po"):
        for entry in polib.pofile(str(file)):
            theirs.setdefault(catalogue.key(entry), set()).add(catalogue.translation(entry))
    assert len(theirs) > 500
    differ = {
        name(entry): catalogue.translation(entry)
        for entry in entries
        if catalogue.key(entry) in theirs
        and catalogue.translation(entry) not in theirs[catalogue.key(entry)]
    }
    assert differ == {}


def test_templates_hold_no_words_outside_of_translation_tags() -> None:
    found = {
        str(path.relative_to(catalogue.ROOT)): words
        for path in catalogue.sources()
        if path.suffix == ".html"
        and (words := set(of_template(path.read_text(encoding="utf-8"))) - {"Lindow", "Hale"})
    }
    assert found == {}


def test_modules_show_no_bare_strings() -> None:
    found = {
        str(path.relative_to(catalogue.ROOT)): words
        for path in catalogue.sources()
        if path.suffix == ".py"
        and path.name != "apps.py"
        and not str(path.relative_to(catalogue.ROOT)).startswith(DEVELOPERS)
        and (words := of_module(path))
    }
    assert found == {}


def test_the_searches_find_what_they_look_for(tmp_path: Path) -> None:
    assert of_template("<p>{% translate 'Yes' %} Bare {{ value }}</p>") == ["Bare 1"]
    assert of_template('<img alt="A cup">{% if x %}x{% endif %}') == ["A cup"]
    assert of_template("{% blocktranslate %}In it{% endblocktranslate %}<code>id</code>") == []
    module = tmp_path / "module.py"
    module.write_text(
        'view.message_user(request, "Saved it", 1)\n'
        'raise ValidationError({"name": f"{x} is wrong", "age": _("fine")})\n'
        'title = "A page"\nlabel = _("translated")\n'
    )
    found = Counter(line.split(":")[0] for line in of_module(module))
    assert found == {"1": 1, "2": 1, "3": 1}


def test_filling_in_keeps_what_it_does_not_know() -> None:
    made = polib.POFile()
    made.append(polib.POEntry(msgid="One"))
    made.append(polib.POEntry(msgid="%d cup", msgid_plural="%d cups", msgstr_plural={0: ""}))
    items = catalogue.missing(made)
    assert [item["msgid"] for item in items] == ["One", "%d cup"]
    items[0]["msgstr"], items[1]["msgstr"] = "一", "%d 个杯子"
    assert catalogue.fill(made, [*items, {"msgid": "Two", "msgstr": "二"}]) == ["Two"]
    assert [catalogue.translation(entry) for entry in made] == ["一", "%d 个杯子"]
    assert catalogue.missing(made) == []
