"""The pages lead somewhere, and say what the code says today."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from shop_style import signals as signal_module
from shop_style.transfer.registry import BUILT_IN
from styleeval.preservation.gate import Thresholds
from tests.docs import architecture, checks, engines, errors, metrics, signals, snippets
from tests.docs.markdown import anchors, is_address, links, read
from tests.docs.reference import PAGES as GENERATED
from tests.docs.reference import text_of

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    ROOT / "fixtures" / "README.md",
    *sorted(DOCS.rglob("*.md")),
]
CODE = [path for package in ("shop_style", "styleeval") for path in (ROOT / package).rglob("*.py")]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_place_in_it(page: Path) -> None:
    for link in links(read(page)):
        if link.is_external:
            assert is_address(link.target), link.target
            continue
        target = (page.parent / link.path).resolve() if link.path else page
        assert target.exists(), link.target
        assert target.is_relative_to(ROOT), link.target
        if link.anchor:
            assert target.suffix == ".md", f"{link.target}: only pages have anchors"
            assert link.anchor in anchors(read(target)), link.target


def test_links_and_anchors_are_told_as_github_tells_them() -> None:
    text = "# A `.cube` file, – *twice*\n\n# Two\n\n# Two\n\n[a](b.md#c) ![d](e.png) `[f](g.md)`\n"
    assert anchors(text) == {"a-cube-file--twice", "two", "two-1"}
    assert [link.target for link in links(text + "```\n[h](i.md)\n```\n<https://x.org/>")] == [
        "b.md#c",
        "e.png",
        "https://x.org/",
    ]
    assert is_address("https://doi.org/10.1002/col.20070") and not is_address("https://nowhere")


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_written_from_the_code_is_current(name: str) -> None:
    assert read(DOCS / name) == text_of(name), "run `make docs`"


def test_every_check_has_its_row() -> None:
    written = {name for path in CODE for name in re.findall(r"shop_style\.[EW]\d{3}", read(path))}
    found = [check.id for check in checks.found()]
    assert sorted(set(found)) == sorted(written)
    assert all(check.text and check.hint for check in checks.found())
    settings = read(DOCS / "settings.md")
    assert [name for name in found if f"| `{name}` |" not in settings] == []


def test_every_signal_is_described_with_what_it_sends() -> None:
    assert [name for name, *_ in signals.described()] == signals.defined()
    for name, sender, arguments, _ in signals.described():
        sent = re.findall(rf"{name}\.send\((\w+), ([^)]*)\)", "".join(map(read, CODE)))
        assert sent and all(
            (by, re.findall(r"(\w+)=", named)) == (sender, arguments.split(", "))
            for by, named in sent
        ), f"{name}: {sent}"
    assert signal_module.variant_ready


def test_every_engine_and_parameter_has_its_row() -> None:
    page = engines.page()
    for entry in BUILT_IN:
        assert f"## {entry.name}\n" in page
        for item in dataclasses.fields(entry.parameters):
            assert f"| `{item.name}` |" in page and item.metadata.get("help")


def test_every_metric_is_explained_and_has_a_source() -> None:
    assert sorted(metrics.SCORECARD) == sorted(metrics.scorecard_keys())
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.+) \|$", metrics.page(), re.M))
    for key in metrics.scorecard_keys():
        meaning, span, _, source = (cell.strip() for cell in rows[key].split(" | "))
        assert meaning and span and source, key
    assert "2004" in metrics.source_of("structure.ssim_map")
    assert "2005" in metrics.source_of("colour.delta_e_map")
    assert {item.name for item in dataclasses.fields(Thresholds)} <= set(rows)
    assert {name for name, _ in metrics.arm_metrics()} <= set(rows)
    counted = {item.name for item in dataclasses.fields(metrics.ArmReport)}
    assert counted == set(metrics.ARM)


def test_every_error_code_has_its_row() -> None:
    page = errors.page()
    known = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    assert errors.raised_codes() <= known
    assert {kind.code for kind in errors.classes()} <= known
    api = read(DOCS / "api.md")
    assert [code for code in errors.BY_THE_API if f"`{code}`" not in api] == []


def test_the_figure_of_the_architecture_is_the_contract() -> None:
    figure = architecture.figure()
    names = [name for layer in architecture.layers() for name in layer]
    assert set(names) == set(architecture.DOES)
    assert all(f">{name.removeprefix('shop_style.')}<" in figure for name in names)


def test_the_page_on_extending_shows_what_the_tests_run() -> None:
    package = ROOT / "tests" / "extension"
    files = [package / "pyproject.toml", *(package / "printroom").glob("*.py")]
    shown = {ROOT / name for name in snippets.shown()}
    assert shown == {path for path in files if path.name != "__init__.py"}


def commands() -> set[str]:
    found = {path.stem for path in (ROOT / "shop_style").glob("**/management/commands/*.py")}
    return found - {"__init__"}


def test_every_command_and_each_of_its_options_has_its_line() -> None:
    text = read(DOCS / "commands.md")
    for name in commands():
        assert f"`{name}" in text, name
        (path,) = (ROOT / "shop_style").glob(f"**/management/commands/{name}.py")
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}"))
        for option in re.findall(r"add_argument\(\s*\"(--[\w-]+)\"", read(path)):
            assert option in row, f"{name} {option}"


def test_every_picture_has_a_command_that_is_there() -> None:
    rows = re.findall(r"^\| `([\w./-]+)` \| (.+?) \|", read(DOCS / "pictures.md"), re.M)
    named = {name for name, _ in rows}
    images = DOCS / "images"
    there = {str(path.relative_to(images)) for path in images.rglob("*") if path.is_file()}
    folders = tuple(name for name in named if name.endswith("/"))
    assert named - set(folders) == {name for name in there if not name.startswith(folders or "/")}
    assert all((images / name).is_dir() for name in folders)
    for name, cell in rows:
        lines = re.findall(r"`([^`]+)`", cell)
        assert lines, name
        for line in lines:
            assert is_there(line), f"{name}: {line}"
    shown = {Path(link.path).name for page in PAGES for link in links(read(page))}
    assert [name for name in there if Path(name).name not in shown] == []


def is_there(command: str) -> bool:
    """Can a line of the table of pictures be run?"""
    words = command.split()
    if words[0] == "make":
        return f"\n{words[1]}:" in read(ROOT / "Makefile")
    if words[:2] == ["python", "manage.py"]:
        return words[2] in commands()
    return words[:2] == ["python", "-m"] and find_spec(words[2]) is not None


def test_a_command_that_is_gone_is_told() -> None:
    assert is_there("make demo") and is_there("python -m tests.docs.pictures")
    assert not is_there("make nothing") and not is_there("python manage.py nothing")
    assert not is_there("python -m tests.docs.nothing")


class SiteLoader(yaml.SafeLoader):
    """mkdocs.yml without its calls of Python."""


SiteLoader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


def site() -> dict[str, object]:
    found: dict[str, object] = yaml.load(read(ROOT / "mkdocs.yml"), Loader=SiteLoader)
    return found


def test_the_site_has_every_page_in_its_menu_and_fetches_nothing() -> None:
    def entries(item: object) -> set[str]:
        if isinstance(item, str):
            return {item}
        parts = item.values() if isinstance(item, dict) else item
        return set().union(*(entries(part) for part in parts))  # type: ignore[attr-defined]

    menu = entries(site()["nav"])
    assert menu == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    theme = site()["theme"]
    assert isinstance(theme, dict) and theme["font"] is False
    assert site()["plugins"] == ["search"] and site()["strict"] is True


def test_the_readme_names_every_page() -> None:
    text = read(ROOT / "README.md")
    missing = [page.name for page in DOCS.glob("*.md") if page.name not in text]
    assert [name for name in missing if name not in read(DOCS / "engines.md")] == []


def test_the_tools_of_the_docs_are_pinned() -> None:
    extras = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    wanted = {re.split(r"[<>=]", line)[0].lower() for line in extras["docs"]}
    pinned = {line.split("==")[0].lower() for line in read(ROOT / "constraints.txt").splitlines()}
    assert wanted <= pinned
