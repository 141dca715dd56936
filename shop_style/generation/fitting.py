"""Learning a style from its references: asked for on a web page, done where torch is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from shop_style.exceptions import IntakeError, RequestOutdated
from shop_style.generation.artefact import (
    check_can_be_fitted,
    check_number_of_references,
    reference_digests,
)
from shop_style.generation.job_result import JobResult
from shop_style.generation.limits import intake_limits
from shop_style.generation.photographs import (
    UNSHOWABLE,
    Photograph,
    named_pictures,
    readable_photographs,
)
from shop_style.models import Status, Style, StyleJob
from shop_style.sources import SourceImage
from styleeval.sentence import said

if TYPE_CHECKING:
    from torch import Tensor

    from shop_style.transfer.fitting import FittedStyle

FIT_SECONDS = 240.0
_FIT_SHARE = 0.9
_CONTENT_SIDE = 1024


def request_fit(
    style: Style,
    pictures: Sequence[SourceImage],
    *,
    actor: str,
    seconds: float = FIT_SECONDS,
    seed: int = 0,
) -> StyleJob:
    """Ask a worker to fit the style on its references, however often: one job is queued.

    pictures: of the shop, for the sheet; there may be none. seconds: the fit's budget.
    Raises StyleNotFittable.
    """
    return _request(StyleJob.Kind.FIT, style, pictures, actor, {"seconds": seconds, "seed": seed})


def request_first_look(style: Style, pictures: Sequence[SourceImage], *, actor: str) -> StyleJob:
    """Ask a worker for a sheet of the nearest built-in style in the references' colours.

    Raises StyleNotFittable.
    """
    return _request(StyleJob.Kind.FIRST_LOOK, style, pictures, actor, {})


def _request(
    kind: str, style: Style, pictures: Sequence[SourceImage], actor: str, extra: dict[str, Any]
) -> StyleJob:
    check_can_be_fitted(style)
    digests = reference_digests(style)
    check_number_of_references(style.slug, len(digests))
    payload = {"pictures": named_pictures(pictures), "references": digests, **extra}
    using = style._state.db
    with transaction.atomic(using=using):
        Style.objects.using(using).select_for_update().get(pk=style.pk)
        waiting = StyleJob.objects.using(using).filter(
            kind=kind, style=style, status__in=(Status.PENDING, Status.RUNNING)
        )
        same: StyleJob | None = next((job for job in waiting if job.payload == payload), None)
        if same is not None:
            return same
        job: StyleJob = StyleJob.objects.using(using).create(
            kind=kind, style=style, payload=payload, requested_by=actor
        )
    return job


def fit_job(
    job: StyleJob,
    *,
    report: Callable[[int, int], None],
    on_stage: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> JobResult:
    """Do a fit or a first look that was asked for.

    Raises RequestOutdated when the references are others by now, StyleNotFittable,
    StyleReferenceError, WeightsError, RenderCancelled.
    """
    from shop_style.generation.recipe import references_of

    style = job.style
    check_can_be_fitted(style)
    if reference_digests(style) != job.payload["references"]:
        raise RequestOutdated(
            said(
                "the references of style “{style}” were changed after this was asked for; ask "
                "again",
                style=style.slug,
            )
        )
    photographs, refused = readable_photographs(job.payload["pictures"])
    return Fitting(
        kind=job.kind,
        style=style,
        references=references_of(style),
        photographs=photographs,
        seconds=job.payload.get("seconds", FIT_SECONDS),
        seed=job.payload.get("seed", 0),
    ).run(report=report, on_stage=on_stage, cancelled=cancelled, left_out=refused)


def _ignore(text: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitting:
    """One fit or first look: the style, which may not be saved yet, and what it learns from.

    references: (3, H, W) float32 sRGB in [0, 1]. photographs: of the shop, for the sheet.
    """

    kind: str
    style: Style
    references: Sequence[Tensor]
    photographs: Sequence[Photograph] = ()
    seconds: float = FIT_SECONDS
    seed: int = 0

    def run(
        self,
        *,
        report: Callable[[int, int], None],
        cancelled: Callable[[], bool] = lambda: False,
        on_stage: Callable[[str], None] = _ignore,
        on_progress: Callable[[str], None] = _ignore,
        left_out: Sequence[str] = (),
    ) -> JobResult:
        """Fit, then render the sheet. A photograph that cannot be shown costs no fit.

        left_out: why photographs are missing already. Raises as `fit_job` does.
        """
        from shop_style.generation.preview_sheet import preview_sheet
        from shop_style.generation.recipe import fitted_recipe

        missing = list(left_out)
        shown: list[dict[str, Any]] = []
        share = _FIT_SHARE if self.photographs else 1.0
        on_stage("fit")
        fitted = self._fitted(_part(report, 0.0, share), cancelled, on_progress)
        on_stage("render")
        sheet = preview_sheet(
            self.photographs,
            fitted_recipe(self.style, fitted.artefact),
            report=_part(report, share, 1.0),
            cancelled=cancelled,
            leave_out=UNSHOWABLE,
            on_left_out=lambda error: missing.append(str(error)),
            on_shown=shown.append,
        )
        only_a_look = self.kind == StyleJob.Kind.FIRST_LOOK and self.style.has_own_artefact
        return JobResult(
            sheet=sheet,
            artefact=None if only_a_look else fitted.artefact,
            report={
                **fitted.report.as_dict(),
                "summary": fitted.report.summary(),
                "left_out": missing,
                "shown": shown,
            },
        )

    def _fitted(
        self,
        report: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        on_progress: Callable[[str], None],
    ) -> FittedStyle:
        from shop_style.generation.recipe import configured_device

        if self.kind == StyleJob.Kind.FIRST_LOOK:
            from shop_style.transfer.first_look import first_look

            return first_look(self.references, slug=self.style.slug, device=configured_device())
        from shop_style.transfer.fitting import fit

        return fit(
            self.references,
            slug=self.style.slug,
            contents=self._contents(),
            seconds=self.seconds,
            seed=self.seed,
            report=report,
            on_progress=on_progress,
            cancelled=cancelled,
            device=configured_device(),
        )

    def _contents(self) -> list[Tensor]:
        """The shop's photographs as content to learn on, small enough to hold all at once."""
        from torch.nn.functional import interpolate

        from shop_style.generation.recipe import picture_tensor
        from shop_style.imaging.intake import decode

        contents = []
        for photograph in self.photographs:
            try:
                photo = decode(photograph.data, name=photograph.name, limits=intake_limits())
            except IntakeError:
                continue  # the sheet says so
            picture = picture_tensor(photo)
            scale = _CONTENT_SIDE / max(picture.shape[-2:])
            if scale < 1:
                size = [max(1, round(scale * side)) for side in picture.shape[-2:]]
                picture = interpolate(picture[None], size, mode="area")[0]
            contents.append(picture)
        return contents


def _part(
    report: Callable[[int, int], None], start: float, end: float
) -> Callable[[int, int], None]:
    """Progress of one part of the work as a share of the whole, in thousandths."""

    def report_part(done: int, total: int) -> None:
        report(round(1000 * (start + (end - start) * done / total)) if total else 0, 1000)

    return report_part
