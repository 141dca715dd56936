"""Scorecards of every subject, mode and change, kept as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from styleeval.preservation import Original, Scorecard
from tests.benchmarks.truth.subjects import Subject
from tests.benchmarks.truth.table import DEFECTS, HARMLESS, Defect, Harmless
from tests.benchmarks.truth.variants import original as photo_of
from tests.benchmarks.truth.variants import variant


@dataclass(frozen=True, kw_only=True)
class Row:
    """One scored picture. change: "clean", or what was done to the variant. harmful: must it be
    refused? calibrates: is its product of the half that thresholds are chosen on?"""

    subject: str
    mode: str
    name: str
    change: str
    harmful: bool
    calibrates: bool
    card: Scorecard

    def to_json(self) -> str:
        """One line."""
        return json.dumps({**asdict(self), "card": self.card.as_dict()}, sort_keys=True)

    @classmethod
    def from_json(cls, line: str) -> Row:
        """The inverse of `to_json`."""
        values: dict[str, Any] = json.loads(line)
        return cls(**{**values, "card": Scorecard.from_dict(values["card"])})


def measure(
    found: list[Subject], modes: tuple[str, ...], folder: Path, *, workers: int
) -> list[Row]:
    """Score everything, a subject a process at a time; what `folder` has is read."""
    jobs = [
        (subject, mode, number, folder) for number, subject in enumerate(found) for mode in modes
    ]
    rows: list[Row] = []
    with get_context("spawn").Pool(workers, initializer=_one_thread) as pool:
        for done, made in enumerate(pool.imap(_rows, jobs), 1):
            rows += made
            print(f"{done}/{len(jobs)} {made[0].subject} {made[0].mode}", flush=True)
    return rows


def _one_thread() -> None:
    import cv2
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _rows(job: tuple[Subject, str, int, Path]) -> list[Row]:
    subject, mode, number, folder = job
    path = folder / "cards" / f"{subject.slug}-{mode}.jsonl"
    if not path.exists():
        made = list(_scored(subject, mode, number, folder))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(row.to_json() for row in made))
    return [Row.from_json(line) for line in path.read_text().splitlines()]


def _scored(subject: Subject, mode: str, number: int, folder: Path) -> Iterator[Row]:
    base = variant(subject, mode, number, folder / "variants")
    original = Original(photo_of(subject, mode), subject.alpha)

    def row(picture: Any, name: str, change: str, harmful: bool) -> Row:
        return Row(
            subject=subject.slug,
            mode=mode,
            name=name,
            change=change,
            harmful=harmful,
            calibrates=subject.calibrates,
            card=original.compare(picture).card,
        )

    yield row(base, "clean", "clean", False)
    changes: list[Defect | Harmless] = [*HARMLESS]
    changes += [defect for defect in DEFECTS if mode in defect.counts]
    for change in changes:
        picture = change.change(base, subject, change.severity)
        if picture is not None:
            yield row(picture, change.name, change.label, isinstance(change, Defect))
