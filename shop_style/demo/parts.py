"""What a page tells its visitor: which experiments this is, and what they show here."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from shop_style.experiments.page import Page
from shop_style.models import Arm


@dataclass(frozen=True, kw_only=True)
class Part:
    """A visitor's part in an experiment. look: name of the style seen, empty for the originals."""

    experiment: str
    look: str


def parts_of(request: HttpRequest) -> list[Part]:
    """The visitor's part in each experiment of a page whose pictures are placed.

    One query where there is any, none otherwise.
    """
    arms = [assignment.arm.id for assignment in Page.of(request).arms()]
    if not arms:
        return []
    rows = Arm.objects.filter(pk__in=arms).select_related("experiment", "style")
    return [
        Part(experiment=arm.experiment.name, look=arm.style.name if arm.style else "")
        for arm in rows.order_by("experiment", "pk")
    ]
