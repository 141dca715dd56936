"""Claim one variant and take it through every stage to `ready`."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseFault

from shop_style.conf import app_settings
from shop_style.exceptions import (
    LeaseLost,
    RenderCancelled,
    RequestOutdated,
    ShopStyleError,
    SourceFileMissing,
)
from shop_style.generation import files
from shop_style.generation.acceptance import chance_of_approval
from shop_style.generation.checkpoint import CheckpointStore
from shop_style.generation.gallery import gallery_statistics
from shop_style.generation.guides import guide_of
from shop_style.generation.lease import Lease
from shop_style.generation.limits import faces_allowed, intake_limits
from shop_style.generation.pipeline import Rendering, render
from shop_style.generation.recipe import (
    configured_device,
    configured_segmenter,
    output_settings,
    recipe_for,
)
from shop_style.generation.renditions import save_renditions, saved_names
from shop_style.generation.request import recipe_digest, request_variants
from shop_style.generation.retire import retire
from shop_style.models import Status, StyleVariant
from shop_style.models.leased import LeasedQuerySet, done_columns
from shop_style.signals import stage_started, variant_failed, variant_ready
from shop_style.sources import SourceImage, source_image
from shop_style.transfer.engine import RenderContext
from styleeval.sentence import said

logger = logging.getLogger(__name__)

# What torch says on a CPU and on CUDA, in exceptions that are RuntimeErrors.
_NO_MEMORY = ("allocate memory", "out of memory")


@dataclass(frozen=True)
class Failure:
    """Why work on a row ended, and whether another try may help."""

    code: str
    detail: str
    may_pass: bool


def run(pk: int, *, using: str, cancelled: Callable[[], bool] = lambda: False) -> str | None:
    """Claim and render one variant. Returns its status afterwards, None if it was not free."""
    rows = StyleVariant.objects.using(using)
    token = rows.claim(pk, lease_seconds=app_settings().LEASE_SECONDS)
    if token is None:
        return None
    return run_claimed(pk, token, using=using, cancelled=cancelled)


def run_claimed(
    pk: int, token: str, *, using: str, cancelled: Callable[[], bool] = lambda: False
) -> str:
    """Render a variant this process holds the lease of. Never raises for a bad picture or
    style: that ends on the row, with a code. Raises django.db.Error when the row cannot be written.
    """
    rows = StyleVariant.objects.using(using)
    variant = rows.select_related("style", "content_type").get(pk=pk)
    current = app_settings()
    if variant.attempts > current.MAX_ATTEMPTS:
        return _end(
            variant,
            token,
            Failure(
                "attempts_exhausted",
                said(
                    "{variant} was tried {attempts} times and its worker died each time; last "
                    "stage: {stage}",
                    variant=variant,
                    attempts=variant.attempts - 1,
                    stage=variant.stage or "claim",
                ),
                may_pass=False,
            ),
        )
    failure: Failure
    try:
        with Lease(rows, pk, token, lease_seconds=current.LEASE_SECONDS) as lease:
            _render_and_publish(variant, token, lease, cancelled)
    except RequestOutdated as error:
        return _ask_again(variant, token, error)
    except LeaseLost:
        logger.warning("variant %s: another worker has it; this one's files are removed", pk)
        return Status.RUNNING
    except RenderCancelled:
        rows.release(pk, token)
        return Status.PENDING
    except DatabaseFault:
        raise
    except Exception as error:  # the boundary: whatever an engine raises
        failure = failure_of(error, what=str(variant))
    else:
        CheckpointStore(variant).clear()
        variant_ready.send(StyleVariant, pk=pk, using=using)
        return Status.READY
    return _end(variant, token, failure)


def failure_of(error: Exception, *, what: str) -> Failure:
    """What an exception means for its row."""
    if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _NO_MEMORY):
        return Failure(
            "out_of_memory",
            said(
                "{what}: not enough memory; lower MAX_PIXELS or the style's working side", what=what
            ),
            may_pass=False,
        )
    if isinstance(error, ShopStyleError):
        return Failure(error.code, str(error), may_pass=not error.permanent)
    if isinstance(error, OSError):
        return Failure("storage_failed", f"{what}: {error}", may_pass=True)
    logger.error("%s: unexpected failure", what, exc_info=error)
    return Failure("unexpected", f"{what}: {type(error).__name__}: {error}", may_pass=True)


def end_attempt(rows: LeasedQuerySet, pk: int, token: str, attempts: int, failure: Failure) -> str:
    """Write a failure to its row: another try later, or the end. Returns the status."""
    current = app_settings()
    if failure.may_pass and attempts < current.MAX_ATTEMPTS:
        wait = current.RETRY_SECONDS * 2 ** (attempts - 1)
        rows.retry_later(pk, token, code=failure.code, detail=failure.detail, seconds=wait)
        return Status.PENDING
    rows.fail(pk, token, code=failure.code, detail=failure.detail)
    return Status.FAILED


def _end(variant: StyleVariant, token: str, failure: Failure) -> str:
    rows = StyleVariant.objects.using(variant.database)
    status = end_attempt(rows, variant.pk, token, variant.attempts, failure)
    logger.warning("variant %s: %s: %s", variant.pk, failure.code, failure.detail)
    if status == Status.FAILED:
        CheckpointStore(variant).clear()
        variant_failed.send(StyleVariant, pk=variant.pk, using=variant.database, code=failure.code)
    return status


def _render_and_publish(
    variant: StyleVariant, token: str, lease: Lease, cancelled: Callable[[], bool]
) -> None:
    def enter(stage: str) -> None:
        lease.enter_stage(stage)
        stage_started.send(StyleVariant, pk=variant.pk, using=variant.database, stage=stage)

    enter("claim")
    checkpoint = CheckpointStore(variant)
    picture = _source_picture(variant)
    data = picture.read(at_most=app_settings().MAX_BYTES)
    _check_up_to_date(variant, data)
    recipe = recipe_for(variant.style, variant.overrides)
    rendering = render(
        data,
        recipe,
        name=variant.source_name,
        limits=intake_limits(),
        segmenter=configured_segmenter(),
        guide=guide_of(picture),
        output=output_settings(),
        allow_faces=faces_allowed(),
        context=RenderContext(
            device=configured_device(),
            statistics=gallery_statistics(picture, recipe),
            report=lease.report,
            cancelled=lambda: lease.lost or cancelled(),
            load_checkpoint=checkpoint.load,
            save_checkpoint=checkpoint.save,
        ),
        on_stage=enter,
    )
    _publish(variant, token, rendering, enter)


def _check_up_to_date(variant: StyleVariant, data: bytes) -> None:
    """A row's digests say what it was made of and by, so nothing else may be rendered into it."""
    if recipe_digest(variant.style, variant.overrides) != variant.recipe_digest:
        raise RequestOutdated(
            said("{variant}: its style was edited after it was asked for", variant=variant)
        )
    whole = len(data) <= app_settings().MAX_BYTES
    if whole and hashlib.sha256(data).hexdigest() != variant.source_digest:
        raise RequestOutdated(
            said("{variant}: its original was replaced after it was asked for", variant=variant)
        )


def _ask_again(variant: StyleVariant, token: str, error: RequestOutdated) -> str:
    """Retire a row that nobody can render any more, and ask for what is wanted now."""
    rows = StyleVariant.objects.using(variant.database)
    if not rows.fail(variant.pk, token, code=error.code, detail=str(error)):
        return Status.RUNNING
    logger.info("variant %s: %s; asking again", variant.pk, error)
    retire(rows.filter(pk=variant.pk))
    host = variant.host_object()
    if host is not None:
        request_variants(
            [source_image(host, variant.field)],
            [variant.style],
            overrides=variant.overrides,
            actor="worker",
        )
    return Status.FAILED


def _source_picture(variant: StyleVariant) -> SourceImage:
    host = variant.host_object()
    if host is None:
        raise SourceFileMissing(
            said(
                "{content_type} {object_id} is gone, and {source_name} with it",
                content_type=variant.content_type,
                object_id=variant.object_id,
                source_name=variant.source_name,
            )
        )
    return source_image(host, variant.field)


def _publish(
    variant: StyleVariant, token: str, rendering: Rendering, enter: Callable[[str], None]
) -> None:
    """Files first, then one fenced UPDATE: a row never names a file that is not there, and a
    worker that lost its lease removes its own files and touches nobody else's."""
    enter("publish")
    # Before the files: a query that fails here leaves none behind.
    chance = chance_of_approval(rendering.card.as_dict(), variant.style.gate_mode)
    saved = save_renditions(variant, token, rendering)
    names = saved_names(saved)
    try:
        enter("commit")
    except LeaseLost:
        files.remove(names)
        raise
    # Not inside a try: when the database's answer is lost, the row may name these files.
    kept = (
        StyleVariant.objects.using(variant.database)
        .holding(variant.pk, token)
        .update(
            **_result_columns(variant, rendering, saved["renditions"]), acceptance=chance, **saved
        )
    )
    if not kept:
        files.remove(names)
        raise LeaseLost(f"variant {variant.pk}: its lease ran out before it was saved")


def _result_columns(
    variant: StyleVariant, rendering: Rendering, renditions: list[dict[str, Any]]
) -> dict[str, Any]:
    card = rendering.card
    main = max(
        (item for item in renditions if item["format"] == renditions[0]["format"]),
        key=lambda item: int(item["width"]),
    )
    return {
        **done_columns(),
        "image": main["name"],
        "width": main["width"],
        "height": main["height"],
        "digital_source_type": rendering.digital_source_type,
        "scorecard": card.as_dict(),
        "ssim": card.ssim.product,
        "perceptual": card.perceptual.product,
        "perceptual_name": card.perceptual_name,
        "delta_e": card.delta_e.product,
        "passed": rendering.verdict.passed,
        "reasons": [dataclasses.asdict(reason) for reason in rendering.verdict.reasons],
        "engine": variant.style.engine,
        "engine_detail": rendering.engine_detail,
        "device": rendering.device,
        "seconds": round(rendering.seconds, 3),
        "strength_used": rendering.strength,
        "bound_by": rendering.bound_by,
    }
