"""Print on products: what is found, what counts, and what harm to it is seen."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from styleeval.preservation import reading, text
from styleeval.preservation.lettering import find_lettering
from styleeval.preservation.text import OcrMissing, TextKept, text_available, text_boxes, text_kept
from tests.benchmarks.text_changes import CHANGES, Named
from tests.benchmarks.text_places import LINES

CATALOGUE = Path(__file__).resolve().parents[2] / "fixtures" / "catalogue"
needs_ocr = pytest.mark.skipif(
    not text_available(), reason="rapidocr is not installed (extra `ocr`): print cannot be read"
)
WAYS = [
    pytest.param(False, id="edges"),
    pytest.param(True, id="ocr", marks=needs_ocr),
]


@cache
def product(name: str) -> np.ndarray:
    """A rendered product on white, (H, W, 3) in [0, 1]."""
    with Image.open(CATALOGUE / name) as opened:
        picture = opened.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return np.asarray(white, np.float32) / 255


def kept_after(change: Named, name: str, *, use_ocr: bool) -> TextKept:
    original = product(name)
    changed = np.ascontiguousarray(change.apply(original, list(LINES[name])), np.float32)
    return text_kept(original, changed, use_ocr=use_ocr)


@pytest.mark.parametrize(
    ("name", "use_ocr"),
    [
        ("perfume.jpg", False),
        ("tide-mug.png", False),
        pytest.param("tide-mug.png", True, marks=needs_ocr),
    ],
)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_harmless_changes_keep_print_and_harm_loses_it(
    change: Named, name: str, use_ocr: bool
) -> None:
    kept = kept_after(change, name, use_ocr=use_ocr)
    assert kept.method == ("ocr" if use_ocr else "edges")
    assert (kept.share >= 0.95) if change.harmless else (kept.share < 0.8)


@pytest.mark.parametrize("use_ocr", WAYS)
def test_an_equal_picture_keeps_all_and_names_no_worse_place(use_ocr: bool) -> None:
    same = text_kept(product("perfume.jpg"), product("perfume.jpg"), use_ocr=use_ocr)
    assert same.share == pytest.approx(1.0, abs=1e-5)
    assert same.worst is not None and same.worst.share == pytest.approx(1.0, abs=1e-5)
    assert same.edges == pytest.approx(1.0, abs=1e-5)
    assert same.kept == same.characters
    assert (same.characters is not None) == use_ocr


@pytest.mark.parametrize("use_ocr", WAYS)
def test_the_worst_place_is_where_the_harm_was_done(use_ocr: bool) -> None:
    original = product("perfume.jpg")
    left, top, right, bottom = (352, 913, 585, 960)
    spoilt = original.copy()
    spoilt[top:bottom, left:right] = spoilt[top:bottom, left:right][::-1, ::-1]
    kept = text_kept(original, spoilt, use_ocr=use_ocr)
    worst = kept.worst
    assert worst is not None and worst.share < 0.5
    assert left <= (worst.box[0] + worst.box[2]) / 2 <= right
    assert top <= (worst.box[1] + worst.box[3]) / 2 <= bottom
    assert sum(place.share < 0.9 for place in kept.places) == 1


@needs_ocr
def test_reading_finds_the_words_of_the_label() -> None:
    read = {reading.characters(region.text) for region in text.read_text(product("tote.png"))}
    assert {reading.characters(words) for words in LINES["tote.png"].values()} <= read


@needs_ocr
def test_characters_are_counted_and_both_readings_told() -> None:
    half = next(change for change in CHANGES if change.name.startswith("half"))
    kept = kept_after(half, "tide-mug.png", use_ocr=True)
    assert kept.characters == len("BREWAGAINTIDEPOTTERY")
    assert kept.kept is not None and 0 < kept.kept < kept.characters
    place = next(place for place in kept.places if place.before == "TIDE POTTERY")
    assert place.kept is not None and place.after != place.before and place.kept <= 7


@needs_ocr
def test_a_lone_character_is_not_asked_for() -> None:
    """The tote's handles read as a D; the dial's 8 is one, too."""
    original = product("clock.jpg")
    read = [place.before for place in text_kept(original, original, use_ocr=True).places]
    assert "TILDEN" in read and not any(len(reading.characters(item)) < 2 for item in read)


@needs_ocr
def test_a_woven_pattern_that_reads_as_noughts_is_not_asked_for() -> None:
    assert text_boxes(product("cushion.jpg"), use_ocr=True) == ()


@needs_ocr
def test_print_that_stands_on_its_head_in_the_original_is_read_there() -> None:
    turned = np.ascontiguousarray(product("tide-mug.png")[::-1, ::-1])
    assert text_kept(turned, turned, use_ocr=True).characters == 20
    assert text_kept(turned, product("tide-mug.png"), use_ocr=True).share < 0.8


def test_print_is_found_without_ocr_and_weaves_are_not_taken_for_it() -> None:
    for name in ("tote.png", "tea.jpg", "harbour-mug.jpg"):
        lines, found = LINES[name], text_boxes(product(name), use_ocr=False)
        big = [box for box, words in lines.items() if words.isupper() and box[2] - box[0] > 120]
        assert all(any(_holds(box, line) for box in found) for line in big), name
    for name in ("cushion.jpg", "lamp.jpg", "stool.jpg"):
        assert text_boxes(product(name), use_ocr=False) == ()


def test_stitches_and_bars_are_no_print() -> None:
    drawn = np.full((300, 400), 230, np.uint8)
    for step in range(20, 380, 18):
        cv2.rectangle(drawn, (step, 60), (step + 9, 74), 50, -1)
        cv2.rectangle(drawn, (step, 160), (step + 3, 190), 50, -1)
        cv2.circle(drawn, (step, 250), 6, 50, 2)
    assert find_lettering(drawn / np.float32(255)) == ()
    cv2.putText(drawn, "cedar", (60, 125), cv2.FONT_HERSHEY_SIMPLEX, 1, 50, 2, cv2.LINE_AA)
    assert len(find_lettering(drawn / np.float32(255))) == 1


def test_print_that_runs_upwards_is_found() -> None:
    drawn = np.full((200, 300), 230, np.uint8)
    cv2.putText(drawn, "Carrots", (40, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 50, 3, cv2.LINE_AA)
    upright = drawn / np.float32(255)
    (across,) = find_lettering(upright)
    (up,) = find_lettering(np.ascontiguousarray(np.rot90(upright)))
    assert (up[2] - up[0], up[3] - up[1]) == pytest.approx(
        (across[3] - across[1], across[2] - across[0]), abs=3
    )


def test_a_product_without_print_has_none_to_keep() -> None:
    original = product("stool.jpg")
    kept = text_kept(original, original[::-1].copy(), use_ocr=False)
    assert (kept.method, kept.share, kept.places, kept.worst) == ("none", 1.0, (), None)


def test_print_beside_the_product_does_not_count() -> None:
    original = product("tide-mug.png")
    nowhere = np.zeros(original.shape[:2], np.float32)
    assert text_kept(original, original, nowhere, use_ocr=False).method == "none"
    assert text_boxes(original, np.ones_like(nowhere), use_ocr=False) == text_boxes(
        original, use_ocr=False
    )


@pytest.mark.parametrize("use_ocr", WAYS)
def test_a_logo_that_a_merchant_marked_counts_though_nobody_reads_it(use_ocr: bool) -> None:
    original = product("harbour-mug.jpg")
    sun = (0.30, 0.28, 0.55, 0.48)
    gone = original.copy()
    gone[290:490, 380:700] = original[520, 340]
    assert text_kept(original, gone, use_ocr=use_ocr).share > 0.9
    marked = text_kept(original, gone, boxes=[sun], use_ocr=use_ocr)
    assert marked.share < 0.5 and marked.worst is not None
    assert marked.worst.box == (384, 287, 704, 492)
    assert text_kept(original, original, boxes=[sun], use_ocr=use_ocr).share > 0.99


def test_large_pictures_are_looked_at_smaller_and_boxes_told_in_their_pixels() -> None:
    original = cv2.resize(product("perfume.jpg"), (2000, 2600), interpolation=cv2.INTER_CUBIC)
    found = text_boxes(original.clip(0, 1), use_ocr=False)
    line = tuple(2 * edge for edge in (337, 831, 601, 895))
    assert any(_holds(box, line) for box in found)


def test_characters_are_compared_as_people_read_them() -> None:
    assert reading.characters("Café  No. 1") == reading.characters("CAFE NO.I")
    assert reading.characters("l00 ml") == reading.characters("100 ML")
    assert reading.characters("· – &") == ""


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="candidate"):
        text_kept(product("perfume.jpg"), product("perfume.jpg")[:-1])


@pytest.mark.skipif(text_available(), reason="the extra `ocr` is installed")
def test_without_ocr_reading_says_what_to_install() -> None:
    for call in (text.read_text, lambda picture: text_kept(picture, picture, use_ocr=True)):
        with pytest.raises(OcrMissing, match=r"django-shop-style\[ocr\]"):
            call(product("perfume.jpg"))
    assert text_kept(product("perfume.jpg"), product("perfume.jpg")).method == "edges"


def test_asking_whether_ocr_is_there_loads_nothing() -> None:
    code = (
        "import sys; from styleeval.preservation.text import text_available; text_available();"
        "print({'rapidocr', 'onnxruntime', 'torch', 'skimage'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def _holds(box: tuple[int, ...], line: tuple[int, ...]) -> bool:
    """Does a box cover most of a line's length about its middle?"""
    shared = min(box[2], line[2]) - max(box[0], line[0])
    middle = (line[1] + line[3]) / 2
    return shared > 0.6 * (line[2] - line[0]) and box[1] < middle < box[3]
