"""Which picture each tile of a page shows: an arm's variant, a published one, or the original."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.contenttypes.models import ContentType

from shop_style.conf import app_settings
from shop_style.experiments.assignment import Assignment, phase_of
from shop_style.experiments.guard import guarded
from shop_style.experiments.hashing import tile_key
from shop_style.experiments.page import Page, Placed
from shop_style.experiments.preview import Preview
from shop_style.experiments.rendering import (
    Rendering,
    control_rendering,
    original_rendering,
    variant_rendering,
)
from shop_style.experiments.shown import Shown
from shop_style.experiments.snapshot import (
    ExperimentEntry,
    Holdout,
    Snapshot,
    current_snapshot,
    experiment_database,
)
from shop_style.experiments.taking_part import parts
from shop_style.models import StyleVariant
from shop_style.sources import SourceImage

logger = logging.getLogger(__name__)

Key = tuple[int, str, str]


def place(page: Page, pictures: Sequence[SourceImage], *, placement: str) -> list[Placed]:
    """Choose what each picture shows, in order; a constant number of queries for any number.

    Never raises for a failure of ours: the originals are shown then.
    """
    if not pictures:
        return []
    try:
        with guarded(pictures[0].database):
            return _Choice.of(page, pictures, placement).placed()
    except Exception:  # whatever it is, a storefront shows the originals
        logger.exception("no variants for this page; it shows the originals")
        page.drop()
        page.vary()  # a cache must not keep this for those whom nothing fails
        return originals(page, pictures)


def originals(page: Page, pictures: Sequence[SourceImage]) -> list[Placed]:
    """The shop's own pictures, with nothing tracked."""
    return [
        Placed(rendering=original_rendering(picture), position=page.next_position())
        for picture in pictures
    ]


@dataclass(slots=True)
class _Entry:
    """A picture that takes part in an experiment, with the variant of each arm by its id."""

    experiment: ExperimentEntry
    key: Key
    product: int
    variants: Mapping[int, Shown | None]
    left_out: bool
    is_here: bool
    """Does the experiment run in this placement? Elsewhere its visitors see their arm as well,
    uncounted, and nobody enters it."""
    is_complete: bool
    """May every arm show its picture? If not, none does, so that the arms stay alike."""

    @property
    def tile(self) -> str:
        """Its name where tiles are drawn one by one."""
        return tile_key(*self.key) if self.experiment.by_tile else ""

    @property
    def model(self) -> Shown | None:
        """A variant whose sizes and formats the original takes too."""
        found = [item for item in self.variants.values() if item is not None]
        # One rendered before originals were kept beside variants lists none.
        found.sort(key=lambda item: (not item.lists_originals, item.pk))
        return found[0] if found else None


@dataclass
class _Choice:
    """What is to be known for a page's pictures, read at once."""

    page: Page
    pictures: Sequence[SourceImage]
    keys: list[Key]
    entries: Mapping[Key, _Entry]
    published: Mapping[Key, Shown]
    holdout: Holdout
    excluded: list[ExperimentEntry] = field(default_factory=list)

    @classmethod
    def of(cls, page: Page, pictures: Sequence[SourceImage], placement: str) -> _Choice:
        kinds = ContentType.objects.db_manager(pictures[0].database).get_for_models(
            *{type(picture.instance) for picture in pictures}
        )
        keys = [
            (kinds[type(item.instance)].pk, str(item.instance.pk), item.source.field)
            for item in pictures
        ]
        entries: Mapping[Key, _Entry] = {}
        snapshot = _snapshot()
        live = snapshot.live
        if live and pictures[0].database == experiment_database():
            entries = _entries(page, live, keys, placement)
        others = [item for item, key in zip(pictures, keys, strict=True) if key not in entries]
        return cls(
            page=page,
            pictures=pictures,
            keys=keys,
            entries=entries,
            published=_published(others, page.preview, live),
            holdout=snapshot.holdout,
        )

    def placed(self) -> list[Placed]:
        """Each picture's tile."""
        tiles = [
            self._tile(picture, key) for picture, key in zip(self.pictures, self.keys, strict=True)
        ]
        self.page.exclude(self.excluded)
        return tiles

    def _tile(self, picture: SourceImage, key: Key) -> Placed:
        position = self.page.next_position()
        entry = self.entries.get(key)
        if entry is None:
            return Placed(rendering=self._without_experiment(picture, key), position=position)
        self.page.vary()
        return self._enrolled_tile(picture, entry, position)

    def _without_experiment(self, picture: SourceImage, key: Key) -> Rendering:
        variant = self.published.get(key)
        page = self.page
        if page.preview is not None:
            page.vary()
        if variant is not None and self.holdout and page.keeps_visitor and page.preview is None:
            page.vary()
            page.keep_visitor()  # or the next page would draw anew
            if page.is_held_out(self.holdout):
                return _control(picture, variant)
        return _rendered(picture, variant)

    def _enrolled_tile(self, picture: SourceImage, entry: _Entry, position: int) -> Placed:
        if self.page.preview is not None:
            arm = self.page.preview.arm
            shown = entry.variants.get(arm) if entry.is_complete else None
            rendering = _rendered(picture, shown) if shown else _control(picture, entry.model)
            return Placed(rendering=rendering, position=position)
        assignment = self._assignment(entry)
        variant = None
        if assignment is not None and not assignment.phase.is_baseline:
            variant = entry.variants.get(assignment.arm.id)
        if variant is None:
            rendering = _control(picture, entry.model)
        else:
            # Tracked also where its variant cannot be addressed: the visitor stays in the arm.
            rendering = _rendered(picture, variant)
        tracked = (
            assignment is not None
            and entry.is_here
            and self.page.track(assignment, position, entry.product)
        )
        return Placed(rendering=rendering, position=position, tracked=tracked)

    def _assignment(self, entry: _Entry) -> Assignment | None:
        """The visitor's arm in what this picture takes part in; None shows the original."""
        if not (entry.experiment.is_running and entry.is_complete):
            return None
        if self.page.visitor.excluded:
            if entry.is_here:
                self.excluded.append(entry.experiment)
            return None
        assignment = self.page.assignment(entry.experiment, entry.tile)
        if entry.is_here:
            self.page.keep_visitor()
            if assignment is None and self.page.is_held_out(self.holdout):
                self.excluded.append(entry.experiment)
            return assignment
        # Elsewhere nobody enters, but who has entered sees the same picture.
        return assignment if assignment and self.page.has_entered(assignment) else None


def _snapshot() -> Snapshot:
    try:
        return current_snapshot()
    except Exception:  # published variants do not depend on experiments
        logger.exception("no experiments for this page")
        return Snapshot()


def _entries(
    page: Page, live: Sequence[ExperimentEntry], keys: Sequence[Key], placement: str
) -> dict[Key, _Entry]:
    """The pictures that take part, of the first experiment that has them. One query."""
    if page.preview is None:
        page.recognise(live)
    entered = {_phase_of(page, experiment): experiment for experiment in live}
    by_phase = {experiment.current: experiment for experiment in live} | entered
    wanted = set(keys)
    found: dict[Key, list[_Entry]] = {}
    types, ids = {key[0] for key in keys}, {key[1] for key in keys}
    are_here = {experiment.id: experiment.runs_in(placement) for experiment in live}
    for part in parts(experiment_database(), by_phase, types, ids):
        if part.key not in wanted:
            continue
        experiment = by_phase[part.phase]
        # What joined after the visitor's own phase began is an original to this visitor.
        left_out = part.left_out or part.phase not in entered
        entry = _Entry(
            experiment=experiment,
            key=part.key,
            product=part.product,
            variants=part.variants,
            left_out=left_out,
            is_here=are_here[experiment.id],
            is_complete=not left_out and all(map(_may_show, part.variants.values())),
        )
        found.setdefault(part.key, []).append(entry)
    return {key: _chosen(page, entries) for key, entries in found.items()}


def _may_show(variant: Shown | None) -> bool:
    return variant is not None and variant.is_published and variant.has_files


def _chosen(page: Page, entries: list[_Entry]) -> _Entry:
    """Of experiments that share a layer, the one whose stretch the visitor falls in."""
    preview = page.preview
    if preview is not None and len(entries) > 1:
        return min(entries, key=lambda entry: entry.experiment.id != preview.experiment)
    if len(entries) == 1:
        return entries[0]
    entries.sort(key=lambda entry: (not entry.is_here, entry.experiment.id, entry.left_out))
    if page.visitor.excluded:
        return entries[0]
    mine = (entry for entry in entries if page.assignment(entry.experiment, entry.tile))
    return next(mine, entries[0])


def _phase_of(page: Page, experiment: ExperimentEntry) -> int:
    if page.preview is not None:
        return experiment.current
    entered = phase_of(experiment, page.visitor.phases.get(experiment.id, 0))
    return entered.id if entered else experiment.current


def _published(
    pictures: Sequence[SourceImage], preview: Preview | None, live: Sequence[ExperimentEntry]
) -> dict[Key, Shown]:
    """The newest published variant of each picture; of those shipped where the shop shows originals
    otherwise. One query at most.

    Where an arm of a draft is to be seen, those of its style alone: as if it started now.
    """
    if preview and preview.experiment in {item.id for item in live}:
        preview = None  # what takes no part looks as ever
    if not pictures or (preview and preview.style is None):
        return {}
    rows = StyleVariant.objects.for_objects([item.instance for item in pictures]).published()
    if preview:
        rows = rows.filter(style=preview.style)
    elif app_settings().SHOWN == "original":
        rows = rows.exclude(shipped_at=None)
    columns = ("content_type_id", "object_id", "field", *Shown.columns())
    found = rows.order_by("published_at", "pk").values_list(*columns)
    return {(kind, row, name): Shown(*variant) for kind, row, name, *variant in found}


def _rendered(picture: SourceImage, variant: Shown | None) -> Rendering:
    if variant is not None and variant.has_files:
        try:
            return variant_rendering(picture, variant)
        except Exception:  # a storage may raise anything; the page must come up
            logger.exception("variant %s cannot be addressed; its original is shown", variant.pk)
    return original_rendering(picture)


def _control(picture: SourceImage, variant: Shown | None) -> Rendering:
    try:
        shown = variant if variant is not None and variant.has_files else None
        return control_rendering(picture, shown)
    except Exception:  # as above
        logger.exception("%s cannot be addressed in other sizes; its own file is shown", picture)
        return original_rendering(picture)
