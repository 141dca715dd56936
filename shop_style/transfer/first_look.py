"""A first look at a style, in seconds: the nearest built-in one in the references' colours."""

from __future__ import annotations

import time
from collections.abc import Sequence

from torch import Tensor

from shop_style.transfer._fit_start import nearest_start
from shop_style.transfer._references import agreement, checked_references
from shop_style.transfer._style_model import load_style_model
from shop_style.transfer.device import best_device
from shop_style.transfer.fit_report import FitReport
from shop_style.transfer.fitting import FittedStyle, fitting_photos
from shop_style.transfer.training.network.objective import Objective, ObjectiveWeights
from shop_style.transfer.trunk import load_trunk


def first_look(
    references: Sequence[Tensor], *, slug: str, device: str | None = None
) -> FittedStyle:
    """The built-in style nearest to references (3, H, W) in [0, 1], with their colours.

    Raises StyleReferenceError, WeightsError.
    """
    begun = time.monotonic()
    chosen = device or best_device()
    pictures = checked_references(references, slug)
    trunk = load_trunk("distilled", chosen)
    shared = agreement(trunk, pictures)
    objective = Objective(trunk, [shared.grams], ObjectiveWeights())
    model = load_style_model(chosen)
    start = nearest_start(model, trunk, objective, pictures, fitting_photos())
    return FittedStyle(
        artefact=start.code.to_bytes(
            model.weights_sha256, {"slug": slug, "started_from": start.slug}
        ),
        report=FitReport(
            started_from=start.slug,
            steps=0,
            seconds=time.monotonic() - begun,
            gain_before=start.plain_gain,
            gain_after=start.gain,
            stopped="steps",
            disagreeing=shared.disagreeing,
            spread=shared.spread,
        ),
    )
