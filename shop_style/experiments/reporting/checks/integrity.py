"""Whether what was written can be what happened: salts, frozen pictures, clocks, repetitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shop_style.experiments.reporting.checks.findings import FEW, Findings
from shop_style.experiments.reporting.values import AMBER, GREEN, OPEN, RED, Check
from shop_style.models import Event, Experiment, PhaseVariant

REPEATED: Final = 0.25
"""Share of what pages report that may be known already: this project's choice."""

_CLOCKS_APART: Final = timedelta(minutes=1)


def salt_check(found: Findings) -> Iterator[Check]:
    """Are this experiment's draws independent of each other, and of other experiments'?"""
    own, alias = found.experiment, found.experiment._state.db
    if not own.arm_salt:
        return  # destroyed; nothing can be drawn or joined any more
    others = Experiment.objects.using(alias).exclude(pk=own.pk)
    sharing = others.filter(Q(arm_salt=own.arm_salt) | Q(visitor_salt=own.visitor_salt))
    slugs = list(sharing.order_by("pk").values_list("slug", flat=True)[:5])
    within = own.arm_salt in (own.coverage_salt, own.layer_salt, own.visitor_salt)
    if slugs:
        finding = _("shared with %(slugs)s") % {"slugs": ", ".join(slugs)}
    else:
        finding = _("one serves two purposes") if within else _("this experiment’s own")
    wrong = bool(slugs) or within
    yield Check(
        name="salts",
        light=RED if wrong else GREEN,
        title=_("Salts that arms are drawn with"),
        finding=finding,
        advice=_(
            "Rows were copied in the database: visitors of one arm are those of one arm elsewhere, "
            "so that the other experiment’s effect is in this result. Start anew, as a new "
            "experiment."
        )
        if wrong
        else "",
    )


def picture_check(found: Findings) -> Iterator[Check]:
    """Does each arm show variants of its own style, and the control none?"""
    rows = PhaseVariant.objects.using(found.experiment._state.db).filter(
        product__phase__experiment=found.experiment, variant__isnull=False
    )
    # Variants of another style, and any variant of an arm without one.
    foreign = rows.exclude(arm__style=F("variant__style"))
    by_arm = dict.fromkeys(foreign.order_by("arm__position").values_list("arm__slug", flat=True))
    number = foreign.count() if by_arm else 0
    yield Check(
        name="arm_pictures",
        light=RED if by_arm else GREEN,
        title=_("Pictures of each arm"),
        finding=_("%(number)d pictures of another arm’s style: %(slugs)s")
        % {"number": number, "slugs": ", ".join(by_arm)}
        if by_arm
        else _("of its own style"),
        advice=_(
            "Arms were changed or swapped in the database after the start, so the result is of "
            "something else. Start anew."
        )
        if by_arm
        else "",
    )


def clock_check(found: Findings) -> Iterator[Check]:
    """Do events lie between the start and now? Each has the time of the server that took it."""
    phases, started = found.sums.phases, found.experiment.started_at
    events = Event.objects.using(found.experiment._state.db).values_list("at", flat=True)
    # Each by one look at the index, however many events there are.
    first = events.filter(phase=phases[0]).order_by("at").first()
    last = events.filter(phase=phases[-1]).order_by("-at").first()
    if first is None or last is None or started is None:
        return
    early, ahead = started - first, last - timezone.now()
    apart = max(early, ahead)
    wrong = apart > _CLOCKS_APART
    yield Check(
        name="clocks",
        light=AMBER if wrong else GREEN,
        title=_("Clocks of the servers"),
        finding=_("events up to %(minutes)d minutes before the start or after now")
        % {"minutes": apart.total_seconds() // 60}
        if wrong
        else _("all events between the start and now"),
        advice=_(
            "A web server’s clock is wrong: its pages expire too soon or too late, and its events "
            "are in the wrong hours. Set the clocks by NTP."
        )
        if wrong
        else "",
    )


def repeat_check(found: Findings) -> Iterator[Check]:
    """Do pages report again what is counted already? It counts once; but why do they?"""
    for arm in found.reports:
        counted = arm.rendered + arm.viewable + arm.clicks
        share = arm.repeated / (arm.repeated + counted) if arm.repeated else 0.0
        many = share > REPEATED
        yield Check(
            name="repeats",
            arm=arm.slug,
            light=OPEN if arm.visitors < FEW and not many else AMBER if many else GREEN,
            title=_("Reports of what is known already"),
            finding=_("%(share)s of what its pages reported") % {"share": f"{100 * share:.1f} %"},
            advice=_(
                "Each event counts once, so no number is too high; but a cache that hands one "
                "visitor’s page to others looks like this, and then their clicks are missing. See "
                "whether pages with a token are sent as private, and whether something replays "
                "beacons."
            )
            if many
            else "",
        )
