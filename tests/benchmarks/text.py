"""`python -m tests.benchmarks.text`: is lost print seen, and kept print left alone?

On our renders, whose print is known, and on any folder of photos (`--photos`), where the lines
that OCR reads stand for the truth. Both ways of telling: by OCR, where the extra is installed,
and by edges.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from styleeval.preservation import reading
from styleeval.preservation.text import (
    LONGEST_SIDE,
    TextRegion,
    read_text,
    text_available,
    text_boxes,
    text_kept,
)
from tests.benchmarks.text_changes import CHANGES, Named
from tests.benchmarks.text_places import LINES, PLAIN

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
CATALOGUE = Path(__file__).resolve().parents[2] / "fixtures" / "catalogue"
KEPT, LOST = 0.95, 0.8
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A picture and its lines of print."""

    name: str
    picture: Floats
    lines: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one way said of one changed picture. place: the share of its worst place."""

    subject: str
    change: Named
    way: str
    share: float
    place: float
    seconds: float

    @property
    def right(self) -> bool:
        return self.share >= KEPT if self.change.harmless else self.share < LOST


def loaded(path: Path) -> Floats:
    """A picture file on white, (H, W, 3) in [0, 1], within LONGEST_SIDE."""
    with Image.open(path) as opened:
        picture = opened.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    white.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(white, np.float32) / 255


def renders() -> list[Subject]:
    """Our products with print."""
    return [
        Subject(name=name, picture=loaded(CATALOGUE / name), lines=tuple(lines))
        for name, lines in LINES.items()
    ]


def ways() -> dict[str, bool]:
    """Names of the ways there are, and whether each uses OCR."""
    return {"ocr": True, "edges": False} if text_available() else {"edges": False}


def outcomes(subjects: Iterable[Subject]) -> Iterator[Outcome]:
    """Every change of every subject, told each way."""
    for subject in subjects:
        for use_ocr in ways().values():
            text_kept(subject.picture, subject.picture, use_ocr=use_ocr)  # reads the original
        for change in CHANGES:
            changed = np.ascontiguousarray(change.apply(subject.picture, subject.lines), np.float32)
            for way, use_ocr in ways().items():
                started = time.perf_counter()
                kept = text_kept(subject.picture, changed, use_ocr=use_ocr)
                seconds = time.perf_counter() - started
                if kept.method == "none":
                    continue  # a photo whose print this way does not find
                assert kept.worst is not None
                yield Outcome(
                    subject=subject.name,
                    change=change,
                    way=way,
                    share=kept.share,
                    place=kept.worst.share,
                    seconds=seconds,
                )


def print_outcomes(found: Sequence[Outcome]) -> None:
    """A row a change: the mean share, the share nearest to a wrong answer, and wrong answers."""
    print(f"\nharmless: share ≥ {KEPT}; harm: share < {LOST}. Extreme: the least, or the greatest.")
    print("\n| change | way | pictures | mean share | extreme | wrong side |")
    print("| --- | --- | --: | --: | --: | --: |")
    for change in CHANGES:
        for way in ways():
            rows = [item for item in found if item.change is change and item.way == way]
            if not rows:
                continue
            shares = [item.share for item in rows]
            extreme = min(shares) if change.harmless else max(shares)
            wrong = sum(not item.right for item in rows)
            print(
                f"| {change.name} | {way} | {len(rows)} | {mean(shares):.2f} "
                f"| {extreme:.2f} | {wrong} |"
            )
    for way in ways():
        seconds = [item.seconds for item in found if item.way == way]
        print(f"{way}: median {median(seconds):.3f} s a candidate, most {max(seconds):.3f}")


def print_truth(subjects: Sequence[Subject]) -> None:
    """How much of the known print is read, and found without reading."""
    print("\n| picture | characters | read by OCR | lines | found by edges | boxes elsewhere |")
    print("| --- | --: | --: | --: | --: | --: |")
    for subject in subjects:
        words = [reading.characters(item) for item in LINES[subject.name].values()]
        boxes = text_boxes(subject.picture, use_ocr=False)
        held = [covered(line, boxes) > 0.5 for line in subject.lines]
        elsewhere = sum(not any(_shared(box, line) for line in subject.lines) for box in boxes)
        read = "–"
        if text_available():
            regions = read_text(subject.picture)
            read = str(sum(_read_of(word, regions) for word in words))
        total = sum(map(len, words))
        print(f"| {subject.name} | {total} | {read} | {len(held)} | {sum(held)} | {elsewhere} |")
    for name in PLAIN:
        picture = loaded(CATALOGUE / name)
        by_ocr = len(text_boxes(picture)) if text_available() else "–"
        by_edges = len(text_boxes(picture, use_ocr=False))
        print(f"{name}, no print: {by_ocr} lines by OCR, {by_edges} by edges")


def photos(folder: Path, *, at_most: int, least: int) -> list[Subject]:
    """Photos on which OCR surely reads at least so many characters; tells how edges compare."""
    subjects: list[Subject] = []
    lines = held = elsewhere = without = false = 0
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    # A stride takes some of every shop's.
    for path in paths[:: max(1, len(paths) // at_most)][:at_most]:
        picture = loaded(path)
        whole = text_kept(picture, picture, use_ocr=True)
        known = [place.box for place in whole.places]
        boxes = text_boxes(picture, use_ocr=False)
        lines += len(known)
        held += sum(covered(line, boxes) > 0.5 for line in known)
        unread = sum(not any(_shared(box, line) for line in known) for box in boxes)
        elsewhere += unread
        without += not known
        false += not known and bool(boxes)
        if (whole.characters or 0) >= least:
            subjects.append(Subject(name=path.name, picture=picture, lines=tuple(known)))
    print(
        f"\n{len(paths[:: max(1, len(paths) // at_most)][:at_most])} photos: edges find {held} of "
        f"the {lines} lines that OCR surely reads, and {elsewhere} boxes elsewhere; "
        f"{false} of {without} photos without read print have such a box"
    )
    return subjects


def covered(line: Box, boxes: Iterable[Box]) -> float:
    """Share of a line that boxes cover, at best by one of them each."""
    area = (line[2] - line[0]) * (line[3] - line[1])
    return min(1.0, sum(_shared(line, box) for box in boxes) / max(area, 1))


def _shared(one: Box, other: Box) -> int:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


def _read_of(word: str, regions: Sequence[TextRegion]) -> int:
    """Characters of a line of the truth in the line that was read most like it."""
    reads = (reading.characters(region.text) for region in regions)
    return max((int(reading.found_in(word, read).sum()) for read in reads), default=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of product photos, for more")
    parser.add_argument("--at-most", type=int, default=250, help="photos to look at")
    parser.add_argument("--json", type=Path, help="write every outcome here")
    options = parser.parse_args()
    if not text_available():
        print("rapidocr is not installed (extra `ocr`): edges only")
    subjects = renders()
    print_truth(subjects)
    found = list(outcomes(subjects))
    print_outcomes(found)
    if options.photos is None:
        print("\nno photos: name a folder with --photos")
    elif not text_available():
        print("\nno photos: without OCR nobody knows what is printed on them")
    else:
        real = list(outcomes(photos(options.photos, at_most=options.at_most, least=8)))
        print_outcomes(real)
        found += real
    if options.json:
        rows = [
            {
                "subject": item.subject,
                "change": item.change.name,
                "way": item.way,
                "share": item.share,
                "place": item.place,
            }
            for item in found
        ]
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
