"""A style's fitted parameters: which styles take some, and how they are given them."""

from __future__ import annotations

from shop_style.exceptions import RequestOutdated, StyleNotFittable
from shop_style.models import AuditEntry, Style, StyleJob
from styleeval.sentence import said

FITTING_ENGINE = "network"
MOST_REFERENCES = 5


def check_can_be_fitted(style: Style) -> None:
    """Raises StyleNotFittable for another engine, and for a style that has a built-in look."""
    if style.engine != FITTING_ENGINE:
        raise StyleNotFittable(
            said(
                "style “{style}” uses the engine {engine!r}, which fits nothing; choose the "
                "engine {fitting_engine!r}, or another slug",
                style=style.slug,
                engine=style.engine,
                fitting_engine=FITTING_ENGINE,
            )
        )
    built_in = (style.parameters or {}).get("style")
    if built_in:
        raise StyleNotFittable(
            said(
                "style “{style}” takes the built-in style {built_in!r}; choose none in the "
                "admin to fit it on references of its own, or take another slug",
                style=style.slug,
                built_in=built_in,
            )
        )


def check_number_of_references(slug: str, number: int) -> None:
    """Raises StyleNotFittable for none, and for more than a fit takes."""
    if not 1 <= number <= MOST_REFERENCES:
        raise StyleNotFittable(
            said(
                "style “{slug}” has {number} reference pictures; a fit takes from 1 to "
                "{most_references}: add or remove some",
                slug=slug,
                number=number,
                most_references=MOST_REFERENCES,
            )
        )


def reference_digests(style: Style) -> list[str]:
    """SHA-256 of each reference, in the order that counts: what a fit is a fit of."""
    return [item.sha256 for item in style.ordered_references()]


def give_artefact(job: StyleJob, name: str) -> bool:
    """Make a stored artefact the style's own, within the caller's transaction.

    A first look is taken only where there is nothing better. Returns whether it was.
    Raises RequestOutdated when the style is not the one it was learned for any more.
    """
    style = Style.objects.using(job._state.db).select_for_update().get(pk=job.style_id)
    if (
        style.engine != FITTING_ENGINE
        or (style.parameters or {}).get("style")
        or reference_digests(style) != job.payload["references"]
    ):
        raise RequestOutdated(
            said(
                "style “{style}” was edited while it was fitted, and its references are "
                "others now; fit it again",
                style=style.slug,
            )
        )
    if job.kind == StyleJob.Kind.FIRST_LOOK and style.has_own_artefact:
        return False
    style.artefact.name = name
    style.save(update_fields=["artefact", "updated_at"])
    AuditEntry.objects.record(
        "fitted",
        style,
        actor=job.requested_by,
        detail={"recipe": style.digest, "job": job.pk, "kind": job.kind, "artefact": name},
    )
    return True
