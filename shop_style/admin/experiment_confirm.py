"""What an experiment's steps say before they are taken, in numbers and in pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop_style.admin.confirm import Confirmation
from shop_style.admin.experiment_steps import start_checklist
from shop_style.admin.thumbnails import picture, small_original_url, variant_url
from shop_style.experiments.end_preview import Change, EndPreview, preview_end
from shop_style.experiments.ending import ending
from shop_style.models import Experiment, PhaseProduct, StyleVariant


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture with its name."""

    name: str
    picture: SafeString


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """One product's picture: what shoppers see now, and what they would see."""

    name: str
    now: Sequence[Look]
    then: Look


@dataclass(frozen=True, kw_only=True)
class EndView:
    """The first pictures that an end changes, and how many there are in all."""

    changes: Sequence[ChangeView]
    total: int
    by_arm: bool


def end_view(experiment: Experiment, ship: str) -> EndView:
    """What ending with this arm, or with none, changes for shoppers, in pictures."""
    preview: EndPreview = preview_end(experiment, ending(experiment, ship))
    return EndView(
        changes=[_change(change) for change in preview.changes],
        total=preview.total,
        by_arm=any(len(change.now) > 1 for change in preview.changes),
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(
        name=PurePosixPath(change.of.source_name).name,
        now=[_look(change.of, shown) for shown in change.now],
        then=_look(change.of, change.then),
    )


def _look(of: StyleVariant, shown: StyleVariant | None) -> Look:
    if shown is None:
        name = _("Original")
        return Look(name=name, picture=picture(small_original_url(of), alt=name))
    name = shown.style.name
    return Look(name=name, picture=picture(variant_url(shown), alt=name))


def step_question(
    name: str, experiment: Experiment, values: Mapping[str, Any], *, back: str
) -> Confirmation | None:
    """What is asked before a step; None for one that is taken at once, or cannot be taken."""
    make = {"start": _start, "pause": _pause, "raise_coverage": _coverage}.get(name)
    if make is None:
        return None
    fields = [("step", name), ("reason", values.get("reason") or "")]
    if values.get("coverage") is not None:
        fields.append(("coverage", repr(values["coverage"])))
    return make(experiment, values, back, tuple(fields))


_Fields = tuple[tuple[str, str], ...]


def _start(
    experiment: Experiment, values: Mapping[str, Any], back: str, fields: _Fields
) -> Confirmation | None:
    checklist = start_checklist(experiment)
    if checklist.problems:
        return None  # which the step itself says, each on its line
    products, arms = checklist.eligible, experiment.arms.count()
    return Confirmation(
        title=_("Start %(name)s?") % {"name": experiment.name},
        lines=(
            ngettext(
                "%(n)d picture takes part, in %(arms)d arms.",
                "%(n)d pictures take part, in %(arms)d arms.",
                products,
            )
            % {"n": products, "arms": arms},
            _("%(share)s of all visitors take part, until %(planned)s have come.")
            % {
                "share": f"{100 * experiment.coverage:g} %",
                "planned": f"{experiment.planned_visitors or 0:,}",
            },
            _("From then on its arms, products and pictures are frozen."),
        ),
        undo=_(
            "It can be paused and ended at any time. What it compares cannot be changed any more: "
            "another question takes another experiment."
        ),
        button=_("Yes, start"),
        fields=fields,
        back=back,
    )


def _pause(
    experiment: Experiment, values: Mapping[str, Any], back: str, fields: _Fields
) -> Confirmation | None:
    if experiment.state != Experiment.State.RUNNING:
        return None
    rows = PhaseProduct.objects.using(experiment._state.db).filter(
        phase__experiment=experiment, phase__ended_at=None, left_out_at=None
    )
    number = rows.count()
    return Confirmation(
        title=_("Pause %(name)s?") % {"name": experiment.name},
        lines=(
            ngettext(
                "%d picture shows its original to every visitor, at once.",
                "%d pictures show their originals to every visitor, at once.",
                number,
            )
            % number,
            _("Nothing is counted while it is paused."),
        ),
        undo=_("“Resume” goes on as before: every visitor keeps their arm."),
        button=_("Yes, pause"),
        takes_away=True,
        fields=fields,
        back=back,
    )


def _coverage(
    experiment: Experiment, values: Mapping[str, Any], back: str, fields: _Fields
) -> Confirmation | None:
    wanted = values.get("coverage")
    if (
        experiment.state != Experiment.State.RUNNING
        or wanted is None
        or not experiment.coverage < wanted <= 1
    ):
        return None
    return Confirmation(
        title=_("Let more visitors in?"),
        lines=(
            _("%(after)s of all visitors take part instead of %(before)s.")
            % {
                "before": f"{100 * experiment.coverage:g} %",
                "after": f"{100 * wanted:g} %",
            },
            _("Nobody who takes part changes arms."),
        ),
        undo=_("It cannot be lowered again; “Pause” stops it for everybody."),
        button=_("Yes, raise it to %(share)s") % {"share": f"{100 * wanted:g} %"},
        fields=fields,
        back=back,
    )
