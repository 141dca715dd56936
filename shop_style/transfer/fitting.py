"""Learning a style from one to five references: only its conditional parameters are tuned."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from shop_style.exceptions import RenderCancelled
from shop_style.transfer._fit_start import Start, nearest_start, style_gain
from shop_style.transfer._references import Agreement, agreement, checked_references
from shop_style.transfer._style_model import StyleModel, load_style_model
from shop_style.transfer.device import autocast, best_device
from shop_style.transfer.fit_report import FitReport
from shop_style.transfer.style_code import StyleCode
from shop_style.transfer.training.network.objective import Objective, ObjectiveWeights
from shop_style.transfer.training.network.photos import Photos
from shop_style.transfer.training.network.trainable import Conditions, Painted, TrainableNetwork
from shop_style.transfer.training.pictures import Picture, decode_file
from shop_style.transfer.trunk import load_trunk

PHOTOS: Final = Path(__file__).parent / "photos"
PHOTO_SIDE: Final = 288
STEPS: Final = 1_200
_BATCH: Final = 4
_CROP: Final = 160
_RATE: Final = 6e-3
_AVERAGE: Final = 0.97
_MEASURE_EVERY: Final = 25
_PATIENCE: Final = 8
_BETTER: Final = 0.002
_TIMED_STEPS: Final = (3, 9)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedStyle:
    """artefact: safetensors of a StyleCode, about 7 KB. report: how it came about."""

    artefact: bytes
    report: FitReport


def _ignore_progress(done: int, total: int) -> None:
    return None


def _ignore_text(text: str) -> None:
    return None


def fit(
    references: Sequence[Tensor],
    *,
    slug: str,
    contents: Sequence[Tensor] = (),
    seconds: float = 240.0,
    seed: int = 0,
    report: Callable[[int, int], None] = _ignore_progress,
    on_progress: Callable[[str], None] = _ignore_text,
    cancelled: Callable[[], bool] = lambda: False,
    device: str | None = None,
) -> FittedStyle:
    """Tune a style on its references, from the nearest built-in style in their colours.

    references: 1–5 pictures (3, H, W), float32 sRGB in [0, 1], 64 px a side at least. contents:
    photos of the shop, learned on beside ours. seconds: of wall time, after which the best so
    far is taken. on_progress: told each measurement in words.
    Raises StyleReferenceError, RenderCancelled, WeightsError.
    """
    begun = time.monotonic()
    chosen = device or best_device()
    pictures = checked_references(references, slug)
    model = load_style_model(chosen)
    trunk = load_trunk("distilled", chosen)
    shared = agreement(trunk, pictures)
    objective = Objective(trunk, [shared.grams], ObjectiveWeights())
    photos = fitting_photos(contents)
    start = nearest_start(model, trunk, objective, pictures, photos)
    on_progress(f"nearest built-in style: {start.slug}, style gain {start.gain:.3f}")
    fitting = _Fitting(model, objective, photos, start, seed)
    fitting.run(begun + seconds, report, on_progress, cancelled)
    return FittedStyle(
        artefact=fitting.best.to_bytes(
            model.weights_sha256, {"slug": slug, "started_from": start.slug}
        ),
        report=_report(fitting, start, shared, time.monotonic() - begun),
    )


def _report(fitting: _Fitting, start: Start, shared: Agreement, seconds: float) -> FitReport:
    return FitReport(
        started_from=start.slug,
        steps=fitting.step,
        seconds=seconds,
        gain_before=start.plain_gain,
        gain_after=fitting.best_gain,
        stopped=fitting.stopped,
        disagreeing=shared.disagreeing,
        spread=shared.spread,
    )


def fitting_photos(contents: Sequence[Tensor] = ()) -> Photos:
    """Our own product pictures and the shop's; two of ours are held back to measure on."""
    files = sorted(PHOTOS.glob("*.webp"))
    ours = [picture for file in files if (picture := decode_file(file, PHOTO_SIDE)) is not None]
    theirs: list[Picture] = [
        np.ascontiguousarray((item.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy())
        for item in contents
        if min(item.shape[-2:]) >= _CROP
    ]
    return Photos(shown=[*ours[2:], *theirs], held_out=ours[:2])


class _Fitting:
    """The loop: steps, measurements on photos held back, the best parameters so far."""

    def __init__(
        self, model: StyleModel, objective: Objective, photos: Photos, start: Start, seed: int
    ) -> None:
        self._device = model.device
        self._objective = objective
        self._photos = photos
        self._seed = seed
        self._network = TrainableNetwork(1, encoder_norms=False)
        self._network.network.load_state_dict(model.network.state_dict())
        self._network.network.requires_grad_(False)
        self._network.table.common_head.requires_grad_(False)
        self._network.table.fill(0, start.code)
        self._network.to(self._device)
        self._tuned = [item for item in self._network.parameters() if item.requires_grad]
        self._average = [item.detach().clone() for item in self._tuned]
        self._optimizer = torch.optim.Adam(self._tuned, lr=_RATE, betas=(0.9, 0.99))
        self.best: StyleCode = start.code
        self.best_gain = start.gain
        self.step = 0
        self.stopped = "steps"

    def run(
        self,
        deadline: float,
        report: Callable[[int, int], None],
        on_progress: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Take steps until they end, the time is up or nothing has become better for long."""
        total, since_best, timed_from = STEPS, 0, time.monotonic()
        while self.step < total:
            if cancelled():
                raise RenderCancelled("the fit was told to stop; nothing was kept")
            self._take_step(total)
            self.step += 1
            report(self.step, total)
            if self.step == _TIMED_STEPS[0]:
                timed_from = time.monotonic()
            if self.step == _TIMED_STEPS[1]:
                total = self._affordable(time.monotonic() - timed_from, deadline)
            if time.monotonic() > deadline:
                break
            if self.step % _MEASURE_EVERY == 0 and self.step < total:
                since_best = 0 if self._measure(on_progress) else since_best + 1
                if since_best == _PATIENCE:
                    self.stopped = "converged"
                    return
        self.stopped = "steps" if self.step == STEPS else "time"
        self._measure(on_progress)

    def _affordable(self, spent: float, deadline: float) -> int:
        """How many steps in all the time allows, measuring included."""
        pace = 1.15 * spent / (_TIMED_STEPS[1] - _TIMED_STEPS[0])
        return min(STEPS, self.step + max(1, int((deadline - time.monotonic()) / pace)))

    def _take_step(self, total: int) -> None:
        rng = np.random.default_rng([self._seed, self.step])
        image = self._photos.batch(seed=self._seed, step=self.step, size=_BATCH, crop=_CROP)
        strength = np.where(rng.random(_BATCH) < 0.6, 1.0, rng.uniform(0.1, 1.0, _BATCH))
        for group in self._optimizer.param_groups:
            share = min(1.0, self.step / total)
            group["lr"] = _RATE * (0.03 + 0.97 * (1 + np.cos(np.pi * share)) / 2)
        row, column = (int(place) for place in rng.integers(0, 512, 2))
        conditions = Conditions(
            index=torch.zeros(_BATCH, dtype=torch.long, device=self._device),
            strength=torch.from_numpy(strength).float().to(self._device),
            origin=(row, column),
            keep_ground=bool(rng.random() < 0.5),
        )
        image = image.to(self._device)
        painted = self._painted(image, conditions)
        losses = self._objective.losses(image, painted, conditions)
        self._optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._tuned, 1.0)
        self._optimizer.step()
        decay = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, now in zip(self._average, self._tuned, strict=True):
                kept.lerp_(now, 1 - decay)

    def _painted(self, image: Tensor, conditions: Conditions) -> Painted:
        with autocast(self._device):
            painted: Painted = self._network(image, conditions)
        return painted

    def _styled(self, photos: Tensor) -> Tensor:
        index = torch.zeros(len(photos), dtype=torch.long, device=photos.device)
        full = torch.ones(len(photos), device=photos.device)
        return self._painted(photos, Conditions(index=index, strength=full)).styled

    def _measure(self, on_progress: Callable[[str], None]) -> bool:
        """Measure the averaged parameters; keep them if they are clearly the best so far."""
        now = [item.detach().clone() for item in self._tuned]
        self._put(self._average)
        code = self._network.table.code(0)
        gain = style_gain(self._objective, self._photos, self._styled)
        self._put(now)
        on_progress(f"step {self.step}: style gain {gain:.3f}")
        better = gain > self.best_gain + _BETTER
        if gain > self.best_gain:
            self.best, self.best_gain = code, gain
        return better

    def _put(self, values: Sequence[Tensor]) -> None:
        with torch.no_grad():
            for item, value in zip(self._tuned, values, strict=True):
                item.copy_(value)
