"""A fit from an operator's files: checked before anything is written, saved all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, router, transaction
from django.utils import timezone

from shop_style.exceptions import RequestOutdated, ShopStyleError, StyleReferenceError
from shop_style.generation import files
from shop_style.generation.artefact import (
    FITTING_ENGINE,
    check_can_be_fitted,
    check_number_of_references,
    give_artefact,
    reference_digests,
)
from shop_style.generation.databases import variant_databases
from shop_style.generation.fitting import request_fit
from shop_style.generation.job_result import JobResult
from shop_style.generation.limits import intake_limits
from shop_style.generation.photographs import Photograph
from shop_style.models import AuditEntry, Style, StyleJob, StyleReference, StyleVariant
from shop_style.models.leased import done_columns
from shop_style.sources import SourceImage

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class FitPlan:
    """What a fit would do to a style, which need not exist yet.

    files: references to give it; none keeps those it has. before: SHA-256 of those it has.
    """

    style: Style
    files: tuple[Photograph, ...]
    before: tuple[str, ...]
    licence: str = ""
    source: str = ""

    @property
    def is_new(self) -> bool:
        """Is there no such style yet?"""
        return self.style.pk is None

    @property
    def digests(self) -> list[str]:
        """SHA-256 of the references that are fitted on, in order."""
        return [item.sha256 for item in self.files] or list(self.before)

    @property
    def reference_names(self) -> list[str]:
        """What people know the references by, in order."""
        if self.files:
            return [item.name for item in self.files]
        return [item.image.name or "" for item in self.style.ordered_references()]

    def references(self) -> tuple[Tensor, ...]:
        """The pictures that are fitted on. Raises StyleReferenceError."""
        from shop_style.generation.recipe import picture_tensor, references_of
        from shop_style.imaging.intake import decode

        if not self.files:
            return references_of(self.style)
        limits = intake_limits()
        return tuple(
            picture_tensor(decode(item.data, name=item.name, limits=limits)) for item in self.files
        )

    def summary(self) -> list[str]:
        """What changes, in numbers, a sentence each."""
        style = self.style
        if self.is_new:
            state = f"new, engine {FITTING_ENGINE}"
        else:
            state = "fitted before" if style.has_own_artefact else "not fitted yet"
        lines = [f"style {style.slug} ({style.name}): {state}", self._references_in_words()]
        serving = serving_variants(style)
        if serving:
            lines.append(
                f"{serving} published variants keep serving until their replacements are approved"
            )
        return lines

    def _references_in_words(self) -> str:
        if not self.files:
            return f"references: the {len(self.before)} it has"
        if not self.before:
            return f"references: {len(self.files)} added, licence {self.licence}"
        kept = len(set(self.digests) & set(self.before))
        return (
            f"references: {len(self.files)} take the place of {len(self.before)}, of which {kept} "
            f"stay; licence {self.licence}"
        )

    def save(self, made: JobResult, payload: dict[str, Any], *, actor: str) -> StyleJob:
        """Save style, references, artefact and a finished job, or nothing.

        payload: of the job, besides its references. Raises RequestOutdated when somebody else
        changed the style meanwhile.
        """
        using = router.db_for_write(Style)
        saved: list[str] = []
        try:
            with transaction.atomic(using=using):
                style = self._save_style(using, actor, saved)
                now = timezone.now()
                job: StyleJob = StyleJob.objects.using(using).create(
                    kind=StyleJob.Kind.FIT,
                    style=style,
                    payload={**payload, "references": self.digests},
                    requested_by=actor,
                    report=made.report,
                    started_at=now,
                    **done_columns(),
                )
                columns = made.save_files(job)
                saved += columns.values()
                StyleJob.objects.using(using).filter(pk=job.pk).update(**columns)
                give_artefact(job, columns["artefact"])
        except (ShopStyleError, OSError):
            files.remove(saved)
            raise
        return job

    def enqueue(
        self, pictures: Sequence[SourceImage], *, actor: str, seconds: float, seed: int
    ) -> StyleJob:
        """Save style and references and ask a worker for the fit, or do nothing.

        Raises as `save` does.
        """
        using = router.db_for_write(Style)
        saved: list[str] = []
        try:
            with transaction.atomic(using=using):
                style = self._save_style(using, actor, saved)
                return request_fit(style, pictures, actor=actor, seconds=seconds, seed=seed)
        except (ShopStyleError, OSError):
            files.remove(saved)
            raise

    def _save_style(self, using: str, actor: str, saved: list[str]) -> Style:
        """The style with its references. saved: is given the names of files as they are stored."""
        style = Style.objects.using(using).select_for_update().filter(slug=self.style.slug).first()
        if (style is None) != self.is_new or (
            style is not None and tuple(reference_digests(style)) != self.before
        ):
            raise self._outdated()
        if style is None:
            style = self.style
        check_can_be_fitted(style)
        changed = self.is_new or style.name != self.style.name or bool(self.files)
        verb = "added" if self.is_new else "changed"
        style.name = self.style.name
        try:
            with transaction.atomic(using=using):
                style.save(using=using)
        except IntegrityError:
            # Somebody else added a style of this slug since it was looked for.
            raise self._outdated() from None
        if self.files:
            self._save_references(style, using, saved)
        if changed:
            AuditEntry.objects.record(verb, style, actor=actor, detail={"recipe": style.digest})
        return style

    def _outdated(self) -> RequestOutdated:
        return RequestOutdated(
            f"somebody else changed style “{self.style.slug}” meanwhile; nothing was saved, "
            "run it again"
        )

    def _save_references(self, style: Style, using: str, saved: list[str]) -> None:
        StyleReference.objects.using(using).filter(style=style).delete()
        for position, item in enumerate(self.files):
            reference = StyleReference(
                style=style, licence=self.licence, source=self.source, position=position
            )
            reference.image.save(item.name, ContentFile(item.data), save=False)
            saved.append(reference.image.name or "")
            reference.sha256 = item.sha256
            reference.save(using=using)


def plan_fit(
    slug: str,
    references: Sequence[Photograph],
    *,
    name: str = "",
    licence: str = "",
    source: str = "",
    replace: bool = False,
) -> FitPlan:
    """Check everything a fit of this style needs, and write nothing.

    references: none fits on those the style has. replace: they may take the place of others.
    Raises StyleNotFittable, StyleReferenceError, django's ValidationError.
    """
    style = Style.objects.home().filter(slug=slug).first()
    if style is None:
        style = Style(slug=slug, name=slug.replace("-", " ").capitalize(), engine=FITTING_ENGINE)
    style.name = name or style.name
    check_can_be_fitted(style)
    before = tuple(reference_digests(style))
    digests = tuple(item.sha256 for item in references)
    check_number_of_references(slug, len(digests) or len(before))
    for number, digest in enumerate(digests):
        if digest in digests[:number]:
            twin = references[digests.index(digest)]
            raise StyleReferenceError(
                f"{references[number].name} is the same picture as {twin.name}; name it once"
            )
    plan = FitPlan(
        style=style,
        files=() if digests == before else tuple(references),
        before=before,
        licence=licence,
        source=source,
    )
    if plan.files:
        _check_rights(plan)
        if before and not replace:
            raise StyleReferenceError(
                "; ".join(plan.summary()) + ". Say --replace to do so, or leave the files out to "
                "fit on the references it has"
            )
    style.full_clean()
    return plan


def _check_rights(plan: FitPlan) -> None:
    if not plan.licence or not plan.source:
        missing = " and ".join(
            option
            for option, value in (("--licence", plan.licence), ("--source", plan.source))
            if not value
        )
        raise StyleReferenceError(
            f"{missing} missing: a reference is kept with the licence it is used under and with "
            "where it is from, such as --licence CC0-1.0 --source 'our own studio'"
        )
    rights = StyleReference(licence=plan.licence, source=plan.source)
    rights.clean_fields(exclude=["style", "image"])


def serving_variants(style: Style) -> int:
    """How many variants of the style shoppers may see, over all databases."""
    return sum(
        StyleVariant.objects.using(alias).filter(style__slug=style.slug).published().count()
        for alias in variant_databases()
    )
