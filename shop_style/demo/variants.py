"""Variants of a demo: asked for, rendered in a worker of its own, and published by their gate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.core.management.base import OutputWrapper

from shop_style.demo.progress import work_off
from shop_style.generation.request import RequestReport, request_variants
from shop_style.generation.review import approve, publish
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.variant import Review
from shop_style.sources import SourceImage


def render(
    pictures: Sequence[SourceImage],
    styles: Sequence[Style],
    *,
    actor: str,
    log: Path,
    out: OutputWrapper,
) -> None:
    """Each picture in each style; what is there already is not rendered again.

    log: the worker's. Raises DemoError when it leaves some undone.
    """
    total = RequestReport()
    for style in styles:
        report = request_variants(list(pictures), [style], actor=actor)
        out.write(f"{style}: {report.summary()}.")
        for _name, error in report.refused:
            out.write(f"  refused {error} ({error.code})")
        total.created += report.created
        total.requeued += report.requeued
        total.variants += report.variants
    if not (total.created or total.requeued or _unfinished(total)):
        out.write("Nothing to render: every variant is there already.")
        return
    out.write("Rendering in a worker process of its own:")
    work_off([variant.pk for variant in total.variants], log=log, out=out)


def publish_passed(variants: Sequence[StyleVariant], *, actor: str, out: OutputWrapper) -> None:
    """Approve those that passed their gate and that nobody has decided on, and publish them."""
    passed = [item for item in variants if item.status == Status.READY and item.passed]
    undecided = [item for item in passed if item.review == Review.UNREVIEWED]
    approved = approve(undecided, actor=actor, reason="passed its gate in the demo").done
    waiting = [item for item in undecided if item.review == Review.APPROVED]
    published = publish(waiting, actor=actor).done
    if not approved:
        out.write("\nNothing new to approve.")
        return
    out.write(
        f"\nApproved {approved} variants that passed their gate and published "
        f"{published}, as “{actor}”, in the audit trail.\n"
        "A demo must go on by itself; in a real shop a person looks at each and decides: "
        "the gate of painted styles judges shape and print, and lets colours go far."
    )


def _unfinished(report: RequestReport) -> bool:
    waiting = (Status.PENDING, Status.RUNNING)
    return any(variant.status in waiting for variant in report.variants)
